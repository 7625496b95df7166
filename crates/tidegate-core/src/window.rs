//! Quotas counted in windows, as long quotas and many upstreams are. Never here: a bucket, a clock.

pub(crate) mod fixed;
pub(crate) mod log;
pub(crate) mod sliding;
