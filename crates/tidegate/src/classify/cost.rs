//! How many units a request takes, as far as the request tells. Never here: an answer, a measured time.

use std::num::NonZeroU64;
use std::time::Duration;

use http::HeaderName;
use http::header::CONTENT_LENGTH;

use super::Request;
use super::condition::{Condition, Truth, all};

/// What a request costs: the dearest of the rows that hold, and if none does, what is charged otherwise.
///
/// A row that is [`Truth::Unclear`] makes a request dearer, never cheaper.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// What is charged where no row holds.
    pub otherwise: Amount,
    /// The rows.
    pub rows: Vec<CostRow>,
    /// What tells the true cost, if the request alone doesn't. Until then the cost is a reservation.
    pub measured: Option<Measured>,
}

/// What tells the true cost of a call once it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measured {
    /// A field of the answer, with a number of units. An answer without it costs what was reserved.
    Header(HeaderName),
    /// How long the upstream took to answer, begun units counted.
    Took {
        /// Time per unit, not zero.
        unit: Duration,
    },
}

/// A cost of its own for some requests.
#[derive(Clone, Debug, PartialEq)]
pub struct CostRow {
    /// What must hold of them, all of it.
    pub when: Vec<Condition>,
    /// What they cost.
    pub is: Amount,
}

/// A number of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// So many.
    Units(u64),
    /// One for each so many bytes of the request's body, begun ones counted, and at least one.
    Body {
        /// Bytes per unit.
        bytes: NonZeroU64,
        /// Units to reserve where `Content-Length` doesn't tell: the body is counted as it streams.
        untold: u64,
    },
}

/// When the true cost is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Settled {
    /// Before the request is forwarded.
    #[default]
    Now,
    /// Only when it is answered: the cost is reserved, and settled or refunded then.
    Later,
}

impl Default for Cost {
    fn default() -> Cost {
        Cost::units(1)
    }
}

impl Cost {
    /// The same cost for every request.
    pub const fn units(units: u64) -> Cost {
        Cost { otherwise: Amount::Units(units), rows: Vec::new(), measured: None }
    }

    fn settled(&self) -> Settled {
        if self.measured.is_some() { Settled::Later } else { Settled::Now }
    }

    /// What the request costs, and by which row.
    pub(super) fn of(&self, request: &Request<'_>) -> Priced {
        let mut sure: Option<Priced> = None;
        let mut unclear: Option<Priced> = None;
        for (number, row) in self.rows.iter().enumerate() {
            let dearest = match all(&row.when, request) {
                Truth::Yes => &mut sure,
                Truth::Unclear => &mut unclear,
                Truth::No => continue,
            };
            let priced = Priced { row: Some(number), ..row.is.of(request, self.settled()) };
            *dearest = Some(dearest.map_or(priced, |other| other.dearer(priced)));
        }
        let sure = sure.unwrap_or_else(|| self.otherwise.of(request, self.settled()));
        unclear.map_or(sure, |unclear| sure.dearer(unclear))
    }
}

/// What a request costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Priced {
    pub(super) units: u64,
    pub(super) settled: Settled,
    /// The row's number; `None` if none holds.
    pub(super) row: Option<usize>,
}

impl Priced {
    fn dearer(self, other: Priced) -> Priced {
        if other.units > self.units { other } else { self }
    }
}

impl Amount {
    fn of(self, request: &Request<'_>, settled: Settled) -> Priced {
        let (units, settled) = match self {
            Amount::Units(units) => (units, settled),
            Amount::Body { bytes, untold } => match body_length(request) {
                Some(length) => (length.div_ceil(bytes.get()).max(1), settled),
                None => (untold, Settled::Later),
            },
        };
        Priced { units, settled, row: None }
    }
}

/// How long the body is said to be; `None` if it is chunked, or said in two ways.
fn body_length(request: &Request<'_>) -> Option<u64> {
    if request.headers.contains_key(http::header::TRANSFER_ENCODING) {
        return None;
    }
    let mut lines = request.headers.get_all(CONTENT_LENGTH).iter();
    let digits = lines.next()?.to_str().ok()?;
    let is_number = lines.next().is_none() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}
