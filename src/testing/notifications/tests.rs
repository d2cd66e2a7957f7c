//! What people want to know of their routes, as tests that they would write; and what they are told when they
//! expect something else.

use std::sync::Arc;

use crate::config::{load_templates, read_routing};
use crate::testing::file::read_test_file;
use crate::testing::report::{self, Look, Texts};
use crate::testing::verdict::FileVerdict;
use crate::testing::{Limits, Options, Ruleset, Suite};

const RULES: &str = "groups:
- name: g
  rules:
  - alert: Down
    expr: up == 0
    labels: {severity: critical}
    annotations: {summary: '{{ $labels.instance }} is down'}
  - {alert: Slow, expr: latency > 1, labels: {severity: warning}}
";

/// A route of the console, with these keys beside `receiver` and `group_by`, and these keys beside `route`.
fn routes(route: &str, more: &str) -> String {
    format!(
        "route: {{receiver: ops, group_by: [alertname], group_wait: 10s, group_interval: 1m, {route}}}
receivers: [{{name: ops, console_configs: [{{}}]}}, {{name: others, console_configs: [{{}}]}}]
{more}
"
    )
}

/// `a` is down from 1m until 20m, `b` from 3m on; it is slow from 1m on. It ends at 40m.
fn file(test: &str, expected: &[&str]) -> String {
    let expected: String = expected.iter().map(|line| format!("  - {line}\n")).collect();
    format!(
        "routes: r.yml
evaluation_interval: 30s
tests:
- input_series:
  - {{series: 'up{{instance=\"a\"}}', values: '1 0x18 1x20'}}
  - {{series: 'up{{instance=\"b\"}}', values: '1x2 0x37'}}
  - {{series: 'latency{{instance=\"a\"}}', values: '0 2x39'}}
  interval: 1m
{test}  notification_test:
{expected}"
    )
}

fn verdict_of(rules: &str, routes: &str, file: &str) -> FileVerdict {
    verdict_within(Limits::DEFAULT, rules, routes, file)
}

fn verdict_within(limits: Limits, rules: &str, routes: &str, file: &str) -> FileVerdict {
    let (rules, problems) = Ruleset::read("rules.yml", rules, Options::default().features);
    assert_eq!(problems, []);
    let (routing, problems) = read_routing("r.yml", routes);
    assert_eq!(problems, [], "{routes}");
    let mut routing = routing.expect("valid routes");
    let (_, problems) = load_templates(&mut routing, &|_| Ok(Vec::new()));
    assert_eq!(problems, [], "{routes}");
    let (file, problems) = read_test_file("t.yml", file);
    assert_eq!(problems, []);
    let options = Options { limits, ..Options::default() };
    let suite = Suite::new(file.expect("a valid file"), &[Arc::new(rules.expect("valid rules"))], options);
    suite.with_routing(Some(Arc::new(routing))).run(|_| true)
}

fn text(verdict: &FileVerdict) -> String {
    report::text(verdict, &Texts::new(), Look::default())
}

/// Each expectation holds; each of the second list, alone, does not.
#[track_caller]
fn told(routes: &str, test: &str, right: &[&str], wrong: &[&str]) {
    let verdict = verdict_of(RULES, routes, &file(test, right));
    assert!(verdict.passed(), "{}", text(&verdict));
    for line in wrong {
        let verdict = verdict_of(RULES, routes, &file(test, &[line]));
        assert!(!verdict.passed(), "{line} should fail");
    }
}

