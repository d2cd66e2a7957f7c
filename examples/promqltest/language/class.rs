//! Which part of PromQL an evaluation is about, so that scores can be told apart.

use sereno::promql::ast::{Expr, VectorSelector};
use sereno::promql::memory::MemoryStore;
use sereno::promql::notation::SequenceValue;
use sereno::promql::parser::{self, Features};
use sereno::promql::source::{Source, TimeWindow};
use sereno::promql::value::Value;

use super::expectation::Expected;
use super::script::{Command, Step};

/// A part of PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Neither of the others.
    Floats,
    /// Native histograms are selected, expected or loaded.
    NativeHistograms,
    /// Syntax or functions that have to be enabled, or start timestamps.
    Experimental,
}

impl Class {
    pub(crate) const ALL: [Self; 3] = [Self::Floats, Self::NativeHistograms, Self::Experimental];

    /// As it is written in tables of scores.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floats => "floats",
            Self::NativeHistograms => "native_histograms",
            Self::Experimental => "experimental",
        }
    }

    /// What a command is about, with the samples that are stored when it runs.
    pub(super) fn of(step: &Step, store: &MemoryStore) -> Self {
        match &step.command {
            Ok(Command::Clear) => Self::Floats,
            Ok(Command::Load(load)) => {
                let has_histogram = load.series.iter().any(|series| series.values.iter().any(is_histogram));
                let has_starts = load.series.iter().any(|series| !series.starts.is_empty());
                Self::from_signs(has_starts, has_histogram)
            }
            Ok(Command::Eval(eval)) => {
                let expected = match &eval.expect.result {
                    Expected::Series(all) => all.iter().any(|series| series.values.iter().any(is_histogram)),
                    Expected::Scalar(_) | Expected::String(_) => false,
                };
                match parser::parse(&eval.expr, Features::ALL) {
                    Ok(expr) => {
                        let needs_feature = parser::parse(&eval.expr, Features::default()).is_err();
                        Self::from_signs(needs_feature, expected || selects_histograms(&expr, store))
                    }
                    Err(_) => Self::from_signs(false, expected),
                }
            }
            Err(_) => Self::from_signs(false, step.text.contains("{{")),
        }
    }

    fn from_signs(is_experimental: bool, has_histogram: bool) -> Self {
        match (is_experimental, has_histogram) {
            (true, _) => Self::Experimental,
            (false, true) => Self::NativeHistograms,
            (false, false) => Self::Floats,
        }
    }
}

fn is_histogram(value: &SequenceValue) -> bool {
    matches!(value, SequenceValue::Value(Value::Histogram(_)))
}

/// Whether a selector of the expression finds a series with histograms, at whatever time.
fn selects_histograms(expr: &Expr, store: &MemoryStore) -> bool {
    match expr {
        Expr::Vector(selector) => finds_histograms(selector, store),
        Expr::Matrix(matrix) => finds_histograms(&matrix.selector, store),
        other => other.children().any(|child| selects_histograms(child, store)),
    }
}

fn finds_histograms(selector: &VectorSelector, store: &MemoryStore) -> bool {
    let matchers: Vec<_> = selector.matchers.iter().map(|matcher| matcher.matcher.clone()).collect();
    let ever = TimeWindow { from: i64::MIN, to: i64::MAX };
    let series = store.select(&matchers, ever).unwrap_or_default();
    series.iter().any(|series| !series.histograms.is_empty())
}
