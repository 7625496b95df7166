//! `tidegate proxy`: stands in front of somebody else's API and waits. Never here: one call, a pace.

pub(crate) mod settings;
