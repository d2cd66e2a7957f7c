//! `sereno receivers test`: a fire drill.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::cmd::client::{Client, ClientError, ServerArguments};
use crate::cmd::output::{OutputArgument, OutputFormat, end, json_text, print};
use crate::cmd::table::{Look, Table};
use crate::cmd::{FINDINGS, FINE, label_words};

/// The arguments of `sereno receivers test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno receivers test oncall
      Does a message to `oncall` arrive? Each of its integrations is told at
      once, without grouping or silences, with the templates that the server
      has.
  sereno receivers test oncall --resolve
      Tell it as resolved afterwards, so that nothing stays open.
  sereno receivers test --labels alertname=Down --labels severity=critical
      Who is told of such an alert, and does it arrive? It goes through the
      routes first.

The message says that it is a test: its alert is called SerenoTest unless
--labels name another, its summary is `TEST: nothing is wrong`, and its group is
none that real alerts have. `sereno history` shows it.

Exit codes: 0 all integrations took it, 1 one did not, 2 could not run.")]
pub(super) struct TestArguments {
    /// The receiver
    #[arg(value_name = "NAME", required_unless_present = "labels")]
    receiver: Option<String>,
    /// A label of the alert, which then goes through the routes. May be given several times
    #[arg(long, value_name = "NAME=VALUE")]
    labels: Vec<String>,
    /// An annotation of the alert, instead of the usual summary and description. May be given several times
    #[arg(long, value_name = "NAME=TEXT")]
    annotation: Vec<String>,
    /// Tell it as resolved afterwards
    #[arg(long)]
    resolve: bool,
    /// Who tries
    #[arg(short, long, env = "USER", hide_env_values = true, value_name = "NAME", default_value = "")]
    author: String,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

#[derive(Debug, Deserialize)]
struct Results {
    results: Vec<Tried>,
}

/// What one integration said.
#[derive(Debug, Deserialize)]
struct Tried {
    receiver: String,
    integration: String,
    status: String,
    outcome: String,
    #[serde(default)]
    error: String,
    latency_ms: u64,
}

/// Tries.
pub(super) fn run(arguments: &TestArguments) -> ExitCode {
    end(test(arguments).map(|(text, code)| print(&text, code)))
}

fn test(arguments: &TestArguments) -> Result<(String, u8), String> {
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let mut wanted = json!({"resolve": arguments.resolve, "by": arguments.author});
    if let Some(receiver) = &arguments.receiver {
        wanted["receiver"] = json!(receiver);
    }
    if !arguments.labels.is_empty() {
        wanted["labels"] = json!(label_words::labels(&arguments.labels)?);
    }
    wanted["annotations"] = json!(label_words::plain_labels(&arguments.annotation)?);
    let answer = client.post("/api/sereno/v1/receivers/test", &wanted).map_err(|error| told(&error))?.body;
    let Results { results } = serde_json::from_value(answer.clone()).map_err(|error| error.to_string())?;
    let all_took_it = results.iter().all(|tried| tried.outcome == "delivered");
    let code = if all_took_it { FINE } else { FINDINGS };
    if arguments.output.format == OutputFormat::Json {
        return Ok((json_text(&answer), code));
    }
    if results.is_empty() {
        return Ok(("nobody was told: the receiver has no integrations\n".to_owned(), FINE));
    }
    let mut table = Table::new(&["RECEIVER", "INTEGRATION", "TOLD", "OUTCOME", "TOOK", "ANSWER"]);
    for Tried { receiver, integration, status, outcome, error, latency_ms } in results {
        table.row([receiver, integration, status, outcome, format!("{latency_ms}ms"), error]);
    }
    Ok((table.render(Look::of_stdout()), code))
}

fn told(error: &ClientError) -> String {
    match error {
        ClientError::Refused { status: 404, message, body } if body.get("error").is_none() => {
            format!("{message}; only a sereno server can test its receivers")
        }
        error => error.to_string(),
    }
}
