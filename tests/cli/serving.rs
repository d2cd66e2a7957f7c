//! `sereno serve` while it runs and while it stops: signals, log lines, metrics.

use std::time::Duration;

use serde_json::Value;
use sereno::shell::clock::Stopwatch;

use super::server::{Server, data_source, get, silent_webhook};
use super::{BAD_ROUTES, BAD_RULES, ROUTES, folder, sereno, told};

const DOWN: &str = "groups: [{name: hosts, rules: [{alert: Down, expr: up == 0}]}]\n";

/// Where nobody listens.
const CLOSED: &str = "http://127.0.0.1:1";

#[test]
fn a_second_signal_stops_at_once_what_a_first_one_drains() {
    for (first, second) in [("TERM", "TERM"), ("INT", "TERM")] {
        let (webhook, requests) = silent_webhook();
        let routes = format!(
            "route: {{receiver: ops, group_wait: 0s}}\n\
             receivers: [{{name: ops, webhook_configs: [{{url: 'http://{webhook}'}}]}}]\n"
        );
        let files = folder(&[("rules/hosts.yml", DOWN), ("routes.yml", &routes)]);
        let mut server = Server::start(files, &format!("http://{}", data_source()), &[]);
        let unanswered = requests.wait();

        server.signal(first);
        server.wait_line("the stop", |line| line.contains("a second signal stops at once"));
        assert!(server.is_running(), "it waits for the receiver's answer");

        let watch = Stopwatch::start();
        server.signal(second);
        let (status, lines) = server.wait_end();
        assert_eq!(status.code(), Some(0), "{lines:#?}");
        assert!(watch.elapsed() < Duration::from_secs(4), "the drain takes 9 s: {:?}", watch.elapsed());
        let told = lines.iter().filter(|line| line.contains("WARN") && line.contains("second signal"));
        assert_eq!(told.count(), 1, "{lines:#?}");
        drop(unanswered);
    }
}

#[test]
fn what_is_not_obeyed_is_told_at_the_start_and_a_stop_exits_with_0() {
    let routes = format!("{ROUTES}event_recorder: {{file_outputs: [{{path: /tmp/events}}]}}\n");
    let mut server =
        Server::start(folder(&[("rules/hosts.yml", DOWN), ("routes.yml", &routes)]), CLOSED, &[]);
    server.address();
    let warning = "routes.yml:5:1: warning[not-obeyed-yet]: event_recorder is read, but not obeyed yet";
    let told = server.seen().iter().filter(|line| line.contains("WARN") && line.contains(warning)).count();
    assert_eq!(told, 1, "{:#?}", server.seen());
    server.signal("TERM");
    assert_eq!(server.wait_end().0.code(), Some(0));
}

#[test]
fn a_webhook_is_reached_through_the_proxy_that_the_environment_names() {
    let (proxy, requests) = silent_webhook();
    let routes = "route: {receiver: ops, group_wait: 0s}\n\
                  receivers: [{name: ops, webhook_configs: [{url: 'http://hook.invalid/', \
                  http_config: {proxy_from_environment: true}}]}]\n";
    let files = folder(&[("rules/hosts.yml", DOWN), ("routes.yml", routes)]);
    let proxy = format!("http://{proxy}");
    let environment = [("HTTP_PROXY", ""), ("http_proxy", &proxy), ("NO_PROXY", "other.invalid")];
    let data_source = format!("http://{}", data_source());
    let _server = Server::start_in(&environment, files, &data_source, &[]);
    drop(requests.wait());
}

#[test]
fn limits_of_the_api_have_alertmanagers_spelling_too() {
    let files = folder(&[("rules/hosts.yml", DOWN), ("routes.yml", ROUTES)]);
    let flags = ["--web.get-concurrency", "7", "--web-timeout", "20s"];
    let mut server = Server::start(files, CLOSED, &flags);
    let address = server.address();
    assert!(get(&address, "/api/v2/alerts").starts_with("HTTP/1.1 200"), "{:#?}", server.seen());
}

