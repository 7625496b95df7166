//! How far a request came that failed. Never here: what is done about it.

use std::error::Error;
use std::fmt;

use http::Request;

use crate::relay::fault::Fault;
use crate::relay::forward::Outgoing;

/// Whether a request that failed can have had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// It can't: no connection came about, or the server said that it didn't look at it. It may be sent again,
    /// anywhere, whatever its method.
    Never,
    /// It may have: it may be sent again only if its method is idempotent, and if it has no body that is used up.
    Perhaps,
}

/// A request that failed.
pub(crate) struct SendError {
    /// How far it came.
    pub(crate) reached: Reached,
    /// What went wrong.
    pub(crate) fault: Fault,
    /// The request, if not one byte of it was taken.
    pub(crate) request: Option<Request<Outgoing>>,
}

impl SendError {
    pub(super) fn never(fault: Fault, request: Option<Request<Outgoing>>) -> Box<SendError> {
        Box::new(SendError { reached: Reached::Never, fault, request })
    }

    pub(super) fn perhaps(fault: Fault) -> Box<SendError> {
        Box::new(SendError { reached: Reached::Perhaps, fault, request: None })
    }
}

/// Without the request: its fields may hold secrets.
impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError")
            .field("reached", &self.reached)
            .field("fault", &self.fault)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.fmt(f)
    }
}

impl Error for SendError {}
