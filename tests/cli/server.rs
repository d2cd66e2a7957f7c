//! A `sereno serve` under test and what stands around it. Everything is waited for, with a deadline.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::lines::Lines;

/// How long anything may take that should take a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; dropping it kills it.
pub(crate) struct Server {
    process: Child,
    /// What it writes on standard error.
    lines: Lines,
    _folder: TempDir,
}

impl Server {
    /// Starts it on a free port with `rules/*.yml` and `routes.yml` of the folder, evaluating every second.
    pub(crate) fn start(folder: TempDir, prometheus_url: &str, more: &[&str]) -> Self {
        Self::start_in(&[], folder, prometheus_url, more)
    }

    /// The same with these variables in its environment.
    pub(crate) fn start_in(
        environment: &[(&str, &str)],
        folder: TempDir,
        prometheus_url: &str,
        more: &[&str],
    ) -> Self {
        let mut process = super::command(folder.path())
            .envs(environment.iter().copied())
            .args(["serve", "--listen", "127.0.0.1:0", "--evaluation-interval", "1s"])
            .args(["--prometheus-url", prometheus_url])
            .args(more)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("sereno starts");
        let lines = Lines::of(process.stderr.take().expect("it is piped"));
        Self { process, lines, _folder: folder }
    }

    /// The first line from here on that `is_it`.
    pub(crate) fn wait_line(&mut self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        self.lines.wait(what, PATIENCE, is_it)
    }

    /// Where it listens, once it does: `127.0.0.1:PORT`.
    pub(crate) fn address(&mut self) -> String {
        let line = self.wait_line("the address", |line| line.starts_with("listening address="));
        line.trim_start_matches("listening address=").to_owned()
    }

    /// The lines up to the one that was waited for last.
    pub(crate) fn seen(&self) -> &[String] {
        self.lines.seen()
    }

    /// Sends a signal such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(kill.expect("kill starts").success());
    }

    /// Whether it runs still.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.try_wait().expect("it is our child").is_none()
    }

    /// Waits until it has ended; gives all its lines.
    pub(crate) fn wait_end(mut self) -> (ExitStatus, Vec<String>) {
        // It closes its standard error when it ends.
        let lines = self.lines.until_it_ends(PATIENCE);
        if self.is_running() {
            self.process.kill().expect("it is our child");
        }
        let status = self.process.wait().expect("it is our child");
        (status, lines)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it has ended already
        let _ = self.process.wait();
    }
}

/// `GET path` of the server at `address`: the whole answer, headers included.
pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// A data source for which every expression has one series.
pub(crate) fn data_source() -> SocketAddr {
    const ANSWER: &str = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"instance":"a"},"value":[0,"1"]}]}}"#;
    accept(|mut stream| {
        if read_request(&stream).is_some() {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let length = ANSWER.len();
            // The server may have gone.
            let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{ANSWER}");
        }
    })
}

/// A webhook that takes requests and never answers, and the requests that it has.
pub(crate) fn silent_webhook() -> (SocketAddr, Requests) {
    let (sender, requests): (Sender<TcpStream>, _) = channel();
    let address = accept(move |stream| {
        if read_request(&stream).is_some() {
            let _ = sender.send(stream); // the test may be over
        }
    });
    (address, Requests(requests))
}

/// A webhook that refuses the first request and takes the others, and their idempotency keys.
pub(crate) fn picky_webhook() -> (SocketAddr, Receiver<String>) {
    let (sender, keys) = channel();
    let refused = std::sync::atomic::AtomicBool::new(false);
    let address = accept(move |mut stream| {
        let Some(head) = read_head(&stream) else { return };
        let key = head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap_or_default();
        let _ = sender.send(key.to_owned()); // the test may be over
        let (status, body) = match refused.swap(true, std::sync::atomic::Ordering::AcqRel) {
            false => ("400 Bad Request", "no such channel"),
            true => ("200 OK", ""),
        };
        let length = body.len();
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
    });
    (address, keys)
}

/// Requests without an answer.
pub(crate) struct Requests(Receiver<TcpStream>);

impl Requests {
    /// Waits for one. Its connection is open for as long as the stream is kept.
    pub(crate) fn wait(&self) -> TcpStream {
        self.0.recv_timeout(PATIENCE).expect("a request comes")
    }
}

/// Listens on a free port and lets `serve` have each connection, one after the other.
fn accept(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(serve));
    address
}

/// Reads a request to the end of its body; `None` if it ends before.
fn read_request(stream: &TcpStream) -> Option<()> {
    read_head(stream).map(drop)
}

/// [`read_request`], with its head in small letters.
fn read_head(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut head) = (0, String::new());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            reader.read_exact(&mut vec![0; length]).ok()?;
            return Some(head);
        }
        head.push_str(&line);
        head.push('\n');
    }
}
