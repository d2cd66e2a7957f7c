//! `sereno receivers list`.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;

use crate::cmd::FINE;
use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{OutputArgument, OutputFormat, end, json_text, print};
use crate::cmd::table::{Look, Table};
use crate::model::LabelSet;

/// The arguments of `sereno receivers list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno receivers list
      Whom can the server tell, and with which labels?
  sereno receivers list --format json --url http://other:9093
      The same as JSON, from another server.

Exit codes: 0 fine, 2 could not run.")]
pub(super) struct ListArguments {
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Deserialize)]
struct WireReceiver {
    name: String,
    #[serde(default)]
    labels: LabelSet,
}

/// Lists them.
pub(super) fn run(arguments: &ListArguments) -> ExitCode {
    end(list(arguments).map(|text| print(&text, FINE)))
}

fn list(arguments: &ListArguments) -> Result<String, String> {
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let answer = client.get("/api/v2/receivers", &[]).map_err(|error| error.to_string())?.body;
    if arguments.output.format == OutputFormat::Json {
        return Ok(json_text(&answer));
    }
    let receivers: Vec<WireReceiver> = serde_json::from_value(answer).map_err(|error| error.to_string())?;
    let mut table = Table::new(&["RECEIVER", "LABELS"]);
    for receiver in &receivers {
        table.row([receiver.name.clone(), receiver.labels.without("name").to_string()]);
    }
    Ok(table.render(Look::of_stdout()))
}
