//! A rule's texts against promtool's answers.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Expansion, Queries, RuleData, RuleTemplate};
use crate::model::sample::Bucket;
use crate::model::{Histogram, LabelSet, QueryValue, Sample, SampleValue, Timestamp};

#[derive(Default)]
struct Answers(BTreeMap<&'static str, Result<QueryValue, String>>);

impl Queries for Answers {
    fn answer(&self, expr: &str) -> Option<&Result<QueryValue, String>> {
        self.0.get(expr)
    }
}

fn vector(samples: &[(&[(&str, &str)], f64)]) -> Result<QueryValue, String> {
    let sample = |(labels, value): &(&[(&str, &str)], f64)| {
        Sample::float(LabelSet::from_pairs(labels.iter().copied()), *value)
    };
    Ok(QueryValue::Vector(samples.iter().map(sample).collect()))
}

/// What the series that promtool had, `m{instance="i1"} 10` and `m{instance="i2"} 20.5`, give.
fn answers() -> Answers {
    let up: &[(&str, &str)] = &[("__name__", "m"), ("instance", "i2")];
    let down: &[(&str, &str)] = &[("__name__", "m"), ("instance", "i1")];
    Answers(BTreeMap::from([
        ("up", vector(&[])),
        ("nosuch", vector(&[])),
        ("m", vector(&[(down, 10.0), (up, 20.5)])),
        ("sort(m)", vector(&[(down, 10.0), (up, 20.5)])),
        ("sort_desc(m)", vector(&[(up, 20.5), (down, 10.0)])),
        (
            "sort(count(m) by (instance))",
            vector(&[(&[("instance", "i1")], 1.0), (&[("instance", "i2")], 1.0)]),
        ),
        ("vector(5)", vector(&[(&[], 5.0)])),
        ("5", Ok(QueryValue::Scalar(5.0))),
        (
            "label_replace(vector(1), \"__value__\", \"sv\", \"\", \"\")",
            vector(&[(&[("__value__", "sv")], 1.0)]),
        ),
        ("bad(", Err("1:5: parse error: unclosed left parenthesis".to_owned())),
        ("matrix", Ok(QueryValue::Matrix)),
    ]))
}

fn expand_with(text: &str, value: SampleValue, queries: &Answers) -> Expansion {
    let data = RuleData {
        labels: &LabelSet::from_pairs([("__name__", "v"), ("instance", "a:9090"), ("job", "j")]),
        value: &value,
        external_labels: &LabelSet::from_pairs([("e", "x")]),
        external_url: "http://ex/p",
        now: Timestamp::from_secs(60),
    };
    RuleTemplate::new("A", text).expand(&data, queries)
}

fn expand(text: &str, value: f64) -> String {
    match expand_with(text, SampleValue::Float(value), &answers()) {
        Expansion::Text(text) | Expansion::Failed(text) => text.to_string(),
        Expansion::NeedsQuery(query) => format!("needs {query}"),
    }
}

fn number(text: &str) -> f64 {
    text.parse().expect("a float")
}

#[test]
fn texts_are_expanded_as_promtool_does() {
    let table = include_str!("../../../tests/fixtures/rule_templates.tsv");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let [template, value, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}")
        };
        let template: String = serde_json::from_str(template).expect("JSON");
        let expected: String = serde_json::from_str(expected).expect("JSON");
        let got = if value == "parse" {
            RuleTemplate::new("A", &template).problem().map_or("no problem".to_owned(), ToString::to_string)
        } else {
            expand(&template, number(value))
        };
        count += 1;
        if got != expected {
            wrong.push(format!("{template:?} {value}\n  Prometheus: {expected}\n  ours:       {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 200, "the table is whole");
}

/// What Prometheus has changed since, and what promtool cannot show because it has no external URL.
#[test]
fn texts_are_expanded_as_newer_prometheus_does() {
    const AT: &str = "<error expanding template: error executing template __alert_A: template: __alert_A:1";
    for (template, expected) in [
        ("{{ externalURL }} {{ pathPrefix }}", "http://ex/p /p".to_owned()),
        ("{{ humanizeDuration ((toTime 1700000000).Sub (toTime 1699990000)) }}", "2h 46m 40s".to_owned()),
        ("{{ toDuration 90.5 }} {{ (toDuration 90.5).Minutes }}", "1m30.5s 1.5083333333333333".to_owned()),
        ("{{ now }} {{ toTime now }}", "60 1970-01-01 00:01:00 +0000 UTC".to_owned()),
        ("{{ parseDuration \"-1h\" }} {{ urlQueryEscape \"a b&\" }}", "-3600 a+b%26".to_owned()),
        ("{{ with $labels.nope }}a{{ else with $labels.job }}b{{ . }}{{ else }}c{{ end }}", "bj".to_owned()),
        ("{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}{{ $i }}{{ end }}", "01201".to_owned()),
        ("{{ range 0 }}x{{ else }}none{{ end }}", "none".to_owned()),
        (
            "{{ range $i, $e := 3 }}{{ end }}",
            format!(
                "{AT}:131: executing \"__alert_A\" at <3>: can't use 3 to iterate over more than one \
                 variable>"
            ),
        ),
        (
            "{{ .Value.foo }}",
            format!(
                "{AT}:121: executing \"__alert_A\" at <.Value.foo>: can't evaluate field foo in type interface {{}}>"
            ),
        ),
        (
            "{{ .Foo }}",
            format!(
                "{AT}:115: executing \"__alert_A\" at <.Foo>: can't evaluate field Foo in type struct {{ Labels \
                 map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {{}} }}>"
            ),
        ),
        (
            "{{ query \"matrix\" }}",
            format!(
                "{AT}:115: executing \"__alert_A\" at <query \"matrix\">: error calling query: rule result is not a \
                 vector or scalar>"
            ),
        ),
    ] {
        assert_eq!(expand(template, 1.0), expected, "{template}");
    }
}

#[test]
fn a_query_is_asked_for_and_then_used() {
    let template = "{{ with query \"up == 0\" }}{{ len . }} down{{ end }}";
    let value = || SampleValue::Float(1.0);
    let needed = expand_with(template, value(), &Answers::default());
    assert_eq!(needed, Expansion::NeedsQuery("up == 0".into()));
    let known = Answers(BTreeMap::from([("up == 0", vector(&[(&[("job", "a")], 0.0)]))]));
    assert_eq!(expand_with(template, value(), &known), Expansion::Text("1 down".into()));
}

#[test]
fn a_histogram_prints_as_prometheus_prints_it() {
    let bucket = |bounds, lower, upper, count| Bucket { bounds, lower, upper, count };
    let histogram = Histogram {
        count: 12.0,
        sum: 18.4,
        buckets: vec![bucket(3, -0.001, 0.001, 2.0), bucket(0, 0.5, 1.0, 10.0)],
    };
    let value = SampleValue::Histogram(histogram.into());
    assert_eq!(
        expand_with("{{ $value }}", value, &Answers::default()),
        Expansion::Text("{count:12, sum:18.4, [-0.001,0.001]:2, (0.5,1]:10}".into())
    );
}

#[test]
fn a_problem_points_into_the_text_of_the_user() {
    for (text, at, message) in [
        ("down: {{ $nope }}", "$nope", "undefined variable \"$nope\""),
        ("{{ humanise $value }}", "humanise", "function \"humanise\" not defined"),
        ("é {{ \"x }}", "\"x }}", "unterminated quoted string"),
        ("{{ if $value }}x", "", "unexpected EOF"),
        ("{{ .a-b }}", ".a", "bad character U+002D '-'"),
    ] {
        let template = RuleTemplate::new("A", text);
        let problem = template.problem().expect(text);
        assert_eq!((&text[problem.range.clone()], problem.message.as_str()), (at, message), "{text}");
        let failed = format!("<error expanding template: error parsing template __alert_A: {problem}>");
        assert_eq!(expand(text, 1.0), failed);
    }
}

#[test]
fn no_template_hangs_or_swells_the_process() {
    for text in [
        r#"{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}"#,
        r#"{{ define "x" }}{{ if true }}{{ with 1 }}{{ template "x" . }}{{ end }}{{ end }}{{ end }}{{ template "x" }}"#,
        "{{ range 100000000000 }}{{ end }}",
        "{{ range 1000000 }}{{ range 1000000 }}x{{ end }}{{ end }}",
        r#"{{ $x := "aaaaaaaaaaaaaaaa" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}"#,
        r#"{{ $x := "" }}{{ range 1000 }}{{ $x = printf "%1000000s%1000000s" $x "" }}{{ end }}"#,
        "{{ $x := args 1 }}{{ range 100 }}{{ $x = args $x $x }}{{ end }}{{ $x }}",
        "{{ $x := args 1 }}{{ range 40 }}{{ $x = args $x $x }}{{ end }}{{ $x }}",
    ] {
        let got = expand(text, 1.0);
        assert!(
            got.starts_with("<error expanding template:") && got.contains("exceeded"),
            "{text}: {got:.200}"
        );
    }
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(RuleTemplate::new("A", &deep).problem().is_some());
}

/// Every text of the rule files that others wrote is a template.
#[test]
fn real_rules_have_no_problems() {
    let corpora = std::env::var_os("SERENO_CORPORA").unwrap_or_else(|| "../shared/corpora".into());
    let rules = std::path::Path::new(&corpora).join("rules");
    let mut texts = Vec::new();
    collect(&rules, &mut texts);
    if texts.is_empty() {
        eprintln!("no rule files in {}: only the fixtures were tried", rules.display());
        return;
    }
    for text in &texts {
        let template = RuleTemplate::new("A", text);
        assert!(template.problem().is_none(), "{text}\n{:?}", template.problem());
        let expanded = expand(text, 1.5);
        assert!(!expanded.contains("<error"), "{text}\n{expanded}");
    }
}

/// The quoted or plain texts with actions on single lines: enough for what is tried here.
fn collect(folder: &std::path::Path, texts: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, texts);
        } else if let Ok(content) = std::fs::read_to_string(&path) {
            let line_text = |line: &str| {
                let (_, text) = line.split_once(": ")?;
                let text = text.trim();
                let whole = text.matches("{{").count() == text.matches("}}").count();
                let inner = match text.chars().next()? {
                    quote @ ('\'' | '"') => text.strip_prefix(quote)?.strip_suffix(quote)?,
                    _ => text,
                };
                (whole && text.contains("{{")).then(|| inner.replace("''", "'").replace("\\\"", "\""))
            };
            texts.extend(content.lines().filter_map(line_text));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_it_panic(parts in prop::collection::vec(part(), 0..12), value: f64) {
        let text: String = parts.concat();
        let template = RuleTemplate::new("A", &text);
        if let Some(problem) = template.problem() {
            prop_assert!(text.get(problem.range.clone()).is_some(), "{:?} of {text:?}", problem.range);
        }
        expand(&text, value);
    }
}

/// Pieces of templates, in any order and with any text between them.
fn part() -> impl Strategy<Value = String> {
    let pieces = vec![
        "{{",
        "}}",
        "{{-",
        "-}}",
        "{{ ",
        " }}",
        "{{/*",
        "*/}}",
        "if ",
        "else ",
        "end",
        "range ",
        "with ",
        "define ",
        "template ",
        "block ",
        "break",
        "continue",
        "\"x\"",
        "`y`",
        "'c'",
        "$x",
        " := ",
        " = ",
        ", ",
        "$value",
        "$labels",
        ".Labels",
        ".instance",
        ".",
        "(",
        ")",
        "|",
        "printf ",
        "\"%[1]*.[2]*d%v\" ",
        "1",
        "-2.5",
        "0x1p-3",
        "1i",
        "nil ",
        "true",
        "index ",
        "slice ",
        "len ",
        "eq ",
        "lt ",
        "and ",
        "or ",
        "not ",
        "humanize ",
        "toTime ",
        "query ",
        "first ",
        "args ",
        "js ",
        "title ",
        "reReplaceAll ",
        " ",
        "\n",
        "é",
        "\u{0}",
    ];
    prop_oneof![
        8 => prop::sample::select(pieces).prop_map(str::to_owned),
        1 => any::<String>(),
        2 => Just("{{ $value }}".to_owned()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
    ]
}
