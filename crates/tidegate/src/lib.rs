//! What people add to their programs: layers that wait, or refuse. Never here: a socket, a config file, a spawned task.
//!
//! With the feature `client`, `client::WaitLayer` goes around any HTTP client that is a tower service. It waits
//! as it is told, so that the program never sees a `429`, loses no request and sends none twice.
//!
//! With the feature `server`, `server::LimitLayer` goes around any HTTP service that is a tower service, and refuses
//! exactly. What it is made of is there by itself, too: `path` and `classify` say which limits a request falls under,
//! `store` keeps their states, `limiter` decides, and `server::Answers` says it in HTTP; `at_once` counts calls in
//! flight, `penalty` knows who doesn't wait as told, `fleet` which servers take calls, and `overload` sheds what they
//! can't take.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "server")]
pub mod at_once;
#[cfg(feature = "server")]
pub mod classify;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "server")]
pub mod fleet;
#[cfg(feature = "client")]
mod key;
#[cfg(feature = "server")]
pub mod limiter;
#[cfg(feature = "server")]
mod mode;
#[cfg(feature = "client")]
pub mod observe;
#[cfg(feature = "server")]
pub mod overload;
#[cfg(feature = "server")]
pub mod path;
#[cfg(feature = "server")]
pub mod penalty;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod store;
#[cfg(any(feature = "client", feature = "server"))]
pub mod world;

#[cfg(feature = "client")]
pub use key::template as resource;
