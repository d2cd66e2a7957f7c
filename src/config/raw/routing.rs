//! `routes.yml` and `alertmanager.yml`: the sections of the file.

use std::sync::Arc;

use super::kinds::{EVENT_RECORDER, GLOBAL, HTTP, TRACING};
use super::receivers::Globals;
use super::route_tree::Known;
use super::schema::Values;
use super::{Fields, Reader, Shape, did_you_mean};
use crate::config::problem::{Problem, Severity};
use crate::config::routes::{
    HttpSettings, InhibitRule, Limits, Receiver, Routing, TemplateLanguage, TemplatePath,
};
use crate::config::setting::Setting;
use crate::config::yaml::{Node, Value};
use crate::model::matcher::MatcherMode;
use crate::model::{Duration, Str};
use crate::template::message::Renderer;

const FILE: Shape = Shape {
    what: "a routing file",
    keys: &[
        "global",
        "route",
        "inhibit_rules",
        "receivers",
        "templates",
        "mute_time_intervals",
        "time_intervals",
        "tracing",
        "event_recorder",
        "template_language",
        "compat",
    ],
    advice: &[
        ("routes", "the tree starts with `route`; `routes` are its children"),
        ("receiver", "did you mean `receivers`?"),
        ("inhibit_rule", "did you mean `inhibit_rules`?"),
        ("groups", "this looks like a rule file; give it as `--rules`"),
        ("scrape_configs", "this looks like Prometheus' own configuration"),
        ("rule_files", "this looks like Prometheus' own configuration"),
        ("alerting", "this looks like Prometheus' own configuration"),
        (
            "alertmanager_config",
            "this looks like Mimir's file: give the text inside this key as a file of its own",
        ),
        ("template_files", "this looks like Mimir's file; name template files in `templates`"),
    ],
};

const INHIBIT: Shape = Shape {
    what: "an inhibition rule",
    keys: &[
        "name",
        "source_match",
        "source_match_re",
        "source_matchers",
        "target_match",
        "target_match_re",
        "target_matchers",
        "equal",
    ],
    advice: &[
        ("matchers", "did you mean `source_matchers` or `target_matchers`?"),
        ("source", "did you mean `source_matchers`?"),
        ("target", "did you mean `target_matchers`?"),
    ],
};

/// Reads a routing file: an `alertmanager.yml` of Alertmanager 0.34, with a few keys of ours. The result is
/// `None` if anything in it is an error; the problems are in the order of their places.
///
/// Relative paths in it start at the folder of `path`.
#[must_use]
pub fn read_routing(path: &str, text: &str) -> (Option<Routing>, Vec<Problem>) {
    read_routing_as(path, text, MatcherMode::default())
}

/// [`read_routing`] with matchers read by the grammar of `mode`; label names are limited with it.
#[must_use]
pub fn read_routing_as(path: &str, text: &str, mode: MatcherMode) -> (Option<Routing>, Vec<Problem>) {
    let mut reader = Reader::new(path, text, mode);
    let routing = match reader.document() {
        Some(root) => reader.routing(&root),
        None if reader.is_usable() => {
            let (file, message) = (reader.file().clone(), "no route provided in config".to_owned());
            let help = Some("a routing file has at least `route` and `receivers`".to_owned());
            let problem = Problem {
                check: "missing-route",
                severity: Severity::Error,
                file,
                span: None,
                message,
                help,
            };
            return (None, vec![problem]);
        }
        None => None,
    };
    let usable = reader.is_usable();
    (routing.filter(|_| usable), reader.finish())
}

