//! Runs one query in all the ways in which it has to give the same: as it is, with its selectors pinned to the
//! time, and in the middle of a range query.

use sereno::promql::annotations::{Annotations, Severity};
use sereno::promql::ast::Expr;
use sereno::promql::engine::{self, EvalError, Evaluation, Options};
use sereno::promql::memory::MemoryStore;
use sereno::promql::parser::{self, Features};
use sereno::promql::value::{FloatPoint, QueryResult, Series, Value, VectorSample};

use super::at_modifier;
use super::compare;
use super::expectation::{Expectations, Expected, Said, Text};
use super::script::{Eval, Times};

const MINUTE: i64 = 60_000;

/// The settings under which the cases were written.
fn options<'a>() -> Options<'a> {
    Options {
        max_samples: 10_000,
        delayed_name_removal: true,
        use_start_timestamps: true,
        ..Options::default()
    }
}

/// Whether the query gives what is expected; why not.
pub(super) fn check(eval: &Eval, store: &MemoryStore) -> Result<(), String> {
    let expr = parser::parse(&eval.expr, Features::ALL).map_err(|e| format!("does not parse: {e}"))?;
    let run = Run { eval, store };
    match eval.times {
        Times::Range { start, end, step } => {
            let result = engine::range(&expr, store, start, end, step, &options());
            if let Some(evaluation) = run.succeeded(result, &eval.expr)? {
                compare::result(&eval.expect, evaluation.result, (start, end, step))?;
            }
            Ok(())
        }
        Times::Instant(at) => {
            let at = eval.expect.range.map_or(at, |(_, end, _)| end);
            run.instant(&expr, &eval.expr, at)?;
            let Some((pinned, times)) = at_modifier::pinned(&expr, at) else { return Ok(()) };
            let text = pinned.to_string();
            let pinned = parser::parse(&text, Features::ALL)
                .map_err(|e| format!("its printed form does not parse: {text}: {e}"))?;
            for time in times {
                run.instant(&pinned, &text, time).map_err(|e| format!("as {text} at {time} ms: {e}"))?;
            }
            Ok(())
        }
    }
}

#[derive(Clone, Copy)]
struct Run<'a> {
    eval: &'a Eval,
    store: &'a MemoryStore,
}

impl Run<'_> {
    /// Evaluates at one time, alone and in the middle of a range.
    fn instant(self, expr: &Expr, text: &str, at: i64) -> Result<(), String> {
        let Self { eval, store } = self;
        let Some(evaluation) = self.succeeded(engine::instant(expr, store, at, &options()), text)? else {
            return Ok(());
        };
        let is_scalar = matches!(evaluation.result, QueryResult::Scalar(_));
        compare::result(&eval.expect, evaluation.result, eval.expect.range.unwrap_or((at, at, 1)))?;
        // Texts and ranges have no range query, and these calls give something else in one.
        let is_only_instant =
            eval.expect.range.is_some() || matches!(eval.expect.result, Expected::String(_));
        let depends_on_range =
            ["start()", "end()", "range()", "step()"].iter().any(|call| text.contains(call));
        if is_only_instant || depends_on_range {
            return Ok(());
        }
        let result = engine::range(expr, store, at - MINUTE, at + MINUTE, MINUTE, &options());
        let evaluation = result.map_err(|e| format!("as a range query: {e}"))?;
        if eval.expect.ordered {
            return Ok(()); // range queries have an order of their own
        }
        let QueryResult::Matrix(series) = evaluation.result else {
            return Err("a range query does not give a matrix".to_owned());
        };
        compare::is_sorted(&series)?;
        let samples: Vec<VectorSample> = series.iter().filter_map(|series| sample_at(series, at)).collect();
        let middle = match (is_scalar, samples.first().map(|sample| &sample.value)) {
            (true, Some(Value::Float(v))) => QueryResult::Scalar(FloatPoint { t: at, v: *v }),
            (true, Some(Value::Histogram(_)) | None) | (false, _) => QueryResult::Vector(samples),
        };
        compare::result(&eval.expect, middle, (at, at, 1)).map_err(|e| format!("in a range query: {e}"))
    }

    /// The evaluation if it had to succeed and did, nothing if it failed as it had to.
    fn succeeded(
        self,
        result: Result<Evaluation, EvalError>,
        text: &str,
    ) -> Result<Option<Evaluation>, String> {
        let expect = &self.eval.expect;
        match (result, &expect.fail) {
            (Ok(evaluation), None) => {
                annotations(expect, &evaluation.annotations, text)?;
                Ok(Some(evaluation))
            }
            (Ok(_), Some(error)) => Err(format!("expected an error: {error}\ngot a result")),
            (Err(error), Some(expected)) if expected.fits(&error.to_string()) => Ok(None),
            (Err(error), Some(expected)) => Err(format!("expected the error: {expected}\ngot: {error}")),
            (Err(error), None) => Err(format!("failed: {error}")),
        }
    }
}

/// What a series has at a time.
fn sample_at(series: &Series, t: i64) -> Option<VectorSample> {
    let float = series.floats.iter().find(|point| point.t == t).map(|point| Value::Float(point.v));
    let histogram = || {
        let point = series.histograms.iter().find(|point| point.t == t)?;
        Some(Value::Histogram(point.h.clone()))
    };
    let value = float.or_else(histogram)?;
    Some(VectorSample { labels: series.labels.clone(), drop_name: series.drop_name, value, t })
}

fn annotations(expect: &Expectations, found: &Annotations, text: &str) -> Result<(), String> {
    said("warning", &expect.warnings, &found.texts(Severity::Warning, text))?;
    said("info", &expect.infos, &found.texts(Severity::Info, text))
}

fn said(what: &str, expected: &Said, found: &[String]) -> Result<(), String> {
    let all = || found.join("\n     ");
    match expected {
        Said::Unchecked => Ok(()),
        Said::None if found.is_empty() => Ok(()),
        Said::None => Err(format!("expected no {what}\ngot: {}", all())),
        Said::Some if found.is_empty() => Err(format!("expected a {what}\ngot none")),
        Said::Some => Ok(()),
        Said::Like(texts) => {
            let missing = texts.iter().find(|text| !found.iter().any(|found| text.fits(found)));
            if let Some(missing) = missing {
                return Err(format!("expected the {what}: {missing}\ngot: {}", all()));
            }
            let surplus = found.iter().find(|found| !texts.iter().any(|text| Text::fits(text, found)));
            surplus.map_or(Ok(()), |surplus| Err(format!("expected no other {what}\ngot: {surplus}")))
        }
    }
}
