//! Every key of Alertmanager 0.34's file: taken with a right value, refused at its place with a wrong one,
//! and never shown if it is a secret. The keys are in `tests/fixtures/alertmanager_0_34_keys.txt`.

use sereno::check::{Options, check_file};
use sereno::config::problem::Severity;
use sereno::config::read_routing;
use sereno::config::render::{Format, render};

const KEYS: &str = include_str!("../fixtures/alertmanager_0_34_keys.txt");

/// What no output may hold.
const MARK: &str = "s3cret";

struct Key {
    section: &'static str,
    name: &'static str,
    good: &'static str,
    bad: Option<&'static str>,
    secret: Option<&'static str>,
}

fn keys() -> impl Iterator<Item = Key> {
    let lines = KEYS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let mut columns = line.split(" | ").map(str::trim);
        let mut next = || columns.next();
        let (section, name) = next().and_then(|key| key.split_once(' ')).expect("a section and a key");
        let (good, bad) = (next().expect("a good value"), next().expect("a bad value"));
        Key { section, name: name.trim(), good, bad: Some(bad).filter(|bad| *bad != "-"), secret: next() }
    })
}

/// Where a section stands: the file around it, and the least that it needs besides the key.
fn place(section: &str, key: &str) -> (String, Vec<(&'static str, &'static str)>) {
    const FILE: &str = "route: {receiver: r}\nreceivers: [{name: r}]\n";
    let night = "time_intervals: [{name: night}]\n";
    let http = |inner: &str| format!("global: {{http_config: {inner}}}\n{FILE}");
    match section {
        "file" => (format!("@\n{FILE}{}", if key == "time_intervals" { "" } else { night }), vec![]),
        "global" => (format!("global: {{@}}\n{FILE}"), vec![]),
        "route" if key.ends_with("_time_intervals") || key.starts_with("match") => (
            format!("route: {{receiver: r, routes: [{{@}}]}}\nreceivers: [{{name: r}}]\n{night}"),
            vec![("receiver", "r")],
        ),
        "route" if key == "continue" => {
            ("route: {receiver: r, routes: [{@}]}\nreceivers: [{name: r}]\n".to_owned(), vec![])
        }
        "route" => ("route: {@}\nreceivers: [{name: r}]\n".to_owned(), vec![("receiver", "r")]),
        "inhibit_rule" => (format!("{FILE}inhibit_rules: [{{@}}]\n"), vec![]),
        "tracing" => (format!("{FILE}tracing: {{@}}\n"), vec![("endpoint", "e")]),
        "event_recorder" => (format!("{FILE}event_recorder: {{@}}\n"), vec![]),
        "webhook_outputs" | "kafka_outputs" => {
            let needs = match section {
                "kafka_outputs" => vec![("brokers", "['b:1']"), ("topic", "t")],
                _ => vec![("url", "http://x"), ("batch", "true")],
            };
            (format!("{FILE}event_recorder: {{{section}: [{{@}}]}}\n"), needs)
        }
        "receiver" => ("route: {receiver: r}\nreceivers: [{@}]\n".to_owned(), vec![("name", "r")]),
        "interval" => (format!("{FILE}time_intervals: [{{@}}]\n"), vec![("name", "n")]),
        "time_interval" => {
            (format!("{FILE}time_intervals: [{{name: n, time_intervals: [{{@}}]}}]\n"), vec![])
        }
        "http_config" => {
            let proxy = ("proxy_url", "http://p");
            (
                http("{@}"),
                if matches!(key, "no_proxy" | "proxy_connect_header") { vec![proxy] } else { vec![] },
            )
        }
        "basic_auth" => (http("{basic_auth: {@}}"), vec![]),
        "authorization" => (http("{authorization: {@}}"), vec![]),
        "http_header" => (http("{http_headers: {X-Team: {@}}}"), vec![]),
        "sigv4" => {
            let sns = "sns_configs: [{topic_arn: a, sigv4: {@}}]";
            let needs = match key {
                "access_key" => vec![("secret_key", "s")],
                "secret_key" => vec![("access_key", "a")],
                _ => vec![],
            };
            (format!("route: {{receiver: r}}\nreceivers: [{{name: r, {sns}}}]\n"), needs)
        }
        "oauth2" => {
            let mut needs = vec![("client_id", "c"), ("token_url", "http://t")];
            if matches!(key, "no_proxy" | "proxy_connect_header") {
                needs.push(("proxy_url", "http://p"));
            }
            (http("{oauth2: {@}}"), needs)
        }
        "tls_config" => {
            let needs = match key.split('_').next() {
                Some("cert") => vec![("key_file", "k")],
                Some("key") => vec![("cert_file", "c")],
                Some(_) | None => vec![],
            };
            (http("{tls_config: {@}}"), needs)
        }
        kind => {
            let file = format!("route: {{receiver: r}}\nreceivers: [{{name: r, {kind}_configs: [{{@}}]}}]\n");
            (file, needs_of(kind, key))
        }
    }
}

