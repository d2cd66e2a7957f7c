//! `sereno explain` and `sereno history`, asked of a server that runs.

use serde_json::Value;

use super::server::{Server, data_source};
use super::{folder, sereno, told};

const DOWN: &str =
    "groups: [{name: hosts, rules: [{alert: Down, expr: up == 0}, {alert: Slow, expr: up == 1, for: 1h}]}]\n";

/// A receiver that nobody can reach.
const ROUTES: &str = "route: {receiver: ops, group_wait: 0s, group_by: [alertname]}
receivers: [{name: ops, webhook_configs: [{url: 'http://127.0.0.1:1'}]}]
";

/// A server whose alert `Down` fires and whose receiver was tried at least twice: the first failure is
/// remembered by then.
fn server() -> (Server, String) {
    let files = folder(&[("rules/hosts.yml", DOWN), ("routes.yml", ROUTES)]);
    let mut server = Server::start(files, &format!("http://{}", data_source()), &[]);
    let url = format!("http://{}", server.address());
    for _ in 0..2 {
        server.wait_line("a failure", |line| line.contains("cannot tell ops/webhook[0]"));
    }
    (server, url)
}

fn ask(url: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    told(&sereno(folder(&[]).path(), &[arguments, &["--url", url]].concat()))
}

/// The text without what differs from run to run.
fn masked(text: &str) -> String {
    let masks = [
        (r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z", "TIME"),
        (r"(in )?\d+(ms|[smh])( \d+[smh])?( ago)?|\bnow\b", "THEN"),
        (r"\d+ attempts? failed", "N attempts failed"),
        (r"attempt \d+", "attempt N"),
        (r"127\.0\.0\.1:\d+", "HOST"),
        // The next attempt may just be on its way.
        (r"(N attempts failed|Attempt \d+ began).*", "IT IS TRIED."),
    ];
    masks.iter().fold(text.to_owned(), |text, (pattern, mask)| {
        regex::Regex::new(pattern).expect("valid").replace_all(&text, *mask).into_owned()
    })
}

#[test]
fn an_alert_is_explained_in_sentences_or_as_json() {
    let (_server, url) = server();
    let (code, out, err) = ask(&url, &["explain", "Down"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    insta::assert_snapshot!(masked(&out), @r#"
    Alert {alertname="Down", instance="a"} (fingerprint b095cbba435360b4)
      It fires: it began THEN and was last heard of THEN.

    Comes from
      Rule Down of group rules/hosts.yml;hosts: up == 0
      It fires there since THEN, with the value 1.
      The rule was last evaluated THEN.

    Routes that are looked at
      The root route takes it: receiver ops.

    Muted
      No silence and no other alert mutes it.

    Receiver ops, group {}:{alertname="Down"}
      group_wait THEN, group_interval THEN, repeat_interval THEN; grouped by alertname.
      The alert is in it (1 firing); it was last looked at THEN, and is next THEN.
      ops/webhook[0]
        It was told nothing of the group.
        IT IS TRIED.
        The last attempt failed: connect to HOST: connection refused.
    "#);
    assert!(!out.contains('\u{1b}'), "no colours in a pipe: {out}");
    let (_, pending, _) = ask(&url, &["explain", "alertname=Slow", "instance=a"]);
    assert!(pending.contains("It is pending: its expression holds since"), "{pending}");

    let (code, out, _) = ask(&url, &["explain", "--format", "json", "Down"]);
    let json: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
    assert_eq!((code, &json["origin"]["rule"]), (Some(0), &"Down".into()));
    assert_eq!(json["destinations"][0]["integrations"][0]["told"], Value::Null);
    let fingerprint = json["fingerprint"].as_str().expect("a text");
    let (code, again, _) = ask(&url, &["explain", fingerprint]);
    assert!(code == Some(0) && again.contains(fingerprint), "{again}");
}

#[test]
fn what_cannot_be_explained_is_said() {
    let (_server, url) = server();
    let (code, out, _) = ask(&url, &["explain", "instance=a"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.starts_with("2 alerts match: name one by its fingerprint"), "{out}");
    assert!(out.contains("alertname=Down instance=a") && out.contains("alertname=Slow"), "{out}");
    let (code, out, _) = ask(&url, &["explain", "0123456789abcdef"]);
    assert_eq!((code, out.starts_with("No alert that is known matches")), (Some(1), true), "{out}");
    let (code, out, _) = ask(&url, &["explain", "--exact", "Other"]);
    assert_eq!((code, out.contains("this is what would become of one")), (Some(0), true), "{out}");
    let (code, _, err) = ask(&url, &["explain", "a", "b"]);
    assert_eq!((code, err.starts_with("error: b: ")), (Some(2), true), "{err}");
    for command in [&["explain", "Down"][..], &["history"]] {
        let (code, out, err) = ask("http://127.0.0.1:1", command);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(err.starts_with("error: nothing listens at http://127.0.0.1:1 ("), "{err}");
    }
}

#[test]
fn history_has_what_happened_to_the_alert_and_each_attempt() {
    let (_server, url) = server();
    let first = |text: &str, kind: &str| {
        let line = text.lines().rev().find(|line| line.contains(kind));
        masked(line.unwrap_or_else(|| panic!("no {kind}: {text}")))
    };
    let (code, out, err) = ask(&url, &["history", "--limit", "1000"]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.starts_with("TIME "), "{out}");
    insta::assert_snapshot!(first(&out, "Down instance=a"), @"TIME  alert         alertname=Down instance=a: fires (rule Down, value 1)");
    insta::assert_snapshot!(first(&out, "notification"), @"TIME  notification  alertname=Down: ops/webhook[0] was not reached, attempt N: connect to HOST: connection refused (other, took THEN); first notification");
    insta::assert_snapshot!(first(&out, "reload"), @"TIME  reload        loaded 2 rules in 1 group (0 as before)");

    let (_, explained, _) = ask(&url, &["explain", "--format", "json", "Down"]);
    let explained: Value = serde_json::from_str(&explained).expect("JSON");
    let fingerprint = explained["fingerprint"].as_str().expect("a text");
    let (_, out, _) = ask(&url, &["history", fingerprint, "--format", "json", "--from", "-1h"]);
    let rows: Vec<Value> = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"));
    let kinds: Vec<&str> = rows.iter().rev().filter_map(|row| row["kind"].as_str()).take(2).collect();
    assert_eq!(kinds, ["alert", "notification"], "{out}");
    let (_, out, _) = ask(&url, &["history", "--kind", "silence"]);
    assert_eq!(out, "Nothing that is remembered.\n");
    let (code, _, err) = ask(&url, &["history", "--kind", "sounds"]);
    assert_eq!((code, err.contains("there is no kind \"sounds\"")), (Some(2), true), "{err}");
}
