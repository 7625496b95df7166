//! What a good proxy's file comes to, for people and for scripts. Never here: a rule of the file.

mod goes;
mod summary;

use http::header::HOST;
use http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::{Checked, asked, files, json};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::proxy::file::Understood;
use crate::proxy::settings::{Config, TokenSource};

/// Says what the file comes to, or where a request goes.
pub(super) fn of(file: &Checked<'_>, understood: Understood) -> Result<Exit, Failure> {
    let Understood { config, warnings } = understood;
    let args = file.args;
    if let Some(request) = &args.request {
        if args.client.is_some() || args.servers.is_some() || args.repeat.is_some() {
            let message = "--client, --servers and --repeat are about limits, and this is a proxy's file";
            return Err(Failure::new(Exit::Usage, message));
        }
        let (method, target) = asked::request_line(request)?;
        let mut headers = HeaderMap::new();
        for line in &args.headers {
            let (name, value) = asked::header(line)?;
            headers.append(name, value);
        }
        headers.entry(HOST).or_insert(HeaderValue::from_static("127.0.0.1"));
        let goes = goes::of(&config, &method, &target, &headers);
        let said = match args.json {
            true => json::line(&goes.json(&method, &target)),
            false => goes.page(&method, &target),
        };
        return output::stdout(said).map(|()| Exit::Done);
    }
    let (unreadable, unset) = (files::of_proxy(&config), unset(&config));
    let said = match args.json {
        true => json::line(&json!({
            "good": unreadable.is_empty(),
            "upstreams": config.upstreams.iter().map(summary::json).collect::<Vec<_>>(),
            "forward": config.forward.as_ref().map(summary::forward_json),
            "warnings": json::list(file.text, &warnings),
            "unreadable": unreadable,
            "unset": unset,
        })),
        false => format!("{}{}", file.verdict(&unreadable), summary::page(&config)),
    };
    let unset = unset
        .iter()
        .map(|name| format!("the variable {name} isn't set here: without it the proxy won't start"));
    file.good(&said, &warnings, &unset.collect::<Vec<_>>(), &unreadable)
}

/// The variables that should have a token and haven't, where this is checked.
fn unset(config: &Config) -> Vec<&str> {
    let tokens = config.upstreams.iter().filter_map(|upstream| upstream.token.as_ref());
    let names = tokens.filter_map(|token| match &token.source {
        TokenSource::Variable(name) => Some(name.as_str()),
        TokenSource::File(_) => None,
    });
    names.filter(|name| std::env::var_os(name).is_none_or(|value| value.is_empty())).collect()
}
