//! Results of queries in the JSON of Prometheus' API: values as strings, times as seconds.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::model::LabelSet;
use crate::model::number::format_float;
use crate::promql::histogram::{Bucket, FloatHistogram};
use crate::promql::value::{FloatPoint, HistogramPoint, QueryResult, Series, Value, VectorSample};

/// The data of an answer to a query: type, value, and numbers about the evaluation if they were asked for.
#[derive(Debug, serde::Serialize)]
pub(super) struct QueryData {
    #[serde(rename = "resultType")]
    result_type: &'static str,
    result: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<serde_json::Value>,
}

impl QueryData {
    /// The result, with these numbers about it.
    pub(super) fn new(result: QueryResult, stats: Option<serde_json::Value>) -> Self {
        let result_type = match &result {
            QueryResult::Scalar(_) => "scalar",
            QueryResult::String(..) => "string",
            QueryResult::Vector(_) => "vector",
            QueryResult::Matrix(_) => "matrix",
        };
        Self { result_type, result: Shown(result), stats }
    }
}

#[derive(Debug)]
struct Shown(QueryResult);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            QueryResult::Scalar(point) => float(point).serialize(serializer),
            QueryResult::String(text, at) => (Seconds(*at), &**text).serialize(serializer),
            QueryResult::Vector(samples) => serializer.collect_seq(samples.iter().map(ShownSample)),
            QueryResult::Matrix(matrix) => serializer.collect_seq(matrix.iter().map(ShownSeries)),
        }
    }
}

struct ShownSample<'a>(&'a VectorSample);

impl Serialize for ShownSample<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sample = self.0;
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("metric", &sample.labels)?;
        match &sample.value {
            Value::Float(v) => map.serialize_entry("value", &(Seconds(sample.t), Number(*v)))?,
            Value::Histogram(h) => map.serialize_entry("histogram", &(Seconds(sample.t), Histogram(h)))?,
        }
        map.end()
    }
}

struct ShownSeries<'a>(&'a Series);

impl Serialize for ShownSeries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Series { labels, floats, histograms, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry::<str, LabelSet>("metric", labels)?;
        if !floats.is_empty() {
            map.serialize_entry("values", &floats.iter().map(float).collect::<Vec<_>>())?;
        }
        if !histograms.is_empty() {
            map.serialize_entry("histograms", &histograms.iter().map(histogram).collect::<Vec<_>>())?;
        }
        map.end()
    }
}

fn float(point: &FloatPoint) -> (Seconds, Number) {
    (Seconds(point.t), Number(point.v))
}

fn histogram(point: &HistogramPoint) -> (Seconds, Histogram<'_>) {
    (Seconds(point.t), Histogram(&point.h))
}

/// Milliseconds as seconds: without a fraction if there is none.
struct Seconds(i64);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 1000 {
            0 => serializer.serialize_i64(self.0 / 1000),
            _ => serializer.serialize_f64(self.0 as f64 / 1000.0),
        }
    }
}

/// A value as a string, since JSON has neither NaN nor infinities.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let size = self.0.abs();
        let verb = if size != 0.0 && !(1e-6..1e21).contains(&size) { 'e' } else { 'f' };
        serializer.serialize_str(&format_float(self.0, verb, None))
    }
}

struct Histogram<'a>(&'a FloatHistogram);

impl Serialize for Histogram<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("count", &Number(self.0.count))?;
        map.serialize_entry("sum", &Number(self.0.sum))?;
        let buckets: Vec<ShownBucket> =
            self.0.all_buckets().into_iter().filter(|bucket| bucket.count != 0.0).map(ShownBucket).collect();
        if !buckets.is_empty() {
            map.serialize_entry("buckets", &buckets)?;
        }
        map.end()
    }
}

/// `[bounds, lower, upper, count]`, where bounds says which of both belong to it.
struct ShownBucket(Bucket);

impl Serialize for ShownBucket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bounds = match (self.0.lower_inclusive, self.0.upper_inclusive) {
            (false, true) => 0,
            (true, false) => 1,
            (false, false) => 2,
            (true, true) => 3,
        };
        let mut list = serializer.serialize_seq(Some(4))?;
        list.serialize_element(&bounds)?;
        list.serialize_element(&Number(self.0.lower))?;
        list.serialize_element(&Number(self.0.upper))?;
        list.serialize_element(&Number(self.0.count))?;
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, Seconds};

    #[test]
    fn values_are_written_as_prometheus_does() {
        for (value, want) in [
            (0.0, "\"0\""),
            (-0.0, "\"-0\""),
            (1.5, "\"1.5\""),
            (1e20, "\"100000000000000000000\""),
            (1e21, "\"1e+21\""),
            (0.000_001, "\"0.000001\""),
            (0.000_000_1, "\"1e-07\""),
            (f64::NAN, "\"NaN\""),
            (f64::INFINITY, "\"+Inf\""),
            (f64::NEG_INFINITY, "\"-Inf\""),
        ] {
            assert_eq!(serde_json::to_string(&Number(value)).expect("a string"), want);
        }
    }

    #[test]
    fn times_are_seconds_with_the_fraction_they_need() {
        for (millis, want) in [
            (0, "0"),
            (1_435_781_451_000, "1435781451"),
            (1_435_781_451_781, "1435781451.781"),
            (1_050, "1.05"),
            (-1_001, "-1.001"),
        ] {
            assert_eq!(serde_json::to_string(&Seconds(millis)).expect("a number"), want);
        }
    }
}
