//! A real Alertmanager of its own, without a cluster.

use std::process::{Command, Stdio};

use super::{Process, client, eventually, free_port, tool};

/// Debian's Alertmanager reads a template from a fixed place below `/usr/share`. As nothing is installed
/// there, it gets a view of the file system of its own, in which there is.
const WITH_ITS_FILES: &str = r#"mount --bind "$0" /usr/share && exec "$@""#;

pub(crate) struct Alertmanager {
    port: u16,
    _folder: tempfile::TempDir,
    _process: Process,
}

impl Alertmanager {
    /// Starts it with this configuration and waits until it is ready.
    pub(crate) async fn start(config: &str, external_url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("alertmanager.yml"), config).expect("written");
        let log = std::fs::File::create(folder.path().join("log")).expect("a log");
        let port = free_port();
        let program = tool("prometheus-alertmanager");
        let share = program.ancestors().nth(2).expect("it is in usr/bin").join("share");
        let child = Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", WITH_ITS_FILES])
            .args([&share, &program])
            .current_dir(folder.path())
            .args(["--config.file=alertmanager.yml", "--storage.path=data", "--cluster.listen-address="])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg(format!("--web.external-url={external_url}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let process = Process(child.expect("alertmanager starts"));
        let alertmanager = Self { port, _folder: folder, _process: process };
        let (client, url) = (client(), format!("http://{}/-/ready", alertmanager.address()));
        eventually("alertmanager is ready", || async {
            client.get(&url).send().await.ok()?.status().is_success().then_some(())
        })
        .await;
        alertmanager
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}
