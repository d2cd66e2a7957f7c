//! `absent` and `absent_over_time`: one series where there is none.

use super::cursor::Cursor;
use super::error::EvalError;
use super::evaluator::Evaluator;
use super::extended;
use super::prepare::{Kind, Plan};
use super::steps::Steps;
use crate::model::labels::{LabelSetBuilder, METRIC_NAME};
use crate::model::{LabelSet, MatchOp, Matcher};
use crate::promql::signature::Function;
use crate::promql::value::{FloatPoint, Series};

impl Evaluator<'_> {
    /// `absent(v)`
    pub(super) fn absent(&mut self, arg: &Plan<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let matrix = self.eval(arg, steps)?;
        let mut cursor = Cursor::new(&matrix);
        let mut floats = Vec::new();
        for t in steps.iter() {
            self.limits.tick(cursor.len())?;
            let mut count = 0;
            for series in 0..cursor.len() {
                count += usize::from(cursor.take(series, t).is_some());
            }
            if count == 0 {
                floats.push(FloatPoint { t, v: 1.0 });
            }
        }
        let result = missing(arg, floats, false);
        self.replace(before, &result)?;
        Ok(result)
    }

    /// `absent_over_time(range)`
    pub(super) fn absent_over_time(
        &mut self,
        arg: &Plan<'_>,
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        if let Kind::Range(range) = &arg.kind {
            extended::check_function(Function::AbsentOverTime, range.selector.extension)?;
        }
        let present = self.present(arg, steps)?;
        let floats = steps.iter().zip(present).filter(|(_, present)| !present);
        let result = missing(arg, floats.map(|(t, _)| FloatPoint { t, v: 1.0 }).collect(), true);
        self.replace(before, &result)?;
        Ok(result)
    }
}

/// The series that stands for missing ones, if it has points.
fn missing(arg: &Plan<'_>, floats: Vec<FloatPoint>, drop_name: bool) -> Vec<Series> {
    if floats.is_empty() {
        return Vec::new();
    }
    vec![Series { labels: wanted_labels(arg), drop_name, floats, histograms: Vec::new() }]
}

/// The labels that a selector wants to be equal to something, each wanted once; none of other expressions.
fn wanted_labels(arg: &Plan<'_>) -> LabelSet {
    let matchers: &[Matcher] = match &arg.kind {
        Kind::Selector(selector) => &selector.matchers,
        Kind::Range(range) => &range.selector.matchers,
        _ => &[],
    };
    let mut builder = LabelSetBuilder::default();
    let mut seen: Vec<&str> = Vec::new();
    for matcher in matchers.iter().filter(|matcher| &**matcher.name() != METRIC_NAME) {
        let name: &str = matcher.name();
        if matcher.op() == MatchOp::Equal && !seen.contains(&name) {
            builder.set(name, matcher.value());
            seen.push(name);
        } else {
            builder.remove(name);
        }
    }
    builder.build()
}
