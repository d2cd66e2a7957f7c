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

/// The elements of a result at a time, with their values as text, or the error.
type Elements = Result<BTreeMap<String, String>, String>;

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
        // Errors name places, which are others in the printed form.
        let (again, first) = (value_of(&at(&again, start), start), value_of(&first, start));
        let alike = if first.is_err() { again.is_err() } else { are_alike(&again, &first) };
        assert!(alike, "printed as {printed}: {again:?} and {first:?}");
    }
    if !matches!(expr.value_type(), ValueType::Vector | ValueType::Scalar) {
        return Outcome::Accepted;
    }
    let over = range(&expr, store, start, end, step, &options);
    assert_eq!(told(&range(&expr, store, start, end, step, &options)), told(&over), "evaluated again");
    // While names are kept, `or` takes series of both sides for one if only one of them is to lose its name, as in
    // Prometheus.
    let joins_names = options.delayed_name_removal && printed.contains(" or ");
    if !depends_on_query(&printed) && !keeps_first_parameter(&expr) && !joins_names {
        steps_are_instants(&over, (start, end, step), |t| at(&expr, t));
    }
    Outcome::Accepted
}

/// A range may be refused where no instant is, as in Prometheus: for series that become the same without meeting at a
/// step, for steps of subqueries that no instant asks for, or for all the samples in memory at once.
fn steps_are_instants(
    over: &Result<Evaluation, EvalError>,
    (start, end, step): (i64, i64, i64),
    at: impl Fn(i64) -> Result<Evaluation, EvalError>,
) {
    if over.is_err() {
        return;
    }
    for t in (start..=end).step_by(usize::try_from(step).expect("it is positive")) {
        let one = at(t);
        // As in Prometheus, nothing is said of a step without a parameter if no other step asks for anything.
        if matches!(one, Err(EvalError::ParameterNan | EvalError::RatioNan)) {
            continue;
        }
        let (of_range, of_instant) = (value_of(over, t), value_of(&one, t));
        assert!(
            are_alike(&of_range, &of_instant),
            "range and instant at {t}: {of_range:?} and {of_instant:?}"
        );
    }
}

/// Whether both have the same elements, but for what rounding does.
fn are_alike(one: &Elements, other: &Elements) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => {
            let same = |(one, other): ((&String, &String), (&String, &String))| {
                nearly_same(one.0, other.0) && nearly_same(one.1, other.1)
            };
            one.len() == other.len() && one.iter().zip(other).all(same)
        }
        (Ok(_), Err(_)) | (Err(_), Ok(_) | Err(_)) => false,
    }
}

/// Whether an aggregation may use the parameter of the first step at all others: as in Prometheus, only what is
/// aggregated decides about that.
fn keeps_first_parameter(expr: &Expr) -> bool {
    let varies = |param: &Expr| !matches!(param.without_parens(), Expr::Number(_) | Expr::String(_));
    // The same at all steps is what names its time, and what is made of numbers alone.
    let is_fixed = |operand: &Expr| operand.selectors().is_empty() || operand.to_string().contains(" @ ");
    let has_such = |node: &Expr| match node {
        Expr::Aggregate(node) => node.param.as_deref().is_some_and(varies) && is_fixed(&node.operand),
        _ => false,
    };
    expr.nodes().into_iter().any(has_such)
}

/// Series may come in another order, so that sums are rounded differently: number by number, also within a histogram
/// or a label of `count_values`.
fn nearly_same(one: &str, other: &str) -> bool {
    let close = |one: f64, other: f64| (one - other).abs() <= 1e-9 * one.abs().max(other.abs());
    let same_part = |(one, other): (&str, &str)| {
        one == other || matches!((one.parse(), other.parse()), (Ok(one), Ok(other)) if close(one, other))
    };
    let parts = |text| str::split(text, [' ', ':', '[', ']', '{', '}', '"']);
    parts(one).count() == parts(other).count() && parts(one).zip(parts(other)).all(same_part)
}

/// Whether the printed form names the query's own start, end, step or range, or chooses some of several elements that
/// may have the same value: those that come first, and which these are depends on the steps before.
fn depends_on_query(printed: &str) -> bool {
    let names = ["start()", "end()", "step()", "range()", "topk", "bottomk", "limitk"];
    names.iter().any(|name| printed.contains(name))
}

/// Everything that is told of an evaluation.
fn told(evaluation: &Result<Evaluation, EvalError>) -> String {
    format!("{evaluation:?}")
}

/// The elements of a result at a time, or the error; all NaN are the same.
fn value_of(evaluation: &Result<Evaluation, EvalError>, t: i64) -> Elements {
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
