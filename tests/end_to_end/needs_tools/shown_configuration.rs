//! The configuration as the API shows it is one that Debian's amtool reads, with the same routes in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sereno::config::read_routing;

use super::corpora;
use crate::harness::tool;

/// What Alertmanager 0.25 knows, and keys of ours, which are not shown.
const FILE: &str = r#"
global:
  smtp_smarthost: 'mail:587'
  smtp_from: alerts@example.org
  smtp_auth_password: hidden
  smtp_require_tls: false
  opsgenie_api_key: hidden
  slack_api_url_file: slack
  http_config: {proxy_url: 'http://user:hidden@proxy:80', oauth2: {client_id: a, client_secret: hidden, token_url: 'http://t'}}
template_language: go
templates: ['*.tmpl']
route:
  receiver: "null"
  group_by: [alertname, "yes"]
  cooldown: 5m
  routes:
  - matchers: ['severity=~"page|critical"', 'team="a, \"b\"\\c"']
    receiver: everything
    continue: true
    group_wait: 0s
    repeat_interval: 3d
    active_time_intervals: [office]
    routes:
    - match: {service: db}
      match_re: {instance: 'db\d+'}
      group_by: ['...']
  - receiver: chat
    mute_time_intervals: [night]
inhibit_rules:
- source_matchers: [severity=critical]
  target_match_re: {severity: warn.*|info}
  equal: [cluster]
receivers:
- name: "null"
- name: everything
  labels: {name: everything}
  fallback: chat
  webhook_configs:
  - {url: 'http://user:hidden@hook/hidden?token=hidden', max_alerts: 10, http_config: {basic_auth: {username: u, password: hidden}}}
  email_configs:
  - {to: a@example.org, headers: {subject: 'x: {{ .Status }} #1'}, auth_password_file: pw, require_tls: false, tls_config: {insecure_skip_verify: true}}
  pagerduty_configs:
  - {routing_key: hidden, severity: critical, details: {n: '1', "on": '{{ .x }}'}, images: [{src: a}], links: [{href: b}]}
  pushover_configs: [{user_key: hidden, token: hidden, retry: 36h, expire: 90s}]
  sns_configs: [{topic_arn: a, sigv4: {region: r, access_key: a, secret_key: hidden}}]
  victorops_configs: [{api_key: hidden, routing_key: r}]
  webex_configs: [{room_id: r, http_config: {authorization: {credentials: hidden}}}]
  wechat_configs: [{api_secret: hidden, corp_id: c}]
  telegram_configs: [{bot_token: hidden, chat_id: -100}]
- name: chat
  rate_limit: 30/1h
  console_configs: [{}]
  slack_configs: [{channel: '#alerts', fields: [{title: a, value: b, short: false}]}]
  discord_configs: [{webhook_url: 'http://x/hidden'}]
  opsgenie_configs: [{responders: [{name: a, type: team}]}]
mute_time_intervals:
- name: night
  time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}], weekdays: ['monday:friday'], days_of_month: ['-3:-1']}]
time_intervals:
- name: office
  time_intervals: [{months: ['1:3'], years: ['2020:2030'], location: Europe/Madrid}]
"#;

fn amtool(arguments: &[&str], file: &Path) -> Output {
    let mut command = Command::new(tool("amtool"));
    command.args(arguments).arg(file).output().expect("amtool runs")
}

/// The route tree as amtool draws it; `None` if it does not take the file.
fn routes(file: &Path) -> Option<String> {
    if !amtool(&["check-config"], file).status.success() {
        return None;
    }
    let file = PathBuf::from(format!("--config.file={}", file.display()));
    let shown = amtool(&["config", "routes", "show"], &file);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    // It draws with spaces that do not break.
    Some(String::from_utf8(shown.stdout).expect("a text").replace('\u{a0}', " "))
}

/// Ours of a file, in a file that ends with the test.
fn shown(path: &str, text: &str) -> (String, tempfile::NamedTempFile) {
    let (routing, problems) = read_routing(path, text);
    let original = routing.unwrap_or_else(|| panic!("{path}: {problems:#?}")).original.to_string();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), &original).expect("written");
    (original, file)
}

#[test]
fn amtool_reads_what_is_shown_of_a_file_with_our_own_keys() {
    let (original, file) = shown("alertmanager.yml", FILE);
    let check = amtool(&["check-config"], file.path());
    let said =
        format!("{}{}", String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
    assert!(check.status.success(), "{said}\n{original}");
    for found in ["- 3 receivers", "- 1 inhibit rules", "- global config", "- route"] {
        assert!(said.contains(found), "{found} in {said}");
    }
    assert!(!original.contains("hidden"), "{original}");
    insta::assert_snapshot!(routes(file.path()).expect("it was just taken").trim(), @r#"
    Routing tree:
    .
    └── default-route  receiver: null
        ├── {severity=~"page|critical",team="a, \"b\"\\c"}  continue: true  receiver: everything
        │   └── {instance=~"^(?:db\\d+)$",service="db"}  receiver: everything
        └── default-route  receiver: chat
    "#);
}

#[test]
fn amtool_sees_the_same_routes_in_what_is_shown_of_the_files_that_it_takes() {
    let Some(folder) = corpora::folder("alertmanager-config") else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "yml") {
            continue;
        }
        let Some(wanted) = routes(&path) else { continue };
        let text = std::fs::read_to_string(&path).expect("a text");
        let (original, file) = shown(&path.display().to_string(), &text);
        assert_eq!(routes(file.path()).as_ref(), Some(&wanted), "{}:\n{original}", path.display());
        count += 1;
    }
    assert!(count >= 10, "amtool takes {count} files");
}
