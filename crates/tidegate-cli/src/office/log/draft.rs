//! A line of the log while its call lasts. Never here: what stands in it, where it is written.

use serde::Serialize;
use tidegate::world;
use tidegate_core::Time;

use super::{Log, Open};

/// What a line says.
pub(crate) trait Line: std::fmt::Debug + Serialize + Send + 'static {
    /// Its call is over, whatever came of it.
    fn end(&mut self, now: Time);
}

/// A line that is noted when this is dropped; empty where the log is off.
#[derive(Debug)]
pub(crate) struct Draft<L: Line>(Option<(Box<L>, Open<L>)>);

impl<L: Line> Default for Draft<L> {
    fn default() -> Draft<L> {
        Draft(None)
    }
}

impl<L: Line> Draft<L> {
    /// Begins a line, if the log is on.
    pub(crate) fn of(log: &Log<L>, line: impl FnOnce() -> L) -> Draft<L> {
        Draft(log.0.as_ref().map(|open| (Box::new(line()), open.clone())))
    }

    /// Writes into the line, if there is one.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut L)) {
        if let Some((line, _)) = &mut self.0 {
            write(line);
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl<L: Line> Drop for Draft<L> {
    fn drop(&mut self) {
        if let Some((mut line, open)) = self.0.take() {
            line.end(world::now());
            open.note(line);
        }
    }
}
