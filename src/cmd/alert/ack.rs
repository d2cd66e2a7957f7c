//! `sereno alert ack`.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cmd::client::{Client, ClientError, ServerArguments};
use crate::cmd::output::{OutputArgument, OutputFormat, end, json_text, print};
use crate::cmd::table::{Look, Table};
use crate::cmd::{FINE, label_words, time_words};
use crate::model::{Duration, LabelSet};
use crate::shell::clock::Clock;

/// The arguments of `sereno alert ack`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno alert ack Down instance=web-1 --comment 'on it'
      Quiet until it is resolved, a day at most. That it is resolved is told.
  sereno alert ack --fingerprint c59aa5d972b8ef9c --duration 2h
  sereno alert ack --list
      Who is at what?
  sereno alert ack --take-back 3f1e6a2c-8a5e-4d0e-9d35-7b2a3c4d5e6f
      Nobody is at it after all: it is told again.

Alerts that begin to fire later are not acknowledged: `sereno silence add
--until-resolved` is for those.

Exit codes: 0 fine, 2 could not run, or no alert that fires matches.")]
pub(super) struct AckArguments {
    /// The alerts that fire now and match; a first word without an operator is the name of an alert
    #[arg(value_name = "MATCHER", required_unless_present_any = ["fingerprint", "list", "take_back"])]
    matchers: Vec<String>,
    /// The alert with this fingerprint
    #[arg(long, value_name = "FINGERPRINT", conflicts_with = "matchers")]
    fingerprint: Option<String>,
    /// Show what is acknowledged
    #[arg(long, conflicts_with_all = ["matchers", "fingerprint"])]
    list: bool,
    /// Take the acknowledgement with this id back
    #[arg(long, value_name = "ID", conflicts_with_all = ["matchers", "fingerprint", "list"])]
    take_back: Option<String>,
    /// Who is at it
    #[arg(short, long, env = "USER", hide_env_values = true, value_name = "NAME")]
    author: Option<String>,
    /// What there is to say
    #[arg(short, long, value_name = "TEXT", default_value = "")]
    comment: String,
    /// For how long at most [default: a day]
    #[arg(short, long, value_name = "DURATION", value_parser = time_words::duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// Acknowledgements, as the server lists them.
#[derive(Debug, Deserialize)]
struct Acks {
    acks: Vec<Ack>,
}

#[derive(Debug, Deserialize)]
struct Ack {
    id: String,
    labels: LabelSet,
    by: String,
    comment: String,
    until: String,
}

/// Acknowledges alerts.
pub(super) fn run(arguments: &AckArguments) -> ExitCode {
    end(ack(arguments).map(|text| print(&text, FINE)))
}

fn ack(arguments: &AckArguments) -> Result<String, String> {
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let answer = match &arguments.take_back {
        Some(id) => {
            client.delete(&format!("/api/sereno/v1/ack/{id}")).map_err(|error| told(&error))?;
            return Ok(format!("{id}\n"));
        }
        None if arguments.list => client.get("/api/sereno/v1/acks", &[]),
        None => client.post("/api/sereno/v1/ack", &document(arguments)?),
    };
    let answer = answer.map_err(|error| told(&error))?.body;
    if arguments.output.format == OutputFormat::Json {
        return Ok(json_text(&answer));
    }
    let acks: Acks = serde_json::from_value(answer).map_err(|error| error.to_string())?;
    let now = Clock::default().now();
    let mut table = Table::new(&["ID", "ALERT", "UNTIL", "BY", "COMMENT"]);
    for ack in &acks.acks {
        let until = time_words::shown(now, &ack.until);
        table.row([ack.id.clone(), ack.labels.to_string(), until, ack.by.clone(), ack.comment.clone()]);
    }
    Ok(if acks.acks.is_empty() {
        "nothing is acknowledged\n".to_owned()
    } else {
        table.render(Look::of_stdout())
    })
}

fn told(error: &ClientError) -> String {
    match error {
        ClientError::Refused { status: 404, message, body: Value::Null } => {
            format!("{message}; only a sereno server has acknowledgements")
        }
        error => error.to_string(),
    }
}

fn document(arguments: &AckArguments) -> Result<Value, String> {
    let Some(author) = arguments.author.as_deref().filter(|author| !author.is_empty()) else {
        return Err("say who you are with --author NAME (there is no $USER)".to_owned());
    };
    let mut value = json!({ "by": author, "comment": arguments.comment });
    match &arguments.fingerprint {
        Some(fingerprint) => value["fingerprint"] = json!(fingerprint),
        None => {
            let matchers = label_words::matchers(&arguments.matchers)?;
            let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
            value["matchers"] = json!(matchers.join(","));
        }
    }
    if let Some(duration) = arguments.duration {
        value["duration"] = json!(duration.to_string());
    }
    Ok(value)
}
