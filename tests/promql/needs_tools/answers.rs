//! Two answers to one query: whether they are the same.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sereno::model::number::{format_float, parse_float};
use sereno::model::sample::Bucket;
use sereno::model::{Histogram, LabelSet};
use sereno::promql::value::{QueryResult, Series, Value};

/// How far floats may be apart, relative to the greater.
const TOLERANCE: f64 = 1e-9;

/// An answer: why there is none, or values by labels and time.
pub(super) enum Answer {
    Failed(String),
    /// The type of the result, and the values of each series.
    Given(&'static str, BTreeMap<LabelSet, Points>),
    Text(String),
}

/// Values with their times in milliseconds.
type Points = Vec<(i64, Shown)>;

/// A value as the query API shows it.
pub(super) enum Shown {
    Float(f64),
    Histogram(Histogram),
}

impl Answer {
    /// What our engine gives.
    pub(super) fn ours(result: QueryResult) -> Self {
        match result {
            QueryResult::String(text, _) => Self::Text(text.to_string()),
            QueryResult::Scalar(point) => {
                Self::Given("scalar", [(LabelSet::default(), vec![(point.t, Shown::Float(point.v))])].into())
            }
            QueryResult::Vector(samples) => {
                let samples = samples.into_iter().map(|it| (it.labels, vec![(it.t, Shown::of(&it.value))]));
                Self::Given("vector", samples.collect())
            }
            QueryResult::Matrix(series) => {
                Self::Given("matrix", series.into_iter().map(|it| (it.labels.clone(), shown(&it))).collect())
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
            Some("scalar") => Self::Given("scalar", [(LabelSet::default(), vec![float(result)])].into()),
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

fn series_differ(ours: &BTreeMap<LabelSet, Points>, theirs: &BTreeMap<LabelSet, Points>) -> Option<String> {
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
        let same = ours.iter().zip(theirs).all(|((t1, v1), (t2, v2))| t1 == t2 && v1.is_same(v2));
        if ours.len() == theirs.len() && same {
            return None;
        }
        Some(format!("{labels}: ours {}, theirs {}", show(ours), show(theirs)))
    })
}

impl Shown {
    fn of(value: &Value) -> Self {
        match value {
            Value::Float(v) => Self::Float(*v),
            Value::Histogram(h) => Self::Histogram(h.to_model()),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(one), Self::Float(two)) => is_same_float(*one, *two),
            (Self::Histogram(one), Self::Histogram(two)) => {
                let same_bucket = |(one, two): (&Bucket, &Bucket)| {
                    let floats = [(one.lower, two.lower), (one.upper, two.upper), (one.count, two.count)];
                    one.bounds == two.bounds && floats.iter().all(|(one, two)| is_same_float(*one, *two))
                };
                is_same_float(one.count, two.count)
                    && is_same_float(one.sum, two.sum)
                    && one.buckets.len() == two.buckets.len()
                    && one.buckets.iter().zip(&two.buckets).all(same_bucket)
            }
            (Self::Float(_), Self::Histogram(_)) | (Self::Histogram(_), Self::Float(_)) => false,
        }
    }

    fn text(&self) -> String {
        let go = |v: f64| format_float(v, 'g', None);
        match self {
            Self::Float(v) => go(*v),
            Self::Histogram(Histogram { count, sum, buckets }) => {
                let bucket = |it: &Bucket| format!(", ({},{}):{}", go(it.lower), go(it.upper), go(it.count));
                let buckets: String = buckets.iter().map(bucket).collect();
                format!("{{count:{}, sum:{}{buckets}}}", go(*count), go(*sum))
            }
        }
    }
}

/// The points of a series in the order of time.
fn shown(series: &Series) -> Points {
    let floats = series.floats.iter().map(|point| (point.t, Shown::Float(point.v)));
    let histograms = series.histograms.iter().map(|point| (point.t, Shown::Histogram(point.h.to_model())));
    let mut all: Points = floats.chain(histograms).collect();
    all.sort_by_key(|(t, _)| *t);
    all
}

fn show(points: &Points) -> String {
    points.iter().map(|(t, v)| format!("{}@{t}", v.text())).collect::<Vec<_>>().join(" ")
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

/// `value` or `histogram` of an instant vector's element, `values` and `histograms` of a matrix'.
fn points(series: &Json) -> Points {
    let many = |key: &str, one: fn(&Json) -> (i64, Shown)| {
        series[key].as_array().into_iter().flatten().map(one).collect::<Points>()
    };
    let mut all = many("values", float);
    all.extend(many("histograms", histogram));
    all.extend(series.get("value").map(float));
    all.extend(series.get("histogram").map(histogram));
    all.sort_by_key(|(t, _)| *t);
    all
}

fn float(json: &Json) -> (i64, Shown) {
    (millis(json), Shown::Float(number(&json[1])))
}

fn histogram(json: &Json) -> (i64, Shown) {
    let bucket = |it: &Json| Bucket {
        bounds: it[0].as_u64().and_then(|bounds| bounds.try_into().ok()).unwrap_or(u8::MAX),
        lower: number(&it[1]),
        upper: number(&it[2]),
        count: number(&it[3]),
    };
    let buckets = json[1]["buckets"].as_array().into_iter().flatten().map(bucket).collect();
    let histogram = Histogram { count: number(&json[1]["count"]), sum: number(&json[1]["sum"]), buckets };
    (millis(json), Shown::Histogram(histogram))
}

fn millis(json: &Json) -> i64 {
    (json[0].as_f64().unwrap_or_default() * 1000.0).round() as i64
}

fn number(json: &Json) -> f64 {
    json.as_str().and_then(parse_float).unwrap_or(f64::NAN)
}
