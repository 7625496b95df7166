//! One call through the waiting layer, redirects included: a URL goes in, an answer comes out. Never here: a loop over
//! URLs or pages.

use std::time::Duration;

use http::Response;
use reqwest::Url;
use tidegate::client::{Deadline, HandedBack, Patience, Wait, WaitError};
use tidegate::world;
use tidegate_core::Time;
use tower_service::Service;

use super::entered::{Entered, WorkOn};
use super::request::Template;
use super::run::Home;
use super::stop::Stop;
use crate::caller::answer::Answer;
use crate::caller::client::may_double;
use crate::caller::fault;
use crate::caller::text::printable;
use crate::exit::{Exit, Failure};

/// How many redirects are followed.
const MOST_REDIRECTS: usize = 10;

/// What to do with an answer that points elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redirects {
    Follow,
    Report,
}

/// When calls come to an end, and what that means.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// `--deadline`: the work isn't done.
    Deadline(Time),
    /// `--for`: the work is done.
    TimeOver(Time),
}

impl End {
    fn at(self) -> Time {
        match self {
            End::Deadline(at) | End::TimeOver(at) => at,
        }
    }
}

/// Makes calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) service: Wait<Entered>,
    pub(crate) template: Template,
    pub(crate) redirects: Redirects,
    /// When the calls have to be answered, if ever.
    pub(crate) end: Option<End>,
    pub(crate) timeout: Duration,
}

impl Caller {
    /// The answer of success; any other is told as a failure. Secrets go only to the origin of `home`.
    pub(crate) async fn call(&self, url: &Url, home: &Home) -> Result<Answer, Stop> {
        let mut template = self.template.clone();
        let mut answer = self.send(&template, url, home).await?;
        for _ in 0..MOST_REDIRECTS {
            let (Redirects::Follow, Some(location)) = (self.redirects, answer.location()) else { break };
            let next = resolve(&answer.url, location)?;
            template = template.redirected(answer.status);
            answer = self.send(&template, &next, home).await?;
        }
        match (self.redirects, answer.location()) {
            _ if answer.is_success() => Ok(answer),
            (Redirects::Follow, Some(_)) => {
                let what = format!("{url} led through more than {MOST_REDIRECTS} redirects");
                Err(Failure::new(Exit::Failed, what).into())
            }
            _ => Err(answer.failure(template.method()).await.into()),
        }
    }

    async fn send(&self, template: &Template, url: &Url, home: &Home) -> Result<Answer, Stop> {
        let mut request = template.request(url, home)?;
        request.extensions_mut().insert(WorkOn(home.number));
        if let Some(end) = self.end {
            request.extensions_mut().insert(Deadline(end.at().since(world::now())));
        }
        let may_double = may_double(&request);
        let answer = self.service.clone().call(request).await;
        // A refusal is none by its status alone: with some providers it is a 200 or a 529.
        if may_double && was_refused(&answer) {
            self.service.inner().undone(home.number);
        }
        let answer = answer.map_err(|error| match (self.end, &error) {
            (Some(End::TimeOver(_)), WaitError::Unanswered { .. })
            | (Some(End::TimeOver(_)), WaitError::Overdue { beyond: Patience::Deadline(_), .. }) => {
                Stop::TimeOver
            }
            _ => Stop::Failed(fault::of_wait(&error, url, self.timeout)),
        })?;
        Ok(Answer::new(answer, url.clone(), self.timeout))
    }
}

/// Whether the request was refused each time that it was sent, so that nothing was done.
fn was_refused<B, E>(answer: &Result<Response<B>, WaitError<E>>) -> bool {
    match answer {
        Ok(answer) => answer.extensions().get::<HandedBack>().is_some(),
        Err(error) => matches!(error, WaitError::Overdue { .. }),
    }
}

/// Where a redirect leads.
fn resolve(from: &Url, location: &str) -> Result<Url, Failure> {
    let failure = |fault: &str| {
        let location = printable(location, 200);
        Failure::new(Exit::Failed, format!("{from} redirects to {location:?}, {fault}"))
    };
    let mut next = from.join(location).map_err(|error| failure(&format!("which is no URL: {error}")))?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err(failure("which is neither http nor https"));
    }
    // A password that the upstream made up is none of ours to send.
    let _ = next.set_username("").and_then(|()| next.set_password(None));
    Ok(next)
}
