//! Templates of a rule's labels and annotations: Prometheus' data, functions and failure texts.

mod data;
mod functions;
pub(in crate::template) mod numbers;
pub(in crate::template) mod texts;

use std::sync::Arc;

pub use super::go::ExecError;
use super::go::{MissingKey, Outcome, Prelude, TemplateError, Templates};
use crate::model::{LabelSet, QueryValue, SampleValue, Str, Timestamp};

/// A rule's label or annotation text, parsed once. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub struct RuleTemplate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    alert: Str,
    text: Str,
    parsed: Parsed,
}

#[derive(Debug)]
enum Parsed {
    /// Nothing to expand.
    Plain,
    Template(Templates),
    Broken(TemplateError),
}

/// What Prometheus puts before each text. Columns in messages count it.
const DEFINITIONS: Prelude = Prelude {
    text: "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
           {{$externalURL := .ExternalURL}}{{$value := .Value}}",
    variables: &[
        ("$labels", "Labels"),
        ("$externalLabels", "ExternalLabels"),
        ("$externalURL", "ExternalURL"),
        ("$value", "Value"),
    ],
};

impl PartialEq for RuleTemplate {
    /// Equal if the alert has the same name and the text is the same.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.alert == other.0.alert && self.0.text == other.0.text)
    }
}

impl Eq for RuleTemplate {}

/// What a rule's template can see.
#[derive(Clone, Copy, Debug)]
pub struct RuleData<'a> {
    /// The labels of the sample, metric name included, before the rule's own labels.
    pub labels: &'a LabelSet,
    /// The value of the sample.
    pub value: &'a SampleValue,
    /// The labels that the whole installation adds.
    pub external_labels: &'a LabelSet,
    /// The address under which people reach this installation.
    pub external_url: &'a str,
    /// The time of the evaluation.
    pub now: Timestamp,
}

/// The answers to the queries of templates that are already known.
pub trait Queries {
    /// The answer to the instant query `expr` at the time of the evaluation, if it is known.
    fn answer(&self, expr: &str) -> Option<&Result<QueryValue, String>>;
}

/// What became of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expansion {
    /// The text.
    Text(Str),
    /// It failed; this is the `<error expanding template: …>` that becomes the field, as in Prometheus.
    Failed(Str),
    /// The result of this query is needed first: ask it, then expand again.
    NeedsQuery(Str),
}

/// What became of a template, for those who want to know where it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trial {
    /// The text.
    Text(Str),
    /// It failed; the error's range counts bytes of [`RuleTemplate::text`].
    Failed(Box<ExecError>),
    /// The result of this query is needed first.
    NeedsQuery(Str),
}

impl RuleTemplate {
    /// Parses `text`, a label or annotation of the rule `alert`. Never fails: see [`Self::problem`].
    #[must_use]
    pub fn new(alert: &str, text: &str) -> Self {
        let parsed = if text.contains("{{") { Parsed::of(alert, text) } else { Parsed::Plain };
        Self(Arc::new(Inner { alert: alert.into(), text: text.into(), parsed }))
    }

    /// The text as it was given.
    #[must_use]
    pub fn text(&self) -> &Str {
        &self.0.text
    }

    /// Why the text is not a template; the range counts bytes of [`Self::text`].
    #[must_use]
    pub fn problem(&self) -> Option<&TemplateError> {
        match &self.0.parsed {
            Parsed::Plain | Parsed::Template(_) => None,
            Parsed::Broken(error) => Some(error),
        }
    }

    /// The text for one sample.
    #[must_use]
    pub fn expand(&self, data: &RuleData<'_>, queries: &dyn Queries) -> Expansion {
        let name = || template_name(&self.0.alert);
        if let Parsed::Broken(error) = &self.0.parsed {
            return failed(&format!("error parsing template {}: {error}", name()));
        }
        match self.trial(data, queries) {
            Trial::Text(text) => Expansion::Text(text),
            Trial::Failed(error) => failed(&format!("error executing template {}: {error}", name())),
            Trial::NeedsQuery(query) => Expansion::NeedsQuery(query),
        }
    }

    /// The text for one sample, or where it fails.
    #[must_use]
    pub fn trial(&self, data: &RuleData<'_>, queries: &dyn Queries) -> Trial {
        let templates = match &self.0.parsed {
            Parsed::Plain => return Trial::Text(Arc::clone(&self.0.text)),
            Parsed::Broken(error) => {
                let (template, text, range) =
                    (error.template.clone(), error.to_string(), error.range.clone());
                return Trial::Failed(Box::new(ExecError { template, text, range }));
            }
            Parsed::Template(templates) => templates,
        };
        let functions = functions::RuleFunctions { data, queries };
        let name = template_name(&self.0.alert);
        match templates.execute(&name, &data::dot(data), &functions, MissingKey::Zero) {
            Outcome::Text(text) => Trial::Text(text.into()),
            Outcome::Failed(error) => Trial::Failed(Box::new(self.in_text(error))),
            Outcome::Needs(query) => Trial::NeedsQuery(query),
        }
    }

    /// The error with a range of the text alone, without what stands before it.
    fn in_text(&self, error: ExecError) -> ExecError {
        let shift = |at: usize| at.saturating_sub(DEFINITIONS.text.len()).min(self.0.text.len());
        ExecError { range: shift(error.range.start)..shift(error.range.end), ..error }
    }
}

impl Parsed {
    fn of(alert: &str, text: &str) -> Self {
        let mut templates = Templates::with_prelude(DEFINITIONS);
        match templates.parse(&template_name(alert), text, &functions::Names) {
            Ok(()) => Self::Template(templates),
            Err(mut error) => {
                let shift = |at: usize| at.saturating_sub(DEFINITIONS.text.len()).min(text.len());
                error.range = shift(error.range.start)..shift(error.range.end);
                Self::Broken(error)
            }
        }
    }
}

fn template_name(alert: &str) -> String {
    format!("__alert_{alert}")
}

fn failed(error: &str) -> Expansion {
    Expansion::Failed(format!("<error expanding template: {error}>").into())
}

#[cfg(test)]
mod tests;