/// The least that an entry of a receiver needs.
fn needs_of(kind: &str, key: &str) -> Vec<(&'static str, &'static str)> {
    match kind {
        "webhook" => vec![("url", "http://x")],
        "incidentio" => vec![("url", "http://x"), ("alert_source_token", "t")],
        "email" => vec![("to", "t"), ("from", "f"), ("smarthost", "'m:25'")],
        "pagerduty" => vec![("routing_key", "k")],
        "opsgenie" => vec![("api_key", "k")],
        "wechat" => vec![("api_secret", "k"), ("corp_id", "c")],
        "slack" if key == "update_message" => vec![("app_token", "t")],
        "slack" => vec![("api_url", "http://x")],
        "victorops" => vec![("api_key", "k"), ("routing_key", "r")],
        "pushover" => vec![("user_key", "u"), ("token", "t")],
        "sns" => vec![("topic_arn", "a"), ("sigv4", "{}")],
        "telegram" => vec![("bot_token", "b"), ("chat_id", "1")],
        "discord" | "msteams" | "msteamsv2" | "mattermost" => vec![("webhook_url", "http://x")],
        "webex" => vec![("room_id", "r"), ("http_config", "{authorization: {credentials: c}}")],
        "jira" => vec![("api_url", "http://x"), ("project", "p"), ("issue_type", "i")],
        "rocketchat" => vec![("token", "t"), ("token_id", "i")],
        other => panic!("unknown section {other}"),
    }
}

/// Keys of which an entry has one.
const EXCLUSIVE: &[&[&str]] = &[
    &["topic_arn", "target_arn", "phone_number"],
    &["api_url", "api_url_file", "app_token", "app_token_file"],
    &["proxy_url", "proxy_from_environment"],
];

fn excludes(one: &str, other: &str) -> bool {
    one == other
        || one.strip_suffix("_file") == Some(other)
        || other.strip_suffix("_file") == Some(one)
        || EXCLUSIVE.iter().any(|keys| keys.contains(&one) && keys.contains(&other))
}

fn file(key: &Key, value: &str) -> String {
    let (around, needs) = place(key.section, key.name);
    let needs = needs.iter().filter(|(name, _)| !excludes(name, key.name));
    let mut pairs: Vec<String> = needs.map(|(name, value)| format!("{name}: {value}")).collect();
    pairs.push(format!("{}: {value}", key.name));
    around.replace('@', &pairs.join(", "))
}

/// Whether the key alone makes a file that can be used: webex needs authorization, and for references to secrets
/// there is no secret manager.
fn is_enough(key: &Key) -> bool {
    let needs_more = key.section == "webex" && key.name == "http_config";
    !needs_more && !key.name.ends_with("_ref")
}

#[test]
fn references_to_secrets_are_refused_as_by_an_alertmanager_that_has_no_secret_manager() {
    let references: Vec<Key> = keys().filter(|key| key.name.ends_with("_ref")).collect();
    assert_eq!(references.len(), 8);
    for key in references {
        let text = file(&key, key.good);
        let (routing, problems) = read_routing("alertmanager.yml", &text);
        assert!(routing.is_none(), "{text}");
        let want = format!("cannot use {}: there is no secret manager", key.name);
        assert!(problems.iter().any(|problem| problem.message == want), "{text}\n{problems:#?}");
        let (empty, problems) = read_routing("alertmanager.yml", &file(&key, "''"));
        assert!(empty.is_some() || key.section == "tls_config", "an empty one is none: {problems:#?}");
    }
}

