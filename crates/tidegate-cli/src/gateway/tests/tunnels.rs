//! Being written: nothing yet belongs here.
