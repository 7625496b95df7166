//! From page to page by `rel="next"`, each as JSON lines. Never here: what an item is, or how a page is called.

use std::collections::BTreeSet;

use bytes::Bytes;
use reqwest::Url;

use super::items::{self, Pointer};
use super::ledger::Then;
use super::run::{Follow, HELD, Home, Job, Run};
use super::stop::Stop;
use crate::caller::answer::Answer;
use crate::caller::next_page::{check, next};
use crate::caller::text::printable;
use crate::caller::text::quoted;
use crate::exit::{Exit, Failure};

/// How often a page is asked for whose body breaks off.
const TRIES: u32 = 3;

/// Fetches a page, puts out its lines, and goes on with the next one as far as `follow` says.
pub(crate) async fn walk(
    run: &Run,
    job: &Job,
    follow: Follow,
    pointer: Option<&Pointer>,
) -> Result<(), Stop> {
    let mut visited = BTreeSet::from([job.url.url.clone()]);
    let mut url = job.url.url.clone();
    for page in 1u64.. {
        let place = |stop: Stop| {
            if page > 1 { stop.within(format_args!("page {page} of {}", *job.url)) } else { stop }
        };
        let (answer, body) = whole(run, &url, &job.url).await.map_err(place)?;
        let lines = items::lines(&body, pointer).map_err(|fault| place(unfit(&answer, &fault).into()))?;
        let next = match follow {
            Follow::No => None,
            Follow::UpTo(_) | Follow::ToTheEnd => next(&answer).map_err(|failure| place(failure.into()))?,
        };
        let then = next.clone().filter(|_| follow != Follow::UpTo(page)).map_or(Then::Done, Then::From);
        // A page as a whole is no item of its own.
        let items = if pointer.is_some() { lines.count } else { 0 };
        job.put(lines.bytes, items, then).await?;
        let Some(next) = next else { break };
        if follow == Follow::UpTo(page) {
            run.voice.note(format_args!(
                "stopped after {page} pages, as --max-pages says; the next one is {}",
                quoted(next.as_str())
            ));
            break;
        }
        check(&next, &job.url, &mut visited).map_err(|failure| place(failure.into()))?;
        url = next;
    }
    Ok(())
}

/// A page with its body. One that breaks off is asked for again, if that does no harm.
async fn whole(run: &Run, url: &Url, home: &Home) -> Result<(Answer, Bytes), Stop> {
    let mut tries = if run.caller.template.method().is_safe() { TRIES } else { 1 };
    loop {
        tries -= 1;
        let mut answer = run.caller.call(url, home).await?;
        match answer.whole(run.max_body.unwrap_or(HELD)).await {
            Ok(body) => return Ok((answer, body)),
            Err(failure) if tries > 0 && failure.exit() == Exit::Unreachable => {
                run.voice.note(format_args!("{}: asks for it again", failure.message()));
            }
            Err(failure) => return Err(failure.into()),
        }
    }
}

fn unfit(answer: &Answer, fault: &items::Fault) -> Failure {
    let failure = Failure::new(Exit::Failed, format!("{}: {fault}", answer.url));
    match fault {
        items::Fault::NoJson(_) | items::Fault::Empty => {
            let kind =
                answer.headers.get("content-type").map(|kind| String::from_utf8_lossy(kind.as_bytes()));
            let kind = kind.map_or("no Content-Type".into(), |kind| printable(&kind, 80));
            failure.hint(format!("it came with {kind}; pages and items have to be JSON"))
        }
        items::Fault::NoMatch { .. } | items::Fault::NoList { .. } => failure.hint(
            "--items takes a JSON Pointer to the list, such as /items or /data/rooms; --items '' writes a body \
             that is no list as one line",
        ),
    }
}
