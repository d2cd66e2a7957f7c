//! `sereno silence show`.

use std::process::ExitCode;

use clap::Args;

use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{OutputFormat, end, json_text, print};
use crate::cmd::table::{Look, Table, printable};
use crate::cmd::wire::{self, ALERT_HEADING, WireAlert, WireSilence, matchers_text};
use crate::cmd::{FINE, time_words};
use crate::model::Timestamp;
use crate::shell::clock::Clock;

/// The arguments of `sereno silence show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno silence show 3f1e6a2c-8a5e-4d0e-9d35-7b2a3c4d5e6f

Exit codes: 0 fine, 2 could not run, or there is no such silence.")]
pub(super) struct ShowArguments {
    /// Its id
    id: String,
    /// How it is printed
    #[arg(long, env = "SERENO_OUTPUT", value_name = "FORMAT", value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,
    #[command(flatten)]
    server: ServerArguments,
}

/// Shows a silence.
pub(super) fn run(arguments: &ShowArguments) -> ExitCode {
    end(show(arguments).map(|text| print(&text, FINE)))
}

fn show(arguments: &ShowArguments) -> Result<String, String> {
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let silence = wire::silence(&client, &arguments.id).map_err(|error| error.to_string())?;
    if arguments.format == OutputFormat::Json {
        return Ok(json_text(&silence));
    }
    let alerts: Vec<WireAlert> = wire::alerts(&client, Vec::new()).map_err(|error| error.to_string())?;
    let muted = alerts.into_iter().filter(|alert| alert.status.list("silencedBy").contains(&silence.id));
    Ok(text(&silence, &muted.collect::<Vec<_>>(), Clock::default().now()))
}

fn text(silence: &WireSilence, muted: &[WireAlert], now: Timestamp) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| text.push_str(&format!("{name:<9}{}\n", printable(value)));
    line("id", &silence.id);
    line("state", &silence.state());
    line("matchers", &matchers_text(&silence.matchers));
    line("starts", &time_words::shown(now, &silence.starts_at));
    line("ends", &time_words::shown(now, &silence.ends_at));
    line("by", &silence.created_by);
    line("comment", &silence.comment);
    for (name, value) in silence.annotations.iter().flatten() {
        line("", &format!("{name}: {value}"));
    }
    line("mutes", &format!("{} alert{} now", muted.len(), if muted.len() == 1 { "" } else { "s" }));
    let mut table = Table::new(&ALERT_HEADING);
    muted.iter().for_each(|alert| table.row(alert.row(now)));
    format!("{text}{}", table.render(Look::of_stdout()))
}
