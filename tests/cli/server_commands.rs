//! `sereno silence` and `sereno alert` before they reach a server: what they refuse, and how they say it.

use super::{folder, sereno, told};

/// Nobody listens there.
const NOWHERE: [&str; 2] = ["--url", "http://127.0.0.1:1"];

/// Runs a command that fails, and what it says.
fn refused(arguments: &[&str]) -> String {
    let folder = folder(&[("object.json", "{}"), ("list.json", r#"[{"matchers": []}]"#)]);
    let (code, out, err) = told(&sereno(folder.path(), &[arguments, &NOWHERE].concat()));
    assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}\n{err}");
    err
}

#[test]
fn nobody_there_is_told_with_what_to_do() {
    for arguments in [
        &["alert", "list"][..],
        &["alert", "add", "Down"],
        &["alert", "ack", "Down", "--author", "ana"],
        &["alert", "ack", "--list"],
        &["silence", "list"],
        &["silence", "query", "Down", "team=~a.*"],
        &["silence", "show", "some-id"],
        &["silence", "add", "Down", "--author", "ana", "--comment", "x"],
        &["silence", "add", "Down", "--dry-run"],
        &["silence", "expire", "some-id"],
        &["silence", "update", "some-id", "--duration", "1h"],
        &["dead-letters", "list"],
        &["dead-letters", "show", "some-id"],
        &["dead-letters", "retry", "some-id"],
        &["dead-letters", "drop", "some-id"],
        &["routes", "show", "--server"],
    ] {
        let err = refused(arguments);
        assert!(err.contains("nothing listens at http://127.0.0.1:1 ("), "{arguments:?}\n{err}");
        assert!(
            err.contains("start it with `sereno serve`, or name another with --url"),
            "{arguments:?}\n{err}"
        );
    }
}

#[test]
fn what_means_nothing_is_refused_before_anybody_is_asked() {
    for (arguments, want) in [
        (&["silence", "add", "Down", "team", "--comment", "x"][..], "team: bad matcher format: team"),
        (&["silence", "add", "a=~(", "--comment", "x"], "a=~(: error parsing regexp: missing closing )"),
        (&["silence", "add", "Down"], "--comment <TEXT>"),
        (&["silence", "add", "--comment", "x"], "<MATCHER>"),
        (
            &["silence", "add", "Down", "-c", "x", "--duration", "2 hours"],
            "write it as in 90s, 30m, 2h or 1d12h",
        ),
        (&["silence", "add", "Down", "-c", "x", "--duration", "0s"], "it must be more than zero"),
        (&["silence", "add", "Down", "-c", "x", "--end", "18:00"], "as in 2026-12-24T22:00:00Z"),
        (&["silence", "add", "Down", "-c", "x", "--annotation", "ticket"], "write it as NAME=VALUE"),
        (
            &["silence", "update", "some-id"],
            "<--duration <DURATION>|--start <TIME>|--end <TIME>|--comment <TEXT>>",
        ),
        (&["silence", "expire"], "<ID>"),
        (&["silence", "import", "nope.json"], "cannot read nope.json: "),
        (
            &["silence", "import", "object.json"],
            "it must be a list, as `sereno silence list --format json` prints",
        ),
        (&["silence", "import", "list.json"], "missing field `startsAt`"),
        (&["alert", "add", "Down", "a!=b"], "a!=b: an alert has labels with one value: write NAME=VALUE"),
        (&["alert", "ack"], "<MATCHER>"),
        (&["alert", "ack", "Down", "--author", ""], "say who you are with --author NAME"),
    ] {
        let err = refused(arguments);
        assert!(err.contains(want), "{arguments:?}\n{err}");
    }
}

#[test]
fn each_help_has_examples_and_exit_codes() {
    let folder = folder(&[]);
    for command in [
        "routes show",
        "routes test",
        "routes diff",
        "silence add",
        "silence list",
        "silence show",
        "silence expire",
        "silence update",
        "silence import",
        "alert list",
        "alert add",
        "alert ack",
        "dead-letters list",
        "dead-letters show",
        "dead-letters retry",
        "dead-letters drop",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let (code, out, _) = told(&sereno(folder.path(), &words));
        assert_eq!(code, Some(0));
        let (_, examples) = out.split_once("Examples:\n").expect("examples");
        assert!(examples.contains(&format!("  sereno {command}")), "{out}");
        assert!(examples.contains("\nExit codes: 0 "), "{out}");
        assert!(examples.lines().all(|line| line.chars().count() <= 100), "it is not wrapped\n{out}");
    }
}

#[test]
fn a_refused_notification_is_listed_sent_again_and_dropped() {
    let (webhook, said) = crate::server::picky_webhook();
    let routes = format!(
        "route: {{receiver: ops, group_wait: 0s, group_interval: 1h}}\n\
         receivers: [{{name: ops, webhook_configs: [{{url: 'http://{webhook}/s3cret'}}]}}]\n"
    );
    let folder = folder(&[("routes.yml", &routes), ("rules/none.yml", "groups: []\n")]);
    let mut server = crate::server::Server::start(folder, "http://127.0.0.1:1", &[]);
    let url = format!("http://{}", server.address());
    let here = super::folder(&[]);
    let run = |words: &str| {
        let words: Vec<&str> = words.split(' ').chain(["--url", &url]).collect();
        told(&sereno(here.path(), &words))
    };
    assert_eq!(run("dead-letters list"), (Some(0), "no dead letters\n".to_owned(), String::new()));
    assert_eq!(run("alert add Down instance=a").0, Some(0));
    server.wait_line("refuses", |line| line.contains("refuses the notification"));
    let (_, listed, _) = run("dead-letters list --quiet");
    let id = listed.trim().to_owned();
    let (code, shown, _) = run(&format!("dead-letters show {id}"));
    assert_eq!(code, Some(0));
    for part in [
        "ops/webhook[0]",
        "refused",
        "unexpected status code 400: no such channel",
        "first notification: 1 firing",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("s3cret"));
    let (_, json, _) = run("dead-letters list --format json --receiver ops");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&json[0]["id"], &json[0]["why"]), (&id.as_str().into(), &"refused".into()));
    let (code, out, err) = run(&format!("dead-letters retry {id}"));
    assert_eq!((code, out.as_str()), (Some(0), format!("{id} is on its way again\n").as_str()), "{err}");
    server.wait_line("told", |line| line.contains("told ops/webhook[0]"));
    let keys: Vec<String> = said.iter().take(2).collect();
    assert_eq!(keys[0], keys[1], "the same idempotency key");
    let (code, _, err) = run(&format!("dead-letters drop {id}"));
    assert_eq!(code, Some(2));
    assert!(err.contains("it was delivered since, or dropped"), "{err}");
    let metrics = crate::server::get(url.trim_start_matches("http://"), "/metrics");
    let failed = r#"sereno_notifications_failed_total{receiver="ops",integration="webhook[0]",reason="clientError"} 1"#;
    for line in [
        failed,
        "sereno_dead_letters 0",
        r#"sereno_outbox_pending{receiver="ops",integration="webhook[0]"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    let health = crate::server::get(url.trim_start_matches("http://"), "/health");
    assert!(health.contains(r#""dead_letters":0,"endpoints":[]"#), "{health}");
}
