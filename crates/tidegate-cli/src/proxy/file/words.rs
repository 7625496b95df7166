//! The words that a proxy's file chooses between. Never here: free text.

use crate::proxy::settings;
use crate::toml_file::words::words;

words! {
    /// Whether answers are kept and asked about by their ETag.
    Revalidate => settings::Revalidate {
        /// They aren't.
        Off = settings::Revalidate::Off,
        /// Those to requests without a token or cookie, unless they say that they are private.
        Public = settings::Revalidate::Public,
        /// The others, too: each for the token that got it.
        Private = settings::Revalidate::Private,
    }
}
