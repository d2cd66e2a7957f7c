//! What the API answers to those who record: stored samples with their own times, and the rules that the data
//! source evaluates.

use serde::Deserialize;

use super::{Number, read};
use crate::model::LabelSet;
use crate::rules::QueryError;

/// A series as it is stored, but for stale markers, which the API does not tell.
#[derive(Clone, Debug, PartialEq)]
pub struct RawSeries {
    /// The labels, the metric name included.
    pub labels: LabelSet,
    /// Times in milliseconds since the epoch, rising, and values.
    pub floats: Vec<(i64, f64)>,
    /// How many native histograms it has beside them.
    pub histograms: usize,
}

/// A group of rules of the data source.
#[derive(Clone, Debug, Deserialize)]
pub struct ApiGroup {
    /// Its name.
    pub name: String,
    /// Its file, on the data source's disk.
    #[serde(default)]
    pub file: String,
    /// How often it is evaluated, in seconds.
    #[serde(default)]
    pub interval: f64,
    /// The most alerts or series of one rule; 0: no limit.
    #[serde(default)]
    pub limit: usize,
    /// Its rules.
    #[serde(default)]
    pub rules: Vec<ApiRule>,
}

/// A rule of the data source.
#[derive(Clone, Debug, Deserialize)]
pub struct ApiRule {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: ApiRuleKind,
    /// The alert's or the metric's name.
    pub name: String,
    /// Its expression.
    pub query: String,
    /// `for`, in seconds.
    #[serde(default)]
    pub duration: f64,
    /// `keep_firing_for`, in seconds.
    #[serde(default, rename = "keepFiringFor")]
    pub keep_firing_for: f64,
    /// Its labels; templates as written.
    #[serde(default)]
    pub labels: LabelSet,
    /// Its annotations; templates as written.
    #[serde(default)]
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// What a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApiRuleKind {
    /// It makes alerts.
    Alerting,
    /// It makes series.
    Recording,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Matrix(Vec<Series>),
}

#[derive(Deserialize)]
struct Series {
    metric: LabelSet,
    #[serde(default)]
    values: Vec<(f64, Number)>,
    #[serde(default)]
    histograms: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<ApiGroup>,
}

/// Reads the answer to a range selector: its HTTP status and body.
///
/// # Errors
/// See [`QueryError`].
pub fn read_series(status: u16, body: &[u8]) -> Result<Vec<RawSeries>, QueryError> {
    let Data::Matrix(all) = read(status, body)?;
    let millis = |seconds: f64| (seconds * 1000.0).round() as i64;
    let series = |one: Series| RawSeries {
        labels: one.metric,
        floats: one.values.into_iter().map(|(at, value)| (millis(at), value.0)).collect(),
        histograms: one.histograms.len(),
    };
    Ok(all.into_iter().map(series).collect())
}

/// Reads the answer to `/api/v1/rules`.
///
/// # Errors
/// See [`QueryError`].
pub fn read_rules(status: u16, body: &[u8]) -> Result<Vec<ApiGroup>, QueryError> {
    Ok(read::<Groups>(status, body)?.groups)
}

#[cfg(test)]
mod tests {
    use super::{read_rules, read_series};

    #[test]
    fn stored_samples_keep_their_own_times() {
        let body = br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},
            "values":[[1726000000.123,"1"],[1726000015.1,"+Inf"]]},{"metric":{"a":"b"},"histograms":[[1,{}]]}]}}"#;
        let series = read_series(200, body).expect("an answer");
        assert_eq!(series[0].floats, [(1_726_000_000_123, 1.0), (1_726_000_015_100, f64::INFINITY)]);
        assert_eq!((series[1].floats.len(), series[1].histograms), (0, 1));
        let vector = br#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
        let error = read_series(200, vector).expect_err("not a matrix").to_string();
        assert!(error.starts_with("unexpected answer: unknown variant `vector`"), "{error}");
    }

    #[test]
    fn rules_of_prometheus_and_its_kin() {
        let body =
            br#"{"status":"success","data":{"groups":[{"name":"g","file":"a.yml","interval":15,"rules":[
            {"type":"alerting","name":"Down","query":"up == 0","duration":300,"labels":{"severity":"page"},
             "annotations":{"summary":"{{ $value }}"},"alerts":[]},
            {"type":"recording","name":"job:up:sum","query":"sum by (job) (up)","health":"ok"}]}]}}"#;
        let groups = read_rules(200, body).expect("an answer");
        let names: Vec<(&str, f64)> =
            groups[0].rules.iter().map(|rule| (rule.name.as_str(), rule.duration)).collect();
        assert_eq!(names, [("Down", 300.0), ("job:up:sum", 0.0)]);
    }
}
