//! `sereno alert add`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{end, print};
use crate::cmd::{FINE, label_words, time_words};
use crate::model::Timestamp;

/// The arguments of `sereno alert add`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno alert add Down instance=web-1 --annotation summary='web-1 is down'
      It fires until the server's resolve_timeout, unless it is sent again.
  sereno alert add Down instance=web-1 --end 2026-12-24T22:00:00Z
      It fires until then; a time that has passed resolves it.

It prints the alert's fingerprint, by which `sereno explain` knows it.

Exit codes: 0 the server took it, 2 could not run, or the server refused.")]
pub(super) struct AddArguments {
    /// Its labels; a first word without `=` is its name
    #[arg(value_name = "NAME=VALUE", required = true)]
    labels: Vec<String>,
    /// Since when it fires [default: now]
    #[arg(long, value_name = "TIME", value_parser = time_words::time)]
    start: Option<Timestamp>,
    /// Until when it fires
    #[arg(long, value_name = "TIME", value_parser = time_words::time)]
    end: Option<Timestamp>,
    /// An annotation. Can be given several times
    #[arg(long = "annotation", value_name = "NAME=VALUE", value_parser = time_words::pair)]
    annotations: Vec<(String, String)>,
    /// A link to what raises it
    #[arg(long, value_name = "URL")]
    generator_url: Option<String>,
    #[command(flatten)]
    server: ServerArguments,
}

/// Sends an alert.
pub(super) fn run(arguments: &AddArguments) -> ExitCode {
    end(add(arguments).map(|text| print(&text, FINE)))
}

fn add(arguments: &AddArguments) -> Result<String, String> {
    let labels = label_words::labels(&arguments.labels)?;
    let annotations: BTreeMap<&str, &str> =
        arguments.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut alert = json!({ "labels": labels, "annotations": annotations });
    for (name, text) in [
        ("startsAt", arguments.start.map(Timestamp::rfc3339_millis)),
        ("endsAt", arguments.end.map(Timestamp::rfc3339_millis)),
        ("generatorURL", arguments.generator_url.clone()),
    ] {
        if let Some(text) = text {
            alert[name] = Value::String(text);
        }
    }
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    client.post("/api/v2/alerts", &Value::Array(vec![alert])).map_err(|error| error.to_string())?;
    Ok(format!("{}\n", labels.fingerprint()))
}
