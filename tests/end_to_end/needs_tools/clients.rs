//! Programs that speak to an Alertmanager speak to us: amtool, Prometheus, vmalert.

use crate::harness::{Prometheus, Receiver, Sereno, Setup, Target, eventually, run_tool, spawn_tool};

const NO_RULES: &str = "groups: []";

/// Fires at once.
const RULES: &str = "groups: [{name: app, interval: 1s, rules: [{alert: Always, expr: vector(1), labels: {severity: page}}]}]";

fn routes(url: &str) -> String {
    format!(
        "route: {{receiver: ops, group_by: [alertname], group_wait: 0s, group_interval: 1s, \
         routes: [{{matchers: [team=db], receiver: db}}]}}\n\
         receivers: [{{name: ops, webhook_configs: [{{url: '{url}'}}]}}, {{name: db}}]\n"
    )
}

/// What amtool prints; it must succeed.
fn amtool(sereno: &Sereno, arguments: &[&str]) -> String {
    let url = format!("--alertmanager.url=http://{}", sereno.address());
    let (ok, text) = run_tool("amtool", &[&[url.as_str()], arguments].concat());
    assert!(ok, "amtool {arguments:?}: {text}\n{}", sereno.log());
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_adds_and_finds_alerts() {
    let receiver = Receiver::start().await;
    let sereno = Sereno::start("http://127.0.0.1:1", NO_RULES, &routes(&receiver.url("hook")), &[]).await;
    amtool(&sereno, &["alert", "add", "Down", "instance=a", "--annotation=summary=it is down"]);
    amtool(&sereno, &["alert", "add", "Down", "instance=b", "team=db"]);
    let message = receiver.wait_taken(1).await;
    assert_eq!(message["commonAnnotations"]["summary"], "it is down");

    let names = |query: &[&str]| {
        let text = amtool(&sereno, &[&["alert", "query", "-o", "json"], query].concat());
        let alerts: serde_json::Value = serde_json::from_str(&text).expect(&text);
        let alerts = alerts.as_array().expect("alerts").iter();
        let mut names: Vec<String> = alerts.map(|alert| alert["labels"]["instance"].to_string()).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names(&[]), r#""a" "b""#);
    assert_eq!(names(&["instance=~a|c"]), r#""a""#);
    assert_eq!(names(&["--receiver=db"]), r#""b""#);
    assert_eq!(names(&["--silenced"]), "");
    assert!(amtool(&sereno, &["alert"]).contains("it is down"), "its table");
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_makes_changes_ends_and_imports_silences() {
    let sereno = Sereno::start("http://127.0.0.1:1", NO_RULES, &routes("http://127.0.0.1:1/hook"), &[]).await;
    let add = ["silence", "add", "team=db", "zone=~a|b", "--comment=work", "--author=me", "--duration=1h"];
    let id = amtool(&sereno, &add).trim().to_owned();
    amtool(&sereno, &["alert", "add", "Down", "team=db", "zone=a"]);
    assert!(amtool(&sereno, &["alert", "query", "--silenced"]).contains("Down"));
    let listed = amtool(&sereno, &["silence", "query", "team=db"]);
    assert!(listed.contains(&id) && listed.contains("work"), "{listed}");
    assert_eq!(amtool(&sereno, &["silence", "query", "-q", "team=other"]).trim(), "");

    let exported = amtool(&sereno, &["silence", "query", "-o", "json"]);
    amtool(&sereno, &["silence", "update", "--comment=more work", &id]);
    assert_eq!(amtool(&sereno, &["silence", "query", "-q"]).trim(), id, "it keeps its id");
    assert!(amtool(&sereno, &["silence", "query"]).contains("more work"));
    amtool(&sereno, &["silence", "expire", &id]);
    assert_eq!(amtool(&sereno, &["silence", "query", "-q"]).trim(), "");
    assert!(amtool(&sereno, &["silence", "query", "--expired", "-q"]).contains(&id));

    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), exported).expect("written");
    amtool(&sereno, &["silence", "import", &file.path().to_string_lossy()]);
    let imported = amtool(&sereno, &["silence", "query", "-q"]).trim().to_owned();
    assert!(!imported.is_empty() && imported != id, "it had ended, so that it is a new one: {imported}");
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_shows_configuration_routes_and_cluster() {
    let sereno = Sereno::start("http://127.0.0.1:1", NO_RULES, &routes("http://127.0.0.1:1/hook"), &[]).await;
    assert!(amtool(&sereno, &["config", "show"]).contains("receiver: ops"));
    assert!(amtool(&sereno, &["config", "routes"]).contains("receiver: db"));
    assert_eq!(amtool(&sereno, &["config", "routes", "test", "team=db"]).trim(), "db");
    assert_eq!(amtool(&sereno, &["config", "routes", "test", "team=web"]).trim(), "ops");
    assert!(amtool(&sereno, &["cluster", "show"]).contains("disabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_sends_us_what_its_rules_find() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let sereno = Sereno::start("http://127.0.0.1:1", NO_RULES, &routes(&receiver.url("hook")), &[]).await;
    let config = format!(
        "rule_files: [rules.yml]\nalerting: {{alertmanagers: [{{static_configs: [{{targets: ['{}']}}]}}]}}\n",
        sereno.address()
    );
    // What it finds before it has discovered us is lost, until it says so again.
    let flags = vec!["--rules.alert.resend-delay=1s".to_owned()];
    let setup = Setup { config, flags, files: vec![("rules.yml", RULES.to_owned())], ..Setup::default() };
    let _prometheus = Prometheus::start_with(&[&target], setup).await;
    let message = receiver.wait_taken(1).await;
    assert_eq!(message["commonLabels"], serde_json::json!({"alertname": "Always", "severity": "page"}));
    let received =
        sereno.metric("alertmanager_alerts_received_total{status=\"firing\",version=\"v2\"}").await;
    assert!(received.is_some_and(|received| received >= 1.0), "{received:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn vmalert_sends_us_what_its_rules_find() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let prefix = ["--external-url", "http://sereno.example/alerts"];
    let sereno = Sereno::start("http://127.0.0.1:1", NO_RULES, &routes(&receiver.url("hook")), &prefix).await;
    let prometheus = Prometheus::start(&[&target]).await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("rules.yml"), RULES).expect("written");
    let rules = format!("-rule={}", folder.path().join("rules.yml").display());
    let source = format!("-datasource.url={}", prometheus.url());
    let notifier = format!("-notifier.url=http://{}/alerts", sereno.address());
    let arguments = [&*rules, &*source, &*notifier, "-evaluationInterval=1s", "-httpListenAddr=127.0.0.1:0"];
    let _vmalert = spawn_tool("vmalert", &arguments);
    let message = receiver.wait_taken(1).await;
    assert_eq!(message["commonLabels"]["alertname"], "Always");
    eventually("it is listed beneath the prefix", || async {
        let (status, text) = sereno.get("/alerts/api/v2/alerts").await;
        (status == 200 && text.contains("Always")).then_some(())
    })
    .await;
    assert_eq!(sereno.get("/api/v2/alerts").await.0, 404);
}
