//! The limiter's promises as one test program. Never here: a promise itself.

#[cfg(test)]
mod changes;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod support;
#[cfg(test)]
mod verdicts;
