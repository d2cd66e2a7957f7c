//! What an evaluation gives is the same each time, for the printed form as well, and at each step of a range what
//! it is at that time alone.

use std::collections::BTreeMap;

use sereno::promql::ast::{Expr, ValueType};
use sereno::promql::engine::{EvalError, Evaluation, Options, instant, range};
use sereno::promql::histogram::FloatHistogram;
use sereno::promql::memory::MemoryStore;
use sereno::promql::parser::{Features, parse};
use sereno::promql::value::{QueryResult, Value};

use super::parser::prints_otherwise;
use super::random::Random;
use super::series::INTERVAL;
use super::{Outcome, parser};

/// Enough for the small stores, unless something grows without bounds.
const MAX_SAMPLES: usize = 200_000;

pub(crate) fn check(text: &str, store: &MemoryStore, random: &mut Random) -> Outcome {
    parser::check(text);
    let Ok(expr) = parse(text, Features::ALL) else { return Outcome::Refused };
    let options = Options {
        lookback: [60_000, 300_000, 1][random.below(3)],
        max_samples: MAX_SAMPLES,
        delayed_name_removal: random.chance(30),
        default_subquery_step: INTERVAL,
        ..Options::default()
    };
    let step = [INTERVAL, 7_000, 60_000, 1_000][random.below(4)];
    let start = -INTERVAL + random.below(80) as i64 * 10_000;
    let end = start + random.below(24) as i64 * step;
    let at = |expr: &Expr, t: i64| instant(expr, store, t, &options);
    let first = at(&expr, start);
    assert_eq!(told(&at(&expr, start)), told(&first), "evaluated again");
    let printed = expr.to_string();
    if !prints_otherwise(&printed)
        && let Ok(again) = parse(&printed, Features::ALL)
    {
        assert_eq!(value_of(&at(&again, start), start), value_of(&first, start), "printed as {printed}");
    }
    if !matches!(expr.value_type(), ValueType::Vector | ValueType::Scalar) {
        return Outcome::Accepted;
    }
    let over = range(&expr, store, start, end, step, &options);
    assert_eq!(told(&range(&expr, store, start, end, step, &options)), told(&over), "evaluated again");
    if !depends_on_query(&printed) {
        steps_are_instants(&over, (start, end, step), |t| at(&expr, t));
    }
    Outcome::Accepted
}

fn steps_are_instants(
    over: &Result<Evaluation, EvalError>,
    (start, end, step): (i64, i64, i64),
    at: impl Fn(i64) -> Result<Evaluation, EvalError>,
) {
    let mut failed = None;
    let mut t = start;
    while t <= end {
        let one = at(t);
        match (&one, over) {
            (Err(error), _) => failed = Some(error.clone()),
            (Ok(_), Ok(_)) => assert_eq!(value_of(over, t), value_of(&one, t), "range and instant at {t}"),
            (Ok(_), Err(_)) => {}
        }
        t += step;
    }
    // How much is in memory is another matter for many steps than for one.
    if !matches!((over.as_ref().err(), &failed), (Some(EvalError::TooManySamples), _) | (_, Some(EvalError::TooManySamples))) {
        assert_eq!(over.as_ref().err().is_some(), failed.is_some(), "range: {:?}, instant: {failed:?}", over.as_ref().err());
    }
}

/// Whether the printed form names the query's own start, end, step or range.
fn depends_on_query(printed: &str) -> bool {
    ["start()", "end()", "step()", "range()"].iter().any(|name| printed.contains(name))
}

/// Everything that is told of an evaluation.
fn told(evaluation: &Result<Evaluation, EvalError>) -> String {
    format!("{evaluation:?}")
}

/// The elements of a result at a time, or the error; all NaN are the same.
fn value_of(evaluation: &Result<Evaluation, EvalError>, t: i64) -> Result<BTreeMap<String, String>, String> {
    let result = match evaluation {
        Ok(evaluation) => &evaluation.result,
        Err(error) => return Err(error.to_string()),
    };
    let mut elements = BTreeMap::new();
    let mut add = |labels: String, value: String| {
        let other = elements.insert(labels.clone(), value);
        assert!(other.is_none(), "{labels} is there twice");
    };
    match result {
        QueryResult::Scalar(point) => add("{}".to_owned(), point.v.to_string()),
        QueryResult::String(text, _) => add(String::new(), text.to_string()),
        QueryResult::Vector(samples) => {
            for sample in samples {
                add(sample.labels.to_string(), text(&sample.value));
            }
        }
        QueryResult::Matrix(matrix) => {
            for series in matrix {
                let float = series.floats.iter().find(|point| point.t == t).map(|point| point.v.to_string());
                let histogram = series.histograms.iter().find(|point| point.t == t);
                let both = float.is_some() && histogram.is_some();
                assert!(!both, "{} has a float and a histogram", series.labels);
                if let Some(value) = float.or_else(|| histogram.map(|point| histogram_text(&point.h))) {
                    add(series.labels.to_string(), value);
                }
            }
        }
    }
    Ok(elements)
}

fn text(value: &Value) -> String {
    match value {
        Value::Float(v) => v.to_string(),
        Value::Histogram(h) => histogram_text(h),
    }
}

fn histogram_text(histogram: &FloatHistogram) -> String {
    histogram.notation()
}
