//! Where the next page is, and whether it may be called. Never here: calling it, what a page holds.

use std::collections::BTreeSet;

use http::header::LINK;
use reqwest::Url;
use tidegate_wire::link;

use super::answer::Answer;
use super::text::printable;
use crate::exit::{Exit, Failure};

/// Where the next page is, if there is one.
pub(crate) fn next(answer: &Answer) -> Result<Option<Url>, Failure> {
    let lines = answer.headers.get_all(LINK);
    let Some(target) = link::next(lines.iter().map(|line| line.as_bytes())) else { return Ok(None) };
    match answer.url.join(target) {
        Ok(url) => Ok(Some(url)),
        Err(error) => {
            let target = printable(target, 200);
            Err(Failure::new(
                Exit::Failed,
                format!("the link to the next page, {target:?}, is no URL: {error}"),
            ))
        }
    }
}

/// Whether the next page may be called: at the origin that was typed, and not seen before.
pub(crate) fn check(next: &Url, home: &Url, visited: &mut BTreeSet<Url>) -> Result<(), Failure> {
    if next.origin() != home.origin() {
        let (typed, other) = (home.origin().ascii_serialization(), next.origin().ascii_serialization());
        let what = format!(
            "the next page is at another origin, {other}, than the one that was typed, {typed}: {next}"
        );
        return Err(
            Failure::new(Exit::Failed, what).hint("if you trust it with your token, call it yourself")
        );
    }
    if !visited.insert(next.clone()) {
        return Err(Failure::new(
            Exit::Failed,
            format!("the pages go in a circle: {next} was fetched before"),
        )
        .hint("the API's rel=\"next\" is wrong; --max-pages stops before"));
    }
    Ok(())
}
