//! What was probably meant: hints beside Prometheus' words.

use super::{ParseError, Parser};

/// How many errors get hints, so that the time to find them has a bound.
pub(super) const ERRORS_WITH_HELP: usize = 8;

/// A hint about the token that was not expected.
pub(super) fn unexpected(_parser: &Parser<'_>, _context: &str) -> Option<String> {
    None
}

/// A hint about any other error.
pub(super) fn of(_error: &ParseError, _text: &str) -> Option<String> {
    None
}
