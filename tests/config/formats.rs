//! How findings are written for programs: a snapshot of each format, and what SARIF demands.

use serde_json::Value;
use sereno::check::{Options, check_file};
use sereno::config::problem::{Problem, Severity};
use sereno::config::render::{Format, render};

/// Places behind characters of two and four bytes, over several lines, and none.
const TEXT: &str = "groups:
- name: g
  rules:
  - alert: A
    expr: 'up{a=\"🔥é\"} by'
  - alert: B
    expr: |
      x[5m
      ]
    annotations: {text: '{{ gt $value 1 }}'}
";

fn written(format: Format) -> String {
    let mut problems = check_file("rules/50%, a:b.yml", TEXT, None, Options::default());
    problems.extend(check_file("rules/50%, a:b.yml", WITHOUT_SYNTAX_ERROR, None, Options::default()));
    problems.push(Problem {
        check: "unreadable-file",
        severity: Severity::Info,
        file: "other.yml".into(),
        span: None,
        message: "100 %\nof it: gone, all".to_owned(),
        help: None,
    });
    let text_of = |path: &str| path.starts_with("rules/").then_some(TEXT);
    render(&problems, text_of, format, false)
}

/// The same file with its first expression mended, all bytes at their places.
const WITHOUT_SYNTAX_ERROR: &str = "groups:
- name: g
  rules:
  - alert: A
    expr: 'up{a=\"🔥é\"}   '
  - alert: B
    expr: |
      x[5m
      ]
    annotations: {text: '{{ gt $value 1 }}'}
";

#[test]
fn for_people() {
    insta::assert_snapshot!(written(Format::Full));
}

#[test]
fn one_line_each() {
    insta::assert_snapshot!(written(Format::Concise));
}

#[test]
fn json() {
    insta::assert_snapshot!(written(Format::Json));
}

#[test]
fn annotations_of_a_workflow() {
    insta::assert_snapshot!(written(Format::Github));
}

#[test]
fn sarif() {
    let log = written(Format::Sarif).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    insta::assert_snapshot!(log);
}

/// What SARIF 2.1.0 requires of the parts that we write.
#[test]
fn sarif_has_the_structure_that_readers_expect() {
    let log: Value = serde_json::from_str(&written(Format::Sarif)).expect("JSON");
    keys(&log, &["$schema", "version", "runs"]);
    assert_eq!(log["version"], "2.1.0");
    let run = &list(&log["runs"])[0];
    keys(run, &["tool", "columnKind", "results"]);
    assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&text(&run["columnKind"])));
    let driver = &run["tool"]["driver"];
    keys(driver, &["name", "version", "rules"]);
    let rules = list(&driver["rules"]);
    for rule in rules {
        keys(rule, &["id", "shortDescription", "fullDescription", "help"]);
        for description in ["shortDescription", "fullDescription", "help"] {
            let length = text(&rule[description]["text"]).len();
            assert!((1..=1024).contains(&length), "GitHub takes no {description} of {length} bytes");
        }
        assert_ne!(rule["shortDescription"]["text"], rule["id"], "a check without a description");
    }
    let mut fingerprints = std::collections::BTreeSet::new();
    for result in list(&run["results"]) {
        keys(result, &["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"]);
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&text(&result["level"])));
        assert!(!text(&result["message"]["text"]).is_empty());
        let place = &list(&result["locations"])[0]["physicalLocation"];
        let uri = text(&place["artifactLocation"]["uri"]);
        assert!(!uri.contains([' ', '%']) || uri.contains("%20"), "{uri}");
        let region = &place["region"];
        let number = |key: &str| region[key].as_u64().expect("a number");
        assert!(number("startLine") >= 1, "GitHub wants a line, whatever it is about");
        if uri != "other.yml" {
            keys(region, &["startLine", "startColumn", "endLine", "endColumn", "byteOffset", "byteLength"]);
            let start = (number("startLine"), number("startColumn"));
            assert!(start.1 >= 1 && start <= (number("endLine"), number("endColumn")));
        }
        let fingerprint = text(&result["partialFingerprints"]["sereno/v1"]);
        assert!(fingerprints.insert(fingerprint.to_owned()), "{fingerprint} is there twice");
    }
    assert_eq!(fingerprints.len(), list(&run["results"]).len());
}

#[test]
fn a_fingerprint_stays_when_lines_are_added_above() {
    let fingerprints = |text: &str| -> Vec<String> {
        let problems = check_file("r.yml", text, None, Options::default());
        let log: Value =
            serde_json::from_str(&render(&problems, |_| Some(text), Format::Sarif, false)).expect("JSON");
        let results = list(&log["runs"][0]["results"]).to_vec();
        results.iter().map(|result| result["partialFingerprints"]["sereno/v1"].to_string()).collect()
    };
    let before = fingerprints(TEXT);
    assert!(!before.is_empty());
    assert_eq!(before, fingerprints(&format!("# a comment\n\n{TEXT}")));
    assert_ne!(before, fingerprints(&TEXT.replace("} by", "} on")));
}

#[test]
fn code_hosts_are_told_paths_as_they_know_them() {
    let write = |path: &str, format| {
        render(&check_file(path, "groups: [{}]", None, Options::default()), |_| None, format, false)
    };
    assert!(write("./rules/a.yml", Format::Github).contains(",file=rules/a.yml:"));
    assert!(write("./rules/a.yml", Format::Sarif).contains("\"uri\": \"rules/a.yml\""));
    assert_eq!(write("./a.yml", Format::Sarif), write("a.yml", Format::Sarif), "also the fingerprints");
}

/// A file, and its name, can be anybody's.
#[test]
fn nothing_controls_the_terminal() {
    let name = "\u{1b}[31mred\r\u{7}";
    let text = format!("groups: [{{name: {0:?}}}, {{name: {0:?}}}]", name)
        .replace("\\u{1b}", "\\e")
        .replace("\\u{7}", "\\a");
    let problems = check_file(name, &text, None, Options::default());
    assert!(problems[0].message.contains(name), "{problems:?}");
    for format in [Format::Full, Format::Concise, Format::Github] {
        for source in [Some(text.as_str()), None] {
            let written = render(&problems, |_| source, format, false);
            let found = written.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(found, None, "{written:?}");
        }
    }
}

fn keys(value: &Value, expected: &[&str]) {
    let mut found: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
