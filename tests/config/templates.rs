//! Templates of routing files: their language, and what is said of those that cannot be used.

use sereno::config::problem::Problem;
use sereno::config::render::{Format, render};
use sereno::config::routes::TemplateLanguage;
use sereno::config::{load_templates, read_routing};
use sereno::model::Str;

/// The file with these lines of a Slack entry, loaded with one template file.
fn load(top: &str, entry: &str, file: &str) -> (Option<TemplateLanguage>, String) {
    let text = format!(
        "{top}templates: ['*.tmpl']\nroute: {{receiver: a}}\nreceivers:\n- name: a\n  slack_configs:\n  - api_url: https://hooks.example.org/x\n{entry}"
    );
    let (routing, mut problems) = read_routing("routes.yml", &text);
    let mut files = Vec::new();
    let language = routing.map(|mut routing| {
        let read = |pattern: &str| match file {
            "" => Ok(Vec::new()),
            "?" => Err(format!("cannot read {pattern}: no")),
            text => Ok(vec![(Str::from("x.tmpl"), Str::from(text))]),
        };
        let found: Vec<Problem>;
        (files, found) = load_templates(&mut routing, &read);
        problems.extend(found);
        routing.template_language
    });
    let text_of = |path: &str| match path {
        "routes.yml" => Some(&*text),
        _ => files.iter().find(|(known, _)| &**known == path).map(|(_, text)| &**text),
    };
    (language, render(&problems, text_of, Format::Concise, false))
}

const FINE: &str = r#"{{ define "mine" }}{{ .Status }}{{ end }}"#;

#[test]
fn the_language_is_what_the_file_says_or_what_its_templates_are() {
    use TemplateLanguage::{Go, Handlebars};
    for (top, entry, want) in [
        ("", "", Handlebars),
        ("compat: strict\n", "", Go),
        ("template_language: go\n", "", Go),
        ("", "    title: '{{ .Status }}'\n", Go),
        ("", "    fields: [{title: a, value: '{{ if true }}b{{ end }}'}]\n", Go),
        ("", "    title: '{{#if alerts}}x{{/if}}'\n", Handlebars),
        ("", "    title: '{{status}}'\n", Handlebars),
        ("template_language: handlebars\n", "    title: '{{status}}'\n", Handlebars),
    ] {
        let (language, said) = load(top, entry, FINE);
        assert_eq!((language, &*said), (Some(want), ""), "{top}{entry}");
    }
}

#[test]
fn templates_that_cannot_be_used() {
    for (top, entry, file, want) in [
        (
            "",
            "    title: '{{ .Status }}'\n    text: '{{#if alerts}}x{{/if}}'\n",
            FINE,
            "routes.yml:8:11: error[mixed-templates]: text is a handlebars template, but title on line 7 is a Go template",
        ),
        (
            "",
            "    title: '{{ .Status '\n",
            FINE,
            r#"routes.yml:7:12: error[bad-template]: title is not a template that can be used: template: :1: unclosed action"#,
        ),
        (
            "",
            "    title: '{{ shout .Status }}'\n",
            FINE,
            r#"routes.yml:7:12: error[bad-template]: title is not a template that can be used: template: :1: function "shout" not defined"#,
        ),
        (
            "",
            "    title: '{{ if false }}{{ template \"yours\" . }}{{ end }}'\n",
            FINE,
            r#"routes.yml:7:12: error[bad-template]: title is not a template that can be used: template "yours" not defined"#,
        ),
        (
            "compat: strict\n",
            "    title: '{{ if false }}{{ template \"yours\" . }}{{ end }}'\n",
            FINE,
            r#"routes.yml:8:12: warning[bad-template]: title is not a template that can be used: template "yours" not defined"#,
        ),
        (
            "",
            "    title: '{{ (index .Alerts 3).Status }}'\n",
            FINE,
            r#"routes.yml:7:12: warning[failing-template]: title fails on a made-up group: template: :1:4: executing "" at <index .Alerts 3>: error calling index: index out of range: 3"#,
        ),
        (
            "template_language: go\n",
            "",
            "{{ define \"slack.default.title\" }}\n{{ template \"gone\" }}{{ end }}",
            r#"routes.yml:7:5: error[bad-template]: the default of fallback cannot be used: template "gone" not defined (it is called by "slack.default.title")"#,
        ),
        (
            "",
            "    title: '{{ .Status }}'\n",
            "\n{{ if }}",
            "x.tmpl:2:7: error[bad-template]: missing value for if",
        ),
        ("", "", "", "routes.yml:1:13: warning[no-templates]: no file matches *.tmpl"),
        ("", "", "?", "routes.yml:1:13: error[unreadable-templates]: cannot read *.tmpl: no"),
    ] {
        let (_, said) = load(top, entry, file);
        assert!(said.starts_with(want), "{top}{entry}\n{said}");
    }
}

#[test]
fn a_template_that_may_hold_a_token_is_not_shown() {
    let text = "route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: 'http://x/{{ s3cret .X }}'}]}]\n";
    let (routing, _) = read_routing("routes.yml", text);
    let (_, problems) = load_templates(&mut routing.expect("valid"), &|_| Ok(Vec::new()));
    let said = render(&problems, |_| Some(text), Format::Full, false);
    assert!(said.contains("url is not a template that can be used"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}
