//! From flags to a run that is ready to start: whatever can be wrong with them is found here. Never here: a call.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidegate::client::WaitLayer;
use tidegate::world;
use tidegate_core::Time;
use tower_layer::Layer;

use super::args::{Args, WorkArgs};
use super::call::{Caller, End, Redirects};
use super::entered::Entered;
use super::ledger::Ledger;
use super::progress::Count;
use super::request::Template;
use super::run::{Follow, Order, Run, Work};
use super::targets::{Braces, Targets};
use crate::caller::client::{Http, waiting};
use crate::caller::token::Token;
use crate::caller::url::is_open;
use crate::caller::voice::{Manner, Voice};
use crate::caller::watch::{Refusals, Watch};
use crate::exit::{Exit, Failure};

/// How often `--repeat` calls if nothing else stops it.
const UNBOUNDED: u64 = 100;

/// A run that is ready to start.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) run: Arc<Run>,
    pub(crate) layer: WaitLayer,
    pub(crate) watch: Arc<Watch>,
    pub(crate) count: Count,
    pub(crate) deadline: Option<Duration>,
    /// Where results go, if not to standard output.
    pub(crate) file: Option<PathBuf>,
}

impl Plan {
    /// Checks all that was typed, reads the files it names, and starts the clock.
    pub(crate) fn read(args: &Args) -> Result<Plan, Failure> {
        let start = world::now();
        let voice = Voice::new(args.output.manner());
        let braces = if args.globoff { Braces::Keep } else { Braces::Expand };
        let targets = Targets::read(&args.urls, braces)?;
        let token = Token::read(&args.token, |name| std::env::var(name).ok())?;
        let template = Template::read(&args.request, token.as_ref())?;
        warn_of_open_secrets(&template, &targets, &voice);
        let work = work(&args.work, start, &voice)?;
        let count = count(&work, &targets);
        let refusals = match (&work, voice.manner()) {
            (Work::Repeat { .. }, _) | (_, Manner::Verbose) => Refusals::Told,
            _ => Refusals::Counted,
        };
        let watch = Arc::new(Watch::new(voice.clone(), refusals));
        let bounds = &args.bounds;
        let layer = waiting(&args.dialects)?.max_wait(bounds.max_wait).observer(watch.clone());
        let redirects = if args.request.location { Redirects::Follow } else { Redirects::Report };
        let ledger: Arc<Ledger> = Arc::default();
        let caller = Caller {
            service: layer.layer(Entered::new(Http::new(bounds.timeout, voice.clone())?, ledger.clone())),
            template,
            redirects,
            end: end(&work, bounds.deadline.map(|span| start.later(span))),
            timeout: bounds.timeout,
        };
        let run = Run {
            caller,
            targets,
            work,
            order: if args.work.unordered { Order::AsTheyCome } else { Order::AsTyped },
            abreast: usize::from(args.work.concurrency),
            max_body: bounds.max_body,
            ledger,
            voice,
            start,
        };
        let file = args.output.output.clone();
        Ok(Plan { run: Arc::new(run), layer, watch, count, deadline: bounds.deadline, file })
    }
}

fn work(args: &WorkArgs, start: Time, voice: &Voice) -> Result<Work, Failure> {
    if args.repeat {
        let until = args.lasting.map(|span| start.later(span));
        if args.count.is_none() && until.is_none() {
            voice.warn(format_args!(
                "--repeat without --count or --for: stops after {UNBOUNDED} answers, \
                 because endless loops get tokens blocked"
            ));
        }
        let most = if until.is_some() { u64::MAX } else { UNBOUNDED };
        return Ok(Work::Repeat { count: args.count.unwrap_or(most), until });
    }
    let items = match &args.items {
        Some(text) => Some(
            text.parse().map_err(|fault: String| Failure::new(Exit::Usage, format!("--items: {fault}")))?,
        ),
        None => None,
    };
    let follow = match (args.all_pages, args.max_pages) {
        (false, _) => Follow::No,
        (true, Some(most)) => Follow::UpTo(most),
        (true, None) => Follow::ToTheEnd,
    };
    match (follow, &items) {
        (Follow::No, None) => Ok(Work::Bodies),
        _ => Ok(Work::Lines { follow, items }),
    }
}

fn count(work: &Work, targets: &Targets) -> Count {
    match work {
        Work::Lines { follow: Follow::UpTo(_) | Follow::ToTheEnd, .. } => Count::Pages,
        Work::Repeat { until: Some(_), .. } => Count::Answers { of: None },
        Work::Repeat { count, .. } => Count::Answers { of: Some(*count) },
        Work::Lines { .. } | Work::Bodies => Count::Answers { of: Some(targets.count()) },
    }
}

/// Whichever comes first: the deadline, or the end of `--for`.
fn end(work: &Work, deadline: Option<Time>) -> Option<End> {
    match (work, deadline) {
        (Work::Repeat { until: Some(until), .. }, Some(deadline)) if deadline < *until => {
            Some(End::Deadline(deadline))
        }
        (Work::Repeat { until: Some(until), .. }, _) => Some(End::TimeOver(*until)),
        (_, deadline) => deadline.map(End::Deadline),
    }
}

fn warn_of_open_secrets(template: &Template, targets: &Targets, voice: &Voice) {
    if template.has_secret()
        && let Some(url) = targets.firsts().find(is_open)
    {
        let host = url.host_str().unwrap_or_default();
        voice.warn(format_args!(
            "the token goes to {host} unencrypted, for all on the way to read: write https://"
        ));
    }
}
