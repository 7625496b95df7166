//! Whether a guard of servers refuses, only counts, or is off. Never here: what it guards against.

/// Whether a guard acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is looked at.
    Off,
    /// Calls are refused.
    On,
    /// What would be refused is counted and reported, and goes.
    Shadow,
}
