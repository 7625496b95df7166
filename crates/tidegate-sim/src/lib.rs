//! A rate-limited API and its clients, played in virtual time from a seed. Never here: a runtime, a thread, a real clock.
//!
//! A [`Scenario`] describes a world: servers, limits, what they tell, what changes. A [`Fleet`] plays the API's side
//! of it: each call that [arrives](Fleet::arrive) gets a verdict, and everything is counted. [`play()`] puts
//! [model clients](client) before it and gives a [`Report`], with the time that an all-knowing client would have
//! needed beside theirs.
//!
//! Everything is a function of the scenario and a seed, so a world that shows something shows it again:
//!
//! ```
//! use tidegate_sim::{Scenario, client, play};
//! let scenario: Scenario = "[work]\ncalls = 100".parse().unwrap();
//! let report = play(&scenario, 7, client::Model::Ours);
//! assert_eq!(report, play(&scenario, 7, client::Model::Ours));
//! assert_eq!((report.done, report.violations), (100, 0));
//! ```

pub mod chance;
pub mod client;
mod fleet;
mod oracle;
mod play;
mod report;
pub mod scenario;
mod timeline;

pub use fleet::{Announced, Call, Counts, Fleet, Outcome, Record, Reply, Stats, Token, Told};
pub use play::play;
pub use report::{League, Process, Report, Standing};
pub use scenario::{Limit, LimitError, Scenario, ScenarioError};
