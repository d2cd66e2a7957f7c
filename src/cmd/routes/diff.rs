//! `sereno routes diff`: which routes and which alerts change from one routing file to another.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::source;
use crate::cmd::output::{OutputArgument, OutputFormat, json_text, print};
use crate::cmd::{FINDINGS, FINE, could_not_run, wire};
use crate::config::routes::Routing;
use crate::model::{LabelSet, Str};
use crate::router::diff::{
    AlertChange, Comparison, DefinitionChange, DestinationChange, Fate, FieldChange, RouteChange, RouteFate,
    changed_definitions, changed_routes, specimens,
};
use crate::shell::files::read_text;

/// How many alerts are made up at most.
const SPECIMENS: usize = 20_000;

/// How many alerts of one kind are named in the text.
const NAMED: usize = 3;

/// The arguments of `sereno routes diff`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno routes diff routes.yml routes.new.yml
      Made-up alerts are tried: for each route of both files some that come to
      it.
  sereno routes diff routes.yml routes.new.yml --server
      Which of the alerts that fire now would go elsewhere?
  sereno alert list --format json >alerts.json
  sereno routes diff routes.yml routes.new.yml --alerts alerts.json
      The same, later.

Exit codes: 0 nothing changes (or --exit-zero), 1 something changes, 2 could not
run.")]
pub(super) struct DiffArguments {
    /// The routing file that is in force
    #[arg(value_name = "OLD")]
    old: String,
    /// The routing file that is to be
    #[arg(value_name = "NEW")]
    new: String,
    /// Try the alerts in this file: what a server answers at /api/v2/alerts
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    alerts: Option<String>,
    /// Exit with 0 also if something changes
    #[arg(long)]
    exit_zero: bool,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    from: source::FromServer,
}

/// Everything that differs.
struct Difference {
    routes: Vec<RouteChange>,
    definitions: Vec<DefinitionChange>,
    alerts: Vec<AlertChange>,
    tried: Tried,
}

/// Which alerts were tried.
struct Tried {
    count: usize,
    made_up: bool,
    cut_off: bool,
}

/// Prints what differs.
pub(super) fn run(arguments: &DiffArguments) -> ExitCode {
    match compare(arguments) {
        Err(reason) => could_not_run(&reason),
        Ok(difference) => {
            let text = match arguments.output.format {
                OutputFormat::Table => difference.text(),
                OutputFormat::Json => json_text(&difference.json()),
            };
            print(&text, if difference.is_none() || arguments.exit_zero { FINE } else { FINDINGS })
        }
    }
}

fn compare(arguments: &DiffArguments) -> Result<Difference, String> {
    let (old, new) = (source::read_file(&arguments.old)?, source::read_file(&arguments.new)?);
    let (alerts, tried) = alerts_to_try(arguments, &old, &new)?;
    let comparison = Comparison::new(&old, &new);
    Ok(Difference {
        routes: changed_routes(&old, &new),
        definitions: changed_definitions(&old, &new),
        alerts: alerts.iter().filter_map(|labels| comparison.of(labels)).collect(),
        tried,
    })
}

fn alerts_to_try(
    arguments: &DiffArguments,
    old: &Routing,
    new: &Routing,
) -> Result<(Vec<LabelSet>, Tried), String> {
    if let Some(client) = arguments.from.client()? {
        let alerts = wire::alerts(&client, Vec::new()).map_err(|error| error.to_string())?;
        let tried = Tried { count: alerts.len(), made_up: false, cut_off: false };
        return Ok((alerts.into_iter().map(|alert| alert.labels).collect(), tried));
    }
    let Some(path) = &arguments.alerts else {
        let made = specimens(old, new, SPECIMENS);
        let tried = Tried { count: made.alerts.len(), made_up: true, cut_off: made.cut_off };
        return Ok((made.alerts, tried));
    };
    let text = read_text(path)?;
    let alerts = read_alerts(&text).map_err(|reason| format!("cannot use {path}: {reason}"))?;
    let tried = Tried { count: alerts.len(), made_up: false, cut_off: false };
    Ok((alerts, tried))
}

