//! Two answers to one query: whether they are the same.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sereno::model::LabelSet;
use sereno::model::number::{format_float, parse_float};
use sereno::promql::value::{QueryResult, Value};

/// How far floats may be apart, relative to the greater.
const TOLERANCE: f64 = 1e-9;

/// An answer: why there is none, or values by labels and time.
pub(super) enum Answer {
    Failed(String),
    /// The type of the result, and for each series the values with their times in milliseconds.
    Given(&'static str, BTreeMap<LabelSet, Vec<(i64, f64)>>),
    Text(String),
}

impl Answer {
    /// What our engine gives; histograms cannot come of floats.
    pub(super) fn ours(result: QueryResult) -> Self {
        let float = |value: &Value| match value {
            Value::Float(v) => *v,
            Value::Histogram(_) => f64::NAN,
        };
        match result {
            QueryResult::String(text, _) => Self::Text(text.to_string()),
            QueryResult::Scalar(point) => {
                Self::Given("scalar", [(LabelSet::default(), vec![(point.t, point.v)])].into())
            }
            QueryResult::Vector(samples) => {
                let samples = samples.into_iter().map(|it| (it.labels, vec![(it.t, float(&it.value))]));
                Self::Given("vector", samples.collect())
            }
            QueryResult::Matrix(series) => {
                let points =
                    series.into_iter().map(|it| (it.labels, it.floats.iter().map(|p| (p.t, p.v)).collect()));
                Self::Given("matrix", points.collect())
            }
        }
    }

    /// What Prometheus' API gives.
    pub(super) fn theirs(json: &Json) -> Self {
        if json["status"] != "success" {
            return Self::Failed(json["error"].as_str().unwrap_or_default().to_owned());
        }
        let result = &json["data"]["result"];
        let kinds = ["scalar", "vector", "matrix"];
        match kinds.into_iter().find(|kind| json["data"]["resultType"] == *kind) {
            Some("scalar") => Self::Given("scalar", [(LabelSet::default(), vec![point(result)])].into()),
            Some(kind) => {
                let list = result.as_array().into_iter().flatten();
                Self::Given(kind, list.map(|series| (labels(&series["metric"]), points(series))).collect())
            }
            None => Self::Text(result[1].as_str().unwrap_or_default().to_owned()),
        }
    }

    /// Whether there is any value in it.
    pub(super) fn is_filled(&self) -> bool {
        match self {
            Self::Failed(_) => false,
            Self::Given(_, series) => !series.is_empty(),
            Self::Text(_) => true,
        }
    }

    /// Where they differ first; nothing if they say the same.
    pub(super) fn difference(&self, theirs: &Self) -> Option<String> {
        match (self, theirs) {
            (Self::Failed(_), Self::Failed(_)) => None,
            (Self::Text(ours), Self::Text(theirs)) if ours == theirs => None,
            (Self::Given(mine, ours), Self::Given(kind, theirs)) if mine == kind => {
                series_differ(ours, theirs)
            }
            (ours, theirs) => Some(format!("ours {}, theirs {}", ours.summary(), theirs.summary())),
        }
    }

    fn summary(&self) -> String {
        match self {
            Self::Failed(error) => format!("fails: {error}"),
            Self::Given(kind, series) => format!("is a {kind} of {} series", series.len()),
            Self::Text(text) => format!("is {text:?}"),
        }
    }
}

fn series_differ(
    ours: &BTreeMap<LabelSet, Vec<(i64, f64)>>,
    theirs: &BTreeMap<LabelSet, Vec<(i64, f64)>>,
) -> Option<String> {
    let surplus = ours.keys().find(|labels| !theirs.contains_key(labels));
    let missing = theirs.keys().find(|labels| !ours.contains_key(labels));
    if let Some(labels) = surplus {
        return Some(format!("only ours has {labels} (ours {}, theirs {})", ours.len(), theirs.len()));
    }
    if let Some(labels) = missing {
        return Some(format!("only theirs has {labels} (ours {}, theirs {})", ours.len(), theirs.len()));
    }
    ours.iter().find_map(|(labels, ours)| {
        let theirs = &theirs[labels];
        let is_same = |((t1, v1), (t2, v2)): (&(i64, f64), &(i64, f64))| t1 == t2 && is_same_float(*v1, *v2);
        if ours.len() == theirs.len() && ours.iter().zip(theirs).all(is_same) {
            return None;
        }
        Some(format!("{labels}: ours {}, theirs {}", show(ours), show(theirs)))
    })
}

fn show(points: &[(i64, f64)]) -> String {
    let shown = points.iter().map(|(t, v)| format!("{}@{t}", format_float(*v, 'g', None)));
    shown.collect::<Vec<_>>().join(" ")
}

fn is_same_float(one: f64, two: f64) -> bool {
    if one.is_nan() || two.is_nan() {
        return one.is_nan() && two.is_nan();
    }
    one == two || (one - two).abs() <= TOLERANCE * one.abs().max(two.abs())
}

fn labels(json: &Json) -> LabelSet {
    let pairs = json.as_object().into_iter().flatten();
    LabelSet::from_pairs(pairs.map(|(name, value)| (name, value.as_str().unwrap_or_default())))
}

/// `value` of an instant vector's element, `values` of a matrix'.
fn points(series: &Json) -> Vec<(i64, f64)> {
    match series["values"].as_array() {
        Some(values) => values.iter().map(point).collect(),
        None => vec![point(&series["value"])],
    }
}

fn point(json: &Json) -> (i64, f64) {
    let seconds = json[0].as_f64().unwrap_or_default();
    let v = json[1].as_str().and_then(parse_float).unwrap_or(f64::NAN);
    ((seconds * 1000.0).round() as i64, v)
}
