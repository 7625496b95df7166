//! What threads share: the standard library's, or the model checker's when a model is checked. Never here: a use of it.

#[cfg(not(tidegate_loom))]
pub(crate) use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
#[cfg(not(tidegate_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard, RwLock};
#[cfg(not(tidegate_loom))]
pub(crate) use std::thread::yield_now;

#[cfg(tidegate_loom)]
pub(crate) use loom::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
#[cfg(tidegate_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard, RwLock};
#[cfg(tidegate_loom)]
pub(crate) use loom::thread::yield_now;

/// Takes a lock also after somebody panicked with it: what it guards is whole between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
