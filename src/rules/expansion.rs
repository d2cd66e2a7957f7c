//! From the samples of a query to alerts: labels and annotations are expanded, which may need queries of
//! their own. Pauses for each of them and goes on where it was.

use std::collections::BTreeMap;

use super::labelling::overlay;
use super::loaded::{Fields, LoadedRule};
use super::{QueryError, RulesConfig};
use crate::model::{Annotations, LabelSet, QueryValue, Sample, SampleValue, Str, Timestamp};
use crate::template::rule::{Expansion as Expanded, Queries, RuleData};

/// The most queries that the templates of one rule may ask in one evaluation. A template that asks another
/// query for each of a thousand alerts would hold up its group for as long.
const MAX_QUERIES: usize = 100;

/// An alert as the current evaluation found it, before its past is known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// Its labels without external ones.
    pub(super) labels: LabelSet,
    /// Its annotations.
    pub(super) annotations: Annotations,
    /// The sample's value.
    pub(super) value: f64,
}

/// How far the samples of one evaluation of a rule have been expanded.
#[derive(Debug)]
pub(super) struct Expansion {
    samples: Vec<Sample>,
    found: Vec<Found>,
    answers: Answers,
    failures: BTreeMap<Str, Str>,
}

/// What stops an expansion.
#[derive(Debug)]
pub(super) enum Progress {
    /// All samples are expanded.
    Done,
    /// The result of this query is needed.
    Ask(Str),
}

/// The templates' queries of one evaluation with their answers.
#[derive(Debug, Default)]
struct Answers(BTreeMap<Str, Result<QueryValue, String>>);

impl Queries for Answers {
    fn answer(&self, expr: &str) -> Option<&Result<QueryValue, String>> {
        self.0.get(expr)
    }
}

impl Expansion {
    /// Nothing is expanded yet.
    pub(super) fn new(samples: Vec<Sample>) -> Self {
        let found = Vec::with_capacity(samples.len());
        Self { samples, found, answers: Answers::default(), failures: BTreeMap::new() }
    }

    /// Goes on until all is done or a query is needed.
    pub(super) fn run(&mut self, rule: &LoadedRule, config: &RulesConfig, at: Timestamp) -> Progress {
        while let Some(sample) = self.samples.get(self.found.len()) {
            let data = RuleData {
                labels: &sample.labels,
                value: &sample.value,
                external_labels: &config.external_labels,
                external_url: &config.external_url,
                now: at,
            };
            let mut expander = Expander { data, answers: &self.answers, failures: &mut self.failures };
            match expander.expand(rule) {
                Ok(found) => self.found.push(found),
                Err(expr) if self.answers.0.len() >= MAX_QUERIES => {
                    // An answer that is an error makes the template fail, as in Prometheus.
                    let error = format!("more than {MAX_QUERIES} queries in one evaluation of a rule");
                    let before = self.answers.0.insert(expr, Err(error));
                    debug_assert!(before.is_none(), "a template asks for what is not yet answered");
                }
                Err(expr) => return Progress::Ask(expr),
            }
        }
        Progress::Done
    }

    /// Takes the answer to the query that [`Expansion::run`] asked for.
    pub(super) fn answered(&mut self, expr: Str, result: Result<QueryValue, QueryError>) {
        self.answers.0.insert(expr, result.map_err(|error| error.to_string()));
    }

    /// The alerts, in the order of their samples, and the fields that could not be expanded with the text
    /// that stands in their place.
    pub(super) fn finish(self) -> (Vec<Found>, BTreeMap<Str, Str>) {
        (self.found, self.failures)
    }
}

/// Expands one sample.
struct Expander<'a> {
    data: RuleData<'a>,
    answers: &'a Answers,
    failures: &'a mut BTreeMap<Str, Str>,
}

impl Expander<'_> {
    /// The alert, or the query that is needed first.
    fn expand(&mut self, rule: &LoadedRule) -> Result<Found, Str> {
        let labels = match rule.labels.templates.is_empty() {
            true => overlay(self.data.labels, &rule.labels.pairs),
            false => overlay(self.data.labels, &self.fields(&rule.labels)?),
        };
        let annotations = match &rule.plain_annotations {
            Some(plain) => plain.clone(),
            None => Annotations::from_pairs(self.fields(&rule.annotations)?),
        };
        Ok(Found { labels, annotations, value: self.data.value.as_float() })
    }

    fn fields(&mut self, fields: &Fields) -> Result<Vec<(Str, Str)>, Str> {
        let mut pairs = fields.pairs.clone();
        for (at, template) in &fields.templates {
            pairs[*at].1 = match template.value.expand(&self.data, self.answers) {
                Expanded::Text(text) => text,
                Expanded::Failed(text) => {
                    self.failures.entry(template.name.clone()).or_insert_with(|| text.clone());
                    text
                }
                Expanded::NeedsQuery(expr) => return Err(expr),
            };
        }
        Ok(pairs)
    }
}

/// The samples that a rule can use: a scalar is one sample without labels.
pub(super) fn samples_of(value: QueryValue) -> Option<Vec<Sample>> {
    match value {
        QueryValue::Vector(samples) => Some(samples),
        QueryValue::Scalar(number) => {
            Some(vec![Sample { labels: LabelSet::default(), value: SampleValue::Float(number) }])
        }
        QueryValue::String(_) | QueryValue::Matrix => None,
    }
}
