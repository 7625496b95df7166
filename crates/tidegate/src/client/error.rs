//! Why a request came to no answer. Never here: a refusal of the upstream's, which is an answer or a wait.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::observe::BucketName;

/// Why a request came to no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum WaitError<E> {
    /// The wait is, or would be, longer than the request may wait. Nothing was done upstream.
    #[non_exhaustive]
    Overdue {
        /// Where the request waited.
        bucket: BucketName,
        /// How long it would still have to wait until its turn came, as far as that is known.
        wait: Duration,
        /// On whose word it is given up.
        basis: Basis,
        /// Which bound the wait goes beyond.
        beyond: Patience,
    },
    /// The deadline passed while the request was under way: it may have been done.
    #[non_exhaustive]
    Unanswered {
        /// Where the request was paced.
        bucket: BucketName,
        /// How long after it was sent.
        after: Duration,
    },
    /// Too many requests wait in one bucket, there are too many buckets, or too many bytes are held. Nothing was sent.
    #[non_exhaustive]
    Overfull {
        /// Where the request would have waited.
        bucket: BucketName,
        /// The bound that is reached.
        bound: Bound,
    },
    /// The connection broke, and the request may have been done. It is neither idempotent nor does it carry an
    /// `Idempotency-Key`, so it isn't sent again: find out whether it was done.
    Unknown(E),
    /// The inner service's own error: the request wasn't done, or may be made again without harm.
    Inner(E),
}

/// How long a request may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Patience {
    /// The longest wait that the layer sits out.
    MaxWait(Duration),
    /// The request's deadline, counted from its call.
    Deadline(Duration),
}

/// On whose word a request is given up that would have to wait too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Basis {
    /// The upstream's, that nobody goes before.
    Told,
    /// Our own, by the pace learned and the requests that go before it: in advance only if its turn would come too late
    /// even at twice that pace, since a pace learned is meant to rise; and when its deadline has passed.
    Estimated,
}

/// How much is kept at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// So many requests may wait in one bucket.
    Waiters(usize),
    /// So many buckets may be in use.
    Buckets(usize),
    /// So many bytes of requests, heads and kept bodies, may be held in memory.
    Bytes(u64),
}

impl<E> fmt::Display for WaitError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WaitError::Overdue { bucket, wait, beyond, .. } if wait.is_zero() => {
                write!(f, "the turn to call {bucket} didn't come within {beyond}; nothing was done")
            }
            WaitError::Overdue { bucket, wait, beyond, basis } => {
                let wait = (wait.as_secs_f64() * 10.0).ceil() / 10.0;
                let about = if *basis == Basis::Estimated { "about " } else { "" };
                write!(
                    f,
                    "{bucket} has to be waited for {about}{wait} s more, beyond {beyond}; nothing was done"
                )
            }
            WaitError::Unanswered { bucket, after } => {
                write!(
                    f,
                    "no answer of {bucket} within {:.1} s, when the deadline passed: ",
                    after.as_secs_f64()
                )?;
                f.write_str("the request may have been done")
            }
            WaitError::Overfull { bucket, bound } => {
                write!(f, "{bucket} can't be waited for: {bound}; nothing was sent, ask again later")
            }
            WaitError::Unknown(_) => f.write_str(
                "the connection broke after the request left: it may have been done, and isn't sent again; \
                 an Idempotency-Key would allow that",
            ),
            WaitError::Inner(_) => f.write_str("the request couldn't be made"),
        }
    }
}

impl fmt::Display for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Patience::MaxWait(most) => write!(f, "the longest wait of {} s", most.as_secs_f64()),
            Patience::Deadline(span) => write!(f, "the deadline of {} s", span.as_secs_f64()),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Waiters(most) => write!(f, "{most} requests wait there already, the most that may"),
            Bound::Buckets(most) => write!(f, "{most} other buckets are in use, the most that may be"),
            Bound::Bytes(most) => {
                write!(
                    f,
                    "requests that wait or are under way hold {most} bytes already, the most that may be"
                )
            }
        }
    }
}

impl<E: Error + 'static> Error for WaitError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            WaitError::Unknown(inner) | WaitError::Inner(inner) => Some(inner),
            WaitError::Overdue { .. } | WaitError::Unanswered { .. } | WaitError::Overfull { .. } => None,
        }
    }
}
