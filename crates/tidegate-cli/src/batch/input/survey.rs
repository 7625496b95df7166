//! The first reading of the list: all that is wrong with it is said before anything is sent. Never here: sending.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;

use reqwest::Url;
use ring::digest::{Context, SHA256};

use super::List;
use super::index::Index;
use super::item::Item;
use super::records::{LONGEST, Place, is_too_long};
use super::terms::Terms;
use crate::caller::text::printable;
use crate::caller::units::spoken_size;
use crate::exit::{Exit, Failure};

/// How many faults are named.
const NAMED: usize = 10;

/// What the list comes to.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) index: Index,
    /// The SHA-256 of the file, in hexadecimal.
    pub(crate) fingerprint: String,
    /// The one origin of all items, if it is one.
    pub(crate) origin: Option<Url>,
    /// The lines of the ids that were looked for.
    pub(crate) found: BTreeMap<String, u32>,
}

/// What is gathered on the way.
struct Reading<'a> {
    terms: &'a Terms,
    wanted: &'a dyn Fn(&str) -> bool,
    survey: Survey,
    /// A hash of each id: eight bytes, so that a million fit.
    ids: Vec<u64>,
    faults: Faults,
    origins: Origins,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Origins {
    None,
    One,
    Several,
}

/// What is wrong, line by line.
#[derive(Default)]
struct Faults {
    named: Vec<(u32, String)>,
    count: u64,
}

impl Faults {
    fn add(&mut self, line: u32, fault: String) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push((line, fault));
        }
    }
}

impl List {
    /// Reads all of it, and looks for the lines of the `wanted` ids.
    pub(crate) fn survey(&mut self, terms: &Terms, wanted: &dyn Fn(&str) -> bool) -> Result<Survey, Failure> {
        let unreadable = |error: io::Error, list: &List| {
            Failure::new(Exit::Usage, format!("can't read the list from {}: {error}", list.path.display()))
        };
        let mut digest = Context::new(&SHA256);
        let empty = Survey {
            index: Index::default(),
            fingerprint: String::new(),
            origin: None,
            found: BTreeMap::new(),
        };
        let (ids, faults) = (Vec::new(), Faults::default());
        let mut reading = Reading { terms, wanted, survey: empty, ids, faults, origins: Origins::None };
        let mut record = Vec::new();
        self.records.go_to(Place { line: 0, offset: 0 }).map_err(|error| unreadable(error, self))?;
        while let Some(place) = self.records.next(&mut record).map_err(|error| unreadable(error, self))? {
            digest.update(&record);
            reading.hear(&record, place);
            if is_too_long(&record) || place.line == u32::MAX {
                break;
            }
        }
        let Reading { mut survey, mut ids, mut faults, origins, .. } = reading;
        self.find_doubles(&mut ids, terms, &mut faults).map_err(|error| unreadable(error, self))?;
        if faults.count > 0 {
            return Err(self.failure(faults));
        }
        survey.origin = survey.origin.filter(|_| origins == Origins::One);
        survey.fingerprint = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(survey)
    }

    /// Ids that two items have. Equal hashes only point at them: those who have one are read again and compared.
    fn find_doubles(&mut self, ids: &mut [u64], terms: &Terms, faults: &mut Faults) -> io::Result<()> {
        ids.sort_unstable();
        let mut suspects: Vec<u64> =
            ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
        suspects.dedup();
        if suspects.is_empty() {
            return Ok(());
        }
        let mut firsts: BTreeMap<String, u32> = BTreeMap::new();
        let mut record = Vec::new();
        self.records.go_to(Place { line: 0, offset: 0 })?;
        while let Some(Place { line, .. }) = self.records.next(&mut record)? {
            let Ok(Item { id, .. }) = Item::read(&record, line, terms) else { continue };
            if suspects.binary_search(&hash(&id.text)).is_err() {
                continue;
            }
            match firsts.get(&id.text) {
                Some(first) => {
                    let id = printable(&id.json, 80);
                    faults.add(line, format!("the id {id} is that of line {}, too", first + 1));
                }
                None => drop(firsts.insert(id.text, line)),
            }
        }
        Ok(())
    }

    fn failure(&self, mut faults: Faults) -> Failure {
        faults.named.sort_by_key(|(line, _)| *line);
        let path = self.path.display();
        let told = faults.named.iter().map(|(line, fault)| format!("{path}, line {}: {fault}", line + 1));
        let mut told = told.collect::<Vec<_>>().join("\n  ");
        if let more @ 1.. = faults.count.saturating_sub(faults.named.len() as u64) {
            told.push_str(&format!("\n  and {more} more"));
        }
        Failure::new(Exit::Usage, told).hint("nothing was sent; mend the list and start again")
    }
}

impl Reading<'_> {
    fn hear(&mut self, record: &[u8], Place { line, offset }: Place) {
        let is_head = self.terms.rows.is_some() && line == 0;
        if is_head || record.trim_ascii().is_empty() {
            return;
        }
        if is_too_long(record) {
            return self.faults.add(line, format!("it is longer than {}", spoken_size(LONGEST as u64)));
        }
        let item = match Item::read(record, line, self.terms) {
            Ok(item) => item,
            Err(fault) => return self.faults.add(line, fault),
        };
        self.ids.push(hash(&item.id.text));
        if (self.wanted)(&item.id.text) {
            self.survey.found.insert(item.id.text.clone(), line);
        }
        self.origins = match (&self.survey.origin, self.origins) {
            (None, _) => Origins::One,
            (Some(known), Origins::One) if known.origin() == item.url.origin() => Origins::One,
            _ => Origins::Several,
        };
        self.survey.index.add(line, offset, item.lane());
        self.survey.origin.get_or_insert(item.url);
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// The header line of a list in CSV.
pub(crate) fn head_of_rows(list: &mut List) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    list.records.next(&mut head)?;
    Ok(head)
}
