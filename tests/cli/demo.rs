//! `sereno demo`: its first minutes, in real time, as people see them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use sereno::shell::clock::Stopwatch;

use super::lines::Lines;
use super::server::get;
use super::{BAD_RULES, ROUTES, command, folder, sereno, told};

/// How long it may take until the next thing happens: the story of an outage takes more than a minute.
const PATIENCE: Duration = Duration::from_secs(90);

/// A running demo; dropping it kills it.
struct Demo {
    process: Child,
    lines: Lines,
}

impl Demo {
    fn start(at: &Path) -> Self {
        let mut process = command(at)
            .args(["demo", "--listen", "127.0.0.1:0", "--prometheus-listen", "127.0.0.1:0"])
            // What is set for a server at work has nothing to do with the demo.
            .env("SERENO_ROUTE_PREFIX", "/elsewhere")
            .env("SERENO_EXTERNAL_LABEL", "cluster=real")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sereno starts");
        let lines = Lines::of(process.stdout.take().expect("it is piped"));
        Self { process, lines }
    }

    /// The first line, seen already or still to come, with all of these parts.
    fn line(&mut self, parts: &[&str]) -> String {
        let is_it = |line: &str| parts.iter().all(|part| line.contains(part));
        let seen = self.lines.seen().iter().find(|line| is_it(line)).cloned();
        seen.unwrap_or_else(|| self.lines.wait(&format!("{parts:?}"), PATIENCE, is_it))
    }

    /// The word after the first one, in the line of the guide that begins with this one.
    fn named(&mut self, first: &str) -> String {
        let line = self.line(&[&format!("  {first}  ")]);
        line.split_whitespace().nth(1).expect("a word").to_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it has ended already
        let _ = self.process.wait();
    }
}

/// The JSON of a `GET`.
fn json(url: &str, path: &str) -> Value {
    let answer = get(url.strip_prefix("http://").expect("plain HTTP"), path);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    // A long answer comes in chunks, whose sizes stand on lines of their own.
    let body =
        body.lines().find(|line| line.starts_with(['{', '['])).unwrap_or_else(|| panic!("{head} {body}"));
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

#[test]
fn in_its_first_minutes_an_outage_is_seen_from_its_beginning_to_its_end() {
    let here = folder(&[]);
    let mut demo = Demo::start(here.path());
    let (data, url, routes) = (demo.named("services"), demo.named("Sereno"), demo.named("routes"));
    assert!(Path::new(&routes).is_file(), "the routes can be edited: {routes}");

    demo.line(&["ErrorsRising web eu-1a", "is pending"]);
    demo.line(&["ErrorsRising web eu-1a", "fires"]);
    demo.line(&["DiskFillingSoon node eu-1a", "is not told", "time intervals"]);
    demo.line(&["[FIRING:1]", "alertname=\"ErrorsRising\"", "job=\"web\"", "to team"]);
    demo.line(&["That was the first message"]);

    let typed = json(&data, "/api/v1/query?query=count(up{job=\"redis\"}<2)");
    assert_eq!(typed["data"]["result"][0]["value"][1], "1", "as people type it: {typed}");
    let rules = json(&data, "/api/v1/rules?rule_name[]=ErrorsRising");
    assert_eq!(rules["data"]["groups"][0]["rules"][0]["state"], "firing", "{rules}");
    let alerts = json(&data, "/api/v1/alerts");
    assert_eq!(alerts["data"]["alerts"].as_array().map(|alerts| !alerts.is_empty()), Some(true), "{alerts}");
    let sought = json(&url, "/api/v2/alerts?filter=alertname=\"ErrorsRising\"");
    assert_eq!(sought[0]["labels"]["job"], "web", "{sought}");

    demo.line(&["ServiceDown api-1:8080", "is pending"]);
    let down = json(&data, "/api/v1/query?query=count(up%20%3D%3D%200)");
    let count = down["data"]["result"][0]["value"][1].as_str();
    assert!(matches!(count, Some("2" | "3")), "two, and some seconds later three: {down}");

    demo.line(&["[FIRING:2]", "alertname=\"ServiceDown\"", "job=\"api\"", "to on-call"]);
    let warning = json(&url, "/api/v2/alerts?filter=alertname%3DErrorsRising");
    assert_eq!(warning[0]["status"]["state"], "suppressed", "{warning}");
    assert_ne!(warning[0]["status"]["inhibitedBy"], Value::Array(Vec::new()), "{warning}");
    let (code, why, _) = told(&sereno(here.path(), &["explain", "ErrorsRising", "--url", &url]));
    assert!(code == Some(0) && why.contains("inhibited"), "{why}");

    demo.line(&["ServiceDown api eu-1a", "is not told: cooldown"]);
    demo.line(&["[FIRING:1, RESOLVED:2]", "alertname=\"ServiceDown\""]);
    demo.line(&["[RESOLVED:1]", "alertname=\"ServiceDown\""]);
    demo.line(&["[RESOLVED:1]", "alertname=\"ErrorsRising\""]);

    let watch = Stopwatch::start();
    let pid = demo.process.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().expect("kill starts").success());
    demo.line(&["Stopped."]);
    assert_eq!(demo.process.wait().expect("our child").code(), Some(0));
    assert!(watch.elapsed() < Duration::from_secs(5), "{:?}", watch.elapsed());
    assert!(!Path::new(&routes).exists(), "nothing is left behind");
}

#[test]
fn files_with_mistakes_are_told_and_end_it() {
    let files = folder(&[("rules/bad.yml", BAD_RULES), ("routes.yml", ROUTES)]);
    let listen = ["demo", "--listen", "127.0.0.1:0", "--prometheus-listen", "127.0.0.1:0"];
    let more = ["--rules", "rules/*.yml", "--routes", "routes.yml"];
    let (code, _, err) = told(&sereno(files.path(), &[&listen[..], &more].concat()));
    assert_eq!(code, Some(2));
    assert!(err.contains("field fro not found in a rule") && err.contains("rules/bad.yml:6:5"), "{err}");
}

#[test]
fn a_port_that_is_taken_is_told_if_it_was_asked_for() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let (code, out, err) = told(&sereno(folder(&[]).path(), &["demo", "--prometheus-listen", &address]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains(&format!("cannot listen on {address}")), "{err}");
}
