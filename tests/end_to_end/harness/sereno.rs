//! Our own server, as a user starts it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::{Process, client, eventually};

pub(crate) struct Sereno {
    folder: tempfile::TempDir,
    address: String,
    log: Arc<Mutex<String>>,
    process: Process,
    client: reqwest::Client,
}

impl Sereno {
    /// Starts it with these files, evaluating every second, and waits until it listens.
    pub(crate) async fn start(prometheus_url: &str, rules: &str, routes: &str, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write_files(folder.path(), rules, routes);
        let mut child = Command::new(env!("CARGO_BIN_EXE_sereno"))
            .current_dir(folder.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--evaluation-interval", "1s"])
            .args(["--prometheus-url", prometheus_url, "--log-level", "debug"])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sereno starts");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let writer = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                writer.lock().expect("not poisoned").push_str(&(line + "\n"));
            }
        });
        let address = eventually("sereno listens", || async {
            let log = log.lock().expect("not poisoned").clone();
            let line = log.lines().find_map(|line| line.strip_prefix("listening address="));
            line.map(str::to_owned)
        })
        .await;
        Self { folder, address, log, process: Process(child), client: client() }
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn write_files(&self, rules: &str, routes: &str) {
        write_files(self.folder.path(), rules, routes);
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.address);
        let answer = self.client.get(url).send().await.expect("sereno answers");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        let (_, text) = self.get(path).await;
        serde_json::from_str(&text).expect(&text)
    }

    pub(crate) async fn post(&self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.address);
        let answer = self.client.post(url).send().await.expect("sereno answers");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    }

    /// The states of all pending and firing alerts.
    pub(crate) async fn alert_states(&self) -> Vec<String> {
        let answer = self.get_json("/api/v1/alerts").await;
        let alerts = answer["data"]["alerts"].as_array().expect("alerts").clone();
        alerts.iter().map(|alert| alert["state"].as_str().expect("a state").to_owned()).collect()
    }

    /// Waits until the alerts are in these states.
    pub(crate) async fn wait_alerts(&self, states: &[&str]) {
        eventually(&format!("alerts are {states:?}; log:\n{}", self.log()), || async {
            (self.alert_states().await == states).then_some(())
        })
        .await;
    }

    /// The value of a metric, with labels as written in the exposition.
    pub(crate) async fn metric(&self, name: &str) -> Option<f64> {
        let (_, text) = self.get("/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map(|value| value.parse().expect("a number"))
    }

    /// Waits for so many more evaluations, well or not, of the group `app`.
    pub(crate) async fn wait_evaluations(&self, more: u32) {
        let name = "prometheus_rule_group_iterations_total{rule_group=\"rules/app.yml;app\"}";
        let start = self.metric(name).await.unwrap_or(0.0);
        eventually("rules are evaluated", || async {
            (self.metric(name).await.unwrap_or(0.0) >= start + f64::from(more)).then_some(())
        })
        .await;
    }

    pub(crate) fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    pub(crate) async fn wait_end(&mut self) -> ExitStatus {
        let process = Mutex::new(&mut self.process);
        eventually("sereno ends", || async { process.lock().expect("not poisoned").has_ended() }).await
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("not poisoned").clone()
    }
}

fn write_files(folder: &Path, rules: &str, routes: &str) {
    std::fs::create_dir_all(folder.join("rules")).expect("created");
    std::fs::write(folder.join("rules/app.yml"), rules).expect("written");
    std::fs::write(folder.join("routes.yml"), routes).expect("written");
}