impl Reader<'_> {
    fn routing(&mut self, root: &Node) -> Option<Routing> {
        if let Some(kind) = root.get("kind").filter(|_| root.get("apiVersion").is_some()) {
            let help = match kind.scalar().map(|kind| kind.text.clone()).as_deref() {
                Some("Secret" | "ConfigMap") => "give the file that it contains as a file of its own",
                Some(_) | None => "give the Alertmanager configuration as a file of its own",
            };
            let message = "this is a Kubernetes manifest, not a routing file";
            self.error_help("other-dialect", &kind.span, message, help);
            return None;
        }
        let fields = self.fields(root, &FILE)?;
        let globals = self.globals(&fields);
        let mut time_intervals = Vec::new();
        if let Some(node) = fields.get("mute_time_intervals") {
            let help = "move its entries to `time_intervals`".to_owned();
            let message = "mute_time_intervals is deprecated";
            let place = fields.key_span("mute_time_intervals");
            self.report(Severity::Info, "deprecated-intervals", &place, message, Some(help));
            self.named_intervals(node, "mute time interval", &mut time_intervals);
        }
        if let Some(node) = fields.get("time_intervals") {
            self.named_intervals(node, "time interval", &mut time_intervals);
        }
        let receivers = fields.get("receivers").map_or_else(Vec::new, |node| self.receivers(node, &globals));
        let known = Known { receivers: &receivers, intervals: &time_intervals };
        self.check_fallbacks(&fields, &known);
        let routes = match fields.get("route") {
            Some(node) => self.route_tree(node, &known),
            None => {
                let place = if fields.get("receivers").is_some() {
                    fields.start()
                } else {
                    root.span.start..root.span.start
                };
                self.error("missing-route", &place, "no routes provided");
                Vec::new()
            }
        };
        let inhibit_rules = match fields.get("inhibit_rules") {
            Some(node) => self.inhibit_rules(node),
            None => Vec::new(),
        };
        for (key, table) in [("tracing", &TRACING), ("event_recorder", &EVENT_RECORDER)] {
            if let Some(node) = fields.get(key) {
                self.object(node, table);
            }
        }
        self.warn_of_not_obeyed(root);
        let resolve_timeout =
            globals.values.get("resolve_timeout").and_then(|value| value.reveal()?.parse().ok());
        let strict = self.strict(&fields);
        let inline_templates = self.inline_templates(root);
        Some(Routing {
            path: self.file().clone(),
            routes,
            receivers,
            inhibit_rules,
            resolve_timeout: resolve_timeout.unwrap_or(Duration::from_mins(5)),
            time_intervals,
            templates: fields.get("templates").map_or_else(Vec::new, |node| self.template_paths(node)),
            template_language: self.language(&fields, &inline_templates, strict),
            inline_templates,
            strict,
            limits: Limits::default(),
            matcher_mode: self.mode,
            named_files: std::mem::take(&mut self.files),
            original: if self.is_usable() { self.original(root, &globals) } else { "".into() },
            renderer: Renderer::default(),
            external_url: "".into(),
        })
    }

    fn globals(&mut self, fields: &Fields<'_>) -> Globals {
        let empty = Node { value: Value::Mapping(Vec::new()), span: fields.span.start..fields.span.start };
        let node = fields.get("global").unwrap_or(&empty);
        let Some(global) = self.table(node, &GLOBAL, &[]) else {
            return Globals { values: Values::new(), http: default_http() };
        };
        let mut values = self.values(&global, &GLOBAL, &Values::new());
        if !values.contains_key("http_config") {
            values.extend(self.object(&empty, &HTTP).map(|http| ("http_config".into(), http)));
        }
        let set = |key: &str| super::schema::has(&values, key);
        let revealed = |key: &str| values.get(key).and_then(Setting::reveal);
        let token = set("slack_app_token") || set("slack_app_token_file");
        if token
            && (set("slack_api_url") || set("slack_api_url_file"))
            && revealed("slack_api_url") != revealed("slack_app_url")
        {
            let message = "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file \
                           must be configured";
            let key = if set("slack_api_url") { "slack_api_url" } else { "slack_api_url_file" };
            self.error_help("exclusive-fields", &global.key_span(key), message, "remove one of them");
        }
        let http = global.get("http_config").and_then(|node| self.http_settings(node));
        Globals { values, http: http.unwrap_or_else(default_http) }
    }

    /// A receiver to fall back on must exist and be another one.
    fn check_fallbacks(&mut self, fields: &Fields<'_>, known: &Known<'_>) {
        let Some(Value::Sequence(items)) = fields.get("receivers").map(|node| &node.value) else { return };
        for item in items {
            let Some(node) = item.get("fallback").filter(|node| !node.is_null()) else { continue };
            let Some(name) = node.scalar().map(|name| name.text.clone()) else { continue };
            let own = item.get("name").and_then(Node::scalar).map(|own| own.text.clone());
            if own.as_ref() == Some(&name) {
                self.error("bad-value", &node.span, "a receiver cannot be its own fallback");
            } else if !known.receivers.iter().any(|receiver| receiver.name == name) {
                let message = format!("undefined receiver {name:?} used as fallback");
                let names = known.receivers.iter().map(|receiver| &*receiver.name);
                let help = match did_you_mean(&name, names) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "add it to `receivers`".to_owned(),
                };
                self.error_help("undefined-receiver", &node.span, message, help);
            } else if let Some(cycle) = own.and_then(|own| cycle_of(known.receivers, &own)) {
                let message = format!("receivers fall back on each other: {cycle}");
                self.error_help("bad-value", &node.span, message, "let one of them have no fallback");
            }
        }
    }

    fn inhibit_rules(&mut self, node: &Node) -> Vec<InhibitRule> {
        let mut rules = Vec::new();
        for item in self.list(node, "a list of inhibition rules") {
            let Some(fields) = self.fields(item, &INHIBIT) else { continue };
            let name = fields.get("name").and_then(|node| self.text(node, "a name"));
            let source = self.conditions(&fields, ["source_match", "source_match_re", "source_matchers"]);
            let target = self.conditions(&fields, ["target_match", "target_match_re", "target_matchers"]);
            let mut equal: Vec<Str> = Vec::new();
            if let Some(node) = fields.get("equal") {
                for item in self.list(node, "a list of labels") {
                    let Some(label) = self.text(item, "a label name") else { continue };
                    if !self.is_label_name(&label) {
                        let message = format!("invalid label name {label:?} in equal list");
                        self.error("label-name", &item.span, message);
                    }
                    equal.push(label);
                }
            }
            let name = name.unwrap_or_else(|| "".into());
            rules.push(InhibitRule { name, source, target, equal, span: item.span.clone() });
        }
        rules
    }

    pub(crate) fn template_paths(&mut self, node: &Node) -> Vec<TemplatePath> {
        let mut paths = Vec::new();
        for item in self.list(node, "a list of paths") {
            let Some(path) = self.text(item, "a path") else { continue };
            paths.push(TemplatePath { path: self.path(&path), span: item.span.clone() });
        }
        paths
    }

    pub(super) fn template_language(&mut self, fields: &Fields<'_>) -> Option<TemplateLanguage> {
        let node = fields.get("template_language")?;
        match &*self.text(node, "template_language")? {
            "go" => Some(TemplateLanguage::Go),
            "handlebars" => Some(TemplateLanguage::Handlebars),
            other => {
                let message = format!("unknown template language {other:?}");
                self.error_help("bad-value", &node.span, message, "one of `go`, `handlebars`");
                None
            }
        }
    }

    fn strict(&mut self, fields: &Fields<'_>) -> bool {
        let Some(node) = fields.get("compat") else { return false };
        match self.text(node, "compat").as_deref() {
            Some("strict") => true,
            Some(other) => {
                let message = format!("unknown compat mode {other:?}");
                self.error_help("bad-value", &node.span, message, "`strict`, or remove the key");
                false
            }
            None => false,
        }
    }
}

fn default_http() -> HttpSettings {
    HttpSettings { follow_redirects: true, ..HttpSettings::default() }
}
/// `a, b, a` if the fallbacks from the receiver `first` lead back to it.
fn cycle_of(receivers: &[Arc<Receiver>], first: &Str) -> Option<String> {
    let mut names = vec![first.clone()];
    loop {
        let last = names.last()?;
        let next = receivers.iter().find(|receiver| receiver.name == *last)?.fallback.clone()?;
        if next == *first {
            names.push(next);
            return Some(names.join(", "));
        }
        if names.contains(&next) {
            return None; // a cycle further down, reported at its own receivers
        }
        names.push(next);
    }
}