#[test]
fn a_group_waits_for_its_siblings_and_tells_of_later_ones_at_its_interval() {
    told(
        &routes("repeat_interval: 4h", ""),
        "",
        &[
            "{at: 1m10s, receiver: ops, status: firing, group_labels: {alertname: Down}, alerts: 1}",
            "{at: 3m10s, receiver: ops, status: firing, alerts: 2, match: subset, exp_alerts: [
               {exp_labels: {instance: b}, exp_annotations: {summary: b is down}}]}",
            "{at: 20m10s, alerts: 2, exp_alerts: [{status: resolved, exp_labels: {instance: a}},
               {status: firing, exp_labels: {instance: b}}]}",
            "{receiver: ops, group_labels: {alertname: Down}, count: 3}",
            "{between: [3m10s, 3m10s], group_labels: {alertname: Down}}",
            "{between: [1m, 1m9s999ms], none: true, reason: waiting}",
            "{receiver: others, none: true, reason: not_routed}",
            "{at: 30s, none: true, reason: not_firing}",
        ],
        &[
            "{at: 1m9s, receiver: ops}",
            "{at: 1m11s, receiver: ops}",
            "{at: 1m10s, receiver: others}",
            "{at: 1m10s, status: resolved}",
            "{at: 1m10s, group_labels: {alertname: Up}}",
            "{at: 3m10s, group_labels: {alertname: Down}, alerts: 1}",
            "{receiver: ops, group_labels: {alertname: Down}, count: 2}",
            "{at: 3m10s, match: exact, group_labels: {alertname: Down}, exp_alerts: [{exp_labels: {instance: b}}]}",
            "{at: 20m10s, exp_alerts: [{status: resolved, exp_labels: {instance: b}}]}",
            "{at: 1m10s, none: true}",
            "{receiver: others, none: true, reason: inhibited}",
            "{at: 1m, none: true, reason: not_firing}",
        ],
    );
}

#[test]
fn what_still_fires_is_said_again() {
    told(
        &routes("repeat_interval: 10m", ""),
        "",
        &[
            "{at: 3m10s, group_labels: {alertname: Down}}",
            "{at: 14m10s, group_labels: {alertname: Down}, status: firing}",
            "{between: [3m11s, 14m9s], group_labels: {alertname: Down}, none: true, reason: unchanged}",
        ],
        &["{at: 13m10s, group_labels: {alertname: Down}}"],
    );
}

#[test]
fn a_cooldown_leaves_the_receiver_alone() {
    told(
        &routes("cooldown: 5m", ""),
        "",
        &[
            "{at: 1m10s, group_labels: {alertname: Down}, alerts: 1}",
            "{between: [1m11s, 6m9s], exp_alerts: [{exp_labels: {instance: b}}], none: true, reason: cooldown}",
            "{at: 6m10s, group_labels: {alertname: Down}, alerts: 2}",
        ],
        &[
            "{at: 3m10s, group_labels: {alertname: Down}}",
            "{between: [7m, 9m], exp_alerts: [{exp_labels: {instance: b}}], none: true, reason: cooldown}",
        ],
    );
}

#[test]
fn a_warning_is_inhibited_while_its_critical_twin_fires() {
    let inhibit = "inhibit_rules: [{name: twin, source_matchers: ['alertname=\"Down\"'], \
                   target_matchers: ['severity=\"warning\"'], equal: [instance]}]";
    told(
        &routes("", inhibit),
        "",
        &[
            "{between: [1m, 20m], exp_alerts: [{exp_labels: {alertname: Slow}}], none: true, reason: inhibited}",
            "{at: 20m10s, exp_alerts: [{exp_labels: {alertname: Slow}}]}",
        ],
        &[
            "{at: 1m10s, exp_alerts: [{exp_labels: {alertname: Slow}}]}",
            "{at: 18m, exp_alerts: [{exp_labels: {alertname: Slow}}], none: true, reason: silenced}",
            "{at: 25m, exp_alerts: [{exp_labels: {alertname: Slow}}], none: true, reason: inhibited}",
        ],
    );
}

#[test]
fn a_silence_mutes_from_its_beginning_to_its_end() {
    told(
        &routes("", ""),
        "  silences: [{at: 1m, duration: 4m, matchers: ['alertname=\"Down\"'], created_by: ann, comment: known}]\n",
        &[
            "{between: [0s, 4m59s], group_labels: {alertname: Down}, none: true, reason: silenced}",
            "{at: 5m10s, group_labels: {alertname: Down}, alerts: 2}",
            "{at: 1m10s, group_labels: {alertname: Slow}}",
        ],
        &[
            "{at: 1m10s, group_labels: {alertname: Down}}",
            "{between: [5m10s, 9m], group_labels: {alertname: Slow}, none: true, reason: silenced}",
        ],
    );
}

