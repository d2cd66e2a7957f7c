//! `sereno template render`.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use super::alerts;
use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::logging::wants_colour;
use crate::cmd::output::{OutputArgument, OutputFormat, end, json_text, note, print};
use crate::cmd::table::Look;
use crate::cmd::{FINDINGS, FINE};
use crate::config::render::Format;
use crate::config::routes::{Receiver, Routing};
use crate::config::{load_templates, read_routing};
use crate::model::{Duration, LabelSet, Timestamp};
use crate::notify::{Files, Message, Preview, preview};
use crate::router::{Attempt, Drill, NotifiedAlert, RouteFinder, route_to};
use crate::shell::clock::Clock;
use crate::shell::files::read_text;
use crate::shell::findings::Findings;
use crate::shell::reload::read_templates;

/// The arguments of `sereno template render`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno template render --receiver oncall
      Each text that `oncall` would get, about two alerts that fire and one that
      is resolved.
  sereno template render --receiver oncall --resolved --html mail.html
      The same once all is over; the HTML mail is written to mail.html, to be
      opened in a browser.
  sereno template render --receiver oncall --alerts alerts.json
      About the alerts in a file: a list as /api/v2/alerts answers, or a
      webhook's document.
  sereno template render --receiver oncall --from-server
      About the groups that the receiver has on a server now, with the templates
      of the file here.

Nothing is sent. Texts that hold secrets are not shown.

