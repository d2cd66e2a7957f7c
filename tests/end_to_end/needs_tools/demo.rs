//! promtool's questions to the services of `sereno demo`: it reads Prometheus' query API with Prometheus' client.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::harness::tool;

/// A running demo; dropping it stops it.
struct Demo {
    process: Child,
    /// Where its services can be asked for.
    url: String,
}

impl Demo {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_sereno"))
            .args(["demo", "--listen", "127.0.0.1:0", "--prometheus-listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sereno starts");
        let mut lines =
            BufReader::new(process.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        let line = lines.find(|line| line.starts_with("  services  ")).expect("it says where they are");
        let url = line.split_whitespace().nth(1).expect("a URL").to_owned();
        std::thread::spawn(move || lines.for_each(drop)); // a full pipe would hold it up
        Self { process, url }
    }

    /// What `promtool query` prints, line by line, sorted.
    fn ask(&self, arguments: &[&str]) -> Vec<String> {
        let (verb, rest) = arguments.split_first().expect("a question");
        let output = Command::new(tool("promtool")).args(["query", verb, &self.url]).args(rest).output();
        let output = output.expect("promtool starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        let mut lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Not killed: it tidies up its files at the end. An error means that it has ended already.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

#[test]
fn promtool_asks_for_the_series_of_the_demo() {
    let demo = Demo::start();
    let values = |lines: Vec<String>| -> Vec<String> {
        lines.iter().map(|line| line.split(" @[").next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(
        values(demo.ask(&["instant", "count by (job) (up{job=~'api|web|node'})"])),
        ["{job=\"api\"} => 4", "{job=\"node\"} => 12", "{job=\"web\"} => 3"]
    );
    let range = demo.ask(&["range", "count(up)", "--step", "15s"]);
    assert!(range.len() > 10, "five minutes of history: {range:?}");
    assert!(range.iter().all(|line| line.starts_with("24 @[") || line == "{} =>"), "{range:?}");
    assert_eq!(
        demo.ask(&["series", "--match", "up{job='redis'}"]),
        [r#"{__name__="up", instance="redis-1:9121", job="redis", zone="eu-1b"}"#]
    );
    assert_eq!(demo.ask(&["labels", "zone"]), ["eu-1a", "eu-1b"]);
    let p95 = "histogram_quantile(0.95, sum by (job, le) (rate(http_request_duration_seconds_bucket[5m])))";
    assert_eq!(demo.ask(&["instant", p95]).len(), 2, "web and api");
}
