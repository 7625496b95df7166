//! What every door needs that calls somebody else's API: the HTTP client, the token, the words about what happens.
//! Never here: which calls are made, or what becomes of their answers.

pub(crate) mod answer;
pub(crate) mod client;
pub(crate) mod fault;
pub(crate) mod headers;
pub(crate) mod input;
pub(crate) mod json;
pub(crate) mod next_page;
pub(crate) mod text;
pub(crate) mod token;
pub(crate) mod units;
pub(crate) mod url;
pub(crate) mod voice;
pub(crate) mod watch;

mod proxy;
