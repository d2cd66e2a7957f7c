//! `sereno dead-letters list`.

use std::process::ExitCode;

use clap::Args;

use super::wire::{PATH, WireDeadLetter, WireList};
use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{OutputArgument, OutputFormat, end, json_text, note, print};
use crate::cmd::table::{Look, Table};
use crate::cmd::{FINE, time_words};
use crate::model::Timestamp;
use crate::shell::clock::Clock;

/// The arguments of `sereno dead-letters list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno dead-letters list
      What was given up, the newest first.
  sereno dead-letters retry $(sereno dead-letters list --quiet --receiver ops)
      Send all of the receiver ops again.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct ListArguments {
    /// Only those to this receiver
    #[arg(long, value_name = "NAME")]
    receiver: Option<String>,
    /// The most; at most 1000
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
    /// Print only ids, one a line
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// Lists dead letters.
pub(super) fn run(arguments: &ListArguments) -> ExitCode {
    end(list(arguments).map(|text| print(&text, FINE)))
}

fn list(arguments: &ListArguments) -> Result<String, String> {
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let mut query = vec![("limit", arguments.limit.to_string())];
    query.extend(arguments.receiver.as_ref().map(|receiver| ("receiver", receiver.clone())));
    let found: WireList = client.one(PATH, &query).map_err(|error| error.to_string())?;
    let letters = found.dead_letters;
    if letters.len() == arguments.limit && found.total > letters.len() {
        note(&format!("these are {} of {}; --limit shows more", letters.len(), found.total));
    }
    Ok(match arguments.output.format {
        _ if arguments.quiet => letters.iter().map(|letter| format!("{}\n", letter.id)).collect(),
        OutputFormat::Json => json_text(&letters),
        OutputFormat::Table if letters.is_empty() => "no dead letters\n".to_owned(),
        OutputFormat::Table => table(&letters, Clock::default().now()).render(Look::of_stdout()),
    })
}

fn table(letters: &[WireDeadLetter], now: Timestamp) -> Table {
    let mut table = Table::new(&["ID", "TO", "GROUP", "FIRING", "RESOLVED", "GIVEN UP", "WHY", "ERROR"]);
    for letter in letters {
        table.row([
            letter.id.clone(),
            letter.integration.clone(),
            letter.group_labels.to_string(),
            letter.firing.to_string(),
            letter.resolved.to_string(),
            time_words::shown(now, &letter.at),
            letter.why() + if letter.superseded.is_some() { ", superseded" } else { "" },
            letter.error.clone(),
        ]);
    }
    table
}
