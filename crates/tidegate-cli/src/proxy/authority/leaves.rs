//! The certificates that were issued, as long as they are fresh. Never here: what is in them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tidegate_core::Time;

use super::NoCertificate;

/// How many hosts' certificates are kept; a pattern of hosts may allow any number.
const MOST: usize = 1000;

/// How long one is shown: well within the time that it is good for, since connections last.
const FRESH: Duration = Duration::from_secs(3 * 86_400);

/// What was issued, by host.
#[derive(Default)]
pub(super) struct Leaves {
    known: HashMap<String, Leaf>,
    /// Counts up with each use.
    uses: u64,
}

struct Leaf {
    shown: Arc<ServerConfig>,
    made: Time,
    /// The number of its last use.
    used: u64,
}

impl Leaves {
    /// The one for a host, made anew where it isn't fresh.
    pub(super) fn take(
        &mut self,
        host: &str,
        now: Time,
        make: impl FnOnce() -> Result<Arc<ServerConfig>, NoCertificate>,
    ) -> Result<Arc<ServerConfig>, NoCertificate> {
        self.uses += 1;
        if let Some(leaf) = self.known.get_mut(host).filter(|leaf| leaf.is_fresh(now)) {
            leaf.used = self.uses;
            return Ok(Arc::clone(&leaf.shown));
        }
        let shown = make()?;
        if self.known.len() >= MOST && !self.known.contains_key(host) {
            let last_used = self.known.iter().min_by_key(|(_, leaf)| leaf.used).map(|(host, _)| host.clone());
            last_used.and_then(|host| self.known.remove(&host));
        }
        let leaf = Leaf { shown: Arc::clone(&shown), made: now, used: self.uses };
        self.known.insert(host.to_owned(), leaf);
        Ok(shown)
    }
}

impl Leaf {
    /// Wall clocks may be set back: then it may not be good yet.
    fn is_fresh(&self, now: Time) -> bool {
        self.made <= now && now.since(self.made) < FRESH
    }
}

#[cfg(test)]
mod tests {
    use super::super::issued::{Signer, root_key};
    use super::*;

    const START: Time = Time::from_secs(1_800_000_000);

    fn any() -> Arc<ServerConfig> {
        Signer::new(root_key().unwrap()).unwrap().shown("a", START).unwrap()
    }

    fn is_made(leaves: &mut Leaves, host: &str, now: Time, shown: &Arc<ServerConfig>) -> bool {
        let mut made = false;
        let taken = leaves.take(host, now, || {
            made = true;
            Ok(Arc::clone(shown))
        });
        taken.unwrap();
        made
    }

    #[test]
    fn a_certificate_is_made_once_and_again_when_it_is_no_longer_fresh() {
        let (mut leaves, shown) = (Leaves::default(), any());
        for (seconds, made) in [(0, true), (0, false), (259_199, false), (259_200, true), (259_201, false)] {
            let now = START.later(Duration::from_secs(seconds));
            assert_eq!(is_made(&mut leaves, "a", now, &shown), made, "after {seconds} s");
        }
        assert!(is_made(&mut leaves, "a", START, &shown), "the clock was set back");
        assert!(is_made(&mut leaves, "b", START, &shown), "another host");
        assert_eq!(leaves.take("c", START, || Err(NoCertificate)).unwrap_err(), NoCertificate);
    }

    #[test]
    fn of_too_many_the_one_goes_that_was_used_longest_ago() {
        let (mut leaves, shown) = (Leaves::default(), any());
        for number in 0..MOST {
            assert!(is_made(&mut leaves, &number.to_string(), START, &shown));
        }
        assert!(!is_made(&mut leaves, "0", START, &shown));
        assert!(is_made(&mut leaves, "one more", START, &shown));
        assert_eq!(leaves.known.len(), MOST);
        assert!(!is_made(&mut leaves, "0", START, &shown), "used just now");
        assert!(is_made(&mut leaves, "1", START, &shown), "used longest ago");
    }
}
