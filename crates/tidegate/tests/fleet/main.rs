//! The fleet's public face as one test program. Never here: a test itself.

#[cfg(test)]
mod balance;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod life;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod support;
#[cfg(test)]
mod threads;
