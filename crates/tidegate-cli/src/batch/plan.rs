//! From flags and files to a run that is ready to start: whatever can be wrong is found here, before anything is sent.
//! Never here: a call.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tidegate::world;

use super::args::{Args, ListArgs};
use super::books::unwritable;
use super::input::List;
use super::input::index::Index;
use super::input::keys::Keys;
use super::input::records::Form;
use super::input::row::{RowBody, Rows};
use super::input::survey::{Survey, head_of_rows};
use super::input::terms::Terms;
use super::journal::entry::Entry;
use super::journal::file::Journal;
use super::journal::head::Head;
use super::journal::replay::Replay;
use super::journal::states::{State, States};
use super::order::take_place;
use super::output::{Output, Unentered};
use crate::caller::token::Token;
use crate::caller::url::{is_open, url};
use crate::caller::voice::Voice;
use crate::exit::{Exit, Failure};

/// What a run works with.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) list: List,
    pub(crate) index: Index,
    pub(crate) terms: Terms,
    pub(crate) journal: Journal,
    pub(crate) output: Output,
    pub(crate) states: States,
    /// The output is in the order of the list, and nothing more is to be done.
    pub(crate) ordered: bool,
}

impl Plan {
    /// Reads all there is to read, mends torn ends, and begins the journal if there is none.
    pub(crate) fn read(args: &Args, voice: &Voice) -> Result<Plan, Failure> {
        let form = if args.list.url_template.is_some() { Form::Rows } else { Form::Lines };
        let mut list = List::open(&args.list.input, form)?;
        keep_apart(args)?;
        let mut terms = terms(args, &mut list)?;
        // A list with faults, or an output that isn't ours, leaves no files behind.
        let early = match args.journal().exists() {
            true => None,
            false => {
                refuse_foreign(&args.results.output)?;
                Some(list.survey(&terms, &|_| false)?)
            }
        };
        let (mut journal, mut said) = Journal::open(&args.journal())?;
        if said.ordered {
            take_place(&args.results.output).map_err(|error| unwritable(&args.results.output, &error))?;
        }
        if said.head.is_none() {
            refuse_foreign(&args.results.output)?;
        }
        let (output, unentered) = Output::open(&args.results.output, said.output_end)?;
        let ids: BTreeMap<&str, u64> =
            unentered.iter().map(|result| (result.id.as_str(), result.end)).collect();
        let survey = match early {
            Some(survey) if ids.is_empty() => survey,
            _ => list.survey(&terms, &|id| ids.contains_key(id))?,
        };
        settle_home(&mut terms, &survey, voice)?;
        begin(args, &mut journal, &mut said, &survey)?;
        enter(&mut journal, &mut said, &unentered, &survey, &output)?;
        terms.keys = args
            .care
            .idempotency
            .then(|| Keys::new(said.head.as_ref().map_or("", |head| head.seed.as_str())));
        let Replay { states, ordered, .. } = said;
        Ok(Plan { list, index: survey.index, terms, journal, output, states, ordered })
    }

    /// Items that were sent and may have been done.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = u32> {
        self.index.lines().filter(|line| self.states.of(*line) == State::Sent)
    }
}

fn terms(args: &Args, list: &mut List) -> Result<Terms, Failure> {
    let base = args.list.base_url.as_deref().map(url).transpose()?;
    if let Some(odd) = base.as_ref().filter(|base| base.query().is_some() || base.fragment().is_some()) {
        return Err(Failure::new(Exit::Usage, format!("--base-url {odd} has a query or fragment"))
            .hint("paths are put behind it: give scheme, host and the beginning of the path"));
    }
    let rows = rows(&args.list, list)?;
    let token = Token::read(&args.token, |name| std::env::var(name).ok())?;
    Ok(Terms { base, home: None, token, keys: None, rows }.at_home())
}

