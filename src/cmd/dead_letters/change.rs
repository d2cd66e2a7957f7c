//! `sereno dead-letters retry` and `drop`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::wire::PATH;
use crate::cmd::client::{Client, ClientError, ServerArguments};
use crate::cmd::output::{end, print};
use crate::cmd::{FINE, could_not_run};

/// The arguments of `sereno dead-letters retry`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno dead-letters retry 1c2d3e4f5a6b7c8d
      Send it again, with the idempotency key that it has.
  sereno dead-letters retry --force 1c2d3e4f5a6b7c8d
      Also if its group has gone on since: once, as it was. The end of what it
      says may never be told.

`sereno history --kind notification` shows what became of it; once it is
delivered it is no dead letter any more.

Exit codes: 0 all are on their way, 2 some could not be sent.")]
pub(super) struct RetryArguments {
    /// Their ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    /// Send it also if it is superseded
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    server: ServerArguments,
}

/// The arguments of `sereno dead-letters drop`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno dead-letters drop $(sereno dead-letters list --quiet)
      Forget all that are listed.

Exit codes: 0 all are dropped, 2 some could not be.")]
pub(super) struct DropArguments {
    /// Their ids
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,
    #[command(flatten)]
    server: ServerArguments,
}

/// Sends dead letters again; one that cannot be sent does not keep the others.
pub(super) fn retry(arguments: &RetryArguments) -> ExitCode {
    let body = json!({"force": arguments.force});
    let again = |client: &Client, id: &str| {
        let answer = client.post(&format!("{PATH}/{id}/retry"), &body)?;
        Ok(match answer.body.get("sent").and_then(|sent| sent.as_str()) {
            Some("as_it_was") => format!("{id} is sent once, as it was\n"),
            _ => format!("{id} is on its way again\n"),
        })
    };
    let explain = |error: String| error.replace("say that you mean it (force)", "give --force");
    end(each(&arguments.server, &arguments.ids, again)
        .map(|(done, problems)| finish(&done, &problems.into_iter().map(explain).collect::<Vec<_>>())))
}

/// Forgets dead letters; one that is not there does not keep the others.
pub(super) fn forget(arguments: &DropArguments) -> ExitCode {
    let forget = |client: &Client, id: &str| {
        client.delete(&format!("{PATH}/{id}"))?;
        Ok(format!("{id} is dropped\n"))
    };
    end(each(&arguments.server, &arguments.ids, forget).map(|(done, problems)| finish(&done, &problems)))
}

fn each(
    server: &ServerArguments,
    ids: &[String],
    act: impl Fn(&Client, &str) -> Result<String, ClientError>,
) -> Result<(String, Vec<String>), String> {
    let client = Client::new(server).map_err(|error| error.to_string())?;
    let (mut done, mut problems) = (String::new(), Vec::new());
    for id in ids {
        match act(&client, id) {
            Ok(text) => done.push_str(&text),
            Err(error) => problems.push(format!("{id}: {error}")),
        }
    }
    Ok((done, problems))
}

fn finish(done: &str, problems: &[String]) -> ExitCode {
    let printed = print(done, FINE);
    if problems.is_empty() { printed } else { could_not_run(&problems.join("\n")) }
}
