//! One item, from its first sending to its result in the output. Never here: which item, or how many at once.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use reqwest::Url;
use tidegate::client::{CallId, Deadline, HandedBack, Wait, WaitError};
use tidegate::world;
use tidegate_core::Time;
use tower_service::Service;

use super::books::{Books, Closed, Written, unwritable};
use super::input::item::{Follow, Item, Whose};
use super::journal::states::State;
use super::network::{Network, Next};
use super::noted::{Busy, Noted, Room, Sending, UnderWay};
use super::result::spool::Spool;
use super::result::{self, Bodies, Outcome, Told, body};
use super::unknown::{OnUnknown, Then};
use crate::caller::answer::Answer;
use crate::caller::next_page::{check, next};
use crate::caller::{fault, units::spoken_size};
use crate::exit::{Exit, Failure};

/// How many pages an item may have: beyond, the API's links are no list.
const MOST_PAGES: usize = 100_000;

/// All that the items of a run share.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) service: Wait<Noted>,
    pub(crate) books: Books,
    pub(crate) network: Arc<Network>,
    pub(crate) room: Room,
    pub(crate) on_unknown: OnUnknown,
    pub(crate) manner: Manner,
    /// Where what is too large for memory waits to be written.
    pub(crate) folder: PathBuf,
    pub(crate) deadline: Option<Time>,
}

/// How items are called, and what is kept of their answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) max_body: u64,
    pub(crate) headers: Headers,
}

/// Whether results have headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Headers {
    LeftOut,
    Kept,
}

/// What came of an item.
#[derive(Debug)]
pub(crate) enum End {
    /// Its result is in the output; whether it is a success.
    Done { is_success: bool },
    /// It was sent, and may have been done.
    Unknown,
    /// It would have to wait longer than it may: it is left for the next run.
    Later(Failure),
    /// The run can't go on.
    Fatal(Failure),
}

/// Why an item has no answer.
enum Stop {
    Unknown(Failure),
    Later(Failure),
    /// The connection broke, and to send it again does no harm.
    Broke(Failure),
    /// It can't be answered, whenever it is sent.
    Unfit(Failure),
    Fatal(Failure),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        let what = format!("can't keep an answer until it is written: {error}");
        Stop::Fatal(Failure::new(Exit::Failed, what).hint("make room, and go on with the same command"))
    }
}

/// What came back.
struct Came {
    answer: Answer,
    bodies: Bodies,
    error: Option<String>,
    busy: Option<Busy>,
}

impl Run {
    /// Does all there is to do for an item.
    pub(crate) async fn work(&self, item: &Item, line: u32) -> End {
        let sent: Arc<AtomicU32> = Arc::default();
        if self.books.state(line) == State::Sent && self.on_unknown.of(&item.id.text) == Then::Skip {
            let failure =
                Failure::new(Exit::Failed, "it was sent by a run that ended before its answer came");
            return self.told(item, line, &sent, failure, Outcome::Unknown).await;
        }
        let (mut own, mut times) = (0, 0);
        loop {
            let began = world::now();
            let stop = match self.walk(item, line, &sent).await {
                Ok(came) => return self.write(item, line, &sent, came).await,
                Err(stop) => stop,
            };
            let failure = match stop {
                Stop::Broke(failure) => failure,
                Stop::Unknown(failure) => match self.on_unknown.of(&item.id.text) {
                    Then::Retry => failure,
                    Then::Skip => return self.told(item, line, &sent, failure, Outcome::Unknown).await,
                    Then::Leave => return End::Unknown,
                },
                Stop::Unfit(failure) => return self.told(item, line, &sent, failure, Outcome::Known).await,
                Stop::Later(failure) => return End::Later(failure),
                Stop::Fatal(failure) => return End::Fatal(failure),
            };
            match self.network.broke(began, world::now(), &mut own, times) {
                Next::Again(pause) => world::sleep_until(world::now().later(pause)).await,
                Next::Ends => return End::Fatal(failure),
                // One that was allowed to be sent twice, and still isn't known.
                Next::Fails if self.books.state(line) == State::Sent => return End::Unknown,
                Next::Fails => return self.told(item, line, &sent, failure, Outcome::Known).await,
            }
            times += 1;
        }
    }

