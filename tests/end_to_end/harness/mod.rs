//! Starts real servers on free ports, each with its own folder, and stops them with the test.

mod alertmanager;
mod irc;
mod prometheus;
mod proxy;
mod receiver;
mod sereno;
mod target;

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

pub(crate) use alertmanager::Alertmanager;
pub(crate) use irc::IrcRelay;
pub(crate) use prometheus::{Prometheus, Setup};
pub(crate) use proxy::Proxy;
pub(crate) use receiver::{Message, Mode, Receiver};
pub(crate) use sereno::Sereno;
pub(crate) use target::Target;

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the programs that we test against are unpacked.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools/usr/bin").join(name);
    assert!(path.exists(), "{} is missing: run `make tools`", path.display());
    path
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// A client for plain HTTP; without a TLS provider it could not even be made.
pub(crate) fn client() -> reqwest::Client {
    // An error means that another test of this process was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

/// A process that ends with the test.
struct Process(Child);

impl Process {
    fn signal(&self, name: &str) {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("kill runs").success(), "signal {name} to {pid}");
    }

    fn has_ended(&mut self) -> Option<std::process::ExitStatus> {
        self.0.try_wait().expect("our own child")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a program to its end: whether it succeeded, and all it printed if not, else its output.
pub(crate) fn run_tool(name: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(tool(name)).args(arguments).output().expect("it starts");
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => (true, text.into_owned()),
        false => (false, format!("{text}{errors}")),
    }
}

/// A program that runs until what is returned is dropped.
pub(crate) fn spawn_tool(name: &str, arguments: &[&str]) -> impl Drop {
    let mut command = Command::new(tool(name));
    command.args(arguments).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    Process(command.spawn().expect("it starts"))
}

/// Asks again and again until there is an answer.
#[expect(clippy::disallowed_methods, reason = "real servers take real time; this waits for a condition")]
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
