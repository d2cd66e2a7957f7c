//! `sereno silence expire`.

use std::process::ExitCode;

use clap::Args;

use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{end, note, print};
use crate::cmd::wire;
use crate::cmd::{FINE, could_not_run};

/// The arguments of `sereno silence expire`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno silence expire 3f1e6a2c-8a5e-4d0e-9d35-7b2a3c4d5e6f
  sereno silence expire $(sereno silence list --quiet --created-by ana)
      End all silences of ana. What still fires is told again.

Exit codes: 0 all have ended, also if some had ended before; 2 some could not be
ended.")]
pub(super) struct ExpireArguments {
    /// Their ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    server: ServerArguments,
}

/// Ends silences; one that cannot be ended does not keep the others.
pub(super) fn run(arguments: &ExpireArguments) -> ExitCode {
    end(expire(arguments))
}

fn expire(arguments: &ExpireArguments) -> Result<ExitCode, String> {
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let (mut ended, mut problems) = (String::new(), Vec::new());
    for id in &arguments.ids {
        // Asked first: what is unknown gets different answers from different servers.
        let done = wire::silence(&client, id).and_then(|_| client.delete(&format!("/api/v2/silence/{id}")));
        match done {
            Ok(_) => ended.push_str(&format!("{id}\n")),
            Err(error) => problems.push(error.to_string()),
        }
    }
    let printed = print(&ended, FINE);
    if problems.is_empty() {
        return Ok(printed);
    }
    if !ended.is_empty() {
        note(&format!("{} of {} have ended", ended.lines().count(), arguments.ids.len()));
    }
    Ok(could_not_run(&problems.join("\n")))
}
