//! What was sent and what is done, so that the same command can go on after any end. Never here: results, requests.
//!
//! The file has a line for each thing that happened, and each line a checksum that covers all lines before it, too:
//!
//! ```text
//! {"tidegate":"batch journal","version":1,...} 1c291ca3     whose journal it is: written first
//! s 17 8be1f0c2                                             line 17 is about to be sent, and may not be sent twice
//! n 17 04c11db7                                             it was refused, or never left: it wasn't done
//! d 17 4096 deadbeef                                        its result is in the output, which has 4096 bytes since
//! f 18 4196 0badf00d                                    the same, but without success
//! o 77777 5d2b3c91                                          the output in order is complete, in a file beside it
//! ```

pub(crate) mod entry;
pub(crate) mod file;
pub(crate) mod head;
pub(crate) mod replay;
pub(crate) mod states;