fn rows(args: &ListArgs, list: &mut List) -> Result<Option<Rows>, Failure> {
    let Some(template) = &args.url_template else { return Ok(None) };
    let head = head_of_rows(list)
        .map_err(|error| Failure::new(Exit::Usage, format!("can't read the list: {error}")))?;
    let method = args.method.as_deref().unwrap_or("GET");
    let body = if args.row_as_body { RowBody::Row } else { RowBody::Nothing };
    Rows::new(&head, template, method, body)
        .map(Some)
        .map_err(|fault| Failure::new(Exit::Usage, format!("{}, line 1: {fault}", args.input.display())))
}

/// Input, output and journal are three files.
fn keep_apart(args: &Args) -> Result<(), Failure> {
    let same = |one: &PathBuf, other: &PathBuf| match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    };
    let (input, output, journal) = (&args.list.input, &args.results.output, &args.journal());
    if same(input, output) || same(input, journal) || same(output, journal) {
        return Err(Failure::new(Exit::Usage, "the list, the output and the journal have to be three files"));
    }
    Ok(())
}

/// An output without a journal is somebody else's, unless it is empty.
fn refuse_foreign(output: &std::path::Path) -> Result<(), Failure> {
    match std::fs::metadata(output) {
        Ok(metadata) if metadata.len() > 0 => {
            let what = format!("{} is there already, and no journal goes with it", output.display());
            Err(Failure::new(Exit::Usage, what).hint("name another --output, or remove it to begin anew"))
        }
        _ => Ok(()),
    }
}

/// Without a base the token goes to the one origin of all items, if it is one.
fn settle_home(terms: &mut Terms, survey: &Survey, voice: &Voice) -> Result<(), Failure> {
    if terms.token.is_none() {
        return Ok(());
    }
    if terms.home.is_none() {
        if survey.index.items() > 0 && survey.origin.is_none() {
            let what = "there is a token, and the items go to more than one origin";
            return Err(
                Failure::new(Exit::Usage, what).hint("--base-url names the one that the token is for")
            );
        }
        terms.home = survey.origin.clone();
    }
    if let Some(home) = terms.home.as_ref().filter(|home| is_open(home)) {
        let host = home.host_str().unwrap_or_default();
        voice.warn(format_args!(
            "the token goes to {host} unencrypted, for all on the way to read: write https://"
        ));
    }
    Ok(())
}

/// Begins the journal, or checks that it is this work's.
fn begin(args: &Args, journal: &mut Journal, said: &mut Replay, survey: &Survey) -> Result<(), Failure> {
    let ListArgs { base_url, url_template, method, row_as_body, .. } = &args.list;
    let rows = url_template
        .clone()
        .map(|template| (template, method.clone().unwrap_or_else(|| "GET".into()), *row_as_body));
    let [one, other] = world::secret();
    let (list, items) = (survey.fingerprint.clone(), survey.index.items());
    let seed = format!("{one:016x}{other:016x}");
    let head = Head::new(list, items, base_url.clone(), rows, args.care.idempotency, seed);
    match &said.head {
        Some(known) => known.check(&head, &journal.path().display().to_string()),
        None => {
            journal.begin(&head).map_err(|error| unwritable(journal.path(), &error))?;
            said.head = Some(head);
            Ok(())
        }
    }
}

/// Enters the results that a run left in the output and not in the journal.
fn enter(
    journal: &mut Journal,
    said: &mut Replay,
    unentered: &[Unentered],
    survey: &Survey,
    output: &Output,
) -> Result<(), Failure> {
    let mut entries = Vec::with_capacity(unentered.len());
    for result in unentered {
        let known = survey.found.get(&result.id).filter(|line| !said.states.of(**line).is_done());
        let Some(&line) = known else {
            let id = crate::caller::text::printable(&result.id, 80);
            let what = format!("{} has a result of {id:?} that isn't ours", output.path().display());
            return Err(Failure::new(Exit::Usage, what)
                .hint("was something else written into it? put it back, or name another --output"));
        };
        let end = result.end;
        let entry = if result.is_success { Entry::Done { line, end } } else { Entry::Failed { line, end } };
        entries.push(entry);
        said.states.hear(entry);
    }
    if !entries.is_empty() {
        let entered = output.sync().and_then(|()| journal.add(&entries)).and_then(|()| journal.sync());
        entered.map_err(|error| unwritable(journal.path(), &error))?;
    }
    Ok(())
}
