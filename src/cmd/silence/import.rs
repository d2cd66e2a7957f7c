//! `sereno silence import`.

use std::io::Read;
use std::process::ExitCode;

use clap::Args;

use crate::cmd::client::{Client, ClientError, ServerArguments};
use crate::cmd::output::{end, note, print};
use crate::cmd::wire::{self, WireSilence};
use crate::cmd::{FINE, could_not_run};
use crate::shell::clock::Clock;

/// The arguments of `sereno silence import`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno silence list --format json --url http://old:9093 >silences.json
  sereno silence import silences.json --url http://new:9093
      Take the silences of one server to another. amtool's `silence query -o
      json` serves as well.
  sereno silence import --force - <silences.json
      Make all of them anew, even if they are there already.

A silence whose id the server knows is changed to what the file says; any other
is made and gets a new id. What has ended is left out. It prints the ids.

Exit codes: 0 fine, 2 could not run, or some were refused.")]
pub(super) struct ImportArguments {
    /// JSON file with a list of silences; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: String,
    /// Make all of them anew, whatever their ids
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// Makes silences; one that is refused does not keep the others.
pub(super) fn run(arguments: &ImportArguments) -> ExitCode {
    end(import(arguments))
}

fn import(arguments: &ImportArguments) -> Result<ExitCode, String> {
    let silences = read(&arguments.file)?;
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let now = Clock::default().now();
    let (mut made, mut problems, mut ended) = (String::new(), Vec::new(), 0);
    for mut silence in silences {
        if silence.end().is_some_and(|end| end < now) {
            ended += 1;
            continue;
        }
        let name = std::mem::take(&mut silence.id);
        if !arguments.force {
            silence.id.clone_from(&name);
        }
        match post(&client, silence) {
            Ok(id) => made.push_str(&format!("{id}\n")),
            Err(error) => problems.push(format!("{name}: {error}")),
        }
    }
    let printed = print(&made, FINE);
    note(&format!("{} imported, {ended} left out that have ended", made.lines().count()));
    Ok(if problems.is_empty() { printed } else { could_not_run(&problems.join("\n")) })
}

/// Changes the silence with this id, or makes one if there is none.
fn post(client: &Client, mut silence: WireSilence) -> Result<String, ClientError> {
    match wire::post_silence(client, &silence.to_post()) {
        Err(ClientError::Refused { status: 404, .. }) if !silence.id.is_empty() => {
            silence.id.clear();
            wire::post_silence(client, &silence.to_post())
        }
        done => done,
    }
}

fn read(file: &str) -> Result<Vec<WireSilence>, String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().read_to_string(&mut text).map(drop),
        path => std::fs::read_to_string(path).map(|read| text = read),
    };
    read.map_err(|error| format!("cannot read {file}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| {
        format!(
            "cannot use {file}: {error}; it must be a list, as `sereno silence list --format json` prints"
        )
    })
}
