//! Go templates of notifications: Alertmanager's data, functions and default templates.

mod base64;
mod data;
mod functions;
mod title;
mod urls;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::{Data, Pairs};
use crate::model::{Str, Timestamp};
use crate::template::go::html::HtmlTemplates;
use crate::template::go::{CallError, ExecError, MissingKey, Outcome, TemplateError, Templates, Value};
use functions::{MessageFunctions, Names};

/// The default templates, which have the names that Alertmanager's have and give the same texts.
const DEFAULTS: [(&str, &str); 4] = [
    ("common.tmpl", include_str!("../../../templates/alertmanager/common.tmpl")),
    ("chat.tmpl", include_str!("../../../templates/alertmanager/chat.tmpl")),
    ("email.tmpl", include_str!("../../../templates/alertmanager/email.tmpl")),
    ("incidents.tmpl", include_str!("../../../templates/alertmanager/incidents.tmpl")),
];

/// How many route labels may lead to each other.
const MAX_CHAIN: usize = 50;

/// Why a text cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum GoError {
    /// It is not a template.
    Syntax(TemplateError),
    /// It failed.
    Failed(ExecError),
}

/// All named Go templates of a configuration.
#[derive(Debug, Default)]
pub(super) struct GoTemplates {
    named: Templates,
    /// Inline texts that were rendered before: those of a configuration are few. Only time depends on it.
    inline: Mutex<BTreeMap<(Kind, Str), Arc<Inline>>>,
}

/// The most inline texts that are kept.
const MAX_INLINE: usize = 500;

/// An inline text with the templates that it can call, parsed.
#[derive(Debug)]
enum Inline {
    Text(Templates),
    Html(HtmlTemplates),
}

/// What a text is rendered with.
struct Run<'a> {
    templates: &'a GoTemplates,
    dot: Value,
    now: Timestamp,
    kind: Kind,
    route_labels: RouteLabels<'a>,
    resolved: RefCell<Resolved>,
}

/// The labels of a route.
#[derive(Clone, Copy, Debug)]
struct RouteLabels<'a> {
    texts: &'a Pairs,
    /// Whether they are rendered; else they stand as in the file.
    rendered: bool,
}

/// The route labels that were rendered so far.
#[derive(Default)]
struct Resolved {
    known: BTreeMap<Str, Str>,
    /// Those that are being rendered, outermost first.
    chain: Vec<Str>,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Text,
    Html,
}

