//! What commands print on standard output, and how.

use std::io::Write;
use std::process::ExitCode;

use clap::ValueEnum;

use super::COULD_NOT_RUN;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Prints a text as it is and ends with `code`.
pub(super) fn print(text: &str, code: u8) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::from(code),
        Err(_) => ExitCode::from(COULD_NOT_RUN), // nobody reads us, so nobody could be told
    }
}

/// A value as JSON of several lines.
pub(super) fn json_text(value: &impl serde::Serialize) -> String {
    // Values of strings and numbers with string keys: it cannot fail.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
