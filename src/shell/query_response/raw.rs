//! What the API answers to those who record: stored samples with their own times, the rules that the data source
//! evaluates, and how it is set up.

use serde::Deserialize;

use super::{Number, RawHistogram, read};
use crate::config::yaml;
use crate::model::{Duration, Histogram, LabelSet};
use crate::rules::QueryError;

/// A series as it is stored, but for stale markers, which the API does not tell.
#[derive(Clone, Debug, PartialEq)]
pub struct RawSeries {
    /// The labels, the metric name included.
    pub labels: LabelSet,
    /// Times in milliseconds since the epoch, rising, and values.
    pub floats: Vec<(i64, f64)>,
    /// Times and native histograms.
    pub histograms: Vec<(i64, Histogram)>,
}

/// What the configuration of the data source says for all of its rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSettings {
    /// `$externalLabels`
    pub external_labels: LabelSet,
    /// How far back groups look that have no `query_offset` of their own.
    pub query_offset: Duration,
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
    histograms: Vec<(f64, RawHistogram)>,
}

#[derive(Deserialize)]
struct Configuration {
    yaml: String,
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
        histograms: one.histograms.into_iter().map(|(at, raw)| (millis(at), raw.into_histogram())).collect(),
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

/// Reads the answer to `/api/v1/status/config`.
///
/// # Errors
/// See [`QueryError`].
pub fn read_rule_settings(status: u16, body: &[u8]) -> Result<RuleSettings, QueryError> {
    let text = read::<Configuration>(status, body)?.yaml;
    let (root, _) = yaml::parse(&text);
    let Some(global) = root.as_ref().and_then(|root| root.get("global")) else {
        return Ok(RuleSettings::default());
    };
    let external_labels = global.get("external_labels").map(|labels| match &labels.value {
        yaml::Value::Mapping(pairs) => {
            let texts = pairs.iter().filter_map(|(name, value)| Some((name.scalar()?, value.scalar()?)));
            LabelSet::from_pairs(texts.map(|(name, value)| (&*name.text, &*value.text)))
        }
        yaml::Value::Scalar(_) | yaml::Value::Sequence(_) => LabelSet::default(),
    });
    let query_offset = global.get("rule_query_offset").and_then(yaml::Node::scalar);
    Ok(RuleSettings {
        external_labels: external_labels.unwrap_or_default(),
        query_offset: query_offset.and_then(|offset| offset.text.parse().ok()).unwrap_or_default(),
    })
}

/// Reads the answer to `/api/v1/status/flags`: `web.external-url`, if it was given.
///
/// # Errors
/// See [`QueryError`].
pub fn read_external_url(status: u16, body: &[u8]) -> Result<Option<String>, QueryError> {
    let mut flags = read::<std::collections::BTreeMap<String, String>>(status, body)?;
    Ok(flags.remove("web.external-url").filter(|url| !url.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::{read_external_url, read_rule_settings, read_rules, read_series};
    use crate::model::{Duration, LabelSet};

    #[test]
    fn stored_samples_keep_their_own_times() {
        let body =
            br#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},
            "values":[[1726000000.123,"1"],[1726000015.1,"+Inf"]]},{"metric":{"a":"b"},"histograms":[[1.5,
            {"count":"3","sum":"2.5","buckets":[[0,"1","2","3"]]}]]}]}}"#;
        let series = read_series(200, body).expect("an answer");
        assert_eq!(series[0].floats, [(1_726_000_000_123, 1.0), (1_726_000_015_100, f64::INFINITY)]);
        let (at, histogram) = &series[1].histograms[0];
        assert_eq!((series[1].floats.len(), *at, histogram.sum, histogram.buckets.len()), (0, 1500, 2.5, 1));
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

    #[test]
    fn the_external_url_is_a_flag() {
        for (url, wanted) in [("http://prom", Some("http://prom".to_owned())), ("", None)] {
            let body = serde_json::json!({"status": "success", "data": {"web.external-url": url, "x": "y"}});
            assert_eq!(read_external_url(200, body.to_string().as_bytes()).expect("an answer"), wanted);
        }
    }

    #[test]
    fn what_holds_for_all_rules_is_in_the_configuration() {
        let settings = |yaml: &str| {
            let body = serde_json::json!({"status": "success", "data": {"yaml": yaml}});
            read_rule_settings(200, body.to_string().as_bytes()).expect("an answer")
        };
        let full = settings(
            "global:\n  scrape_interval: 15s\n  rule_query_offset: 1m30s\n  external_labels:\n    cluster: eu\n    replica: \"1\"\n",
        );
        assert_eq!(full.external_labels, LabelSet::from_pairs([("cluster", "eu"), ("replica", "1")]));
        assert_eq!(full.query_offset, Duration::from_secs(90));
        for other in
            ["", "rule_files: [a.yml]\n", "global: {external_labels: [a], rule_query_offset: x}\n", "{"]
        {
            assert_eq!(settings(other), Default::default(), "{other}");
        }
    }
}
