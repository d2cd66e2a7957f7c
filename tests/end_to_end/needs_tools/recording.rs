//! `sereno test record` against a real Prometheus; the tests that it writes are run by ourselves and by promtool.

use std::path::Path;
use std::process::{Command, Output};

use sereno::shell::clock::Clock;

use crate::harness::{Prometheus, Setup, Target, eventually, tool};

const RULES: &str = r#"groups:
- name: records
  rules:
  - {record: "job:up:avg", expr: "avg by (job) (up)"}
- name: alerts
  rules:
  - alert: Down
    expr: up == 0 and on (job) job:up:avg < 0.9
    for: 2s
    labels: {severity: page}
    annotations: {summary: "{{ $labels.job }} in {{ $externalLabels.cluster }}: {{ $value }}"}
  - {alert: Gone, expr: "absent(app_value)"}
"#;

fn sereno(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sereno"));
    command.current_dir(folder).args(arguments).output().expect("sereno runs")
}

fn passes(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// A Prometheus that has seen its target go, `Down` and `Gone` fire, and the target come back; and a time before all
/// that.
async fn prometheus() -> (Prometheus, String) {
    let target = Target::start().await;
    let config = "rule_files: [rules.yml]\n".to_owned();
    let setup = Setup { config, files: vec![("rules.yml", RULES.to_owned())], ..Setup::default() };
    let prometheus = Prometheus::start_with(&[&target], setup).await;
    let wait = async |query: &str, what: &str| {
        let path = format!("/api/v1/query?query={query}");
        eventually(what, || async { prometheus.get(&path).await?.contains("\"value\"").then_some(()) }).await;
    };
    wait("count_over_time(app_value[1m])>2", "the target is scraped").await;
    wait("absent(ALERTS)", "no alert is left of the time before").await;
    let now = Clock::default().now();
    target.switch(false);
    wait("count(ALERTS{alertstate=%22firing%22})==2", "the alerts fire").await;
    target.switch(true);
    wait("absent(ALERTS)", "the alerts are resolved").await;
    (prometheus, now.as_secs_f64().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fired_becomes_a_test_that_passes() {
    let (prometheus, from) = prometheus().await;
    let url = prometheus.url();
    let folder = tempfile::tempdir().expect("a folder");
    for made in ["rules", "tests"] {
        std::fs::create_dir(folder.path().join(made)).expect("made");
    }
    std::fs::write(folder.path().join("rules/app.yml"), RULES).expect("written");
    let record = |more: &[&str]| {
        let arguments = ["test", "record", "--prometheus-url", &url, "--from", &from];
        sereno(folder.path(), &[&arguments, more].concat())
    };
    for (alert, path) in [("Down", "tests/down.yml"), ("Gone", "tests/gone.yml")] {
        let recorded = record(&["--alert", alert, "-o", path]);
        passes(&recorded);
        let said = String::from_utf8_lossy(&recorded.stderr).into_owned();
        assert_eq!(said, "", "as Prometheus had it");
        let text = std::fs::read_to_string(folder.path().join(path)).expect("written");
        assert!(text.contains("exp_labels") && text.contains("rule_files: ['../rules/app.yml']"), "{text}");
        // A failed scrape ends the series at once, which the API does not tell.
        assert_eq!(text.contains("stale"), alert == "Gone", "{text}");
        passes(&sereno(folder.path(), &["test", path]));
        let promtool = Command::new(tool("promtool"));
        passes(
            &{ promtool }.current_dir(folder.path()).args(["test", "rules", path]).output().expect("it runs"),
        );
        let again = record(&["--alert", alert, "-o", path]);
        let said = String::from_utf8_lossy(&again.stderr).into_owned();
        assert_eq!(said, format!("error: {path} exists; --force writes over it\n"));
    }
    let hidden =
        ["--anonymize", "--external-label", "cluster=secret", "--alert", "Down", "-o", "tests/hidden.yml"];
    let recorded = record(&hidden);
    passes(&recorded);
    assert_eq!(String::from_utf8_lossy(&recorded.stderr), "", "the alerts are the same with made-up values");
    let text = std::fs::read_to_string(folder.path().join("tests/hidden.yml")).expect("written");
    for made_up in
        [r#"instance="instance-1:"#, r#"job="job-1""#, "cluster: 'cluster-1'", "'job-1 in cluster-1: "]
    {
        assert!(text.contains(made_up), "{made_up}: {text}");
    }
    for secret in ["127.0.0.1", r#"job="app""#, "secret"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    passes(&sereno(folder.path(), &["test", "tests/hidden.yml"]));
    let mut promtool = Command::new(tool("promtool"));
    let promtool = promtool.current_dir(folder.path()).args(["test", "rules", "tests/hidden.yml"]);
    passes(&promtool.output().expect("it runs"));
    // Without rule files, the rules are Prometheus' own, and the ones that are needed are written beside the test.
    std::fs::remove_file(folder.path().join("rules/app.yml")).expect("removed");
    passes(&record(&["--alert", "Down", "-o", "tests/own.yml"]));
    let rules = std::fs::read_to_string(folder.path().join("tests/own.rules.yml")).expect("written");
    assert!(rules.contains("job:up:avg") && !rules.contains("Gone"), "{rules}");
    passes(&sereno(folder.path(), &["test", "tests/own.yml"]));
    for (more, wanted) in [
        (["--alert", "Dwon"], "did you mean \"Down\"?"),
        (["--alert=Down", "--max-samples=3"], "samples, more than --max-samples 3 allows; narrow"),
        (["--alert=Down", "--max-series=0"], "series, more than --max-series 0 allows; narrow"),
    ] {
        let refused = record(&[more.as_slice(), &["-o", "tests/none.yml"]].concat());
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!((refused.status.code(), said.contains(wanted)), (Some(2), true), "{said}");
    }
    assert!(!folder.path().join("tests/none.rules.yml").exists());
    for (more, wanted) in [
        (
            ["--to=2100-01-01T00:00:00Z", "-o", "x.yml"],
            "error: the window ends in the future: 2100-01-01T00:00:00Z\n",
        ),
        (["--to=now", "-o", "none/x.yml"], "error: there is no folder none for --output\n"),
    ] {
        let refused = record(&[&["--alert=Down"], more.as_slice()].concat());
        assert_eq!(String::from_utf8_lossy(&refused.stderr), wanted);
    }
}
