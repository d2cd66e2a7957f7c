//! A real Prometheus that scrapes targets every second.

use std::process::{Command, Stdio};

use super::{Process, Target, client, eventually, free_port, tool};

pub(crate) struct Prometheus {
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Process>,
}

impl Prometheus {
    /// Starts it and waits until it has scraped each target once.
    pub(crate) async fn start(targets: &[&Target]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let addresses: Vec<String> = targets.iter().map(|target| format!("'{}'", target.address())).collect();
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
             scrape_configs: [{{job_name: app, static_configs: [{{targets: [{}]}}]}}]\n",
            addresses.join(", ")
        );
        std::fs::write(folder.path().join("prometheus.yml"), config).expect("written");
        let mut prometheus = Self { folder, port: free_port(), process: None };
        prometheus.run();
        let client = client();
        eventually("prometheus has scraped its targets", || async {
            let url = format!("{}/api/v1/query?query=count(up)", prometheus.url());
            let text = client.get(url).send().await.ok()?.text().await.ok()?;
            text.contains(&format!("\"{}\"]", targets.len())).then_some(())
        })
        .await;
        prometheus
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Kills it; its data stays.
    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts it, again, on the same port with the same data.
    pub(crate) fn run(&mut self) {
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log");
        let folder = self.folder.path().display();
        let child = Command::new(tool("prometheus"))
            .arg(format!("--config.file={folder}/prometheus.yml"))
            .arg(format!("--storage.tsdb.path={folder}/data"))
            .arg(format!("--web.listen-address=127.0.0.1:{}", self.port))
            .arg("--web.enable-remote-write-receiver")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        self.process = Some(Process(child.expect("prometheus starts")));
    }
}
