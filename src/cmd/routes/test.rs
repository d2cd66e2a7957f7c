//! `sereno routes test`: whom an alert reaches, when, and what would mute it. The same router that serves
//! is asked, with nothing in it but the alerts that are named.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::{source, tree_text};
use crate::cmd::label_words;
use crate::cmd::output::{OutputArgument, OutputFormat, json_text, print};
use crate::cmd::{FINDINGS, FINE, could_not_run};
use crate::config::routes::{RouteIndex, Routing};
use crate::model::{Alert, Annotations, LabelSet, Str, Timestamp};
use crate::router::{Destined, Explanation, StepOutcome};
use crate::router::{Input, Router};
use crate::shell::clock::Clock;

/// The arguments of `sereno routes test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno routes test alertname=Down severity=critical
      Whom does this alert reach, by routes.yml?
  sereno routes test alertmanager.yml severity=page \\
      --verify-receivers pager,mail
      Exit with 1 if it reaches others: for CI.
  sereno routes test severity=warning --time 2026-12-24T22:00:00Z \\
      --with 'Down severity=critical'
      Would it be told then, while that other alert fires? Time intervals and
      inhibition count.
  sereno routes test severity=warning --server
      By the routes in force at --url. `sereno explain --exact` also knows what
      fires there.

Exit codes: 0 fine, 1 other receivers than --verify-receivers, 2 could not run.")]
pub(super) struct TestArguments {
    /// The alert's labels. A first word without `=` is the routing file
    #[arg(value_name = "[FILE] NAME=VALUE")]
    words: Vec<String>,
    /// The routing file, if it is not the first word
    #[arg(long, env = "SERENO_ROUTES", value_name = "FILE", default_value = source::DEFAULT)]
    routes: String,
    /// The time at which it fires, as in 2026-12-24T22:00:00+01:00 [default: now]
    #[arg(long, value_name = "TIME", value_parser = crate::cmd::time_words::time)]
    time: Option<Timestamp>,
    /// Another alert that fires at that time: its labels, separated by spaces. Can be given several times
    #[arg(long, value_name = "LABELS")]
    with: Vec<String>,
    /// The receivers that it must reach, in the order of the routes: exit with 1 if it reaches others
    #[arg(long, value_name = "A,B", alias = "verify.receivers")]
    verify_receivers: Option<String>,
    /// Draw the routes that it takes
    #[arg(long)]
    tree: bool,
    /// Print only the receivers, separated by commas, as amtool does
    #[arg(short, long, conflicts_with = "tree")]
    quiet: bool,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    from: source::FromServer,
}

/// Prints what becomes of the alert.
pub(super) fn run(arguments: &TestArguments) -> ExitCode {
    match explain(arguments) {
        Ok((routing, told)) => {
            let receivers: Vec<&str> = told.destinations.iter().map(|destined| &*destined.receiver).collect();
            let text = match arguments.output.format {
                _ if arguments.quiet => receivers.join(",") + "\n",
                OutputFormat::Json => json_text(&to_json(&told, arguments.verify_receivers.as_deref())),
                OutputFormat::Table => to_text(&routing, &told, arguments.tree),
            };
            let verified = verify(arguments, &receivers);
            print(&text, if verified { FINE } else { FINDINGS })
        }
        Err(reason) => could_not_run(&reason),
    }
}

fn explain(arguments: &TestArguments) -> Result<(Arc<Routing>, Explanation), String> {
    let (file, words) = match arguments.words.split_first() {
        Some((file, words)) if !file.contains('=') => (file, words),
        Some(_) | None => (&arguments.routes, arguments.words.as_slice()),
    };
    if words.is_empty() && !Path::new(file).exists() {
        return Err(format!(
            "{file} is neither a routing file nor a label; write labels as in alertname=Down"
        ));
    }
    if words.is_empty() {
        return Err("no labels: name those of an alert, as in `sereno routes test alertname=Down`".to_owned());
    }
    let labels = label_words::plain_labels(words)?;
    let others = arguments.with.iter().map(|text| {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        label_words::labels(&words).map_err(|reason| format!("--with {text:?}: {reason}"))
    });
    let others: Vec<LabelSet> = others.collect::<Result<_, String>>()?;
    let routing = Arc::new(arguments.from.read(file)?);
    let now = arguments.time.unwrap_or_else(|| Clock::default().now());
    let mut router = Router::restore(Arc::clone(&routing), 0, now, Vec::new());
    let alerts = others.into_iter().chain([labels.clone()]).map(|labels| firing(labels, now)).collect();
    // What it would tell whom is not of interest here, only what it would answer.
    let _ = router.handle(now, Input::Alerts(alerts));
    let told = router.explain(now, &labels);
    Ok((routing, told))
}