#[test]
fn every_key_is_taken_with_a_right_value() {
    let mut count = 0;
    for key in keys().filter(is_enough) {
        let text = file(&key, key.good);
        let (routing, problems) = read_routing("alertmanager.yml", &text);
        let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        assert!(routing.is_some() && errors.is_empty(), "{text}\n{errors:#?}");
        count += 1;
    }
    assert!(count > 380, "{count} keys");
}

#[test]
fn every_key_is_refused_with_a_wrong_value_at_its_place() {
    for key in keys() {
        let Some(bad) = key.bad else { continue };
        let text = file(&key, bad);
        let (routing, problems) = read_routing("alertmanager.yml", &text);
        assert!(routing.is_none(), "{} {} takes {bad}:\n{text}", key.section, key.name);
        let pair = format!("{}: {bad}", key.name);
        let start = text.find(&pair).expect("it is there");
        let pair = start..start + pair.len();
        let here = problems.iter().filter(|problem| problem.severity == Severity::Error).any(|problem| {
            problem.span.as_ref().is_some_and(|span| span.start >= pair.start && span.start <= pair.end)
        });
        assert!(here, "no error at {}: {bad}\n{text}\n{problems:#?}", key.name);
    }
}

#[test]
fn what_is_shown_of_every_key_is_read_again() {
    for key in keys().filter(is_enough) {
        let text = file(&key, key.good);
        let (routing, _) = read_routing("alertmanager.yml", &text);
        let original = routing.expect("it is valid").original;
        let (again, problems) = read_routing("alertmanager.yml", &original);
        let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{text}\n{original}\n{errors:#?}");
        assert_eq!(again.expect("no error").original, original, "{text}");
    }
}

/// All that is said of a file, in every way there is.
fn all_output(text: &str) -> String {
    let (routing, problems) = read_routing("alertmanager.yml", text);
    let original = routing.as_ref().map(|routing| routing.original.to_string());
    let mut out = format!("{original:?}\n{routing:?}\n{routing:#?}\n{problems:?}\n");
    let checked = check_file("alertmanager.yml", text, None, Options::default());
    for format in [Format::Full, Format::Concise, Format::Json] {
        out.push_str(&render(&checked, |_| Some(text), format, false));
    }
    out
}

#[test]
fn no_secret_is_shown() {
    let mut count = 0;
    for key in keys() {
        let Some(secret) = key.secret else { continue };
        count += 1;
        let good = match secret {
            "url" if key.good.contains(MARK) => key.good.to_owned(),
            "url" => format!("http://x/{MARK}"),
            _ => key.good.to_owned(),
        };
        let text = file(&key, &good);
        assert!(text.contains(MARK), "{text}");
        let pair = format!("{}: {good}", key.name);
        let broken = [
            text.clone(),
            // Something else on the line is wrong, so that the line is shown.
            text.replace(&pair, &format!("{pair}, nonsense: 1")),
            text.replace(&pair, &format!("nonsense: 1, {pair}")),
            // Not YAML, or not what belongs there.
            text.replace(&pair, &format!("{pair}, b: [")),
            text.replace(&pair, &format!("{pair}, {pair}")),
            file(&key, &format!("[{MARK}]")),
            file(&key, &format!("[[{MARK}]]")),
            file(&key, &format!("{{a: {MARK}}}")),
            file(&key, &format!("ftp:{MARK}")),
            file(&key, &format!("{MARK}:{MARK}")),
            file(&key, &format!("http://x:{MARK}/")),
            format!("nonsense: {{{pair}}}\n{text}"),
            format!("{pair}\n{text}"),
            format!("\t{pair}\n{text}"),
        ];
        for text in broken {
            // What is no secret where it stands by chance under this key.
            if secret == "url" && key.name == "proxy_url" && !text.contains(&format!(":{MARK}@")) {
                continue;
            }
            let out = all_output(&text);
            assert!(!out.contains(MARK), "{} {}:\n{text}\n{out}", key.section, key.name);
        }
    }
    assert!(count > 40, "{count} secrets");
}
