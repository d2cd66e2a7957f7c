//! What the query API answers, read into the core's values. Pure: bytes in, value or error out.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};

mod raw;

pub use raw::{
    ApiGroup, ApiRule, ApiRuleKind, RawSeries, RuleSettings, read_external_url, read_rule_settings,
    read_rules, read_series,
};

use crate::model::sample::Bucket;
use crate::model::{Histogram, LabelSet, QueryValue, Sample, SampleValue};
use crate::rules::QueryError;

/// The most characters of a foreign answer that an error shows.
const EXCERPT: usize = 200;

/// Reads the answer to `/api/v1/query`: its HTTP status and body.
///
/// A warning means that the result may lack series (a truncated or partial result), which would resolve
/// alerts by mistake: it is an error here. Notes on the expression itself (`PromQL warning: …`) are not,
/// as they come with a whole result.
///
/// # Errors
/// See [`QueryError`].
pub fn read_answer(status: u16, body: &[u8]) -> Result<QueryValue, QueryError> {
    read::<Data>(status, body)?.into_value()
}

/// What the API answers as `data`, if all went well.
fn read<D: DeserializeOwned>(status: u16, body: &[u8]) -> Result<D, QueryError> {
    let answer: Answer<D> = match serde_json::from_slice(body) {
        Ok(answer) => answer,
        Err(error) => return Err(foreign_answer(status, body, &error)),
    };
    if answer.status != "success" || !(200..300).contains(&status) {
        let kind = answer.error_type.unwrap_or_else(|| format!("http {status}"));
        return Err(QueryError::Refused { kind, message: answer.error.unwrap_or_default() });
    }
    let mut incomplete = answer.warnings.unwrap_or_default();
    incomplete.retain(|warning| !warning.starts_with("PromQL "));
    if answer.is_partial {
        incomplete.push("the data source marked it as partial".to_owned());
    }
    if !incomplete.is_empty() {
        return Err(QueryError::Incomplete(incomplete.join("; ")));
    }
    answer.data.ok_or_else(|| QueryError::Malformed("success without data".to_owned()))
}

/// An answer that is not the API's: an error page of a proxy, or another service.
fn foreign_answer(status: u16, body: &[u8], error: &serde_json::Error) -> QueryError {
    let text = excerpt(body);
    match status {
        200..300 => QueryError::Malformed(format!("{error}: {text}")),
        500.. => QueryError::Unreachable(format!("HTTP {status}: {text}")),
        _ => QueryError::Refused { kind: format!("http {status}"), message: text },
    }
}

/// The beginning of a body on one line.
pub(super) fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * EXCERPT)]);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[derive(Deserialize)]
struct Answer<D> {
    status: String,
    data: Option<D>,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
    warnings: Option<Vec<String>>,
    /// VictoriaMetrics' cluster says so when a storage node did not answer.
    #[serde(default, rename = "isPartial")]
    is_partial: bool,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<RawSample>),
    Scalar(Point),
    String((serde_json::Value, String)),
    Matrix(serde::de::IgnoredAny),
}

impl Data {
    fn into_value(self) -> Result<QueryValue, QueryError> {
        Ok(match self {
            Self::Vector(raw) => {
                QueryValue::Vector(raw.into_iter().map(RawSample::into_sample).collect::<Result<_, _>>()?)
            }
            Self::Scalar(point) => QueryValue::Scalar(point.1.0),
            Self::String((_, text)) => QueryValue::String(text),
            Self::Matrix(_) => QueryValue::Matrix,
        })
    }
}

/// Time and value; the time is the one we asked for.
#[derive(Deserialize)]
struct Point(serde::de::IgnoredAny, Number);

#[derive(Deserialize)]
struct RawSample {
    metric: LabelSet,
    value: Option<Point>,
    histogram: Option<(serde::de::IgnoredAny, RawHistogram)>,
}

impl RawSample {
    fn into_sample(self) -> Result<Sample, QueryError> {
        let value = match (self.value, self.histogram) {
            (Some(point), _) => SampleValue::Float(point.1.0),
            (None, Some((_, histogram))) => SampleValue::Histogram(Arc::new(histogram.into_histogram())),
            (None, None) => {
                return Err(QueryError::Malformed(format!(
                    "{} has neither value nor histogram",
                    self.metric
                )));
            }
        };
        Ok(Sample { labels: self.metric, value })
    }
}

#[derive(Deserialize)]
struct RawHistogram {
    count: Number,
    sum: Number,
    #[serde(default)]
    buckets: Vec<(u8, Number, Number, Number)>,
}

