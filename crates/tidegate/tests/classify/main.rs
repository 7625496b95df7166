//! From requests to limits, by the public API. Never here: a socket, a clock.

// Each is marked as a test for clippy's sake: it then knows the helpers in them for tests too.
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod explained;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod rewritten;
#[cfg(test)]
mod support;