/// The labels of the alerts in an answer of `/api/v2/alerts`, or of Prometheus' `/api/v1/alerts`.
fn read_alerts(text: &str) -> Result<Vec<LabelSet>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let list = value.as_array().or_else(|| value.pointer("/data/alerts")?.as_array());
    let list = list.ok_or("it is not a list of alerts, as a server answers at /api/v2/alerts")?;
    let labels = |(place, alert): (usize, &Value)| {
        let labels = alert.get("labels").cloned().unwrap_or_default();
        serde_json::from_value(labels).map_err(|error| format!("the labels of alert {place}: {error}"))
    };
    list.iter().enumerate().map(labels).collect()
}

impl Difference {
    fn is_none(&self) -> bool {
        self.routes.is_empty() && self.definitions.is_empty() && self.alerts.is_empty()
    }

    fn json(&self) -> Value {
        json!({
            "routes": self.routes,
            "definitions": self.definitions,
            "alerts": {
                "tried": self.tried.count,
                "made_up": self.tried.made_up,
                "cut_off": self.tried.cut_off,
                "changed": self.alerts,
            },
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if !self.routes.is_empty() {
            text.push_str("Routes\n");
            self.routes.iter().for_each(|change| route_text(change, &mut text));
        }
        if !self.definitions.is_empty() {
            text.push_str("Beside the routes\n");
            for DefinitionChange { kind, name, is } in &self.definitions {
                let sign = match is {
                    Fate::Added => '+',
                    Fate::Removed => '-',
                    Fate::Changed => '~',
                };
                text.push_str(&format!("  {sign} {kind} {name}\n"));
            }
        }
        if !self.alerts.is_empty() {
            text.push_str("Alerts\n");
            self.alerts_text(&mut text);
        }
        text.push_str(&self.summary());
        text
    }

    /// Alerts that change in the same way stand together.
    fn alerts_text(&self, text: &mut String) {
        type Kind<'a> = (&'a [Str], &'a [Str], &'a [DestinationChange]);
        let mut kinds: BTreeMap<Kind<'_>, Vec<&LabelSet>> = BTreeMap::new();
        for AlertChange { labels, old_receivers, new_receivers, changed } in &self.alerts {
            kinds.entry((old_receivers, new_receivers, changed)).or_default().push(labels);
        }
        for ((old, new, changed), alerts) in kinds {
            match old == new {
                true => text.push_str(&format!("  {}, in another way\n", receivers(new))),
                false => text.push_str(&format!("  {} → {}\n", receivers(old), receivers(new))),
            }
            for DestinationChange { receiver, fields } in changed {
                for FieldChange { field, old, new } in fields {
                    text.push_str(&format!("      {receiver}: {field} {old} → {new}\n"));
                }
            }
            for labels in alerts.iter().take(NAMED) {
                text.push_str(&format!("    {labels}\n"));
            }
            if alerts.len() > NAMED {
                text.push_str(&format!("    … and {} more\n", alerts.len() - NAMED));
            }
        }
    }

    fn summary(&self) -> String {
        let Tried { count, made_up, cut_off } = self.tried;
        let made_up = if made_up { "made-up " } else { "" };
        let cut_off = if cut_off { ", and there are more to make up" } else { "" };
        let elsewhere = self.alerts.iter().filter(|change| change.changes_receivers()).count();
        let otherwise = self.alerts.len() - elsewhere;
        format!(
            "{elsewhere} of {count} {made_up}alerts reach other receivers, {otherwise} the same in another way{cut_off}\n"
        )
    }
}

fn receivers(names: &[Str]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

fn route_text(change: &RouteChange, text: &mut String) {
    let RouteChange { key, receiver, fate } = change;
    match fate {
        RouteFate::Added => text.push_str(&format!("  + {key} → {receiver}\n")),
        RouteFate::Removed => text.push_str(&format!("  - {key} → {receiver}\n")),
        RouteFate::Changed { fields } => {
            text.push_str(&format!("  ~ {key}\n"));
            for FieldChange { field, old, new } in fields {
                text.push_str(&format!("      {field} {old} → {new}\n"));
            }
        }
    }
}
