//! The templates of a routing file: compiled, and tried on made-up groups, so that what is wrong with them
//! shows when the file is loaded and not when somebody is to be paged.

mod specimens;

use std::collections::BTreeSet;
use std::ops::Range;

use super::problem::{Problem, Severity};
use super::routes::{InlineTemplate, Routing, Settings, TemplateLanguage, TemplatePath};
use super::setting::Setting;
use crate::model::{Str, Timestamp};
use crate::template::message::{Data, RenderError, Renderer, TemplateSources};

pub use specimens::specimens;

/// Path and text of each file that a pattern names, sorted by path; or why one cannot be read.
pub type ReadFiles<'a> = &'a dyn Fn(&str) -> Result<Vec<(Str, Str)>, String>;

/// Reads the template files of `routing`, compiles them into its renderer, and tries every text of it that is
/// a template. Gives back the files, to show problems in them.
///
/// What is no template, or calls one that does not exist, is an error (with `compat: strict` the latter is a
/// warning: Alertmanager notices it when it sends). What fails on a made-up group is a warning: real groups
/// may be different, and one that fails sends a plain text.
#[must_use]
pub fn load_templates(routing: &mut Routing, read: ReadFiles<'_>) -> (Vec<(Str, Str)>, Vec<Problem>) {
    let (files, mut problems) = read_files(routing, read);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return (files, problems);
    }
    let handlebars = routing.template_language == TemplateLanguage::Handlebars;
    match Renderer::new(TemplateSources { handlebars, files: files.clone() }) {
        Ok(renderer) => {
            routing.renderer = renderer;
            let trial = Trial { routing, groups: specimens(&routing.external_url) };
            problems.extend(routing.inline_templates.iter().filter_map(|template| trial.inline(template)));
            problems.extend(trial.inherited());
        }
        Err(wrong) => problems.extend(wrong.into_iter().map(|(path, error)| of_file(path, &error))),
    }
    (files, problems)
}

/// The files, each once, in the order in which they are named.
fn read_files(routing: &Routing, read: ReadFiles<'_>) -> (Vec<(Str, Str)>, Vec<Problem>) {
    let (mut files, mut problems): (Vec<(Str, Str)>, _) = (Vec::new(), Vec::new());
    for TemplatePath { path, span } in &routing.templates {
        let mut report = |check, severity, message| {
            let (file, span) = (routing.path.clone(), Some(span.clone()));
            problems.push(Problem { check, severity, file, span, message, help: None });
        };
        match read(path) {
            Ok(found) if found.is_empty() => {
                report("no-templates", Severity::Warning, format!("no file matches {path}"));
            }
            Ok(found) => {
                for (path, text) in found {
                    if files.iter().all(|(known, _)| *known != path) {
                        files.push((path, text));
                    }
                }
            }
            Err(reason) => report("unreadable-templates", Severity::Error, reason),
        }
    }
    (files, problems)
}

fn of_file(path: Str, error: &RenderError) -> Problem {
    let span = match error {
        RenderError::Syntax(error) => Some(error.range.clone()),
        RenderError::Go(_) | RenderError::Undefined { .. } | RenderError::Handlebars(_) => None,
    };
    let message = match error {
        RenderError::Syntax(error) => error.message.clone(),
        other => other.to_string(),
    };
    Problem { check: "bad-template", severity: Severity::Error, file: path, span, message, help: None }
}

struct Trial<'a> {
    routing: &'a Routing,
    groups: Vec<Data>,
}

impl Trial<'_> {
    fn inline(&self, template: &InlineTemplate) -> Option<Problem> {
        let (error, check, severity) = self.try_text(&template.text, template.is_html)?;
        let what = match check {
            "bad-template" => "is not a template that can be used",
            _ => "fails on a made-up group",
        };
        let message = match template.is_secret {
            // The error may quote the text.
            true => format!("{} {what}", template.key),
            false => format!("{} {what}: {error}", template.key),
        };
        Some(self.problem(check, severity, template.span.clone(), message))
    }

    /// The texts that keys have by default or from the global section: they call templates by name, which the
    /// file's own templates may have changed.
    fn inherited(&self) -> Vec<Problem> {
        let mut tried: BTreeSet<Str> =
            self.routing.inline_templates.iter().map(|template| template.text.clone()).collect();
        let mut problems = Vec::new();
        for integration in self.routing.receivers.iter().flat_map(|receiver| &receiver.integrations) {
            let Settings::Keys { values, .. } = &integration.settings else { continue };
            for (key, value) in values.iter().filter(|(key, _)| &***key != "http_config") {
                for text in texts(value) {
                    if !tried.insert(text.clone()) {
                        continue;
                    }
                    let is_html = integration.kind == "email" && &**key == "html";
                    if let Some((error, check, severity)) = self.try_text(&text, is_html) {
                        let message = format!("the default of {key} cannot be used: {error}");
                        problems.push(self.problem(check, severity, integration.span.clone(), message));
                    }
                }
            }
        }
        problems
    }

    /// The first thing that is wrong with a text.
    fn try_text(&self, text: &str, is_html: bool) -> Option<(RenderError, &'static str, Severity)> {
        let renderer = &self.routing.renderer;
        if let Err(error) = renderer.check(text) {
            let lenient = self.routing.strict && matches!(error, RenderError::Undefined { .. });
            let severity = if lenient { Severity::Warning } else { Severity::Error };
            return Some((error, "bad-template", severity));
        }
        let render = |data: &Data| match is_html {
            true => renderer.html(text, data, data.at),
            false => renderer.text(text, data, data.at),
        };
        let error = self.groups.iter().find_map(|data| render(data).err())?;
        match &error {
            RenderError::Syntax(_) => Some((error, "bad-template", Severity::Error)),
            RenderError::Handlebars(problem) if !problem.is_of_data() => {
                Some((error, "bad-template", Severity::Error))
            }
            RenderError::Handlebars(_) | RenderError::Go(_) | RenderError::Undefined { .. } => {
                Some((error, "failing-template", Severity::Warning))
            }
        }
    }

    fn problem(
        &self,
        check: &'static str,
        severity: Severity,
        span: Range<usize>,
        message: String,
    ) -> Problem {
        let help = match severity {
            Severity::Warning if !self.routing.strict => {
                Some("a message whose template fails is sent as a plain text that says so".to_owned())
            }
            Severity::Warning => Some("a message whose template fails is not sent".to_owned()),
            Severity::Error | Severity::Info => None,
        };
        Problem { check, severity, file: self.routing.path.clone(), span: Some(span), message, help }
    }
}

/// The texts in a value that are templates.
fn texts(value: &Setting) -> Vec<Str> {
    match value {
        Setting::Text(text) if text.contains("{{") => vec![text.clone()],
        Setting::List(items) => items.iter().flat_map(texts).collect(),
        Setting::Map(map) => map.values().flat_map(texts).collect(),
        Setting::Any(value) => texts_of_json(value),
        Setting::Bool(_)
        | Setting::Integer(_)
        | Setting::Float(_)
        | Setting::Text(_)
        | Setting::Secret(_)
        | Setting::Address(_) => Vec::new(),
    }
}

fn texts_of_json(value: &serde_json::Value) -> Vec<Str> {
    match value {
        serde_json::Value::String(text) if text.contains("{{") => vec![text.as_str().into()],
        serde_json::Value::Array(items) => items.iter().flat_map(texts_of_json).collect(),
        serde_json::Value::Object(map) => map.values().flat_map(texts_of_json).collect(),
        _ => Vec::new(),
    }
}

/// The time at which made-up groups are told: any would do.
const AT: Timestamp = Timestamp::from_secs(1_767_225_600);