Exit codes: 0 fine, 1 a template failed, 2 could not run.")]
pub(super) struct RenderArguments {
    /// Who gets the message
    #[arg(short, long, value_name = "NAME")]
    receiver: String,
    /// The routing file
    #[arg(long, env = "SERENO_ROUTES", value_name = "FILE", default_value = "routes.yml")]
    routes: String,
    /// Only integrations of this kind, such as `slack`
    #[arg(long, value_name = "KIND")]
    integration: Option<String>,
    /// The alerts to tell, as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "from_server")]
    alerts: Option<String>,
    /// Tell the alerts that the receiver has on the server at --url, which may be an Alertmanager
    #[arg(long)]
    from_server: bool,
    /// Tell all of them as resolved
    #[arg(long)]
    resolved: bool,
    /// Write the HTML mail of the first group to a file
    #[arg(long, value_name = "FILE")]
    html: Option<String>,
    /// Where people reach the server, as links in messages show it
    #[arg(long, env = "SERENO_EXTERNAL_URL", value_name = "URL", default_value = "http://localhost:9093")]
    external_url: String,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

/// What an integration would be told of a group.
struct Shown {
    integration: String,
    group: String,
    parts: Vec<Preview>,
}

/// Renders.
pub(super) fn run(arguments: &RenderArguments) -> ExitCode {
    end(render(arguments))
}

fn render(arguments: &RenderArguments) -> Result<ExitCode, String> {
    let routing = read(arguments)?;
    let receiver = routing.receiver(&arguments.receiver).ok_or_else(|| {
        let names: Vec<&str> = routing.receivers.iter().map(|receiver| &*receiver.name).collect();
        format!("{} has no receiver {:?}; it has: {}", arguments.routes, arguments.receiver, names.join(", "))
    })?;
    let now = Clock::default().now();
    let mut shown = Vec::new();
    for mut group in groups(arguments, now)? {
        if arguments.resolved {
            group.iter_mut().filter(|alert| !alert.resolved).for_each(|alert| {
                (alert.resolved, alert.ends_at) = (true, Some(now));
            });
        }
        for attempt in attempts(&routing, receiver, group, now) {
            if arguments.integration.as_deref().is_none_or(|kind| kind == attempt.integration.kind) {
                shown.push(show(&attempt, &arguments.external_url, now));
            }
        }
    }
    if shown.is_empty() {
        return Err(format!("{} has no such integration", receiver.name));
    }
    write_html(arguments, &shown)?;
    let failed = shown.iter().flat_map(|shown| &shown.parts).any(|part| part.text.is_err());
    let text = match arguments.output.format {
        OutputFormat::Table => text(&shown),
        OutputFormat::Json => json_text(&shown.iter().map(Shown::json).collect::<Vec<_>>()),
    };
    Ok(print(&text, if failed { FINDINGS } else { FINE }))
}

/// The routing file with its templates.
fn read(arguments: &RenderArguments) -> Result<Routing, String> {
    let path = &arguments.routes;
    let text = read_text(path)?;
    let (mut findings, mut templates, mut routing) = (Findings::default(), Vec::new(), None);
    findings.add_file(path, &text, |path, text| {
        let (read, mut problems) = read_routing(path, text);
        routing = read.map(|mut routing| {
            routing.external_url = arguments.external_url.as_str().into();
            let (files, found) = load_templates(&mut routing, &read_templates);
            templates = files;
            problems.extend(found);
            routing
        });
        problems
    });
    findings.texts.extend(templates);
    match routing {
        Some(routing) if !findings.has_errors() => Ok(routing),
        Some(_) | None => {
            let colour = wants_colour(&std::io::stderr());
            Err(format!("{path} cannot be used\n\n{}", findings.render(Format::Full, colour).trim_end()))
        }
    }
}

/// The groups to tell; of those on a server the first ten.
fn groups(arguments: &RenderArguments, now: Timestamp) -> Result<Vec<Vec<NotifiedAlert>>, String> {
    if let Some(path) = &arguments.alerts {
        let text = read_text(path)?;
        let alerts = alerts::read(&text, now).map_err(|reason| format!("cannot use {path}: {reason}"))?;
        return Ok(vec![alerts]);
    }
    if !arguments.from_server {
        return Ok(vec![alerts::made_up(now)]);
    }
    let client = Client::new(&arguments.server).map_err(|error| error.to_string())?;
    let receiver = format!("^{}$", crate::model::regex::quote_meta(&arguments.receiver));
    let answer =
        client.get("/api/v2/alerts/groups", &[("receiver", receiver)]).map_err(|error| error.to_string())?;
    let groups: Vec<&Value> = answer.body.as_array().into_iter().flatten().collect();
    if groups.is_empty() {
        return Err(format!("the server has no alerts for {}", arguments.receiver));
    }
    if groups.len() > MOST_GROUPS {
        note(&format!("the first {MOST_GROUPS} of {} groups", groups.len()));
    }
    groups.into_iter().take(MOST_GROUPS).map(|group| alerts::of_json(group, now)).collect()
}

/// The most groups of a server that are shown.
const MOST_GROUPS: usize = 10;

/// What the receiver's integrations would be told, by the route that the first alert takes to it.
fn attempts(
    routing: &Routing,
    receiver: &Receiver,
    alerts: Vec<NotifiedAlert>,
    now: Timestamp,
) -> Vec<Attempt> {
    let first = alerts.first().map_or_else(LabelSet::default, |alert| alert.labels.clone());
    let taken = RouteFinder::new(routing).routes_of(&first);
    let route = taken.into_iter().find(|route| routing.routes[*route].receiver == receiver.name);
    let drill = Drill {
        route: route.unwrap_or_else(|| route_to(routing, &receiver.name)),
        alerts,
        name: "preview".into(),
        at: now,
        deadline: now + Duration::from_secs(10),
    };
    drill.attempts(routing, receiver)
}

fn show(attempt: &Attempt, external_url: &str, now: Timestamp) -> Shown {
    let files = Files::new();
    let message = Message::new(attempt, &files, external_url, now);
    Shown {
        integration: format!("{}[{}]", attempt.integration.kind, attempt.integration.index),
        group: attempt.notification.group_labels.to_string(),
        parts: preview(&message),
    }
}

fn write_html(arguments: &RenderArguments, shown: &[Shown]) -> Result<(), String> {
    let Some(path) = &arguments.html else { return Ok(()) };
    let html = shown.iter().flat_map(|shown| &shown.parts).find(|part| part.is_html);
    match html.map(|part| &part.text) {
        Some(Ok(html)) => {
            std::fs::write(path, html).map_err(|error| format!("cannot write {path}: {error}"))?;
            note(&format!("wrote {path}"));
            Ok(())
        }
        Some(Err(error)) => Err(format!("there is no HTML to write: {error}")),
        None => Err(format!("{} gets no HTML: it has no email_configs", arguments.receiver)),
    }
}

fn text(shown: &[Shown]) -> String {
    let look = Look::of_stdout();
    let mut text = String::new();
    for Shown { integration, group, parts } in shown {
        text.push_str(&look.heading(&format!("{integration} about {group}")));
        text.push('\n');
        for part in parts {
            match &part.text {
                Ok(rendered) if rendered.trim().is_empty() => {}
                Ok(rendered) if part.is_html => {
                    let size = rendered.len();
                    text.push_str(&format!("  {}: {size} bytes of HTML; --html FILE writes it\n", part.path));
                }
                Ok(rendered) => text.push_str(&shown_part(&part.path, rendered)),
                Err(error) => text.push_str(&format!("  {}: error: {error}\n", part.path)),
            }
        }
    }
    text
}

/// One line behind its key, more lines below it. Characters that could steer a terminal are replaced.
fn shown_part(path: &str, rendered: &str) -> String {
    let clean =
        |line: &str| line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect::<String>();
    let lines: Vec<String> = rendered.trim_end().lines().map(clean).collect();
    match &lines[..] {
        [line] => format!("  {path}: {line}\n"),
        lines => {
            let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
            format!("  {path}:\n{lines}")
        }
    }
}

impl Shown {
    fn json(&self) -> Value {
        let part = |part: &Preview| match &part.text {
            Ok(text) => json!({"key": part.path, "html": part.is_html, "text": text}),
            Err(error) => json!({"key": part.path, "html": part.is_html, "error": error.to_string()}),
        };
        let parts: Vec<Value> = self.parts.iter().map(part).collect();
        json!({"integration": self.integration, "group": self.group, "texts": parts})
    }
}
