//! A real Prometheus without targets that is given samples by remote write.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use prost::Message;
use sereno::model::LabelSet;
use sereno::promql::value::FloatPoint;

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
    pub(super) async fn start() -> Self {
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
    pub(super) async fn write<'a>(&self, series: impl Iterator<Item = (&'a LabelSet, &'a [FloatPoint])>) {
        let message =
            WriteRequest { timeseries: series.map(|(labels, points)| wire(labels, points)).collect() };
        let body = snap::raw::Encoder::new().compress_vec(&message.encode_to_vec()).expect("it compresses");
        let request = self.client.post(format!("{}/api/v1/write", self.url));
        let request =
            request.header("Content-Encoding", "snappy").header("Content-Type", "application/x-protobuf");
        let answer = request.header("X-Prometheus-Remote-Write-Version", "0.1.0").body(body).send().await;
        let answer = answer.expect("an answer");
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        assert!(status.is_success(), "{status}: {text}");
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

fn wire(labels: &LabelSet, points: &[FloatPoint]) -> TimeSeries {
    let label = |(name, value): (&str, &str)| Label { name: name.to_owned(), value: value.to_owned() };
    let sample = |point: &FloatPoint| Sample { value: point.v, timestamp: point.t };
    TimeSeries { labels: labels.iter().map(label).collect(), samples: points.iter().map(sample).collect() }
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
