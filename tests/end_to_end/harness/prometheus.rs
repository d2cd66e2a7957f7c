//! A real Prometheus that scrapes targets every second.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{Process, Target, client, eventually, free_port, tool};

pub(crate) struct Prometheus {
    folder: tempfile::TempDir,
    scheme: &'static str,
    port: u16,
    flags: Vec<String>,
    client: reqwest::Client,
    process: Option<Process>,
}

/// What a Prometheus has beyond its targets.
pub(crate) struct Setup {
    /// More of its configuration, as YAML.
    pub(crate) config: String,
    /// Files in its folder, by name; the configuration may name them.
    pub(crate) files: Vec<(&'static str, String)>,
    /// More flags.
    pub(crate) flags: Vec<String>,
    /// `http` or `https`.
    pub(crate) scheme: &'static str,
    /// A client that it lets in.
    pub(crate) client: reqwest::Client,
}

impl Default for Setup {
    fn default() -> Self {
        let (config, files, flags) = (String::new(), Vec::new(), Vec::new());
        Self { config, files, flags, scheme: "http", client: client() }
    }
}

impl Prometheus {
    /// Starts it and waits until it has scraped each target once.
    pub(crate) async fn start(targets: &[&Target]) -> Self {
        Self::start_with(targets, Setup::default()).await
    }

    /// Like [`Self::start`], with more than targets.
    pub(crate) async fn start_with(targets: &[&Target], setup: Setup) -> Self {
        let Setup { config: more, files, flags, scheme, client } = setup;
        let folder = tempfile::tempdir().expect("a folder");
        let addresses: Vec<String> = targets.iter().map(|target| format!("'{}'", target.address())).collect();
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\n\
             scrape_configs: [{{job_name: app, static_configs: [{{targets: [{}]}}]}}]\n{more}",
            addresses.join(", ")
        );
        std::fs::write(folder.path().join("prometheus.yml"), config).expect("written");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let mut prometheus = Self { folder, scheme, port: free_port(), flags, client, process: None };
        prometheus.run();
        eventually("prometheus has scraped its targets", || async {
            let text = prometheus.get("/api/v1/query?query=count(up)").await?;
            text.contains(&format!("\"{}\"]", targets.len())).then_some(())
        })
        .await;
        prometheus
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Its answer, if there is one.
    pub(crate) async fn get(&self, path: &str) -> Option<String> {
        self.client.get(format!("{}{path}", self.url())).send().await.ok()?.text().await.ok()
    }

    /// Kills it; its data stays.
    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it, again, on the same port with the same data.
    pub(crate) fn run(&mut self) {
        let log = std::fs::File::create(self.log_path()).expect("a log");
        let child = Command::new(tool("prometheus"))
            .current_dir(self.folder.path())
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg(format!("--web.listen-address=127.0.0.1:{}", self.port))
            .arg("--web.enable-remote-write-receiver")
            .args(&self.flags)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.process = Some(Process(child.expect("prometheus starts")));
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}
