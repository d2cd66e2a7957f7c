//! What people read when they make a mistake.

use sereno::check::{Options, check_file};
use sereno::config::render::{Format, render};

fn written(path: &str, text: &str, format: Format) -> String {
    let problems = check_file(path, text, None, Options::default());
    render(&problems, |_| Some(text), format, false)
}

fn rules(text: &str) -> String {
    written("rules.yml", text, Format::Full)
}

fn routes(text: &str) -> String {
    written("routes.yml", text, Format::Full)
}

/// A rule file with one alert that has these further lines.
fn alert(lines: &str) -> String {
    rules(&format!("groups:\n- name: g\n  rules:\n  - alert: Down\n    expr: up == 0\n{lines}"))
}

/// A routing file with one receiver that has these lines.
fn receiver(lines: &str) -> String {
    routes(&format!("route: {{receiver: ops}}\nreceivers:\n- name: ops\n{lines}"))
}

#[test]
fn unknown_and_misspelt_keys() {
    insta::assert_snapshot!(alert("    fro: 5m\n"), @r#"
    error[unknown-field]: field fro not found in a rule
     --> rules.yml:6:5
      |
    6 |     fro: 5m
      |     ^^^
      = help: did you mean `for`?
    "#);
    insta::assert_snapshot!(alert("    severity: page\n"), @r#"
    error[unknown-field]: field severity not found in a rule
     --> rules.yml:6:5
      |
    6 |     severity: page
      |     ^^^^^^^^
      = help: a severity is a label: `labels: {severity: …}`
    "#);
    insta::assert_snapshot!(rules("groups:\n- name: g\n  eval_delay: 30s\n  rules: []\n"), @r#"
    error[unknown-field]: field eval_delay not found in a rule group
     --> rules.yml:3:3
      |
    3 |   eval_delay: 30s
      |   ^^^^^^^^^^
      = help: only vmalert has this key; `query_offset` does the same
    "#);
    insta::assert_snapshot!(receiver("  slack_configs:\n  - webhook_url: https://x/y\n"), @r#"
    error[unknown-field]: field webhook_url not found in a slack_configs entry
     --> routes.yml:5:5
      |
    5 |   - webhook_url: <secret>
      |     ^^^^^^^^^^^
      = help: the key is called `api_url`

    error[missing-field]: no Slack API URL nor App token set either inline or in a file
     --> routes.yml:5:5
      |
    5 |   - webhook_url: <secret>
      |     ^^^^^^^^^^^
    "#);
    insta::assert_snapshot!(receiver("  webhook_config:\n  - url: http://x\n"), @r#"
    error[unknown-field]: field webhook_config not found in a receiver
     --> routes.yml:4:3
      |
    4 |   webhook_config:
      |   ^^^^^^^^^^^^^^
      = help: the key is called `webhook_configs` and holds a list
    "#);
}

#[test]
fn durations() {
    insta::assert_snapshot!(alert("    for: 5\n"), @r#"
    error[bad-duration]: not a valid duration string: "5"
     --> rules.yml:6:10
      |
    6 |     for: 5
      |          ^
      = help: add a unit: `5s`, `5m`, …
    "#);
    insta::assert_snapshot!(alert("    for: 1.5h # long\n"), @r#"
    error[bad-duration]: unknown unit "." in duration "1.5h"
     --> rules.yml:6:10
      |
    6 |     for: 1.5h # long
      |          ^^^^
      = help: no fractions: use a smaller unit, as in `90m` instead of `1.5h`
    "#);
    insta::assert_snapshot!(routes("route: {receiver: a, group_wait: 30 s}\nreceivers: [{name: a, console_configs: [{}]}]\n"), @r#"
    error[bad-duration]: unknown unit " s" in duration "30 s"
     --> routes.yml:1:34
      |
    1 | route: {receiver: a, group_wait: 30 s}
      |                                  ^^^^
      = help: no spaces: `30s`
    "#);
    insta::assert_snapshot!(receiver("  webhook_configs:\n  - {url: http://x, timeout: 1d}\n"), @r#"
    error[bad-duration]: time: invalid duration "1d"
     --> routes.yml:5:30
      |
    5 |   - {url: <secret>, timeout: 1d}
      |                              ^^
      = help: this key takes hours and less: `90s`, `1.5h`; no days
    "#);
}

#[test]
fn rules_that_are_none() {
    insta::assert_snapshot!(rules("groups:\n- name: g\n  rules:\n  - alert: A\n    record: b\n  - expr: up\n"), @r#"
    error[rule-kind]: only one of 'record' and 'alert' must be set
     --> rules.yml:4:5
      |
    4 |   - alert: A
      |     ^^^^^

    error[missing-expr]: field 'expr' must be set in rule
     --> rules.yml:4:5
      |
    4 |   - alert: A
      |     ^^^^^

    error[rule-kind]: one of 'record' or 'alert' must be set
     --> rules.yml:6:5
      |
    6 |   - expr: up
      |     ^^^^
    "#);
    insta::assert_snapshot!(rules("groups:\n- name: g\n  rules:\n  - record: 'a{b=\"c\"}'\n    expr: up\n    for: 5m\n"), @r#"
    error[record-name]: braces present in the recording rule name; should it be in expr?: a{b="c"}
     --> rules.yml:4:13
      |
    4 |   - record: 'a{b="c"}'
      |             ^^^^^^^^^^
      = help: the name is a metric's name; labels belong under `labels`, an expression into `expr`

    error[rule-kind]: invalid field 'for' in recording rule
     --> rules.yml:6:5
      |
    6 |     for: 5m
      |     ^^^
      = help: only alerting rules have it; remove it
    "#);
    insta::assert_snapshot!(rules("groups:\n- name: g\n- name: g\n- rules: []\n"), @r#"
    error[duplicate-group]: groupname: "g" is repeated in the same file
     --> rules.yml:3:9
      |
    3 | - name: g
      |         ^
      = help: rename one of the groups or merge them

    error[missing-name]: Groupname must not be empty
     --> rules.yml:4:3
      |
    4 | - rules: []
      |   ^^^^^
    "#);
}

#[test]
fn other_files() {
    insta::assert_snapshot!(rules("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec:\n  groups: []\n"), @r#"
    error[other-dialect]: this is a Kubernetes manifest, not a rule file
     --> rules.yml:2:7
      |
    2 | kind: PrometheusRule
      |       ^^^^^^^^^^^^^^
      = help: give the content of its `spec` as the file: `yq .spec FILE`
    "#);
    insta::assert_snapshot!(rules("- name: g\n  rules: []\n"), @r#"
    error[other-dialect]: cannot unmarshal !!seq into a rule file
     --> rules.yml:1:3
      |
    1 | - name: g
      |   ^^^^
      = help: put the list of groups under the key `groups`
    "#);
    insta::assert_snapshot!(rules("rule_files: [a.yml]\nscrape_configs: []\n"), @r#"
    error[other-dialect]: this is Prometheus' own configuration, not a rule file
     --> rules.yml:2:1
      |
    2 | scrape_configs: []
      | ^^^^^^^^^^^^^^
      = help: give the files under its `rule_files`
    "#);
    insta::assert_snapshot!(rules("team-a:\n- name: g\n  rules: []\n"), @r#"
    error[other-dialect]: a namespace with groups, as Mimir's rule API has it, is not a rule file
     --> rules.yml:1:1
      |
    1 | team-a:
      | ^^^^^^
      = help: put the list of groups under the key `groups` of a file of its own
    "#);
}

#[test]
fn yaml() {
    insta::assert_snapshot!(rules("groups:\n- name: g\n\trules: []\n"), @r#"
    error[yaml-syntax]: yaml: while scanning a plain scalar, found a tab
     --> rules.yml:3:1
      |
    3 |     rules: []
      | ^^^^
      = help: indent with spaces, not with tabs
    "#);
    insta::assert_snapshot!(alert("    expr: up\n"), @r#"
    error[duplicate-key]: mapping key "expr" already defined at line 5
     --> rules.yml:6:5
      |
    6 |     expr: up
      |     ^^^^
      = help: remove one of the two
    "#);
    insta::assert_snapshot!(rules("groups: []\n---\ngroups: []\n"), @r#"
    warning[second-document]: only the first document of the file is read
     --> rules.yml:2:1
      |
    2 | ---
      | ^^^
      = help: move it to a file of its own
    "#);
}

#[test]
fn matchers() {
    let with = |line: &str| {
        routes(&format!(
            "route:\n  receiver: a\n  routes:\n  - matchers:\n    - {line}\nreceivers: [{{name: a, console_configs: [{{}}]}}]\n"
        ))
    };
    insta::assert_snapshot!(with("severity"), @r#"
    error[bad-matcher]: bad matcher format: severity
     --> routes.yml:5:7
      |
    5 |     - severity
      |       ^^^^^^^^
      = help: end of input: expected an operator such as '=', '!=', '=~' or '!~'
    "#);
    insta::assert_snapshot!(with("severity=~\"page|(critical\""), @r#"
    error[bad-regex]: error parsing regexp: missing closing ): `^(?:page|(critical)$`
     --> routes.yml:5:18
      |
    5 |     - severity=~"page|(critical"
      |                  ^^^^^^^^^^^^^^
    "#);
    insta::assert_snapshot!(with("'instance=~\"é\\d+++\"'"), @r#"
    error[bad-regex]: error parsing regexp: invalid nested repetition operator: `++`
     --> routes.yml:5:22
      |
    5 |     - 'instance=~"é\d+++"'
      |                      ^^
    "#);
    insta::assert_snapshot!(with("instance=~\\d+"), @r#"
    warning[classic-matcher]: only the classic matcher syntax takes this: 10:11: \: invalid input: expected label value
     --> routes.yml:5:7
      |
    5 |     - instance=~\d+
      |       ^^^^^^^^^^^^^
      = help: write `'instance=~"\\d+"'`
    "#);
    insta::assert_snapshot!(with(">-\n      a=b,\n      c!d"), @r#"
    error[bad-matcher]: bad matcher format: c!d
     --> routes.yml:7:8
      |
    7 |       c!d
      |        ^
      = help: 6:7: !: expected one of '=~': expected an operator such as '=', '!=', '=~' or '!~'
    "#);
}

#[test]
fn templates() {
    let annotation = |text: &str| alert(&format!("    annotations:\n      summary: {text}\n"));
    insta::assert_snapshot!(annotation("'{{ $label.instance }} is down'"), @r#"
    error[template-parse]: annotation "summary": template: __alert_Down:1: undefined variable "$label"
     --> rules.yml:7:20
      |
    7 |       summary: '{{ $label.instance }} is down'
      |                    ^^^^^^
    "#);
    insta::assert_snapshot!(annotation("\"é \\t {{ $value | humanise }}\""), @r#"
    error[template-parse]: annotation "summary": template: __alert_Down:1: function "humanise" not defined
     --> rules.yml:7:34
      |
    7 |       summary: "é \t {{ $value | humanise }}"
      |                                  ^^^^^^^^
    "#);
    insta::assert_snapshot!(annotation(">-\n        folded\n        text {{ if }}\n        more"), @r#"
    error[template-parse]: annotation "summary": template: __alert_Down:1: missing value for if
     --> rules.yml:9:20
      |
    9 |         text {{ if }}
      |                    ^
    "#);
    insta::assert_snapshot!(alert("    labels: {team: '{{ .Labels'}\n"), @r#"
    error[template-parse]: label "team": template: __alert_Down:1: unclosed action
     --> rules.yml:6:30
      |
    6 |     labels: {team: '{{ .Labels'}
      |                              ^
    "#);
    insta::assert_snapshot!(rules("groups:\n- name: g\n  labels: {team: '{{ $nope }}'}\n  rules:\n  - {alert: A, expr: up}\n  - {alert: B, expr: up}\n"), @r#"
    warning[template-parse]: label "team": template: __alert_A:1: undefined variable "$nope"
     --> rules.yml:3:22
      |
    3 |   labels: {team: '{{ $nope }}'}
      |                      ^^^^^
      = help: Prometheus loads this and puts the error into the label of every alert
    "#);
}

#[test]
fn references() {
    insta::assert_snapshot!(routes("route: {receiver: opps}\nreceivers: [{name: ops}]\ntime_intervals: [{name: night}]\n"), @r#"
    error[undefined-receiver]: undefined receiver "opps" used in route
     --> routes.yml:1:19
      |
    1 | route: {receiver: opps}
      |                   ^^^^
      = help: did you mean `ops`?
    "#);
    insta::assert_snapshot!(routes("route: {receiver: ops, routes: [{mute_time_intervals: [nigth]}]}\nreceivers: [{name: ops, console_configs: [{}]}, {name: old}]\ntime_intervals: [{name: night}]\n"), @r#"
    error[undefined-interval]: undefined time interval "nigth" used in route
     --> routes.yml:1:56
      |
    1 | route: {receiver: ops, routes: [{mute_time_intervals: [nigth]}]}
      |                                                        ^^^^^
      = help: did you mean `night`?
    "#);
    insta::assert_snapshot!(routes("route: {receiver: ops, repeat_interval: 1m}\nreceivers: [{name: ops}]\n"), @r#"
    warning[repeat-interval]: repeat_interval (1m) is shorter than group_interval (5m)
     --> routes.yml:1:8
      |
    1 | route: {receiver: ops, repeat_interval: 1m}
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = help: the route repeats every 5m; make repeat_interval a multiple of it

    warning[into-the-void]: receiver "ops" tells nobody, but 1 route leads to it
     --> routes.yml:2:20
      |
    2 | receivers: [{name: ops}]
      |                    ^^^
      = help: give it a `*_configs` list, or call it `null` if that is what you want
    "#);
}

#[test]
fn values() {
    insta::assert_snapshot!(receiver("  webhook_configs:\n    url: http://x\n"), @r#"
    error[wrong-type]: cannot unmarshal !!map into webhook_configs
     --> routes.yml:5:5
      |
    5 |     url: <secret>
      |     ^^^^^^^^^^^^^
      = help: a list (`- …`) belongs here
    "#);
    insta::assert_snapshot!(receiver("  webhook_configs:\n  - url: example.com/hook\n    send_resolved: 'yes'\n"), @r#"
    error[bad-url]: unsupported scheme "" for URL
     --> routes.yml:5:10
      |
    5 |   - url: <secret>
      |          ^^^^^^^^
      = help: a URL starts with `http://` or `https://` and a host

    error[wrong-type]: cannot unmarshal !!str `yes` into send_resolved
     --> routes.yml:6:20
      |
    6 |     send_resolved: 'yes'
      |                    ^^^^^
      = help: `true` or `false` belongs here
    "#);
    insta::assert_snapshot!(receiver("  email_configs:\n  - to: a@b\n    smarthost: mail\n    from: c@d\n"), @r#"
    error[bad-address]: address mail: missing port in address
     --> routes.yml:6:16
      |
    6 |     smarthost: mail
      |                ^^^^
      = help: an address is `host:port`, as in `mail:587`
    "#);
}

#[test]
fn headers_that_are_none() {
    let http = |headers: &str| {
        receiver(&format!("  webhook_configs:\n  - url: http://x\n    http_config:\n{headers}"))
    };
    insta::assert_snapshot!(http("      http_headers:\n        X Team: {values: [db]}\n        '': {values: [db]}\n"), @r#"
    error[bad-value]: "X Team" cannot be the name of a header
     --> routes.yml:8:9
      |
    8 |         X Team: {values: [db]}
      |         ^^^^^^
      = help: names are of letters, digits and hyphens, such as `X-Team`

    error[bad-value]: "" cannot be the name of a header
     --> routes.yml:9:9
      |
    9 |         '': {values: [db]}
      |         ^^
      = help: names are of letters, digits and hyphens, such as `X-Team`
    "#);
    insta::assert_snapshot!(http("      http_headers:\n        X-Key:\n          secrets:\n          - |\n            s3cret\n          files: [/run/key]\n"), @r"
    error[bad-value]: the value of a header cannot have line feeds or other control characters
      --> routes.yml:10:13
       |
    10 |           - <secret>
       |             ^^^^^^^^
    11 | <secret>
       |         ^
       = help: write it in one line; `|` and `>` put a line feed at the end, `|-` and `>-` do not
    ");
    insta::assert_snapshot!(http("      http_headers: {x-amz-date: {values: [now]}}\n"), @r#"
    error[bad-value]: setting header "X-Amz-Date" is not allowed
     --> routes.yml:7:22
      |
    7 |       http_headers: {x-amz-date: {values: [now]}}
      |                      ^^^^^^^^^^
    "#);
    insta::assert_snapshot!(http("      authorization:\n        credentials: \"s3cret\\n\"\n"), @r"
    error[bad-value]: the value of a header cannot have line feeds or other control characters
     --> routes.yml:8:22
      |
    8 |         credentials: <secret>
      |                      ^^^^^^^^
      = help: write it in one line; `|` and `>` put a line feed at the end, `|-` and `>-` do not
    ");
    insta::assert_snapshot!(http("      proxy_url: http://p\n      proxy_connect_header: {'X:': [\"a\\0\"]}\n"), @r#"
    error[bad-value]: "X:" cannot be the name of a header
     --> routes.yml:8:30
      |
    8 |       proxy_connect_header: {'X:': [<secret>]}
      |                              ^^^^
      = help: names are of letters, digits and hyphens, such as `X-Team`
    "#);
    let hmac = "  webhook_configs:\n  - url: http://x\n    hmac: {secret: k, header: 'X Signature', timestamp_header: Zeit-ü}\n";
    insta::assert_snapshot!(receiver(hmac), @r#"
    error[bad-value]: "X Signature" cannot be the name of a header
     --> routes.yml:6:31
      |
    6 |     hmac: {secret: <secret>, header: 'X Signature', timestamp_header: Zeit-ü}
      |                                      ^^^^^^^^^^^^^
      = help: names are of letters, digits and hyphens, such as `X-Team`

    error[bad-value]: "Zeit-ü" cannot be the name of a header
     --> routes.yml:6:64
      |
    6 |     hmac: {secret: <secret>, header: 'X Signature', timestamp_header: Zeit-ü}
      |                                                                       ^^^^^^
      = help: names are of letters, digits and hyphens, such as `X-Team`
    "#);
    let right = "      http_headers: {\"X-Team_1.a~!#$%&'*+^`|\": {values: ['a b', \"a\\tb\", 'ü', '']}}\n";
    assert_eq!(http(right), "");
}

#[test]
fn a_long_line_is_shown_around_the_place_and_tabs_keep_their_columns() {
    let long = "x".repeat(300);
    insta::assert_snapshot!(rules(&format!("groups: [{{name: g, rules: [{{alert: A, expr: {long}, fro: 5m, labels: {{a: {long}}}}}]}}]\n")), @r#"
    error[unknown-field]: field fro not found in a rule
     --> rules.yml:1:347
      |
    1 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, fro: 5m, labels: {a: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
      |                                          ^^^
      = help: did you mean `for`?
    "#);
    insta::assert_snapshot!(rules("groups: [{name: g,\trules: [], é:\t1}]\n"), @r#"
    error[unknown-field]: field é not found in a rule group
     --> rules.yml:1:31
      |
    1 | groups: [{name: g,    rules: [], é:    1}]
      |                                  ^
    "#);
}

#[test]
fn the_other_formats() {
    let text = "groups:\n- name: g\n  intervall: 5m\n";
    insta::assert_snapshot!(written("rules.yml", text, Format::Concise), @r#"rules.yml:3:3: error[unknown-field]: field intervall not found in a rule group (did you mean `interval`?)"#);
    insta::assert_snapshot!(written("rules.yml", text, Format::Json), @r#"
    [
      {
        "check": "unknown-field",
        "end": {
          "column": 12,
          "line": 3,
          "offset": 29
        },
        "file": "rules.yml",
        "help": "did you mean `interval`?",
        "message": "field intervall not found in a rule group",
        "severity": "error",
        "start": {
          "column": 3,
          "line": 3,
          "offset": 20
        }
      }
    ]
    "#);
    let problems = check_file("rules.yml", text, None, Options::default());
    let coloured = render(&problems, |_| Some(text), Format::Full, true);
    assert!(coloured.starts_with("\x1b[1;31merror[unknown-field]\x1b[0m"), "{coloured:?}");
    assert_eq!(render(&[], |_| None, Format::Json, false), "[]\n");
    assert_eq!(render(&[], |_| None, Format::Full, false), "");
}

#[test]
fn what_is_read_but_not_obeyed_yet() {
    let text = r#"global: {http_config: {tls_config: {min_version: TLS10, max_version: TLS13}}}
route:
  receiver: ops
  labels: {team: db, runbook: 'http://wiki/{{ .GroupLabels.alertname }}'}
  routes:
  - matchers: [a=b]
    mute_time_intervals: [night]
    routes:
    - active_time_intervals: [night]
      mute_time_intervals: []
inhibit_rules:
- source_matchers: [a=b]
- source_matchers: [a=c]
time_intervals: [{name: night}]
templates: [x.tmpl]
template_language: go
event_recorder: {file_outputs: [{path: /tmp/events}]}
receivers:
- name: ops
  fallback: other
  rate_limit: 30/1h
  labels: {tier: a}
  webhook_configs:
  - url: 'http://x/{{ .GroupLabels.team }}'
    payload: {text: hi}
  - url: http://y/
- name: other
  sns_configs: [{topic_arn: a, sigv4: {region: r, profile: ops}}]
"#;
    insta::assert_snapshot!(written("routes.yml", text, Format::Concise), @r"
    routes.yml:1:37: warning[not-obeyed-yet]: min_version: TLS10 is not obeyed: TLS 1.2 is the oldest version that is spoken
    routes.yml:15:13: warning[no-templates]: no file matches x.tmpl
    routes.yml:17:1: warning[not-obeyed-yet]: event_recorder is read, but not obeyed yet: nothing is recorded
    ");
    let nothing = "route: {receiver: ops, labels: {a: b}}\ninhibit_rules: []\ntemplates:\n\
                   receivers: [{name: ops, webhook_configs: [{url: 'http://y/', payload: null}]}]\n";
    assert_eq!(routes(nothing), "", "an empty list asks for nothing");
}
