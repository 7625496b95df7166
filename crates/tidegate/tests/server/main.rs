//! The server layer and its answers by their public API, on a paused clock. Never here: a port, a real wait.

// Each is marked as a test for clippy's sake: it then knows the helpers in them for tests too.
#[cfg(test)]
mod announced;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod door;
#[cfg(test)]
mod store_error;
#[cfg(test)]
mod support;
#[cfg(all(test, feature = "client"))]
mod with_client;
