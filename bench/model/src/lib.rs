//! The store as it is in the library, built with the model checker's atomics and locks. Never here: a copy of it.

#[path = "../../../crates/tidegate/src"]
mod library {
    pub mod store;
}

pub use library::store;