impl RawHistogram {
    fn into_histogram(self) -> Histogram {
        let bucket = |(bounds, lower, upper, count): (u8, Number, Number, Number)| Bucket {
            bounds,
            lower: lower.0,
            upper: upper.0,
            count: count.0,
        };
        Histogram {
            count: self.count.0,
            sum: self.sum.0,
            buckets: self.buckets.into_iter().map(bucket).collect(),
        }
    }
}

/// A float as text, `"NaN"` and `"+Inf"` included.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map(Number).map_err(|_| D::Error::custom(format!("not a number: {text:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::read_answer;
    use crate::model::{QueryValue, SampleValue};

    fn show(status: u16, body: &str) -> String {
        match read_answer(status, body.as_bytes()) {
            Ok(QueryValue::Vector(samples)) => {
                let show = |value: &SampleValue| match value {
                    SampleValue::Float(value) => value.to_string(),
                    SampleValue::Histogram(h) => {
                        format!("n={} sum={} {} buckets", h.count, h.sum, h.buckets.len())
                    }
                };
                let lines: Vec<_> =
                    samples.iter().map(|s| format!("{} {}", s.labels, show(&s.value))).collect();
                lines.join("; ")
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn answers_of_prometheus_and_its_kin() {
        for (case, status, body, want) in [
            (
                "vector",
                200,
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"node"},"value":[1726000000.123,"0"]},{"metric":{},"value":[1726000000,"NaN"]}]}}"#,
                r#"{__name__="up", job="node"} 0; {} NaN"#,
            ),
            (
                "native histogram",
                200,
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"histogram":[1726000000,{"count":"12","sum":"18.4","buckets":[[1,"-4","-2.8","2"],[3,"-0.001","0.001","10"]]}]}]}}"#,
                r#"{job="a"} n=12 sum=18.4 2 buckets"#,
            ),
            (
                "scalar",
                200,
                r#"{"status":"success","data":{"resultType":"scalar","result":[1726000000,"+Inf"]}}"#,
                "Scalar(inf)",
            ),
            (
                "string",
                200,
                r#"{"status":"success","data":{"resultType":"string","result":[1726000000,"hi"]}}"#,
                r#"String("hi")"#,
            ),
            (
                "matrix",
                200,
                r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]]}]}}"#,
                "Matrix",
            ),
            (
                "result before its type, statistics (VictoriaMetrics)",
                200,
                r#"{"status":"success","isPartial":false,"data":{"result":[{"metric":{"a":"b"},"value":[1,"1e+06"]}],"resultType":"vector"},"stats":{"seriesFetched":"1"}}"#,
                r#"{a="b"} 1000000"#,
            ),
            (
                "infos and notes on the expression do not matter",
                200,
                r#"{"status":"success","data":{"resultType":"vector","result":[]},"infos":["PromQL info: metric might not be a counter"],"warnings":["PromQL warning: bucket label \"le\" is missing"]}"#,
                "",
            ),
            (
                "bad expression",
                400,
                r#"{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:3: parse error: unexpected end of input"}"#,
                r#"bad_data: invalid parameter "query": 1:3: parse error: unexpected end of input"#,
            ),
            (
                "query timeout",
                503,
                r#"{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"#,
                "timeout: query timed out in expression evaluation",
            ),
            (
                "truncated",
                200,
                r#"{"status":"success","data":{"resultType":"vector","result":[]},"warnings":["results truncated due to limit"]}"#,
                "incomplete result: results truncated due to limit",
            ),
            (
                "partial (VictoriaMetrics)",
                200,
                r#"{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}"#,
                "incomplete result: the data source marked it as partial",
            ),
            (
                "a proxy's error page",
                502,
                "<html>\n<h1>502 Bad Gateway</h1>\n</html>",
                "data source unreachable: HTTP 502: <html> <h1>502 Bad Gateway</h1> </html>",
            ),
            ("not the API", 404, "404 page not found\n", "http 404: 404 page not found"),
            ("wrong credentials", 401, "Unauthorized\n", "http 401: Unauthorized"),
            (
                "a login page",
                200,
                "<html>log in</html>",
                "unexpected answer: expected value at line 1 column 1: <html>log in</html>",
            ),
            (
                "no value",
                200,
                r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"}}]}}"#,
                r#"unexpected answer: {a="b"} has neither value nor histogram"#,
            ),
            ("no data", 200, r#"{"status":"success"}"#, "unexpected answer: success without data"),
        ] {
            assert_eq!(show(status, body), want, "{case}");
        }
    }

    #[test]
    fn a_number_that_is_none_is_malformed() {
        let body =
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}}"#;
        assert!(show(200, body).starts_with("unexpected answer: not a number: \"x\""), "{}", show(200, body));
    }
}
