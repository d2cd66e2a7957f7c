//! `sereno routes show`: the tree of routes.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::{source, tree_text};
use crate::cmd::output::{OutputArgument, OutputFormat, json_text, print};
use crate::cmd::{FINE, could_not_run};
use crate::config::routes::{GroupBy, RouteIndex, Routing};

/// The arguments of `sereno routes show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno routes show
      Draw the routes of routes.yml. Each line has the matchers, the receiver
      and, in parentheses, what the route does not have from its parent.
  sereno routes show alertmanager.yml --format json
      All settings of each route, inherited ones included.
  sereno routes show --server --url http://alertmanager.example:9093
      The routes that are in force there.

Exit codes: 0 fine, 2 could not run: the file cannot be read or has errors.")]
pub(super) struct ShowArguments {
    /// The routing file: routes.yml, or an alertmanager.yml
    #[arg(value_name = "FILE", env = "SERENO_ROUTES", default_value = source::DEFAULT)]
    file: String,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    from: source::FromServer,
}

/// Prints the tree.
pub(super) fn run(arguments: &ShowArguments) -> ExitCode {
    match arguments.from.read(&arguments.file) {
        Err(reason) => could_not_run(&reason),
        Ok(routing) => {
            let text = match arguments.output.format {
                OutputFormat::Table => tree_text::draw(&routing, None),
                OutputFormat::Json => json_text(&tree_json(&routing, 0)),
            };
            print(&text, FINE)
        }
    }
}

fn tree_json(routing: &Routing, at: RouteIndex) -> Value {
    let Some(route) = routing.routes.get(at) else { return Value::Null };
    let children: Vec<Value> = route.children.iter().map(|child| tree_json(routing, *child)).collect();
    json!({
        "id": route.id,
        "key": route.key,
        "matchers": route.matchers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "receiver": route.receiver,
        "continue": route.continues,
        "group_by": group_by_json(&route.group_by),
        "group_wait": route.group_wait.to_string(),
        "group_interval": route.group_interval.to_string(),
        "repeat_interval": route.repeat_interval.to_string(),
        "cooldown": route.cooldown.to_string(),
        "mute_time_intervals": route.mute_time_intervals,
        "active_time_intervals": route.active_time_intervals,
        "labels": route.labels,
        "routes": children,
    })
}

fn group_by_json(group_by: &GroupBy) -> Value {
    match group_by {
        GroupBy::All => json!(["..."]),
        GroupBy::Labels(names) => json!(names),
    }
}
