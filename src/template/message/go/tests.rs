//! Texts of notifications as people see them.

use crate::model::Timestamp;
use crate::template::message::{AlertData, Data, Pairs, Renderer, TemplateSources};

fn pairs(text: &str) -> Pairs {
    text.split_whitespace()
        .filter_map(|pair| pair.split_once('='))
        .map(|(n, v)| (n.into(), v.into()))
        .collect()
}

fn alert(labels: &str, is_firing: bool) -> AlertData {
    AlertData {
        is_firing,
        labels: pairs(labels),
        annotations: pairs("summary=it-is-down"),
        starts_at: Timestamp::from_millis(1_700_000_000_500),
        ends_at: (!is_firing).then(|| Timestamp::from_secs(1_700_000_600)),
        generator_url: "http://p/g?a=1&b=2".into(),
        fingerprint: "0123456789abcdef".into(),
        flaps: 0,
    }
}

fn data() -> Data {
    let heading = Data {
        receiver: "team a.b".into(),
        notification_reason: "first notification".into(),
        group_labels: pairs("alertname=Down"),
        route_labels: pairs("team=db"),
        external_url: "http://us".into(),
        ..Data::default()
    };
    heading.with_alerts(vec![
        alert("alertname=Down job=api instance=a", true),
        alert("alertname=Down job=api instance=b", false),
    ])
}

const NOW: Timestamp = Timestamp::from_secs(1_700_001_000);

/// What the text becomes, or why it fails.
fn text(template: &str) -> String {
    Renderer::default().text(template, &data(), NOW).unwrap_or_else(|error| format!("error: {error}"))
}

