//! Whose journal it is: the list and the flags that items mean something by. Never here: what happened.

use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};

/// The journal's first line. What isn't in it may change from run to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    tidegate: Kind,
    version: u32,
    /// The SHA-256 of the list.
    pub(crate) list: String,
    pub(crate) items: u64,
    pub(crate) base_url: Option<String>,
    /// `--url-template`, `--method` and `--row-as-body`, if the list is CSV.
    pub(crate) rows: Option<(String, String, bool)>,
    pub(crate) idempotency: bool,
    /// What Idempotency-Keys are made from.
    pub(crate) seed: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "batch journal")]
    BatchJournal,
}

const VERSION: u32 = 1;

impl Head {
    pub(crate) fn new(
        list: String,
        items: u64,
        base_url: Option<String>,
        rows: Option<(String, String, bool)>,
        idempotency: bool,
        seed: String,
    ) -> Head {
        Head {
            tidegate: Kind::BatchJournal,
            version: VERSION,
            list,
            items,
            base_url,
            rows,
            idempotency,
            seed,
        }
    }

    /// As it stands in the file, without its checksum.
    pub(crate) fn body(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(crate) fn read(body: &str) -> Option<Head> {
        serde_json::from_str(body).ok().filter(|head: &Head| head.version == VERSION)
    }

    /// Whether this run is about the same work as the journal's.
    pub(crate) fn check(&self, now: &Head, journal: &str) -> Result<(), Failure> {
        let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".into());
        let other = |what: String| {
            Failure::new(Exit::Usage, format!("{what}, so {journal} doesn't belong to this run"))
                .hint("go on with what it was begun with, or begin anew with another --output")
        };
        if self.list != now.list {
            return Err(other(format!(
                "the list isn't the one that was begun with: it had {} items, and its content was another",
                self.items
            )));
        }
        if self.base_url != now.base_url {
            let (was, is) = (said(&self.base_url), said(&now.base_url));
            return Err(other(format!("--base-url was {was}, and is {is} now")));
        }
        if self.rows != now.rows {
            return Err(other("--url-template, --method or --row-as-body was another".into()));
        }
        if self.idempotency != now.idempotency {
            let was = if self.idempotency { "with" } else { "without" };
            return Err(other(format!("it was begun {was} --idempotency")));
        }
        Ok(())
    }
}
