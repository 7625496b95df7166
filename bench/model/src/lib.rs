//! What threads share, as it is in the library, built with the model checker's atomics and locks. Never here: a copy of it.

#[path = "../../../crates/tidegate/src"]
mod library {
    pub mod at_once;
    pub mod mode;
    pub mod penalty;
    pub mod store;
}

pub use library::{at_once, mode, penalty, store};
