//! `sereno silence update`.

use std::process::ExitCode;

use clap::Args;

use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{end, note, print};
use crate::cmd::wire::{self, WireSilence};
use crate::cmd::{FINE, could_not_run, time_words};
use crate::model::{Duration, Timestamp};
use crate::shell::clock::Clock;

/// The arguments of `sereno silence update`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno silence update 3f1e6a2c-8a5e-4d0e-9d35-7b2a3c4d5e6f --duration 2h
      Let it end in two hours.
  sereno silence update $(sereno silence list --quiet --within 1h) --duration 1d
      Let all that end within an hour go on for a day.

It prints the ids. A silence that cannot be changed in place, as one that has
ended, gets a new id.

Exit codes: 0 all are changed, 2 some could not be.")]
pub(super) struct UpdateArguments {
    /// Their ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    change: Change,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct Change {
    /// How long it goes on: from now, or from its start if it has not begun
    #[arg(short, long, value_name = "DURATION", value_parser = time_words::duration)]
    duration: Option<Duration>,
    /// When it starts
    #[arg(long, value_name = "TIME", value_parser = time_words::time)]
    start: Option<Timestamp>,
    /// When it ends, instead of --duration
    #[arg(long, value_name = "TIME", value_parser = time_words::time)]
    end: Option<Timestamp>,
    /// Why
    #[arg(short, long, value_name = "TEXT")]
    comment: Option<String>,
}

/// Changes silences; one that cannot be changed does not keep the others.
pub(super) fn run(arguments: &UpdateArguments) -> ExitCode {
    end(update(arguments))
}

fn update(arguments: &UpdateArguments) -> Result<ExitCode, String> {
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let now = Clock::default().now();
    let (mut changed, mut problems) = (String::new(), Vec::new());
    for id in &arguments.ids {
        let done = wire::silence(&client, id).and_then(|mut silence| {
            arguments.change.apply(&mut silence, now);
            wire::post_silence(&client, &silence.to_post())
        });
        match done {
            Ok(new) => {
                if new != *id {
                    note(&format!("{id} could not be changed in place: {new} takes its place"));
                }
                changed.push_str(&format!("{new}\n"));
            }
            Err(error) => problems.push(format!("{id}: {error}")),
        }
    }
    let printed = print(&changed, FINE);
    Ok(if problems.is_empty() { printed } else { could_not_run(&problems.join("\n")) })
}

impl Change {
    fn apply(&self, silence: &mut WireSilence, now: Timestamp) {
        if let Some(start) = self.start {
            silence.starts_at = start.rfc3339_millis();
        }
        let end = match (self.end, self.duration) {
            (Some(end), _) => Some(end),
            (None, Some(duration)) => Some(silence.start().unwrap_or(now).max(now) + duration),
            (None, None) => None,
        };
        if let Some(end) = end {
            silence.ends_at = end.rfc3339_millis();
        }
        if let Some(comment) = &self.comment {
            silence.comment.clone_from(comment);
        }
    }
}