fn firing(labels: LabelSet, now: Timestamp) -> Alert {
    Alert {
        labels,
        annotations: Annotations::default(),
        starts_at: now,
        ends_at: None,
        updated_at: now,
        timeout: false,
        generator_url: "".into(),
    }
}

#[expect(clippy::print_stderr, reason = "beside the result, which may be read by a program")]
fn verify(arguments: &TestArguments, receivers: &[&str]) -> bool {
    let Some(wanted) = &arguments.verify_receivers else { return true };
    let fits = wanted.split(',').map(str::trim).eq(receivers.iter().copied());
    if !fits {
        eprintln!("the alert reaches {}, not {wanted}", receivers.join(","));
    }
    fits
}

fn to_text(routing: &Routing, told: &Explanation, tree: bool) -> String {
    let mut text = String::new();
    if tree {
        text.push_str(&tree_text::draw(routing, Some(&routes_of(routing, told))));
        text.push('\n');
    }
    for destined in &told.destinations {
        text.push_str(&destined_text(destined));
    }
    if told.destinations.is_empty() {
        text.push_str("nobody: the root route does not match\n");
    }
    for inhibitor in &told.muting.inhibited_by {
        text.push_str(&format!(
            "muted: {} inhibits it, by {}\n",
            inhibitor.labels,
            inhibitor.rules.join(", ")
        ));
    }
    text
}

fn destined_text(destined: &Destined) -> String {
    let timing = &destined.timing;
    let mut lines = vec![
        destined.receiver.to_string(),
        format!("  group   {}", destined.group.key),
        format!(
            "  timing  group_wait {}, group_interval {}, repeat_interval {}, cooldown {}",
            timing.group_wait, timing.group_interval, timing.repeat_interval, timing.cooldown
        ),
    ];
    if !destined.quiet_by.is_empty() {
        lines.push(format!("  muted   the route is quiet at that time: {}", destined.quiet_by.join(", ")));
    }
    lines.join("\n") + "\n"
}

/// The routes on the way to those at which the alert ends.
fn routes_of(routing: &Routing, told: &Explanation) -> BTreeSet<RouteIndex> {
    let matched = told.path.iter().filter(|step| match step.outcome {
        StepOutcome::NoMatch { .. } => false,
        StepOutcome::GoesDown | StepOutcome::EndsHere => true,
    });
    let ids: BTreeSet<&Str> = matched.map(|step| &step.route).collect();
    routing.routes.iter().enumerate().filter(|(_, route)| ids.contains(&route.id)).map(|(at, _)| at).collect()
}

fn to_json(told: &Explanation, wanted: Option<&str>) -> Value {
    let receivers: Vec<Value> = told
        .destinations
        .iter()
        .map(|destined| {
            json!({
                "receiver": destined.receiver,
                "route": destined.route,
                "group_key": destined.group.key,
                "group_labels": destined.group.labels,
                "timing": destined.timing,
                "muted_by": destined.quiet_by,
            })
        })
        .collect();
    let mut value = json!({
        "labels": told.labels,
        "time": told.at.rfc3339(),
        "receivers": receivers,
        "inhibited_by": told.muting.inhibited_by,
    });
    if let Some(wanted) = wanted {
        value["verified"] = Value::Bool(
            wanted.split(',').map(str::trim).eq(told.destinations.iter().map(|destined| &*destined.receiver)),
        );
    }
    value
}