#[test]
fn a_route_is_quiet_at_night_by_the_clock_of_its_place() {
    let night = "time_intervals: [{name: night, time_intervals: [{times: [{start_time: '23:11', end_time: '23:15'}], \
                 location: Europe/Berlin}]}]";
    let muted = routes("routes: [{receiver: ops, mute_time_intervals: [night]}]", night);
    let active = routes("routes: [{receiver: ops, active_time_intervals: [night]}]", night);
    let start = |offset: &str| format!("  start_timestamp: 2026-03-02T23:10:00{offset}\n");
    let quiet = "{between: [1m, 4m59s], none: true, reason: muted}";
    let morning = "{at: 5m10s, group_labels: {alertname: Down}, alerts: 2}";
    let at_once = "{at: 1m10s, group_labels: {alertname: Down}, alerts: 1}";
    told(&muted, &start("+01:00"), &[quiet, morning], &[at_once]);
    // Berlin is an hour ahead of UTC in March: there it is past midnight.
    told(&muted, &start("Z"), &[at_once], &[quiet, morning]);
    told(&active, &start("+01:00"), &[at_once], &["{at: 1m10s, none: true}"]);
    told(&active, &start("Z"), &["{none: true, reason: muted}"], &[at_once]);
}

const MAIL: &str = "route: {receiver: ops, group_by: [alertname], group_wait: 10s, group_interval: 1m}
receivers:
- name: ops
  fallback: others
  fallback_after: 2m
  email_configs: [{to: a@x.org, from: b@x.org, smarthost: 'x.org:25', send_resolved: true}]
  slack_configs: [{api_url_file: /run/secret, channel: '#ops', title: Static}]
- {name: others, console_configs: [{}]}
";

#[test]
fn mail_and_chat_are_told_what_their_templates_say() {
    told(
        MAIL,
        "",
        &[
            "{at: 1m10s, receiver: ops, integration: email, title: '[FIRING:1] Down: a is down (critical)'}",
            "{at: 1m10s, receiver: ops, integration: 'email[0]', subject: {contains: Down}}",
            "{at: 1m10s, receiver: ops, integration: slack, title: Static, texts: {fallback: {contains: Down}}}",
            "{between: [19m, 20m], receiver: ops, integration: slack, none: true}",
        ],
        &[
            "{at: 1m10s, receiver: ops, integration: slack, title: '[FIRING:1] Down: a is down (critical)'}",
            "{at: 1m10s, receiver: ops, texts: {nothing: x}}",
        ],
    );
}

#[test]
fn an_alert_that_ends_is_told_as_resolved_in_the_words_of_a_person() {
    let body = "[FIRING:1] Down (critical)

1 firing, 1 resolved
All: severity=\\\"critical\\\"

FIRING instance=\\\"b\\\"
  b is down
  since Jan 1 00:03 UTC (17m 10s)

RESOLVED instance=\\\"a\\\"
  a is down
  from Jan 1 00:01 UTC to Jan 1 00:20 UTC (19m)

--
ops: some alerts resolved, 1970-01-01 00:20:10 UTC"
        .replace('\n', "\\n");
    let resolved = format!("{{at: 20m10s, integration: email, receiver: ops, text: \"{body}\"}}");
    let late = resolved.replace("19m)", "19m1s)");
    told(MAIL, "", &[&resolved], &[&late]);
}

#[test]
fn a_fallback_hears_what_its_receiver_could_not_be_told() {
    let fails = "  receivers_fail: [{receiver: ops, integration: email, from: 0s, until: 10m}]\n";
    told(
        MAIL,
        fails,
        &[
            "{between: [0s, 10m], receiver: ops, integration: email, none: true, reason: failed}",
            "{at: 1m10s, receiver: ops, integration: slack, group_labels: {alertname: Down}}",
            "{between: [3m10s, 3m30s], receiver: others, group_labels: {alertname: Down}}",
            "{between: [10m, 16m], receiver: ops, integration: email, group_labels: {alertname: Down}, alerts: 2}",
        ],
        &["{at: 1m10s, receiver: ops, integration: email, group_labels: {alertname: Down}}"],
    );
    let refuses = "  receivers_fail: [{receiver: ops, integration: email, refuses: true}]\n";
    told(
        MAIL,
        refuses,
        &[
            "{at: 1m10s, receiver: others, group_labels: {alertname: Down}}",
            "{receiver: ops, integration: email, none: true, reason: failed}",
        ],
        &[],
    );
    told(
        MAIL,
        "",
        &["{between: [1m10s, 9m], receiver: others, none: true, reason: stand_by}"],
        &["{between: [1m10s, 9m], receiver: others, none: true, reason: failed}"],
    );
}

