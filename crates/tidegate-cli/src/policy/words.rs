//! The words that a file chooses between, each with the choice that it means. Never here: free text.

use tidegate::classify::{self, client};
use tidegate::{path, server};
use tidegate_wire::announce;

use crate::toml_file::words::words;

words! {
    /// Whether a guard refuses.
    Mode => classify::Mode {
        /// It refuses.
        Enforce = classify::Mode::Enforce,
        /// It only counts and reports whom it would refuse.
        Shadow = classify::Mode::Shadow,
    }
}

words! {
    /// How much of the fleet a quota is for.
    Per => classify::Per {
        /// All servers together, however many there are.
        Fleet = classify::Per::Fleet,
        /// One server: the quota grows and shrinks with the servers in routing.
        Server = classify::Per::Server,
    }
}

words! {
    /// What becomes of a request that lacks a part of the key.
    Missing => classify::Missing {
        /// It is refused: 401 where a bearer token is missing, else 400.
        Refuse = classify::Missing::Refuse,
        /// It shares one count with all that lack the part.
        Anonymous = classify::Missing::Anonymous,
        /// The caller's address stands in.
        ByAddress = classify::Missing::ByAddress,
    }
}

words! {
    /// How much a call matters when not all can be served.
    Class => classify::Class {
        /// Refused last.
        Critical = classify::Class::Critical,
        /// What isn't said to be otherwise.
        Normal = classify::Class::Normal,
        /// Refused first.
        Sheddable = classify::Class::Sheddable,
    }
}

words! {
    /// What `%2F` and `%5C` in a path are.
    CodedSlashes => path::CodedSlashes {
        /// Refused, since servers differ in what they see.
        Refuse = path::CodedSlashes::Refuse,
        /// A character of a name. Only for servers that are known to route before they decode.
        Keep = path::CodedSlashes::Keep,
    }
}

words! {
    /// What `;` and what follows it in a segment are.
    Params => path::Params {
        /// No part of the name: left out for matching, forwarded as sent.
        Strip = path::Params::Strip,
        /// A part of the name.
        Keep = path::Params::Keep,
        /// Refused.
        Refuse = path::Params::Refuse,
    }
}

words! {
    /// Whether two spellings are one path.
    Sameness => path::Sameness {
        /// They are the same path.
        Same = path::Sameness::Same,
        /// They are two paths.
        Distinct = path::Sameness::Distinct,
    }
}

words! {
    /// The field in which trusted proxies tell who called them.
    ForwardedField => client::Field {
        /// `X-Forwarded-For`, which most proxies write.
        XForwardedFor = client::Field::XForwardedFor,
        /// `Forwarded`, the standard one (RFC 7239).
        Forwarded = client::Field::Forwarded,
    }
}

words! {
    /// The form of a refusal's body.
    Body => server::Body {
        /// `application/problem+json` (RFC 9457).
        Problem = server::Body::Problem,
        /// JSON as Webex answers: `message`, `errors`, `trackingId`.
        Webex = server::Body::Webex,
    }
}

words! {
    /// A generation of fields that announce limits.
    Form => announce::Form {
        /// `RateLimit` and `RateLimit-Policy` of drafts -08 to -11, with all limits.
        #[serde(rename = "ratelimit")]
        RateLimit = announce::Form::Current,
        /// The same fields as draft -07 has them.
        #[serde(rename = "draft-07")]
        Draft07 = announce::Form::Draft07,
        /// `RateLimit-Limit`, `-Remaining`, `-Reset` and `RateLimit-Policy` of drafts -04 to -06.
        #[serde(rename = "draft-06")]
        Draft06 = announce::Form::Draft06,
        /// `RateLimit-Limit`, `-Remaining` and `-Reset` of drafts -00 to -03.
        #[serde(rename = "draft-03")]
        Draft03 = announce::Form::Draft03,
        /// `X-RateLimit-Limit`, `-Remaining` and `-Reset`, the last in seconds from the answer.
        #[serde(rename = "x-ratelimit")]
        XRateLimit = announce::Form::XRateLimit(announce::ResetAs::DelaySeconds),
        /// The same, with `X-RateLimit-Reset` in seconds since 1970.
        #[serde(rename = "x-ratelimit-epoch")]
        XRateLimitEpoch = announce::Form::XRateLimit(announce::ResetAs::EpochSeconds),
    }
}
