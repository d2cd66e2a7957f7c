//! `sereno serve` on a folder that outlives it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::eventually;
use super::place::SmallDisk;

/// Where a server runs, again and again.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    pub(crate) data: PathBuf,
    disk: Option<SmallDisk>,
}

/// A server that runs.
pub(crate) struct Server {
    process: Child,
    log: Arc<Mutex<String>>,
    pub(crate) asker: Asker,
}

/// Someone who asks a server, also when that may be gone.
#[derive(Clone)]
pub(crate) struct Asker {
    address: String,
    client: reqwest::Client,
}

impl Home {
    /// A home whose server tells `url`, a group for each value of the label `group`.
    pub(crate) fn new(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let routes = format!(
            "route: {{receiver: hook, group_by: [group], group_wait: 5ms, group_interval: 20ms}}\n\
             receivers: [{{name: hook, webhook_configs: [{{url: '{url}'}}]}}]\n"
        );
        std::fs::write(folder.path().join("routes.yml"), routes).expect("written");
        let data = folder.path().join("data");
        Self { folder, data, disk: None }
    }

    /// The same, with the data on that disk.
    pub(crate) fn on(url: &str, disk: SmallDisk) -> Self {
        Self { data: disk.path().to_owned(), disk: Some(disk), ..Self::new(url) }
    }

    pub(crate) fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().expect("it has one")
    }

    fn command(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_sereno");
        let mut command = match &self.disk {
            Some(disk) => disk.command(program),
            None => Command::new(program),
        };
        command
            // A path: a command in a namespace does not start in our folder.
            .arg("serve")
            .arg("--routes")
            .arg(self.folder.path().join("routes.yml"))
            .args(["--listen", "127.0.0.1:0", "--external-url", "http://sereno"])
            .args(["--prometheus-url", "http://127.0.0.1:1"])
            .arg("--data-dir")
            .arg(&self.data);
        command
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn start(&self) -> Server {
        let mut process = self.command().stderr(Stdio::piped()).spawn().expect("it starts");
        let log = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(process.stderr.take().expect("it is piped")).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            log.lock().expect("not poisoned").push_str(&format!("{line}\n"));
            line.strip_prefix("listening address=").map(str::to_owned)
        });
        let address = address.unwrap_or_else(|| panic!("it ended: {}", log.lock().expect("not poisoned")));
        let writer = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writer.lock().expect("not poisoned").push_str(&format!("{line}\n"));
            }
        });
        // An error means that another test of this process was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Server { process, log, asker: Asker { address, client: reqwest::Client::new() } }
    }

    /// Starts a server that is to give up at once; answers with its exit code and what it says.
    pub(crate) fn start_in_vain(&self) -> (Option<i32>, String) {
        let mut process = self.command().stderr(Stdio::piped()).spawn().expect("it starts");
        let mut said = String::new();
        for line in BufReader::new(process.stderr.take().expect("it is piped")).lines() {
            said.push_str(&(line.expect("a text") + "\n"));
            if said.contains("listening address=") {
                let _ = (process.kill(), process.wait());
                panic!("it did start: {said}");
            }
        }
        (process.wait().expect("our own child").code(), said)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.data.join("sereno.db")
    }

    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.data)
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<_> = entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

impl Server {
    /// Ends it as a power cut would, as far as a process can tell.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("our own child");
        self.process.wait().expect("our own child");
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let sent = Command::new("kill").arg(self.process.id().to_string()).status();
        assert!(sent.expect("kill starts").success());
        self.process.wait().expect("our own child")
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("not poisoned").clone()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let (status, text) = self.asker.ask(Request::Get(path.to_owned())).await.expect("it answers");
        (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path}: {text}")))
    }

    /// Posts an alert that fires; the status and what is said.
    pub(crate) async fn post_alert(&self, name: &str, group: &str) -> (u16, String) {
        self.asker.ask(post_alert(name, group, false)).await.expect("it answers")
    }

    /// The names of the alerts that are active.
    pub(crate) async fn alerts(&self) -> Vec<String> {
        let (status, alerts) = self.get("/api/v2/alerts").await;
        assert_eq!(status, 200, "{alerts}");
        let name = |alert: &Value| alert["labels"]["alertname"].as_str().expect("a name").to_owned();
        alerts.as_array().expect("alerts").iter().map(name).collect()
    }

    /// The check `store` of `/health`, with the status of the answer.
    pub(crate) async fn health(&self) -> (u16, Value) {
        let (status, health) = self.get("/health").await;
        (status, health["checks"]["store"].clone())
    }

    /// Waits until `/health` says that the disk is written to again.
    pub(crate) async fn wait_well(&self) {
        eventually(&format!("the disk is written to; log:\n{}", self.log()), || async {
            (self.health().await.1["error"].is_null()).then_some(())
        })
        .await;
    }

    /// The value of a metric.
    pub(crate) async fn metric(&self, name: &str) -> String {
        let (_, text) = self.asker.ask(Request::Get("/metrics".to_owned())).await.expect("it answers");
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no metric {name}")).to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = (self.process.kill(), self.process.wait());
    }
}

/// What is asked of a server.
#[derive(Debug)]
pub(crate) enum Request {
    Get(String),
    Post(&'static str, Value),
    Delete(String),
}

/// Posts an alert: one that fires for long, or one that has ended.
pub(crate) fn post_alert(name: &str, group: &str, is_over: bool) -> Request {
    let labels = json!({"alertname": name, "group": group});
    let (starts, ends) =
        ("2020-01-01T00:00:00Z", if is_over { "2020-01-02T00:00:00Z" } else { "2099-01-01T00:00:00Z" });
    Request::Post("/api/v2/alerts", json!([{"labels": labels, "startsAt": starts, "endsAt": ends}]))
}

impl Asker {
    /// The status and the body of the answer; `None` if there was none.
    pub(crate) async fn ask(&self, request: Request) -> Option<(u16, String)> {
        let url = |path: &str| format!("http://{}{path}", self.address);
        let request = match request {
            Request::Get(path) => self.client.get(url(&path)),
            Request::Delete(path) => self.client.delete(url(&path)),
            Request::Post(path, body) => {
                let request = self.client.post(url(path)).header("content-type", "application/json");
                request.body(body.to_string())
            }
        };
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.text().await.ok()?))
    }
}
