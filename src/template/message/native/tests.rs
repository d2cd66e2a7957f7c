//! The native look: what people read, and what no label can do to it.

use super::{NativeTemplates, default_name, is_go};
use crate::model::{Str, Timestamp};
use crate::template::message::{AlertData, Data, Pairs};

fn pairs(list: &[(&str, &str)]) -> Pairs {
    list.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("a time")
}

const NOW: &str = "2026-03-01T10:20:00Z";

fn alert(labels: &[(&str, &str)], annotations: &[(&str, &str)], ended: bool) -> AlertData {
    AlertData {
        is_firing: !ended,
        labels: pairs(labels),
        annotations: pairs(annotations),
        starts_at: at("2026-03-01T08:05:00Z"),
        ends_at: ended.then(|| at("2026-03-01T10:19:00Z")),
        generator_url: "http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1".into(),
        fingerprint: "c59aa5d972b8ef9c".into(),
        flaps: 0,
    }
}

fn group(alerts: Vec<AlertData>) -> Data {
    let heading = Data {
        receiver: "on-call".into(),
        notification_reason: "first notification".into(),
        group_labels: pairs(&[("alertname", "HostDown"), ("cluster", "madrid-1")]),
        external_url: "https://sereno.example".into(),
        group_key: "{}:{alertname=\"HostDown\"}".into(),
        at: at(NOW),
        ..Data::default()
    };
    heading.with_alerts(alerts)
}

/// Alert number `n` of a group.
fn down(n: usize, ended: bool) -> AlertData {
    alert(
        &[
            ("alertname", "HostDown"),
            ("cluster", "madrid-1"),
            ("instance", &format!("web-{n}.example:9100")),
            ("job", "node"),
            ("severity", "critical"),
        ],
        &[
            ("summary", &format!("web-{n} does not answer")),
            (
                "description",
                "Prometheus could not scrape it for 5 minutes.\nLook at the console of the machine first.",
            ),
            ("runbook_url", "https://runbooks.example/HostDown"),
        ],
        ended,
    )
}

/// An alert whose every value tries to be something else.
fn hostile() -> AlertData {
    let evil = "\"><script>alert(1)</script>'`{{x}}\r\nBcc: e@x.y <!channel> \u{202e}gnp.exe";
    let long = "W".repeat(3000);
    let mut alert = alert(
        &[
            ("alertname", evil),
            ("cluster", "<b>madrid</b>"),
            ("severity", "<i>critical</i>"),
            ("long", &long),
        ],
        &[
            ("summary", evil),
            ("description", &format!("{evil} {long}")),
            ("runbook_url", "javascript:alert(1)"),
            ("dashboard_url", "https://x/\"onmouseover=\"alert(1)"),
        ],
        false,
    );
    for n in 0..30 {
        alert.labels.insert(format!("label_{n}").into(), "&'".repeat(200).into());
    }
    alert.generator_url = "data:text/html,<script>".into();
    alert
}

fn render(name: &str, data: &Data) -> String {
    let templates = NativeTemplates::new([].iter()).expect("they compile");
    let text = format!("{{{{ template \"{name}\" . }}}}");
    let rendered = templates.render(name.ends_with("html"), &text, data, at(NOW));
    rendered.expect("a native template").expect("it renders")
}

