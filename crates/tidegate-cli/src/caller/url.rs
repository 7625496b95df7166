//! URLs that can be called, as people write them. Never here: several at once, a call.

use http::Uri;
use reqwest::Url;

use crate::exit::{Exit, Failure};

/// Reads one URL that can be called: http or https, with a host, without a password.
pub(crate) fn url(text: &str) -> Result<Url, Failure> {
    let failure = |fault: String| Failure::new(Exit::Usage, fault);
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) if !text.contains("://") => {
            return Err(failure(format!("{text:?} is no URL: {error}"))
                .hint(format!("did you mean https://{text} ?")));
        }
        Err(error) => return Err(failure(format!("{text:?} is no URL: {error}"))),
    };
    if !matches!(url.scheme(), "http" | "https") {
        let hint = match text.contains("://") {
            true => "only http:// and https:// can be called".to_owned(),
            false => format!("did you mean http://{text} ?"),
        };
        return Err(failure(format!("{text:?} has the scheme {:?}", url.scheme())).hint(hint));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let host = url.host_str().unwrap_or_default();
        return Err(failure(format!(
            "the URL for {host} carries a user name or password, which others can read"
        ))
        .hint("put 'Authorization: Basic ...' into a file and give it by -H @FILE"));
    }
    Ok(url)
}

/// The URL as it goes over the wire: without its fragment.
pub(crate) fn uri(url: &Url) -> Result<Uri, Failure> {
    let mut bare = url.clone();
    bare.set_fragment(None);
    let unfit = |error| Failure::new(Exit::Usage, format!("{url} can't be sent: {error}"));
    bare.as_str().parse().map_err(unfit)
}

/// Whether a secret sent to this URL could be read by all on the way.
pub(crate) fn is_open(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let is_here = host == "localhost" || host == "[::1]" || host.starts_with("127.");
    url.scheme() == "http" && !is_here
}
