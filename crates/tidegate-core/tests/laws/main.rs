//! The engine's laws as one test program. Never here: a law itself.

#[cfg(test)]
mod alone;
#[cfg(test)]
mod changes;
#[cfg(test)]
mod model;
#[cfg(test)]
mod overload;
#[cfg(test)]
mod refunds;
#[cfg(test)]
mod settled;
#[cfg(test)]
mod together;
#[cfg(test)]
mod words;
#[cfg(test)]
mod worlds;
