//! `tidegate gateway`: stands in front of servers. Never here: a decision about a limit.

mod body;
mod drain;
mod fault;
mod forward;
mod listen;
mod stream;
mod upstream;
mod worker;

#[cfg(test)]
mod tests;