#[test]
fn what_each_default_says() {
    let one = group(vec![down(1, false)]);
    let some = group(vec![down(1, true), down(2, false), down(3, false)]);
    let over = group(vec![down(1, true)]);
    let titles: Vec<String> =
        [&one, &some, &over].iter().map(|data| render("email.default.subject", data)).collect();
    let want = [
        "[FIRING:1] HostDown madrid-1: web-1 does not answer (critical)",
        "[FIRING:2] HostDown madrid-1 (critical)",
        "[RESOLVED] HostDown madrid-1: web-1 does not answer (critical)",
    ];
    assert_eq!(titles, want);
    for name in
        ["slack.default.title", "webhook.default.title", "discord.default.title", "sns.default.subject"]
    {
        assert_eq!(render(name, &one), want[0], "{name}");
    }
    insta::assert_snapshot!(render("slack.default.fallback", &some), @"[FIRING:2] HostDown madrid-1 (critical) | https://sereno.example");
    insta::assert_snapshot!(render("pushover.default.message", &some), @r#"
    2 firing, 1 resolved
    All: cluster="madrid-1" job="node" severity="critical"

    FIRING instance="web-2.example:9100"
      web-2 does not answer
      Prometheus could not scrape it for 5 minutes.
      Look at the console of the machine first.
      since Mar 1 08:05 UTC (2h 15m)
      Runbook: https://runbooks.example/HostDown
      Source: http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1

    FIRING instance="web-3.example:9100"
      web-3 does not answer
      Prometheus could not scrape it for 5 minutes.
      Look at the console of the machine first.
      since Mar 1 08:05 UTC (2h 15m)
      Runbook: https://runbooks.example/HostDown
      Source: http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1

    RESOLVED instance="web-1.example:9100"
      web-1 does not answer
      Prometheus could not scrape it for 5 minutes.
      Look at the console of the machine first.
      from Mar 1 08:05 UTC to Mar 1 10:19 UTC (2h 14m)
      Runbook: https://runbooks.example/HostDown
      Source: http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1
    "#);
    insta::assert_snapshot!(render("email.default.text", &one), @r#"
    [FIRING:1] HostDown madrid-1: web-1 does not answer (critical)

    1 firing
    All: cluster="madrid-1" instance="web-1.example:9100" job="node" severity="critical"

    FIRING
      web-1 does not answer
      Prometheus could not scrape it for 5 minutes.
      Look at the console of the machine first.
      since Mar 1 08:05 UTC (2h 15m)
      Runbook: https://runbooks.example/HostDown
      Source: http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1

    Silence: https://sereno.example/#/silences/new?filter=%7Balertname%3D%22HostDown%22%2C+cluster%3D%22madrid-1%22%2C+instance%3D%22web-1.example%3A9100%22%2C+job%3D%22node%22%2C+severity%3D%22critical%22%7D
    -- 
    on-call: first notification, 2026-03-01 10:20:00 UTC, https://sereno.example
    "#);
    insta::assert_snapshot!(render("slack.default.text", &some), @r#"
    `cluster=madrid-1` `job=node` `severity=critical`
    :red_circle: *web-2 does not answer* `instance=web-2.example:9100` for 2h 15m <http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&amp;g0.tab=1|source> <https://runbooks.example/HostDown|runbook>
    Prometheus could not scrape it for 5 minutes.
    Look at the console of the machine first.
    :red_circle: *web-3 does not answer* `instance=web-3.example:9100` for 2h 15m <http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&amp;g0.tab=1|source> <https://runbooks.example/HostDown|runbook>
    Prometheus could not scrape it for 5 minutes.
    Look at the console of the machine first.
    :large_green_circle: *web-1 does not answer* `instance=web-1.example:9100` resolved after 2h 14m <http://prometheus.example:9090/graph?g0.expr=up+%3D%3D+0&amp;g0.tab=1|source> <https://runbooks.example/HostDown|runbook>
    Prometheus could not scrape it for 5 minutes.
    Look at the console of the machine first.
    "#);
}

#[test]
fn the_mail_leads_with_what_is_wrong() {
    let html = render("email.default.html", &group(vec![down(1, true), down(2, false), down(3, false)]));
    for part in [
        "2 FIRING &nbsp;&middot;&nbsp; 1 RESOLVED &nbsp;&middot;&nbsp; CRITICAL",
        "<bdi>web-2 does not answer</bdi>",
        "Firing for 2h 15m, since Mar 1, 08:05 UTC",
        "<b class=\"done\" style=\"color:#067647\">Resolved</b> after 2h 14m, from Mar 1, 08:05 to Mar 1, 10:19 UTC",
        "href=\"https://runbooks.example/HostDown\"",
        "href=\"http://prometheus.example:9090/graph?g0.expr&#x3D;up+%3D%3D+0&amp;g0.tab&#x3D;1\"",
        "https://sereno.example/#/silences/new?filter&#x3D;%7Balertname%3D%22HostDown%22%2C+cluster",
        "Sent to <bdi>on-call</bdi> on Mar 1, 2026 at 10:20 UTC: first notification.",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
    let place = |text: &str| html.find(text).expect("it is there");
    assert!(place("web-2 does not answer") < place("web-1 does not answer"), "what fires comes first");
    let over = render("email.default.html", &group(vec![down(1, true)]));
    assert!(over.contains("RESOLVED") && over.contains("#067647") && !over.contains("Silence"), "{over}");
}

#[test]
fn no_label_becomes_markup_and_no_mail_is_clipped() {
    let mut data = group((0..500).map(|_| hostile()).collect());
    data.group_labels = data.common_labels.clone();
    data.receiver = "<b>&\"".repeat(1000).into();
    data.external_url = "javascript:alert(1)".into();
    let html = render("email.default.html", &data);
    assert!(html.len() < 102 * 1024, "Gmail clips it: {}", html.len());
    for evil in ["<script", "javascript:", "<b>madrid", "\"onmouseover", "data:text", "<i>critical"] {
        assert!(!html.contains(evil), "{evil}");
    }
    assert!(html.contains("and 470 more"), "{html}");
    let slack = render("slack.default.text", &data);
    assert!(!slack.contains("<!channel>") && slack.contains("&lt;!channel&gt;"), "{slack}");
    assert!(render("email.default.subject", &data).len() < 1000);
}

#[test]
fn files_replace_what_comes_with_the_binary_and_are_partials() {
    let file = |path: &str, text: &str| (Str::from(path), Str::from(text));
    let files = [
        file("/etc/sereno/title.hbs", "{{status}} of mine\n"),
        file("/etc/sereno/discord.title.hbs", "only discord"),
        file("/etc/sereno/sign.html.hbs", "<i>{{receiver}}</i>"),
    ];
    let templates = NativeTemplates::new(files.iter()).expect("they compile");
    let mut data = group(vec![down(1, false)]);
    data.receiver = "a&b".into();
    let render = |is_html: bool, text: &str| match templates.render(is_html, text, &data, at(NOW)) {
        Some(rendered) => rendered.unwrap_or_else(|error| format!("error: {error}")),
        None => "Go".to_owned(),
    };
    for (is_html, text, want) in [
        (false, r#"{{ template "email.default.subject" . }}"#, "firing of mine"),
        (false, r#"{{template "discord.default.title" .}}"#, "only discord"),
        (false, r#"{{ template "pushover.default.title" . }}"#, "firing of mine"),
        (false, r#"{{ template "telegram.default.message" . }}"#, "Go"),
        (false, r#"{{ template "slack.default.color" . }}"#, "Go"),
        (false, r#"{{ if eq .Status "firing" }}2{{ else }}0{{ end }}"#, "Go"),
        (false, "{{ .Alerts.Firing | toJson }}", "Go"),
        (false, "to {{receiver}}: {{> title.hbs}}", "to a&b: firing of mine"),
        (true, "to {{receiver}}{{> sign.html.hbs}}", "to a&amp;b<i>a&amp;b</i>"),
        (false, "plain", "plain"),
        (
            false,
            "{{nothing}}",
            "error: template text: line 1: Failed to access variable in strict mode Some(\"nothing\")",
        ),
        (false, "{{> other}}", "error: template text, line 1: there is no partial other"),
    ] {
        assert_eq!(render(is_html, text), want, "{text}");
    }
    let wrong = NativeTemplates::new([file("/etc/sereno/mine.hbs", "{{shout x}}")].iter()).map(|_| ());
    let (path, error) = wrong.expect_err("no such helper").remove(0);
    assert_eq!(
        (&*path, error.to_string().as_str()),
        ("/etc/sereno/mine.hbs", "template mine.hbs, line 1: there is no helper shout")
    );
}

#[test]
fn languages_are_told_apart() {
    for (text, want) in [
        ("{{ .Status }}", true),
        ("{{- .Status -}}", true),
        ("a {{ $x }}", true),
        ("{{ range .Alerts }}x{{ end }}", true),
        ("{{ template \"x\" . }}", true),
        ("{{status}}", false),
        ("{{#if x}}{{else}}{{/if}}", false),
        ("{{.}} {{./x}} {{../y}} {{this.x}}", false),
        ("{{within}} {{iffy}}", false),
        ("no braces", false),
    ] {
        assert_eq!(is_go(text), want, "{text}");
    }
    assert_eq!(default_name("{{ template \"a.default.b\" . }}"), Some("a.default.b"));
    assert_eq!(default_name("x{{ template \"a.default.b\" . }}"), None);
}

#[test]
fn large_groups_and_alerts_without_texts_have_mails_too() {
    let large = render("email.default.html", &group((0..2000).map(|n| down(n, false)).collect()));
    assert!(large.contains("2000 FIRING") && large.contains("and 1970 more"), "{large}");
    let bare = group(vec![alert(&[("alertname", "Up")], &[], false), alert(&[("zone", "b")], &[], false)]);
    let html = render("email.default.html", &bare);
    assert!(html.contains("<bdi>Up</bdi>") && html.contains("<bdi>b</bdi>"), "{html}");
    let text = render("email.default.text", &bare);
    assert!(text.contains("FIRING zone=\"b\""), "{text}");
    assert!(!html.contains("Silence all") && !text.contains("Silence"), "that would mute everything");
}
