//! Words that a file chooses between: how such a choice is declared, and those of both doors. Never here: free text.

use crate::relay::settings::UpstreamVersion;

/// Declares the words of a choice, and what each means elsewhere.
macro_rules! words {
    ($(#[$about:meta])* $name:ident => $meant:ty { $($(#[$doc:meta])* $word:ident = $meaning:expr,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, serde::Deserialize, schemars::JsonSchema, PartialEq, Eq)]
        #[serde(rename_all = "kebab-case")]
        pub(crate) enum $name {
            $($(#[$doc])* $word,)+
        }

        impl From<$name> for $meant {
            fn from(word: $name) -> $meant {
                match word {
                    $($name::$word => $meaning,)+
                }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// Which HTTP upstreams are spoken to in.
    Version => UpstreamVersion {
        /// HTTP/1.1.
        #[serde(rename = "http1")]
        Http1 = UpstreamVersion::Http1,
        /// HTTP/2: by ALPN over TLS, by prior knowledge in the clear.
        #[serde(rename = "http2")]
        Http2 = UpstreamVersion::Http2,
    }
}
