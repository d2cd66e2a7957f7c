//! `sereno alert list`.

use std::process::ExitCode;

use clap::Args;

use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{OutputArgument, OutputFormat, end, json_text, print};
use crate::cmd::table::{Look, Table};
use crate::cmd::wire::{self, ALERT_HEADING};
use crate::cmd::{FINE, label_words};
use crate::shell::clock::Clock;

/// The arguments of `sereno alert list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno alert list
      Everything that fires, and what mutes it.
  sereno alert list Down 'team=~db|data' --active
      Alerts of that name and those teams that nothing mutes.
  sereno alert list --receiver 'pager|mail' --format json

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct ListArguments {
    /// Only alerts that match; a first word without an operator is the name of an alert
    #[arg(value_name = "MATCHER")]
    matchers: Vec<String>,
    /// Those that nothing mutes; without any of these three: all
    #[arg(short, long)]
    active: bool,
    /// Those that a silence mutes
    #[arg(short, long)]
    silenced: bool,
    /// Those that another alert mutes
    #[arg(short, long)]
    inhibited: bool,
    /// Only those of receivers with such a name: a regular expression
    #[arg(short, long, value_name = "REGEX")]
    receiver: Option<String>,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// Lists alerts.
pub(super) fn run(arguments: &ListArguments) -> ExitCode {
    end(list(arguments).map(|text| print(&text, FINE)))
}

fn list(arguments: &ListArguments) -> Result<String, String> {
    let mut query = wire::filters(&label_words::matchers(&arguments.matchers)?);
    let states =
        [("active", arguments.active), ("silenced", arguments.silenced), ("inhibited", arguments.inhibited)];
    if states.iter().any(|(_, wanted)| *wanted) {
        query.extend(states.map(|(name, wanted)| (name, wanted.to_string())));
    }
    query.extend(arguments.receiver.as_ref().map(|regex| ("receiver", regex.clone())));
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let alerts = wire::alerts(&client, query).map_err(|error| error.to_string())?;
    Ok(match arguments.output.format {
        OutputFormat::Json => json_text(&alerts),
        OutputFormat::Table if alerts.is_empty() => "no alerts\n".to_owned(),
        OutputFormat::Table => {
            let now = Clock::default().now();
            let mut table = Table::new(&ALERT_HEADING);
            alerts.iter().for_each(|alert| table.row(alert.row(now)));
            table.render(Look::of_stdout())
        }
    })
}
