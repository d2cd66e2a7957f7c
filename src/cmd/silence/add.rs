//! `sereno silence add`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::output::{OutputArgument, OutputFormat, end, json_text, note, print};
use crate::cmd::table::{Look, Table};
use crate::cmd::wire::{self, ALERT_HEADING, WireAlert, WireMatcher};
use crate::cmd::{FINE, label_words, time_words};
use crate::model::{Duration, Matcher, Timestamp};
use crate::shell::clock::Clock;

/// The arguments of `sereno silence add`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno silence add Down instance=web-1 --duration 2h --comment 'new disk'
      A first word without an operator is the name of an alert.
  sereno silence add 'team=~db|data' severity!=page --comment move \\
      --end 2026-12-24T22:00:00Z
      All matchers must match.
  sereno silence add Down --until-resolved --comment 'we know'
      Ends by itself once no alert that it mutes fires any more. Needs a sereno
      server.
  sereno silence add team=db --dry-run
      Only show which of the alerts that fire now it would mute.

It prints the id of the silence on standard output, and on standard error how
many alerts match now.

Exit codes: 0 fine, 2 could not run, or the server refused.")]
pub(super) struct AddArguments {
    /// Matchers: NAME=VALUE, NAME!=VALUE, NAME=~REGEX, NAME!~REGEX
    #[arg(value_name = "MATCHER", required = true)]
    matchers: Vec<String>,
    /// How long it lasts [default: 1h, with --until-resolved a year]
    #[arg(short, long, value_name = "DURATION", value_parser = time_words::duration)]
    duration: Option<Duration>,
    /// When it starts [default: now]
    #[arg(long, value_name = "TIME", value_parser = time_words::time)]
    start: Option<Timestamp>,
    /// When it ends, instead of --duration
    #[arg(long, value_name = "TIME", value_parser = time_words::time)]
    end: Option<Timestamp>,
    /// Who makes it
    #[arg(short, long, env = "USER", hide_env_values = true, value_name = "NAME")]
    author: Option<String>,
    /// Why
    #[arg(short, long, value_name = "TEXT", required_unless_present = "dry_run")]
    comment: Option<String>,
    /// What else is to be known of it, as in ticket=OPS-1. Can be given several times
    #[arg(long = "annotation", value_name = "NAME=VALUE", value_parser = time_words::pair)]
    annotations: Vec<(String, String)>,
    /// It also ends once no alert that it mutes fires any more
    #[arg(long)]
    until_resolved: bool,
    /// It may match every alert
    #[arg(long)]
    force: bool,
    /// Make nothing: only show the alerts that fire now and would be muted
    #[arg(short = 'n', long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// Makes a silence.
pub(super) fn run(arguments: &AddArguments) -> ExitCode {
    end(add(arguments).map(|text| print(&text, FINE)))
}

fn add(arguments: &AddArguments) -> Result<String, String> {
    let matchers = label_words::matchers(&arguments.matchers)?;
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let now = Clock::default().now();
    let alerts = wire::matching_alerts(&client, &matchers).map_err(|error| error.to_string())?;
    if arguments.dry_run {
        return Ok(preview(arguments, &alerts, now));
    }
    let Some(author) = arguments.author.as_deref().filter(|author| !author.is_empty()) else {
        return Err("say who you are with --author NAME (there is no $USER)".to_owned());
    };
    let comment = arguments.comment.as_deref().unwrap_or_default();
    let id = match arguments.until_resolved {
        false => wire::post_silence(&client, &plain(arguments, &matchers, author, comment, now)),
        true => until_resolved(&client, &snooze(arguments, &matchers, author, comment, now)),
    };
    let id = id.map_err(|error| error.to_string())?;
    note(&format!("{} now", fires(alerts.len())));
    Ok(match arguments.output.format {
        OutputFormat::Table => format!("{id}\n"),
        OutputFormat::Json => json_text(&json!({"silenceID": id, "matchingAlerts": alerts.len()})),
    })
}

fn fires(count: usize) -> String {
    match count {
        0 => "no alert matches".to_owned(),
        1 => "1 alert matches".to_owned(),
        count => format!("{count} alerts match"),
    }
}

fn preview(arguments: &AddArguments, alerts: &[WireAlert], now: Timestamp) -> String {
    match arguments.output.format {
        OutputFormat::Json => json_text(&alerts),
        OutputFormat::Table => {
            let mut table = Table::new(&ALERT_HEADING);
            alerts.iter().for_each(|alert| table.row(alert.row(now)));
            format!(
                "{}{} now; nothing was silenced (--dry-run)\n",
                table.render(Look::of_stdout()),
                fires(alerts.len())
            )
        }
    }
}

/// The document of API v2.
fn plain(
    arguments: &AddArguments,
    matchers: &[Matcher],
    author: &str,
    comment: &str,
    now: Timestamp,
) -> Value {
    let (start, end) = times(arguments, now, Duration::from_mins(60));
    let mut value = json!({
        "matchers": matchers.iter().map(WireMatcher::of).collect::<Vec<_>>(),
        "startsAt": start.rfc3339_millis(),
        "endsAt": end.rfc3339_millis(),
        "createdBy": author,
        "comment": comment,
    });
    if !arguments.annotations.is_empty() {
        value["annotations"] = json!(annotations(arguments));
    }
    if arguments.force {
        value["force"] = Value::Bool(true);
    }
    value
}

fn annotations(arguments: &AddArguments) -> BTreeMap<&str, &str> {
    arguments.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The document of our own API.
fn snooze(
    arguments: &AddArguments,
    matchers: &[Matcher],
    author: &str,
    comment: &str,
    now: Timestamp,
) -> Value {
    let (start, end) = times(arguments, now, Duration::from_mins(365 * 24 * 60));
    let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    json!({
        "matchers": matchers.join(","),
        "by": author,
        "comment": comment,
        "from": start.rfc3339_millis(),
        "until": end.rfc3339_millis(),
        "until_resolved": true,
        "force": arguments.force,
        "annotations": annotations(arguments),
    })
}

/// When it starts and ends.
fn times(arguments: &AddArguments, now: Timestamp, usual: Duration) -> (Timestamp, Timestamp) {
    let start = arguments.start.unwrap_or(now);
    (start, arguments.end.unwrap_or(start + arguments.duration.unwrap_or(usual)))
}

fn until_resolved(client: &Client, snooze: &Value) -> Result<String, crate::cmd::client::ClientError> {
    let answer = client.post("/api/sereno/v1/silences", snooze)?;
    Ok(answer.body.get("id").and_then(Value::as_str).unwrap_or_default().to_owned())
}