#[test]
fn data_functions_and_defaults_are_at_hand() {
    for (template, expected) in [
        ("plain", "plain"),
        (r#"{{ template "__subject" . }}"#, "[FIRING:1] Down (api)"),
        (
            r#"{{ template "slack.default.fallback" . }}"#,
            "[FIRING:1] Down (api) | http://us/#/alerts?receiver=team+a%5C.b",
        ),
        (
            "{{ .CommonLabels }} {{ .Alerts.Firing | len }} {{ .Nope }}",
            "error: template: :1:50: executing \"\" at <.Nope>: can't evaluate field Nope in type *template.Data",
        ),
        (
            r#"{{ (index .Alerts 1).EndsAt | tz "Europe/Berlin" | date "2006-01-02 15:04 MST -0700" }}"#,
            "2023-11-14 23:23 CET +0100",
        ),
        (r#"{{ (index .Alerts 0).EndsAt }}"#, "0001-01-01 00:00:00 +0000 UTC"),
        (r#"{{ routeLabels "team" }}|{{ routeLabels "nope" }}|"#, "db||"),
        (r#"{{ (index .Alerts 0).StartsAt | since | humanizeDuration }}"#, "16m 39s"),
        (r#"{{ define "mine" }}<{{ . }}>{{ end }}{{ template "mine" .Status | toUpper }}"#, "<FIRING>"),
    ] {
        assert_eq!(text(template), expected, "{template}");
    }
}

#[test]
fn pages_escape_what_comes_from_alerts() {
    let mut data = data();
    data.common_labels.insert("job".into(), "</script><b>\"".into());
    data.common_labels.insert("link".into(), "javascript:alert(1)".into());
    let html = |template: &str| {
        let page = Renderer::default().html(template, &data, NOW);
        page.unwrap_or_else(|error| format!("error: {error}"))
    };
    for (template, expected) in [
        ("<b>plain</b>", "<b>plain</b>"),
        (
            r#"<p title="{{ .CommonLabels.job }}">{{ .CommonLabels.job }}</p>"#,
            r#"<p title="&lt;/script&gt;&lt;b&gt;&#34;">&lt;/script&gt;&lt;b&gt;&#34;</p>"#,
        ),
        (r#"<a href="{{ .CommonLabels.link }}">"#, r##"<a href="#ZgotmplZ">"##),
        (r#"<a href="{{ safeUrl .CommonLabels.link }}">"#, r#"<a href="javascript:alert%281%29">"#),
        ("<p>{{ safeHtml .CommonLabels.job }}</p>", "<p></script><b>\"</p>"),
        (
            "<script>x = {{ .CommonLabels.job }} + {{ .GroupLabels }} + {{ index .Alerts 1 }}</script>",
            "<script>x = \"\\u003c/script\\u003e\\u003cb\\u003e\\\"\" + \"alertname=Down\" + {\"status\":\"resolved\",\
             \"labels\":{\"alertname\":\"Down\",\"instance\":\"b\",\"job\":\"api\"},\"annotations\":{\"summary\":\
             \"it-is-down\"},\"startsAt\":\"2023-11-14T22:13:20.5Z\",\"endsAt\":\"2023-11-14T22:23:20Z\",\
             \"generatorURL\":\"http://p/g?a=1\\u0026b=2\",\"fingerprint\":\"0123456789abcdef\"}</script>",
        ),
        (
            r#"<p title="{{ template "__subject" . }}">"#,
            r#"<p title="[FIRING:1] Down (&lt;/script&gt;&lt;b&gt;&#34; javascript:alert(1))">"#,
        ),
        (
            "<p title={{ if true }}\"{{ end }}>",
            "error: html/template::1:15: {{if}} branches end in different contexts: {stateAttr delimDoubleQuote \
             urlPartNone jsCtxRegexp attrNone elementNone <nil>}, {stateBeforeValue delimNone urlPartNone \
             jsCtxRegexp attrNone elementNone <nil>}",
        ),
    ] {
        assert_eq!(html(template), expected, "{template}");
    }
}

#[test]
fn templates_of_files_replace_those_that_come_with_the_binary() {
    let file = |path: &str, text: &str| (path.into(), text.into());
    let sources = |files| TemplateSources { handlebars: false, files };
    let files = vec![
        file("/etc/a.tmpl", r#"{{ define "__subject" }}mine{{ end }}{{ define "x" }}1{{ end }}"#),
        file("/etc/b.tmpl", r#"{{ define "x" }}2{{ end }}"#),
        file("/etc/native.hbs", "{{receiver}}"),
    ];
    let renderer = Renderer::new(sources(files)).expect("templates");
    let rendered =
        renderer.text(r#"{{ template "slack.default.title" . }} {{ template "x" }}"#, &data(), NOW);
    assert_eq!(rendered.expect("a text"), "mine 2");
    let wrong = Renderer::new(sources(vec![file("/etc/a.tmpl", "ok"), file("/etc/b.tmpl", "{{ nope }}")]));
    let (path, error) = wrong.expect_err("a problem").remove(0);
    assert_eq!(
        (&*path, error.to_string().as_str()),
        ("/etc/b.tmpl", "template: b.tmpl:1: function \"nope\" not defined")
    );
}

#[test]
fn route_labels_may_name_each_other() {
    let labels: Pairs = [
        ("team", "{{ .GroupLabels.alertname | toLower }}"),
        ("channel", r##"#{{ routeLabels "team" }}-{{ routeLabels "nope" }}{{ len .Alerts }}"##),
        ("a", r#"{{ routeLabels "b" }}"#),
        ("b", r#"{{ routeLabels "a" }}"#),
    ]
    .map(|(name, text)| (name.into(), text.into()))
    .into();
    let (rendered, failed) = Renderer::default().route_labels(&labels, &data(), NOW);
    assert_eq!(rendered, pairs("team=down channel=#down-2"));
    let failed: Vec<String> = failed.iter().map(|(name, error)| format!("{name}: {error}")).collect();
    let at = |name| {
        format!("template: :1:3: executing \"\" at <routeLabels \"{name}\">: error calling routeLabels: ")
    };
    assert_eq!(
        failed,
        [
            format!("a: {}{}route label cycle detected: a -> b -> a", at("b"), at("a")),
            format!("b: {}{}route label cycle detected: b -> a -> b", at("a"), at("b")),
        ]
    );
}

/// A few hundred alerts of usual size fit the bounds with room to spare.
#[test]
fn large_groups_are_rendered_whole() {
    let labels: String = (0..12).map(|at| format!("label_{at}=value-of-that-label-{at} ")).collect();
    let alerts = (0..500).map(|at| alert(&format!("{labels}instance={at}"), at % 2 == 0)).collect();
    let data = data().with_alerts(alerts);
    let renderer = Renderer::default();
    for template in [r#"{{ template "opsgenie.default.description" . }}"#, "{{ toJson . }}"] {
        let text = renderer.text(template, &data, NOW).expect("a text");
        assert!(text.len() > 200_000, "{template}: {} bytes", text.len());
    }
    let page = renderer.html(r#"{{ template "email.default.html" . }}"#, &data, NOW).expect("a page");
    assert!(page.len() > 1_000_000 && page.ends_with("</html>\n\n"), "{} bytes", page.len());
}

#[test]
fn no_template_hangs_or_swells_the_process() {
    for template in [
        r#"{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}"#,
        "{{ range 100000000000 }}{{ end }}",
        "{{ $x := list }}{{ range 1000 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        "{{ $x := list 1 }}{{ range 100 }}{{ $x = append $x $x $x }}{{ end }}",
        "{{ $x := list 1 }}{{ range 45 }}{{ $x = list $x $x }}{{ end }}{{ toJson $x }}",
        "{{ $x := list 1 }}{{ range 45 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
        "{{ $x := list 1 }}{{ range 1000 }}{{ $x = slice (list $x) 0 1 }}{{ end }}{{ $x }}",
        r#"{{ $x := "aaaaaaaaaaaaaaaa" }}{{ range 100 }}{{ $x = base64encode (toJson $x) }}{{ end }}"#,
        r#"{{ $x := dict }}{{ range 1000 }}{{ $x = dict "a" $x }}{{ end }}"#,
    ] {
        let got = text(template);
        assert!(got.starts_with("error: ") && got.contains("exceeded"), "{template}: {got:.200}");
    }
}

#[test]
fn a_long_chain_of_route_labels_is_an_error() {
    let label =
        |at: usize| (format!("l{at:03}").into(), format!(r#"{{{{ routeLabels "l{:03}" }}}}"#, at + 1).into());
    let labels: Pairs = (0..200).map(label).collect();
    let (rendered, failed) = Renderer::default().route_labels(&labels, &data(), NOW);
    assert_eq!((rendered.len(), failed.len()), (50, 150));
    assert!(failed[0].1.to_string().contains("more than 50 route labels lead to each other"));
}
