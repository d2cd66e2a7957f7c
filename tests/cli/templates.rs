//! `sereno template render`: files in, messages out.

use serde_json::Value;

use super::server::Server;
use super::{folder, sereno, told};

const ROUTES: &str = r"
global: {smtp_smarthost: 'mail.example.org:587', smtp_from: a@example.org}
templates: ['*.tmpl']
route: {receiver: ops, group_by: [alertname]}
receivers:
- name: ops
  email_configs: [{to: ops@example.org, headers: {Subject: '{{ template `subject` . }}'}}]
  slack_configs:
  - {api_url: 'https://hooks.example.org/s3cret', title: '{{ (index .Alerts 1).Labels.instance }}', text: plain}
  webhook_configs: [{url: 'https://example.org/s3cret'}]
- name: quiet
";

const TEMPLATES: &str =
    "{{ define `subject` }}{{ .Status }}: {{ len .Alerts }} of {{ .CommonLabels.alertname }}{{ end }}";

const ALERTS: &str = r#"[
  {"labels": {"alertname": "Disk full", "instance": "db-1"}, "startsAt": "2026-03-01T12:00:00Z"},
  {"labels": {"alertname": "Disk full", "instance": "db-2"}, "startsAt": "2026-03-01T12:00:00Z"}
]"#;

fn render(arguments: &[&str]) -> (Option<i32>, String, String) {
    let one = ALERTS.replace("},\n  {\"labels\": {\"alertname\": \"Disk full\", \"instance\": \"db-2\"}, \"startsAt\": \"2026-03-01T12:00:00Z\"}", "}");
    let folder =
        folder(&[("routes.yml", ROUTES), ("x.tmpl", TEMPLATES), ("alerts.json", ALERTS), ("one.json", &one)]);
    let all: Vec<&str> = ["template", "render"].into_iter().chain(arguments.iter().copied()).collect();
    let (code, out, err) = told(&sereno(folder.path(), &all));
    let html = std::fs::read_to_string(folder.path().join("mail.html")).unwrap_or_default();
    (code, out + &html, err)
}

#[test]
fn each_text_of_each_integration_is_shown_and_no_secret() {
    let (code, out, err) = render(&["--receiver", "ops", "--alerts", "alerts.json", "--html", "mail.html"]);
    assert_eq!((code, &*err), (Some(0), "wrote mail.html\n"));
    for want in [
        "email[0] about {alertname=\"Disk full\"}\n  headers.Subject: firing: 2 of Disk full\n",
        "slack[0] about {alertname=\"Disk full\"}\n",
        "\n  title: db-2\n",
        "\"groupKey\": \"preview:{}:{alertname=\\\"Disk full\\\"}\"",
        "<html",
    ] {
        assert!(out.contains(want), "{want}\n{out}");
    }
    assert!(!out.contains("s3cret"), "{out}");
}

#[test]
fn programs_get_json_and_failures_a_code() {
    let arguments = ["-r", "ops", "--alerts", "one.json", "--integration", "slack", "--format", "json"];
    let (code, out, _) = render(&arguments);
    let shown: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(code, Some(1), "{out}");
    let title = shown[0]["texts"].as_array().expect("a list").iter().find(|text| text["key"] == "title");
    let error = title.and_then(|title| title["error"].as_str()).unwrap_or_default();
    assert!(error.contains("slice index out of range"), "{out}");
    let (_, out, _) = render(&["-r", "ops", "--resolved", "--integration", "email", "--format", "json"]);
    assert!(out.contains("resolved: 3 of ServiceDown"), "{out}");
}

#[test]
fn what_cannot_be_shown_is_told() {
    for (arguments, want) in [
        (&["-r", "opps"][..], "error: routes.yml has no receiver \"opps\"; it has: ops, quiet\n"),
        (&["-r", "quiet"], "error: quiet has no such integration\n"),
        (&["-r", "ops", "--alerts", "x.tmpl"], "error: cannot use x.tmpl: it is not JSON: "),
        (
            &["-r", "ops", "--from-server", "--url", "http://127.0.0.1:1"],
            "error: nothing listens at http://127.0.0.1:1",
        ),
    ] {
        let (code, _, err) = render(arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(err.starts_with(want), "{arguments:?}: {err}");
    }
}

/// What a server has now is shown with the texts of a file that is not loaded yet.
#[test]
fn the_alerts_of_a_running_server_are_shown() {
    let running = r"
route: {receiver: ops, group_by: [alertname], routes: [{matchers: ['team=db'], receiver: db}]}
receivers: [{name: ops}, {name: db}]
";
    let files = folder(&[("routes.yml", running), ("rules/none.yml", "groups: []\n")]);
    let mut server = Server::start(files, "http://127.0.0.1:1", &[]);
    let url = format!("http://{}", server.address());
    let from_server = ["-r", "ops", "--from-server", "--url", &url];
    let (code, out, err) = render(&from_server);
    assert_eq!((code, &*out), (Some(2), ""));
    assert!(err.contains("the server has no alerts for ops"), "{err}");

    let here = folder(&[]);
    for alert in [
        "Disk full instance=db-1",
        "Disk full instance=db-2",
        "Disk full instance=db-3",
        "Load instance=web-1",
        "Load instance=web-2",
        "Load instance=db-4 team=db",
    ] {
        let (name, labels) = alert.split_once(" instance=").expect("each has one");
        let mut words = vec!["alert".to_owned(), "add".to_owned(), name.to_owned()];
        words.extend(format!("instance={labels}").split(' ').map(str::to_owned));
        words.extend(["--url".to_owned(), url.clone()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (code, _, err) = told(&sereno(here.path(), &words));
        assert_eq!(code, Some(0), "{err}");
    }
    let (code, out, err) = render(&from_server);
    assert_eq!((code, &*err), (Some(0), ""), "{out}");
    for want in [
        "email[0] about {alertname=\"Disk full\"}\n  headers.Subject: firing: 3 of Disk full\n",
        "email[0] about {alertname=\"Load\"}\n  headers.Subject: firing: 2 of Load\n",
        "\"instance\": \"db-2\"",
    ] {
        assert!(out.contains(want), "{want}\n{out}");
    }
    assert!(!out.contains("db-4") && !out.contains("s3cret"), "that one is for somebody else\n{out}");
}
