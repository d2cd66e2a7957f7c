//! A real Prometheus without targets that is given samples by remote write.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use prost::Message;
use sereno::promql::histogram::{Buckets, CounterResetHint, FloatHistogram};
use sereno::promql::source::StoredSeries;
use sereno::promql::value::{FloatPoint, HistogramPoint};

/// How long it may take to start or to answer.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Prometheus {
    process: Child,
    client: reqwest::Client,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    /// A new one without samples, with these features enabled.
    pub(super) async fn start(features: &[&str]) -> Self {
        // An error means that another test of this process was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/usr/bin/prometheus");
        assert!(program.exists(), "{} is missing: run `make tools`", program.display());
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("prometheus.yml"), "{}").expect("written");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let process = Command::new(program)
            .current_dir(folder.path())
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .args(["--storage.tsdb.retention.time=100y", "--web.enable-remote-write-receiver"])
            .arg(format!("--web.listen-address={address}"))
            .args(features.iter().map(|feature| format!("--enable-feature={feature}")))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let client = reqwest::Client::builder().timeout(PATIENCE).build().expect("a client");
        let process = process.expect("it starts");
        let server = Self { process, client, url: format!("http://{address}"), _folder: folder };
        server.wait_until_ready().await;
        server
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a real server takes real time; this waits for a condition"
    )]
    async fn wait_until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.client.get(format!("{}/-/ready", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(Instant::now() < deadline, "Prometheus is not ready after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The text that `--version` shows first, such as `2.42.0`.
    pub(super) async fn version(&self) -> String {
        let answer = self.get("/api/v1/status/buildinfo", &[]).await;
        answer["data"]["version"].as_str().unwrap_or_default().to_owned()
    }

    /// Gives it samples; no sample may be more than an hour older than any that it has.
    pub(super) async fn write<'a>(&self, series: impl Iterator<Item = StoredSeries<'a>>) {
        let refused = self.try_write(series).await;
        assert!(refused.is_ok(), "{refused:?}");
    }

    /// Gives it samples that it may refuse; then the status and the text that it says.
    pub(super) async fn try_write<'a>(
        &self,
        series: impl Iterator<Item = StoredSeries<'a>>,
    ) -> Result<(), String> {
        let message = WriteRequest { timeseries: series.map(wire).collect() };
        let body = snap::raw::Encoder::new().compress_vec(&message.encode_to_vec()).expect("it compresses");
        let request = self.client.post(format!("{}/api/v1/write", self.url));
        let request =
            request.header("Content-Encoding", "snappy").header("Content-Type", "application/x-protobuf");
        let answer = request.header("X-Prometheus-Remote-Write-Version", "0.1.0").body(body).send().await;
        let answer = answer.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        if status.is_success() { Ok(()) } else { Err(format!("{status}: {}", text.trim())) }
    }

    /// Its answer, an error of its API included.
    pub(super) async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> serde_json::Value {
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let request = self.client.post(format!("{}{path}", self.url));
        let request = match parameters {
            [] => self.client.get(format!("{}{path}", self.url)),
            _ => request.header("Content-Type", "application/x-www-form-urlencoded").body(encoded),
        };
        let answer = request.send().await.expect("an answer");
        let text = answer.text().await.expect("a text");
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path} {parameters:?}: {e}: {text}"))
    }
}

fn wire(series: StoredSeries<'_>) -> TimeSeries {
    let label = |(name, value): (&str, &str)| Label { name: name.to_owned(), value: value.to_owned() };
    let sample = |point: &FloatPoint| Sample { value: point.v, timestamp: point.t };
    TimeSeries {
        labels: series.labels.iter().map(label).collect(),
        samples: series.floats.iter().map(sample).collect(),
        histograms: series.histograms.iter().map(histogram).collect(),
    }
}

/// With whole numbers if all of them are, as of a counter that was scraped; else with floats, as of a sum.
fn histogram(point: &HistogramPoint) -> Histogram {
    let FloatHistogram { schema, sum, count, zero_count, zero_threshold, positive, negative, .. } = &*point.h;
    let mut numbers = [count, zero_count].into_iter().chain(&positive.counts).chain(&negative.counts);
    let reset_hint = match point.h.counter_reset_hint {
        CounterResetHint::Unknown => 0,
        CounterResetHint::Reset => 1,
        CounterResetHint::NotReset => 2,
        CounterResetHint::Gauge => 3,
    };
    let span = |span: &sereno::promql::histogram::BucketSpan| BucketSpan {
        offset: span.offset,
        length: span.length,
    };
    let spans = |side: &Buckets| side.spans.iter().map(span).collect();
    let histogram = Histogram {
        sum: *sum,
        schema: *schema,
        zero_threshold: *zero_threshold,
        negative_spans: spans(negative),
        positive_spans: spans(positive),
        reset_hint,
        timestamp: point.t,
        ..Histogram::default()
    };
    if numbers.all(|number| number.fract() == 0.0 && *number >= 0.0) {
        Histogram {
            count_int: Some(*count as u64),
            zero_count_int: Some(*zero_count as u64),
            negative_deltas: deltas(&negative.counts),
            positive_deltas: deltas(&positive.counts),
            ..histogram
        }
    } else {
        Histogram {
            count_float: Some(*count),
            zero_count_float: Some(*zero_count),
            negative_counts: negative.counts.clone(),
            positive_counts: positive.counts.clone(),
            ..histogram
        }
    }
}

fn deltas(counts: &[f64]) -> Vec<i64> {
    let mut before = 0;
    counts.iter().map(|count| *count as i64 - std::mem::replace(&mut before, *count as i64)).collect()
}

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    count_int: Option<u64>,
    #[prost(double, optional, tag = "2")]
    count_float: Option<f64>,
    #[prost(double, tag = "3")]
    sum: f64,
    #[prost(sint32, tag = "4")]
    schema: i32,
    #[prost(double, tag = "5")]
    zero_threshold: f64,
    #[prost(uint64, optional, tag = "6")]
    zero_count_int: Option<u64>,
    #[prost(double, optional, tag = "7")]
    zero_count_float: Option<f64>,
    #[prost(message, repeated, tag = "8")]
    negative_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "9")]
    negative_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "10")]
    negative_counts: Vec<f64>,
    #[prost(message, repeated, tag = "11")]
    positive_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "12")]
    positive_deltas: Vec<i64>,
    #[prost(double, repeated, tag = "13")]
    positive_counts: Vec<f64>,
    #[prost(int32, tag = "14")]
    reset_hint: i32,
    #[prost(int64, tag = "15")]
    timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
struct BucketSpan {
    #[prost(sint32, tag = "1")]
    offset: i32,
    #[prost(uint32, tag = "2")]
    length: u32,
}
