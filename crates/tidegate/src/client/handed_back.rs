//! Why a refusal was handed back, and not waited for. Never here: who decides that.

/// Why a refusal was handed back, and not waited for: in the extensions of such an answer.
///
/// An answer without it is none of a refusal, as far as the layer can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandedBack {
    /// No waiting lifts the limit, such as a quota that somebody has to pay for. The answer's body says more.
    NoWaitHelps,
    /// The request's body is beyond what is [kept](super::WaitLayer::replay) for a second sending.
    SentOnce,
    /// The upstream can't serve the request now and doesn't say for how long, and it was
    /// [tried](super::WaitLayer::tries) often enough.
    TriedEnough,
}