/// The line as a JSON object with what every line has.
fn object(line: &str) -> Value {
    let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let text = |name: &str| object[name].as_str().unwrap_or_else(|| panic!("no {name}: {line}"));
    let (time, message) = (text("timestamp"), text("message"));
    assert!(sereno::model::Timestamp::parse_rfc3339(time).is_ok(), "{line}");
    assert!(["ERROR", "WARN", "INFO", "DEBUG"].contains(&text("level")), "{line}");
    assert!(!message.is_empty(), "{line}");
    object
}

#[test]
fn with_log_format_json_each_line_is_an_object_errors_included() {
    let files = folder(&[("rules/hosts.yml", DOWN), ("routes.yml", ROUTES)]);
    let mut server = Server::start(files, CLOSED, &["--log-format", "json", "--log-level", "debug"]);
    let line = server.wait_line("the address", |line| line.contains(r#""message":"listening""#));
    let address = object(&line)["address"].as_str().expect("an address").to_owned();
    assert!(get(&address, "/-/healthy").starts_with("HTTP/1.1 200 "));
    let failed = object(&server.wait_line("an error", |line| line.contains("cannot evaluate rule")));
    assert_eq!(failed["level"], "WARN");
    assert_eq!(failed["message"], "cannot evaluate rule Down of group rules/hosts.yml;hosts");
    for (field, want) in [("group", "rules/hosts.yml;hosts"), ("rule", "Down"), ("kind", "alerting")] {
        assert_eq!(failed[field], want, "{failed}");
    }
    assert!(failed["error"].as_str().is_some_and(|error| error.contains("unreachable")), "{failed}");
    server.signal("TERM");
    let (status, lines) = server.wait_end();
    assert_eq!(status.code(), Some(0));
    assert!(lines.len() >= 4, "{lines:#?}");
    lines.iter().for_each(|line| drop(object(line)));
}

#[test]
fn the_address_is_told_whatever_is_logged() {
    for (format, start) in [("text", "listening address="), ("json", "{")] {
        let files = folder(&[("rules/hosts.yml", DOWN), ("routes.yml", ROUTES)]);
        let mut server = Server::start(files, CLOSED, &["--log-format", format, "--log-level", "error"]);
        let line = server.wait_line("the address", |line| line.contains("listening"));
        assert!(line.starts_with(start), "{line}");
        server.signal("TERM");
        assert_eq!(server.wait_end().1, [line], "nothing else is an error");
    }
}

#[test]
fn with_log_format_json_a_server_that_cannot_start_says_so_in_an_object() {
    let files = folder(&[("rules/hosts.yml", BAD_RULES), ("routes.yml", BAD_ROUTES)]);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json"];
    let (code, out, err) = told(&sereno(files.path(), &arguments));
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1), "{err}");
    let failed = object(err.trim_end());
    assert_eq!(failed["level"], "ERROR");
    let message = failed["message"].as_str().expect("a text");
    assert!(message.starts_with("cannot load the configuration\n"), "{message}");
    assert!(message.contains("field fro not found in a rule"), "{message}");
}

#[test]
fn what_rules_take_is_a_summary() {
    let files = folder(&[("rules/hosts.yml", DOWN), ("routes.yml", ROUTES)]);
    let mut server = Server::start(files, CLOSED, &[]);
    let address = server.address();
    let before = get(&address, "/metrics");
    assert!(before.contains("\n# TYPE prometheus_rule_evaluation_duration_seconds summary\n"), "{before}");
    server.wait_line("an evaluation", |line| line.contains("cannot evaluate rule"));
    let metrics = get(&address, "/metrics");
    let value = |name: &str| {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name}: {metrics}")).parse::<f64>().expect("a number")
    };
    for base in ["prometheus_rule_evaluation_duration_seconds", "prometheus_rule_group_duration_seconds"] {
        assert!(value(&format!("{base}_count")) >= 1.0, "{metrics}");
        assert!(value(&format!("{base}_sum")) >= 0.0, "{metrics}");
        for quantile in ["0.5", "0.9", "0.99"] {
            assert!(value(&format!("{base}{{quantile=\"{quantile}\"}}")) >= 0.0, "{metrics}");
        }
    }
    assert!(metrics.trim_end().ends_with("# EOF"), "{metrics}");
}
