//! `sereno silence list`.

use std::process::ExitCode;

use clap::Args;

use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{OutputArgument, OutputFormat, end, json_text, print};
use crate::cmd::table::{Look, Table};
use crate::cmd::wire::{self, WireSilence, matchers_text};
use crate::cmd::{FINE, label_words, time_words};
use crate::model::{Duration, Timestamp};
use crate::shell::clock::Clock;

/// The arguments of `sereno silence list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno silence list
      What is silenced now, or will be.
  sereno silence list team=db --created-by ana
      Silences of ana that have the matcher team=\"db\", written like this.
  sereno silence list --within 8h
      What ends in the next eight hours; with --expired: what ended in the last
      eight.
  sereno silence expire $(sereno silence list --quiet Down)
      End all silences of the alert Down.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct ListArguments {
    /// Only silences that have these matchers; a first word without an operator is the name of an alert
    #[arg(value_name = "MATCHER")]
    matchers: Vec<String>,
    /// Those that have ended, instead of those that hold or will hold
    #[arg(long)]
    expired: bool,
    /// Only those that end within this time, or with --expired have ended within it
    #[arg(long, value_name = "DURATION", value_parser = time_words::duration)]
    within: Option<Duration>,
    /// Only those that this person made
    #[arg(long, value_name = "NAME")]
    created_by: Option<String>,
    /// Print only ids, one a line
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// Lists silences.
pub(super) fn run(arguments: &ListArguments) -> ExitCode {
    end(list(arguments).map(|text| print(&text, FINE)))
}

fn list(arguments: &ListArguments) -> Result<String, String> {
    let filters = wire::filters(&label_words::matchers(&arguments.matchers)?);
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let silences: Vec<WireSilence> =
        client.list("/api/v2/silences", &filters).map_err(|error| error.to_string())?;
    let now = Clock::default().now();
    let silences: Vec<WireSilence> =
        silences.into_iter().filter(|silence| arguments.wants(silence, now)).collect();
    Ok(match arguments.output.format {
        _ if arguments.quiet => silences.iter().map(|silence| format!("{}\n", silence.id)).collect(),
        OutputFormat::Json => json_text(&silences),
        OutputFormat::Table if silences.is_empty() => "no silences\n".to_owned(),
        OutputFormat::Table => table(&silences, now).render(Look::of_stdout()),
    })
}

impl ListArguments {
    fn wants(&self, silence: &WireSilence, now: Timestamp) -> bool {
        let expired = silence.status.state == "expired";
        let within = self.within.is_none_or(|within| {
            silence.end().is_some_and(|end| match self.expired {
                true => end >= now - within,
                false => end <= now + within,
            })
        });
        let by = self.created_by.as_ref().is_none_or(|name| *name == silence.created_by);
        expired == self.expired && within && by
    }
}

fn table(silences: &[WireSilence], now: Timestamp) -> Table {
    let mut table = Table::new(&["ID", "STATE", "MATCHERS", "STARTS", "ENDS", "BY", "COMMENT"]);
    for silence in silences {
        table.row([
            silence.id.clone(),
            silence.state(),
            matchers_text(&silence.matchers),
            time_words::shown(now, &silence.starts_at),
            time_words::shown(now, &silence.ends_at),
            silence.created_by.clone(),
            silence.comment.clone(),
        ]);
    }
    table
}