#[test]
fn nothing_is_told_that_no_test_expects() {
    let exhaustive = "  exhaustive: true\n";
    told(
        &routes("repeat_interval: 4h", ""),
        exhaustive,
        &["{group_labels: {alertname: Down}, count: 3}", "{at: 1m10s, group_labels: {alertname: Slow}}"],
        &["{group_labels: {alertname: Down}}"],
    );
    let verdict =
        verdict_of(RULES, &routes("", ""), &file(exhaustive, &["{group_labels: {alertname: Down}}"]));
    insta::assert_snapshot!(text(&verdict), @r#"
    Unit Testing:  t.yml
      FAILED: unnamed#0 (t.yml)
        notification_test: no notification beside those (exhaustive) expected, found 1
        --> t.yml
          1m10s ops/console[0] not expected
              PART    FOUND
            + status  firing
            + alert   Slow firing
            + subject
                found:    1970-01-01T00:01:10Z [FIRING:1] alertname="Slow"  to ops (first notification)
        what happened
              1m  firing    Down{instance="a"}
              1m  firing    Slow
           1m10s  told      ops/console[0]: firing, first notification: 1970-01-01T00:01:10Z [FIRING:1] alertname="Down"  to ops (first notification)
           1m10s  told      ops/console[0]: firing, first notification: 1970-01-01T00:01:10Z [FIRING:1] alertname="Slow"  to ops (first notification)
              3m  firing    Down{instance="b"}
           3m10s  told      ops/console[0]: firing, new alerts added: 1970-01-01T00:03:10Z [FIRING:2] alertname="Down"  to ops (new alerts added)
             20m  resolved  Down{instance="a"}
          20m10s  told      ops/console[0]: firing, some alerts resolved: 1970-01-01T00:20:10Z [FIRING:1, RESOLVED:1] alertname="Down"  to ops (some alerts resolved)
      FAILED (1 of 1 test)
    "#);
}

#[test]
fn exhaustive_alone_means_that_nothing_is_told() {
    let silence =
        "  exhaustive: true\n  silences: [{at: 0s, duration: 1h, matchers: ['alertname=~\".+\"']}]\n";
    told(&routes("", ""), silence, &[], &[]);
    let verdict = verdict_of(RULES, &routes("", ""), &file("  exhaustive: true\n", &[]));
    assert!(
        text(&verdict).contains("no notification beside those (exhaustive) expected, found 4"),
        "{}",
        text(&verdict)
    );
}

#[test]
fn a_receiver_that_was_told_enough_waits_for_its_turn() {
    let limited = "route: {receiver: ops, group_by: [alertname], group_wait: 10s, group_interval: 1m}
receivers: [{name: ops, rate_limit: 1/10m, console_configs: [{}]}]";
    told(
        limited,
        "",
        &[
            "{at: 1m10s, group_labels: {alertname: Down}}",
            "{between: [1m10s, 11m9s], group_labels: {alertname: Slow}, none: true, reason: rate_limited}",
            "{between: [11m10s, 22m], group_labels: {alertname: Slow}}",
        ],
        &[
            "{between: [1m, 1m9s], group_labels: {alertname: Slow}, none: true, reason: rate_limited}",
            "{between: [1m10s, 11m9s], group_labels: {alertname: Slow}, none: true, reason: cooldown}",
            "{at: 1m10s, group_labels: {alertname: Slow}}",
        ],
    );
}

/// `a` of the group of its own that `Down` has with these routes.
const A_IS_DOWN: &str = "exp_alerts: [{exp_labels: {alertname: Down, instance: a}}]";

#[test]
fn what_is_over_before_anybody_looked_is_never_told() {
    let slow = "route: {receiver: ops, group_by: [alertname, instance], group_wait: 20m, group_interval: 1m}
receivers: [{name: ops, console_configs: [{}]}]";
    told(
        slow,
        "",
        &[
            &format!("{{receiver: ops, {A_IS_DOWN}, none: true, reason: never_told}}"),
            &format!("{{at: 30m, {A_IS_DOWN}, none: true, reason: never_told}}"),
            &format!("{{between: [1m, 19m], {A_IS_DOWN}, none: true, reason: waiting}}"),
            "{between: [20m, 24m], exp_alerts: [{exp_labels: {alertname: Down, instance: b}}]}",
        ],
        &[
            &format!("{{between: [1m, 20m], {A_IS_DOWN}, none: true, reason: never_told}}"),
            &format!("{{between: [1m, 40m], {A_IS_DOWN}, none: true, reason: resolved_unwanted}}"),
            "{exp_alerts: [{exp_labels: {alertname: Down, instance: b}}], none: true, reason: never_told}",
            "{between: [1m, 20m], exp_alerts: [{exp_labels: {alertname: Down, instance: b}}], none: true, reason: never_told}",
        ],
    );
}

#[test]
fn who_does_not_want_to_hear_of_ends_does_not() {
    // In a group with `b`, which goes on; and in a group of its own, which is gone with it.
    for routes in [MAIL.to_owned(), MAIL.replace("[alertname]", "[alertname, instance]")] {
        let of = |integration: &str, window: &str, reason: &str| {
            format!(
                "{{between: [{window}], receiver: ops, integration: {integration}, {A_IS_DOWN}, none: true, reason: {reason}}}"
            )
        };
        told(
            &routes,
            "",
            &[
                &of("slack", "20m, 40m", "resolved_unwanted"),
                &of("slack", "30m, 31m", "resolved_unwanted"),
                &format!("{{at: 20m10s, receiver: ops, integration: email, {A_IS_DOWN}}}"),
            ],
            &[
                &of("slack", "2m, 20m9s", "resolved_unwanted"),
                &of("slack", "20m, 40m", "never_told"),
                &of("email", "20m11s, 40m", "resolved_unwanted"),
            ],
        );
    }
}

#[test]
fn who_knows_of_an_end_is_not_told_again_while_others_are_tried() {
    let routes = MAIL.replace("[alertname]", "[alertname, instance]");
    let routes = routes.replace("slack_configs: [{", "slack_configs: [{send_resolved: true, ");
    let of = |window: &str, reason: &str| {
        format!(
            "{{between: [{window}], receiver: ops, integration: slack, {A_IS_DOWN}, none: true, reason: {reason}}}"
        )
    };
    told(
        &routes,
        "  receivers_fail: [{receiver: ops, integration: email, from: 20m, until: 30m}]\n",
        &[
            &format!("{{at: 20m10s, receiver: ops, integration: slack, status: resolved, {A_IS_DOWN}}}"),
            &of("20m11s, 30m", "still_resolved"),
            &format!(
                "{{between: [30m, 36m], receiver: ops, integration: email, status: resolved, {A_IS_DOWN}}}"
            ),
        ],
        &[
            &of("20m, 30m", "still_resolved"),
            &of("2m, 19m", "still_resolved"),
            &of("20m11s, 30m", "resolved_unwanted"),
        ],
    );
}

#[test]
fn a_text_is_cut_as_its_integration_sends_it() {
    let zeros = |count| "0".repeat(count);
    let long = MAIL.replace("title: Static", &format!("title: '{{{{ .Status }}}}{}'", zeros(1100)));
    let title = |text: String| format!("{{at: 1m10s, receiver: ops, integration: slack, title: '{text}'}}");
    let cut = title(format!("firing{}…", zeros(1017)));
    told(&long, "", &[&cut], &[&title(format!("firing{}", zeros(1100)))]);
}

#[test]
fn what_needs_the_router_needs_routes() {
    let run = |more: &str| {
        let tests = format!("tests:\n- input_series: [{{series: up, values: 0}}]\n{more}");
        let (file, problems) = read_test_file("t.yml", &tests);
        assert_eq!(problems, [], "{tests}");
        text(&Suite::new(file.expect("valid"), &[], Options::default()).run(|_| true))
    };
    for more in ["  exhaustive: true\n", "  notification_test: [{none: true}]\n"] {
        assert!(
            run(more).contains("error[no-routes]: a test of notifications needs routes"),
            "{}",
            run(more)
        );
    }
    assert!(run("").contains("SUCCESS"));
}

#[test]
fn a_router_that_never_rests_ends_the_test() {
    let limits = |steps| Limits { steps, ..Limits::DEFAULT };
    // Evaluations are far apart, and the group is looked at each minute.
    let tests =
        file("", &["{at: 40m, none: true}"]).replace("evaluation_interval: 30s", "evaluation_interval: 10m");
    let run = |steps| verdict_within(limits(steps), RULES, &routes("", ""), &tests);
    assert!(run(100).passed(), "{}", text(&run(100)));
    let said = text(&run(20));
    assert!(
        said.contains("error[too-many-steps]: the router has something to do at more than 20 instants"),
        "{said}"
    );
}

#[test]
fn what_a_test_names_must_exist() {
    let verdict = verdict_of(
        RULES,
        MAIL,
        &file(
            "  receivers_fail: [{receiver: nobody}]\n",
            &["{receiver: op, none: true}", "{receiver: ops, integration: webhook, none: true}"],
        ),
    );
    insta::assert_snapshot!(text(&verdict), @"
    Unit Testing:  t.yml
      FAILED: unnamed#0 (t.yml)
        error[unknown-receiver]: r.yml has no receiver `op`
         --> t.yml
          = help: it has `ops`, `others`
        error[unknown-receiver]: receiver `ops` has no integration `webhook`
         --> t.yml
          = help: it has email[0], slack[0]
        error[unknown-receiver]: r.yml has no receiver `nobody`
         --> t.yml
          = help: it has `ops`, `others`
      FAILED (1 of 1 test)
    ");
}

#[test]
fn a_failure_says_why_nobody_is_told_and_what_happened() {
    let inhibit = "inhibit_rules: [{source_matchers: ['alertname=\"Down\"'], \
                   target_matchers: ['severity=\"warning\"'], equal: [instance]}]";
    let expected = [
        "{at: 1m10s, receiver: ops, exp_alerts: [{exp_labels: {alertname: Slow}}], group_labels: {alertname: Slow}}",
        "{at: 4m, receiver: ops, status: firing}",
        "{at: 3m10s, receiver: ops, alerts: 3, text: \"[FIRING:2] Down\\nsomething else\"}",
        "{between: [2m, 3m], none: true, reason: silenced}",
        "{receiver: others, group_labels: {alertname: Down}}",
        "{at: 1m10s, none: true}",
    ];
    let silence = "  silences: [{at: 9m, duration: 1m, matchers: ['alertname=\"Slow\"']}]\n";
    let verdict = verdict_of(RULES, &routes("cooldown: 2m", inhibit), &file(silence, &expected));
    insta::assert_snapshot!(text(&verdict), @r#"
    Unit Testing:  t.yml
      FAILED: unnamed#0 (t.yml)
        notification_test: a notification to ops at 1m10s expected, found 1, but not as expected
        --> t.yml
          1m10s ops/console[0] differs
              PART               EXPECTED  FOUND
            ! group alertname    Slow      Down
            ! alert 1 alertname  Slow      Down
          why: Slow is inhibited by Down{instance="a"} for ops, from 1m until 20m
        notification_test: a firing notification to ops at 4m expected, found none
        --> t.yml
          why: Slow is inhibited by Down{instance="a"} for ops, from 1m until 20m
          but: 1m10s ops/console[0]: firing: 1970-01-01T00:01:10Z [FIRING:1] alertname="Down"  to ops (first notification)
          but: 3m10s ops/console[0]: firing: 1970-01-01T00:03:10Z [FIRING:2] alertname="Down"  to ops (new alerts added)
          but: 20m10s ops/console[0]: firing: 1970-01-01T00:20:10Z [FIRING:1, RESOLVED:1] alertname="Down"  to ops (some alerts resolved)
          but: 20m10s ops/console[0]: firing: 1970-01-01T00:20:10Z [FIRING:1] alertname="Slow"  to ops (first notification)
        notification_test: a notification to ops at 3m10s expected, found 1, but not as expected
        --> t.yml
          3m10s ops/console[0] differs
              PART    EXPECTED  FOUND
            ! alerts  3         2
            ! text
                - expected, + found
                - [FIRING:2] Down
                - something else
                + 1970-01-01T00:03:10Z [FIRING:2] alertname="Down"  to ops (new alerts added)
                +   all: severity="critical"
                +   firing  instance="a"  since 1970-01-01T00:01:00Z
                +     a is down
                +   firing  instance="b"  since 1970-01-01T00:03:00Z
                +     b is down
          why: Slow is inhibited by Down{instance="a"} for ops, from 1m until 20m
        notification_test: no notification between 2m and 3m, because of `silenced` expected, found none, but for another reason
        --> t.yml
          why: Slow is inhibited by Down{instance="a"} for ops, from 1m until 20m
        notification_test: a notification to others expected, found none
        --> t.yml
          why: Down{instance="a"} fires since 1m and goes to ops
          why: Down{instance="b"} fires since 3m and goes to ops
        notification_test: no notification at 1m10s expected, found 1
        --> t.yml
          1m10s ops/console[0] not expected
              PART    FOUND
            + status  firing
            + alert   Down{instance="a"} firing
            + subject
                found:    1970-01-01T00:01:10Z [FIRING:1] alertname="Down"  to ops (first notification)
        what happened
              1m  firing     Down{instance="a"}
              1m  firing     Slow
              1m  inhibited  Slow is inhibited by Down{instance="a"} for ops, until 20m
           1m10s  told       ops/console[0]: firing, first notification: 1970-01-01T00:01:10Z [FIRING:1] alertname="Down"  to ops (first notification)
              3m  firing     Down{instance="b"}
           3m10s  told       ops/console[0]: firing, new alerts added: 1970-01-01T00:03:10Z [FIRING:2] alertname="Down"  to ops (new alerts added)
              9m  silence    {alertname="Slow"} for 1m
              9m  silenced   Slow is silenced by {alertname="Slow"} of test for ops, until 10m1ms
             20m  resolved   Down{instance="a"}
          20m10s  told       ops/console[0]: firing, some alerts resolved: 1970-01-01T00:20:10Z [FIRING:1, RESOLVED:1] alertname="Down"  to ops (some alerts resolved)
          20m10s  told       ops/console[0]: firing, first notification: 1970-01-01T00:20:10Z [FIRING:1] alertname="Slow"  to ops (first notification)
      FAILED (1 of 1 test)
    "#);
    let json: serde_json::Value = serde_json::from_str(&report::json(
        std::slice::from_ref(&verdict),
        Some(&verdict.coverage),
        &Texts::new(),
    ))
    .expect("JSON");
    let test = &json["files"][0]["tests"][0];
    let failure = &test["failures"][0];
    assert_eq!(failure["kind"], "notifications");
    assert_eq!(failure["found"], "1, but not as expected");
    assert!(failure["why"][0].as_str().is_some_and(|why| why.contains("inhibited by Down")), "{failure}");
    assert_eq!(test["timeline"][0]["what"], "firing");
    assert_eq!(json["coverage"]["routing"][0]["touched"], true);
    let xml = report::junit(std::slice::from_ref(&verdict), &Texts::new());
    assert!(xml.contains("what happened"), "{xml}");
}

#[test]
fn what_of_the_routes_no_test_touched() {
    let more = "inhibit_rules: [{name: twin, source_matchers: [a=b], target_matchers: [c=d]}]";
    let routes = routes("routes: [{receiver: others, matchers: ['severity=\"info\"']}]", more);
    let verdict = verdict_of(RULES, &routes, &file("", &["{at: 1m10s}"]));
    let texts = Texts::from([("r.yml".into(), routes.into())]);
    insta::assert_snapshot!(report::coverage(&verdict.coverage, &texts, Look::default()), @r#"
    Coverage: 0 of 2 rules (0 %)
      rules.yml  alert Down: gives a result, but no test asserts it
      rules.yml  alert Slow: gives a result, but no test asserts it
    Coverage: 2 of 5 routes, receivers and inhibit rules (40 %)
      r.yml:1:93  route {severity="info"} to others: no alert ends here in any test
      r.yml:2:56  receiver others: is told nothing in any test
      r.yml:3:17  inhibit rule twin: keeps no alert back in any test
    "#);
}

#[test]
fn two_runs_are_the_same() {
    let fails = "  receivers_fail: [{receiver: ops, integration: email, until: 10m}]\n";
    let run = || text(&verdict_of(RULES, MAIL, &file(fails, &["{at: 7h}"])));
    assert_eq!(run(), run());
}
