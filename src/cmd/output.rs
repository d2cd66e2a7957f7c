//! What commands print on standard output, and how.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{COULD_NOT_RUN, could_not_run};

/// `--format` of the commands that print a table or JSON.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct OutputArgument {
    /// How it is printed
    #[arg(long, env = "SERENO_OUTPUT", value_name = "FORMAT", value_enum, default_value_t = OutputFormat::Table)]
    pub(super) format: OutputFormat,
}

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

/// Ends a command that may have been unable to run.
pub(super) fn end(done: Result<ExitCode, String>) -> ExitCode {
    done.unwrap_or_else(|reason| could_not_run(&reason))
}

/// Says something beside the result, on standard error: the result may be read by a program.
#[expect(clippy::print_stderr, reason = "this is what standard error is for")]
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}
