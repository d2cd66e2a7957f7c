//! `sereno silence show`.

use std::process::ExitCode;

use clap::Args;

use crate::cmd::client::{Client, ClientError};
use crate::cmd::one::{Lines, OneArguments};
use crate::cmd::table::{Look, Table};
use crate::cmd::time_words;
use crate::cmd::wire::{self, ALERT_HEADING, WireAlert, WireSilence, matchers_text};
use crate::model::Timestamp;

/// The arguments of `sereno silence show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno silence show 3f1e6a2c-8a5e-4d0e-9d35-7b2a3c4d5e6f

Exit codes: 0 fine, 2 could not run, or there is no such silence.")]
pub(super) struct ShowArguments {
    #[command(flatten)]
    one: OneArguments,
}

/// Shows a silence.
pub(super) fn run(arguments: &ShowArguments) -> ExitCode {
    arguments.one.show(wire::silence, text)
}

fn text(client: &Client, silence: &WireSilence, now: Timestamp) -> Result<String, ClientError> {
    let alerts: Vec<WireAlert> = wire::alerts(client, Vec::new())?;
    let is_muted = |alert: &&WireAlert| alert.status.list("silencedBy").contains(&silence.id);
    let muted: Vec<&WireAlert> = alerts.iter().filter(is_muted).collect();
    let mut lines = Lines::new(9);
    lines.line("id", &silence.id);
    lines.line("state", &silence.state());
    lines.line("matchers", &matchers_text(&silence.matchers));
    lines.line("starts", &time_words::shown(now, &silence.starts_at));
    lines.line("ends", &time_words::shown(now, &silence.ends_at));
    lines.line("by", &silence.created_by);
    lines.line("comment", &silence.comment);
    for (name, value) in silence.annotations.iter().flatten() {
        lines.line("", &format!("{name}: {value}"));
    }
    lines.line("mutes", &format!("{} alert{} now", muted.len(), if muted.len() == 1 { "" } else { "s" }));
    let mut table = Table::new(&ALERT_HEADING);
    muted.iter().for_each(|alert| table.row(alert.row(now)));
    Ok(lines.followed_by(&table.render(Look::of_stdout())))
}
