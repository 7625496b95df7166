//! The client layer by its public API, on a paused clock. Never here: a port fixed in advance, a real wait.

// Each is marked as a test for clippy's sake: it then knows the helpers in them for tests too.
#[cfg(test)]
mod body;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod gate;
#[cfg(test)]
mod guard;
#[cfg(test)]
mod kin;
#[cfg(test)]
mod lasting;
#[cfg(test)]
mod loopback;
#[cfg(test)]
mod peeked;
#[cfg(test)]
mod provider;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod quota;
#[cfg(test)]
mod repeat;
#[cfg(test)]
mod support;
#[cfg(test)]
mod wait;
#[cfg(test)]
mod whole;