    /// The answer, or all pages.
    async fn walk(&self, item: &Item, line: u32, sent: &Arc<AtomicU32>) -> Result<Came, Stop> {
        let mut visited = BTreeSet::from([item.url.clone()]);
        let (mut url, mut bodies) = (item.url.clone(), Spool::new(&self.folder));
        for page in 0.. {
            let (mut answer, under_way, busy) = self.answer(item, &url, line, sent).await?;
            if let Some(stop) = not_done(item, &answer) {
                self.books.undone(line);
                return Err(stop);
            }
            if page > 0 {
                bodies.write_all(b",")?;
            }
            let left = self.manner.max_body.saturating_sub(bodies.bytes());
            let received = self.receive(item, &mut answer, left, &mut bodies).await?;
            drop(under_way);
            let error = received.or_else(|| unsuccessful(&answer));
            let is_last = item.follow == Follow::No || error.is_some();
            let further = if is_last { Ok(None) } else { next(&answer) };
            let further = further.and_then(|further| match further {
                Some(_) if page >= MOST_PAGES => {
                    Err(Failure::new(Exit::Failed, format!("there are more than {MOST_PAGES} pages")))
                }
                Some(further) => check(&further, &item.url, &mut visited).map(|()| Some(further)),
                None => Ok(None),
            });
            let (further, error) = match further {
                Ok(further) => (further, error),
                Err(failure) => (None, Some(failure.message().to_owned())),
            };
            match further {
                Some(further) => url = further,
                None => {
                    let error = error
                        .map(|error| if page > 0 { format!("page {}: {error}", page + 1) } else { error });
                    let bodies = match item.follow {
                        Follow::ToTheEnd => Bodies::Pages(bodies),
                        Follow::No if bodies.bytes() == 0 => Bodies::None,
                        Follow::No => Bodies::One(bodies),
                    };
                    return Ok(Came { answer, bodies, error, busy });
                }
            }
        }
        unreachable!("the pages end")
    }

    /// An answer; a server that failed is asked again, if that does no harm.
    async fn answer(
        &self,
        item: &Item,
        url: &Url,
        line: u32,
        sent: &Arc<AtomicU32>,
    ) -> Result<(Answer, Option<UnderWay>, Option<Busy>), Stop> {
        for retry in 0.. {
            let answered = self.call(item, url, line, sent).await?;
            let failed = matches!(answered.0.status.as_u16(), 500 | 502 | 504);
            if !failed || retry >= self.manner.retries || item.may_double() {
                return Ok(answered);
            }
            drop(answered);
            let pause = Duration::from_secs(1).saturating_mul(1 << retry.min(5));
            world::sleep_until(world::now().later(pause)).await;
        }
        unreachable!("the retries end")
    }

    async fn call(
        &self,
        item: &Item,
        url: &Url,
        line: u32,
        sent: &Arc<AtomicU32>,
    ) -> Result<(Answer, Option<UnderWay>, Option<Busy>), Stop> {
        let mut request = item.request(url).map_err(Stop::Unfit)?;
        request.extensions_mut().insert(CallId(line.into()));
        request.extensions_mut().insert(Sending { line, sent: sent.clone() });
        if let Some(deadline) = self.deadline {
            request.extensions_mut().insert(Deadline(deadline.since(world::now())));
        }
        let timeout = self.manner.timeout;
        let answered = self.service.clone().call(request).await;
        let answer = answered.map_err(|error| {
            let failure = fault::of_wait(&error, url, timeout);
            match error {
                WaitError::Inner(error) | WaitError::Unknown(error) if error.is_builder() => {
                    Stop::Unfit(failure)
                }
                WaitError::Inner(_) => Stop::Broke(failure),
                WaitError::Unknown(_) => Stop::Unknown(failure),
                WaitError::Unanswered { .. } if item.may_double() => Stop::Unknown(failure),
                _ => Stop::Later(failure),
            }
        })?;
        let (under_way, busy) = (answer.extensions().get().cloned(), answer.extensions().get().cloned());
        Ok((Answer::new(answer, url.clone(), timeout), under_way, busy))
    }

