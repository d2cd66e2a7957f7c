//! `sereno dead-letters show`.

use std::process::ExitCode;

use clap::Args;

use super::wire::{PATH, WireDeadLetter};
use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{OutputFormat, end, json_text, print};
use crate::cmd::table::{Look, Table, printable};
use crate::cmd::{FINE, time_words};
use crate::model::Timestamp;
use crate::shell::clock::Clock;

/// The arguments of `sereno dead-letters show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno dead-letters show 1c2d3e4f5a6b7c8d

Exit codes: 0 fine, 2 could not run, or there is no such dead letter.")]
pub(super) struct ShowArguments {
    /// Its id
    id: String,
    /// How it is printed
    #[arg(long, env = "SERENO_OUTPUT", value_name = "FORMAT", value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
    #[command(flatten)]
    server: ServerArguments,
}

/// Shows a dead letter.
pub(super) fn run(arguments: &ShowArguments) -> ExitCode {
    end(show(arguments).map(|text| print(&text, FINE)))
}

fn show(arguments: &ShowArguments) -> Result<String, String> {
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let path = format!("{PATH}/{}", arguments.id);
    let letter: WireDeadLetter = client.one(&path, &[]).map_err(|error| error.to_string())?;
    Ok(match arguments.format {
        OutputFormat::Json => json_text(&letter),
        OutputFormat::Table => text(&letter, Clock::default().now()),
    })
}

fn text(letter: &WireDeadLetter, now: Timestamp) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<11}{}\n", printable(value)));
    line("id", &letter.id);
    line("to", &letter.integration);
    line("group", &letter.group_labels.to_string());
    line("given up", &time_words::shown(now, &letter.at));
    if letter.times > 1 {
        line("", &format!("for the first time {}", time_words::shown(now, &letter.first_at)));
    }
    line("why", &letter.why());
    line("error", &letter.error);
    line("attempts", &letter.attempts.to_string());
    line("says", &format!("{}: {} firing, {} resolved", letter.reason, letter.firing, letter.resolved));
    if let Some(superseded) = &letter.superseded {
        line("", superseded);
    }
    let mut table = Table::new(&["STATUS", "LABELS", "SINCE"]);
    for alert in letter.alerts.iter().flatten() {
        let since = time_words::shown(now, &alert.starts_at);
        table.row([alert.status.clone(), alert.labels.to_string(), since]);
    }
    format!("{text}{}", table.render(Look::of_stdout()))
}
