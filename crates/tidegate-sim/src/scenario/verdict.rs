//! When an upload is judged, and what becomes of one that is refused. Never here: how it is read.

use serde::Deserialize;

/// How much of a request's body has come when its verdict falls, where the verdict doesn't depend on what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing: a refusal meets a client that has just begun to send.
    AtOnce,
    /// Half of it, or its beginning if its length isn't told.
    Midway,
    /// All of it.
    #[default]
    AtTheEnd,
}

/// What becomes of the part of an upload that was still to come when it was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rest {
    /// It is read and thrown away.
    #[default]
    Read,
    /// Nobody reads it: the connection is closed behind the answer.
    Cut,
}
