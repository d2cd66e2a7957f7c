//! `sereno dead-letters show`.

use std::process::ExitCode;

use clap::Args;

use super::wire::{PATH, WireDeadLetter};
use crate::cmd::client::Client;
use crate::cmd::one::{Lines, OneArguments};
use crate::cmd::table::{Look, Table};
use crate::cmd::time_words;
use crate::model::Timestamp;

/// The arguments of `sereno dead-letters show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno dead-letters show 1c2d3e4f5a6b7c8d

Exit codes: 0 fine, 2 could not run, or there is no such dead letter.")]
pub(super) struct ShowArguments {
    #[command(flatten)]
    one: OneArguments,
}

/// Shows a dead letter.
pub(super) fn run(arguments: &ShowArguments) -> ExitCode {
    let read = |client: &Client, id: &str| client.one(&format!("{PATH}/{id}"), &[]);
    arguments.one.show(read, |_, letter, now| Ok(text(letter, now)))
}

fn text(letter: &WireDeadLetter, now: Timestamp) -> String {
    let mut lines = Lines::new(11);
    lines.line("id", &letter.id);
    lines.line("to", &letter.integration);
    lines.line("group", &letter.group_labels.to_string());
    lines.line("given up", &time_words::shown(now, &letter.at));
    if letter.times > 1 {
        lines.line("", &format!("for the first time {}", time_words::shown(now, &letter.first_at)));
    }
    lines.line("why", &letter.why());
    lines.line("error", &letter.error);
    lines.line("attempts", &letter.attempts.to_string());
    lines.line("says", &format!("{}: {} firing, {} resolved", letter.reason, letter.firing, letter.resolved));
    if let Some(superseded) = &letter.superseded {
        lines.line("", superseded);
    }
    let mut table = Table::new(&["STATUS", "LABELS", "SINCE"]);
    for alert in letter.alerts.iter().flatten() {
        let since = time_words::shown(now, &alert.starts_at);
        table.row([alert.status.clone(), alert.labels.to_string(), since]);
    }
    lines.followed_by(&table.render(Look::of_stdout()))
}