impl GoTemplates {
    /// The default templates, and those of files by path and text; later definitions win.
    ///
    /// # Errors
    /// What is wrong with each file that is not a template, by its path.
    pub(super) fn new<'a>(
        files: impl Iterator<Item = &'a (Str, Str)>,
    ) -> Result<Self, Vec<(Str, TemplateError)>> {
        let mut named = Templates::default();
        let mut wrong = Vec::new();
        for (name, text) in DEFAULTS {
            if let Err(error) = named.parse(name, text, &Names) {
                wrong.push(((*name).into(), error));
            }
        }
        for (path, text) in files {
            let name = path.rsplit('/').next().unwrap_or(path);
            if let Err(error) = named.parse(name, text, &Names) {
                wrong.push((Str::clone(path), error));
            }
        }
        if wrong.is_empty() { Ok(Self { named, inline: Mutex::default() }) } else { Err(wrong) }
    }

    /// An inline text, which is a template without a name, parsed.
    fn inline(&self, kind: Kind, text: &str) -> Result<Arc<Inline>, GoError> {
        let key = (kind, Str::from(text));
        if let Some(known) = self.inline.lock().ok().and_then(|known| known.get(&key).cloned()) {
            return Ok(known);
        }
        let mut templates = self.named.clone();
        templates.parse("", text, &Names).map_err(GoError::Syntax)?;
        let parsed = Arc::new(match kind {
            Kind::Text => Inline::Text(templates),
            Kind::Html => {
                let mut pages = HtmlTemplates::new(&templates);
                pages.compile("").map_err(|error| failed(error.text))?;
                Inline::Html(pages)
            }
        });
        if let Ok(mut known) = self.inline.lock()
            && known.len() < MAX_INLINE
        {
            known.insert(key, Arc::clone(&parsed));
        }
        Ok(parsed)
    }

    /// A text of a routing file, rendered. The route's labels in `data` are rendered ones.
    pub(super) fn render(
        &self,
        kind: Kind,
        text: &str,
        data: &Data,
        now: Timestamp,
    ) -> Result<String, GoError> {
        self.run(kind, data, RouteLabels { texts: &data.route_labels, rendered: true }, now).render(text)
    }

    /// A template that does not exist, but that a text or what it calls names; with the name of the caller,
    /// which is empty for the text itself.
    ///
    /// # Errors
    /// The text is not a template.
    pub(super) fn missing(&self, text: &str) -> Result<Option<(Str, Str)>, TemplateError> {
        let mut templates = self.named.clone();
        templates.parse("", text, &Names)?;
        Ok(templates.missing(""))
    }

    /// The labels of a route, each rendered; those that fail come back with why.
    pub(super) fn route_labels(
        &self,
        labels: &Pairs,
        data: &Data,
        now: Timestamp,
    ) -> (Pairs, Vec<(Str, GoError)>) {
        let run = self.run(Kind::Text, data, RouteLabels { texts: labels, rendered: false }, now);
        let (mut rendered, mut failed) = (Pairs::new(), Vec::new());
        for name in labels.keys() {
            match run.route_label(name) {
                Ok(text) => drop(rendered.insert(Str::clone(name), text)),
                Err(error) => failed.push((Str::clone(name), error)),
            }
        }
        (rendered, failed)
    }

    fn run<'a>(&'a self, kind: Kind, data: &Data, route_labels: RouteLabels<'a>, now: Timestamp) -> Run<'a> {
        let dot = data::dot(data, &route_labels, true);
        Run { templates: self, dot, now, kind, route_labels, resolved: RefCell::default() }
    }
}

impl Run<'_> {
    fn render(&self, text: &str) -> Result<String, GoError> {
        if !text.contains("{{") && self.kind == Kind::Text {
            return Ok(text.to_owned());
        }
        let inline = self.templates.inline(self.kind, text)?;
        let route_label =
            |name: &str| self.route_label(name).map_err(|error| CallError::Failed(error.to_string()));
        let functions = MessageFunctions { now: self.now, route_label: &route_label };
        let outcome = match &*inline {
            Inline::Text(templates) => templates.execute("", &self.dot, &functions, MissingKey::Zero),
            Inline::Html(pages) => pages.execute("", &self.dot, &functions, MissingKey::Zero),
        };
        match outcome {
            Outcome::Text(text) => Ok(text),
            Outcome::Failed(error) => Err(GoError::Failed(error)),
            Outcome::Needs(what) => Err(failed(format!("there is no answer to {what}"))),
        }
    }

    /// A label of the route; empty if there is none of that name.
    fn route_label(&self, name: &str) -> Result<Str, GoError> {
        let Some(raw) = self.route_labels.texts.get(name) else { return Ok("".into()) };
        if self.route_labels.rendered {
            return Ok(Str::clone(raw));
        }
        {
            let mut resolved = self.resolved.borrow_mut();
            if let Some(known) = resolved.known.get(name) {
                return Ok(Str::clone(known));
            }
            let is_busy = resolved.chain.iter().any(|busy| **busy == *name);
            let chain = || format!("{} -> {name}", resolved.chain.join(" -> "));
            if is_busy {
                return Err(failed(format!("route label cycle detected: {}", chain())));
            }
            if resolved.chain.len() == MAX_CHAIN {
                return Err(failed(format!(
                    "more than {MAX_CHAIN} route labels lead to each other: {}",
                    chain()
                )));
            }
            resolved.chain.push(name.into());
        }
        let rendered = self.render(raw).map(Str::from);
        let mut resolved = self.resolved.borrow_mut();
        resolved.chain.pop();
        if let Ok(text) = &rendered {
            resolved.known.insert(name.into(), Str::clone(text));
        }
        rendered
    }
}

fn failed(text: String) -> GoError {
    GoError::Failed(ExecError { template: "".into(), text, range: 0..0 })
}

impl std::fmt::Display for GoError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
