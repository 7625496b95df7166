//! Overload control played against servers in virtual time, as one test program. Never here: a world itself.

#[cfg(test)]
mod api;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod fair;
#[cfg(test)]
mod floods;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod steady;
#[cfg(test)]
mod world;
