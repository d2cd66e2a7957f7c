//! `sereno explain`: why an alert is told to whom, or why not.

use std::process::ExitCode;

use clap::Args;

use super::client::{Client, ClientError, ServerArguments};
use super::output::{OutputArgument, OutputFormat, json_text, print};
use super::table::{Look, Table};
use super::{FINDINGS, FINE, could_not_run, label_words};

/// The arguments of `sereno explain`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno explain Down instance=db1
      The alert Down of instance db1; other labels may be left out as long as it
      is clear which one is meant.
  sereno explain 1c2d3e4f5a6b7c8d
      The alert with this fingerprint.
  sereno explain --exact Down severity=page team=db
      What would become of an alert with just these labels. So is it if no such
      alert is known.

Exit codes: 0 fine, 1 no alert or several are meant, 2 could not run.")]
pub struct ExplainArguments {
    /// A fingerprint, or matchers such as instance=db1 or 'severity=~page|critical'; a bare first word is the
    /// alert's name
    #[arg(value_name = "ALERT", required = true)]
    alert: Vec<String>,
    /// Ask about an alert with these labels and no others, known or not
    #[arg(long)]
    exact: bool,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// Asks the server and prints what it knows.
pub(super) fn run(arguments: &ExplainArguments) -> ExitCode {
    let mut query = match filters(&arguments.alert) {
        Ok(query) => query,
        Err(reason) => return could_not_run(&reason),
    };
    if arguments.exact {
        query.push(("exact", "true".to_owned()));
    }
    let client = match Client::new(&arguments.server) {
        Ok(client) => client,
        Err(error) => return could_not_run(&error.to_string()),
    };
    match client.get("/api/sereno/v1/explain", &query) {
        Ok(answer) => match (arguments.output.format, answer.body["text"].as_str()) {
            (OutputFormat::Table, Some(text)) => print(&Look::of_stdout().text(text), FINE),
            (OutputFormat::Table, None) | (OutputFormat::Json, _) => print(&json_text(&answer.body), FINE),
        },
        Err(ClientError::Refused { message, body, status: 400 | 404 })
            if arguments.output.format == OutputFormat::Table =>
        {
            let text = format!("{}\n{}", capitalised(&message), candidates(&body).render(Look::of_stdout()));
            print(&text, FINDINGS)
        }
        Err(ClientError::Refused { body, status: 400 | 404, .. }) => print(&json_text(&body), FINDINGS),
        Err(error) => could_not_run(&error.to_string()),
    }
}

/// What names an alert, as parameters: a fingerprint alone, or matchers.
///
/// # Errors
/// A word is neither: what a person is told.
pub(super) fn filters(words: &[String]) -> Result<Vec<(&'static str, String)>, String> {
    match words {
        [only] if is_fingerprint(only) => Ok(vec![("fingerprint", only.clone())]),
        words => {
            let matchers = label_words::matchers(words)?;
            Ok(matchers.iter().map(|matcher| ("filter", matcher.to_string())).collect())
        }
    }
}

fn is_fingerprint(word: &str) -> bool {
    word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn candidates(body: &serde_json::Value) -> Table {
    let mut table = Table::new(&["FINGERPRINT", "LABELS"]);
    for candidate in body["candidates"].as_array().into_iter().flatten() {
        let fingerprint = candidate["fingerprint"].as_str().unwrap_or_default().to_owned();
        table.row([fingerprint, labels(&candidate["labels"])]);
    }
    table
}

/// Labels as words that the command line takes.
pub(super) fn labels(labels: &serde_json::Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let words = labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
    words.collect::<Vec<_>>().join(" ")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
