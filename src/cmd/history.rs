//! `sereno history`: what happened.

use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use super::client::{Client, ClientError, ServerArguments};
use super::explain::{filters, labels};
use super::output::{OutputArgument, OutputFormat, json_text, print};
use super::table::{Look, Table};
use super::{FINE, could_not_run};

/// The most rows that one request asks for.
const PAGE: usize = 1000;

/// The arguments of `sereno history`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno history
      The last hundred things that happened, newest first.
  sereno history Down instance=db1 --from -2d
      What happened to alerts Down of instance db1 in the last two days.
      Notifications are found by the labels that their group shares.
  sereno history 1c2d3e4f5a6b7c8d
      What happened to the alert with this fingerprint, and all notifications
      that name it.
  sereno history --kind notification --receiver ops --format json
      What was sent to the receiver ops, and how each attempt went.

Exit codes: 0 fine, 2 could not run.")]
pub struct HistoryArguments {
    /// A fingerprint, or matchers such as instance=db1 or 'severity=~page|critical'; a bare first word is the
    /// alert's name
    #[arg(value_name = "ALERT")]
    alert: Vec<String>,
    /// Only what concerns this receiver
    #[arg(long, value_name = "NAME")]
    receiver: Option<String>,
    /// Only this kind: alert, notification, not_told, silence, reload or endpoint. Can be given several times
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',')]
    kinds: Vec<String>,
    /// From when on: 2026-03-01T12:00:00Z, seconds since 1970, or -2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<String>,
    /// Until when
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<String>,
    /// The most rows
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    limit: usize,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// Asks the server and prints the rows.
pub(super) fn run(arguments: &HistoryArguments) -> ExitCode {
    let rows = parameters(arguments).and_then(|query| {
        let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
        rows(&client, &query, arguments.limit).map_err(|error| error.to_string())
    });
    match rows {
        Ok(rows) => match arguments.output.format {
            OutputFormat::Table if rows.is_empty() => print("Nothing that is remembered.\n", FINE),
            OutputFormat::Table => print(&table(&rows).render(Look::of_stdout()), FINE),
            OutputFormat::Json => print(&json_text(&rows), FINE),
        },
        Err(reason) => could_not_run(&reason),
    }
}

type Query = Vec<(&'static str, String)>;

fn parameters(arguments: &HistoryArguments) -> Result<Query, String> {
    let mut query = match arguments.alert.as_slice() {
        [] => Vec::new(),
        words => filters(words)?,
    };
    query.extend(arguments.kinds.iter().map(|kind| ("kind", kind.clone())));
    let others = [("receiver", &arguments.receiver), ("from", &arguments.from), ("to", &arguments.to)];
    query.extend(others.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
    Ok(query)
}

/// All rows up to `limit`, page after page.
fn rows(client: &Client, query: &Query, limit: usize) -> Result<Vec<Value>, ClientError> {
    let mut rows: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    while rows.len() < limit {
        let mut asked = query.clone();
        asked.push(("limit", (limit - rows.len()).min(PAGE).to_string()));
        asked.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page = client.get("/api/sereno/v1/history", &asked)?.body;
        rows.extend(page["rows"].as_array().into_iter().flatten().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    Ok(rows)
}

fn table(rows: &[Value]) -> Table {
    let mut table = Table::new(&["TIME", "KIND", "WHAT"]);
    for row in rows {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let what = match labels(&row["labels"]) {
            none if none.is_empty() => text("text"),
            labels => format!("{labels}: {}", text("text")),
        };
        table.row([text("at"), text("kind"), what]);
    }
    table
}
