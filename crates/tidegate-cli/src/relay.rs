//! What stands between callers and servers, whichever side it is for: callers come in, calls go on, answers come back.
//! Never here: what is decided about a call.

pub(crate) mod body;
pub(crate) mod doors;
pub(crate) mod drain;
pub(crate) mod ending;
pub(crate) mod fault;
pub(crate) mod forward;
pub(crate) mod listen;
pub(crate) mod reach;
pub(crate) mod settings;
pub(crate) mod stream;
pub(crate) mod upstream;
pub(crate) mod worker;

#[cfg(test)]
pub(crate) mod tests;
