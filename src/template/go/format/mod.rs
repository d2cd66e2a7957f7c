//! Go's `fmt`: how values are printed, with `%v` and with every other verb.

/// How many bytes a template may write, and its functions may take and make, before it is stopped.
/// Printing ends soon behind it: a value may hold itself a billion times over in a few steps.
pub(crate) const MAX_BYTES: usize = 8 << 20;

mod number;
mod printf;
mod spec;
mod value;

pub use printf::sprintf;
pub(super) use value::{display, sprint, sprint_indirect, sprintln};