    /// Receives a body as JSON. Hands back what is wrong with it, if nothing better is to be had.
    async fn receive(
        &self,
        item: &Item,
        answer: &mut Answer,
        most: u64,
        into: &mut Spool,
    ) -> Result<Option<String>, Stop> {
        let mut raw = into.another();
        loop {
            match answer.part(Some(most)).await {
                Ok(Some(part)) => raw.write_all(&part)?,
                Ok(None) => break,
                Err(failure) if failure.exit() == Exit::Unreachable => {
                    // It is answered: that it was done is known, however its body ends.
                    return match item.may_double() {
                        true => Ok(Some(failure.message().to_owned())),
                        false => Err(Stop::Broke(failure)),
                    };
                }
                Err(_) => {
                    let most = spoken_size(self.manner.max_body);
                    return Ok(Some(format!("the result is larger than {most}, as --max-body says")));
                }
            }
        }
        if raw.bytes() > 0 {
            let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            body::write(&mut raw, kind, into)?;
        } else if item.follow == Follow::ToTheEnd {
            into.write_all(b"null")?;
        }
        Ok(None)
    }

    async fn write(&self, item: &Item, line: u32, sent: &AtomicU32, came: Came) -> End {
        let Came { answer, bodies, error, busy } = came;
        let is_success = error.is_none();
        let told = Told {
            id: &item.id,
            status: Some(answer.status.as_u16()),
            attempts: sent.load(Ordering::Acquire),
            headers: Some(&answer.headers).filter(|_| self.manner.headers == Headers::Kept),
            error,
            outcome: Outcome::Known,
        };
        let ended = self.put(line, result::line(&told, bodies, Spool::new(&self.folder)), is_success).await;
        drop(busy);
        ended
    }

    /// Writes a result without an answer.
    async fn told(
        &self,
        item: &Item,
        line: u32,
        sent: &AtomicU32,
        failure: Failure,
        outcome: Outcome,
    ) -> End {
        let attempts = sent.load(Ordering::Acquire);
        let error = Some(failure.message().to_owned());
        let told = Told { id: &item.id, status: None, attempts, headers: None, error, outcome };
        self.put(line, result::line(&told, Bodies::None, Spool::new(&self.folder)), false).await
    }

    async fn put(&self, line: u32, result: io::Result<Spool>, is_success: bool) -> End {
        let text = match result {
            Ok(text) => text,
            Err(error) => return End::Fatal(unwritable(&self.folder, &error)),
        };
        match self.books.result(Written { line, is_success, text }).await {
            Ok(()) => End::Done { is_success },
            // The run ends, and says why.
            Err(Closed) => std::future::pending().await,
        }
    }
}

/// Why the items behind this one would fare no better, so that they are left as they are, and this one, too.
fn not_done(item: &Item, answer: &Answer) -> Option<Stop> {
    let url = &answer.url;
    let told = match item.token {
        _ if answer.status != StatusCode::UNAUTHORIZED => None,
        Whose::Runs => Some((
            format!("{url} doesn't take the token: it answered 401"),
            "has it expired? go on with a new one and the same command",
        )),
        Whose::Missing => Some((
            format!("{url} wants a token, and there is none: it answered 401"),
            "set it, export TIDEGATE_TOKEN=..., and go on with the same command; where a 401 is a result like others, \
             list URLs and leave --base-url out",
        )),
        Whose::Own => None,
    };
    if let Some((what, hint)) = told {
        return Some(Stop::Fatal(Failure::new(Exit::Failed, what).hint(hint)));
    }
    if answer.handed_back == Some(HandedBack::NoWaitHelps) {
        let failure = Failure::new(Exit::Failed, format!("{url} refuses for good, with {}", answer.status));
        let hint = "no waiting helps: somebody has to act, such as by raising the limit; then go on with the same command";
        return Some(Stop::Later(failure.hint(hint)));
    }
    None
}

/// What is said of an answer that is no success.
fn unsuccessful(answer: &Answer) -> Option<String> {
    if let Some(why) = answer.handed_back {
        let why = match why {
            HandedBack::SentOnce => "its body is too large to be sent again",
            _ => "tried often enough",
        };
        return Some(format!("refused with {}: {why}", answer.status));
    }
    (!answer.status.is_success()).then(|| format!("answered {}", answer.status))
}
