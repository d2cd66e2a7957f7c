//! Expressions of real rule files, of documents and of Prometheus' own cases: what parses, and that its
//! canonical text means the same.

use sereno::config::read_rule_file;
use sereno::model::LabelSet;
use sereno::promql::engine::{Options, range};
use sereno::promql::memory::MemoryStore;
use sereno::promql::parser::{Features, MAX_HEIGHT, MAX_NESTING, ParseErrors, parse};
use sereno::promql::value::Value;

use crate::corpora;

fn prints_what_it_means(text: &str, features: Features) -> Result<(), ParseErrors> {
    let printed = parse(text, features)?.to_string();
    let again = parse(&printed, features).unwrap_or_else(|errors| panic!("{text}\n{printed}\n{errors}"));
    assert_eq!(again.to_string(), printed, "{text}");
    Ok(())
}

#[test]
fn every_expression_of_real_rules_parses() {
    let Some(folder) = corpora::folder("rules") else { return };
    let mut count = 0;
    for (path, text) in corpora::files(&folder, &[".yml", ".yaml"]) {
        let (file, _) = read_rule_file(&path.display().to_string(), &text);
        for rule in file.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules) {
            let parsed = prints_what_it_means(&rule.expr, Features::default());
            parsed.unwrap_or_else(|errors| panic!("{}: {}: {errors}", path.display(), rule.name));
            count += 1;
        }
    }
    assert!(count > 1300, "{count} expressions");
}

#[test]
fn the_mistakes_in_documents_are_found_and_explained() {
    let Some(folder) = corpora::folder("seeds") else { return };
    let text = std::fs::read_to_string(folder.join("promql-blocks.txt")).expect("a text");
    let (mut count, mut mistakes) = (0, Vec::new());
    for paragraph in text.split("\n\n") {
        let lines: Vec<&str> = paragraph
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        // A paragraph is one expression on several lines, or several on one line each.
        if lines.is_empty() || prints_what_it_means(&lines.join("\n"), Features::default()).is_ok() {
            count += usize::from(!lines.is_empty());
            continue;
        }
        for line in lines {
            count += 1;
            if let Err(errors) = prints_what_it_means(line, Features::default()) {
                mistakes.push(format!("{line}\n  {errors}\n  {}", errors.help().unwrap_or("-")));
            }
        }
    }
    assert_eq!(count, 162);
    insta::assert_snapshot!(mistakes.join("\n"), @r#"
    rate(app_requests_total{status!="200"}[5m]) by (endpoint)
      1:45: parse error: unexpected <by>
      `by` needs an aggregation, such as `sum by (job) (rate(x[5m]))`
    histogram_quantile(0.99, rate(app_request_duration_seconds_bucket[5m]) by (le, endpoint))
      1:72: parse error: unexpected <by>
      `by` needs an aggregation, such as `sum by (job) (rate(x[5m]))`
    label_values(http_requests_total, endpoint)
      1:1: parse error: unknown function with name "label_values"
      `label_values` is Grafana's, for variables of dashboards
    rate(http_requests_total[$interval])
      1:26: parse error: unexpected character in duration expression: '$'
      `$interval` is a variable of a Grafana dashboard, which fills it in; write a duration, such as `5m`
    "#);
}

#[test]
fn every_query_of_prometheus_own_cases_parses() {
    let Some(folder) = corpora::folder("promqltest") else { return };
    let mut count = 0;
    for (path, text) in corpora::files(&folder, &[".test"]) {
        for query in text.lines().filter_map(query) {
            let parsed = prints_what_it_means(query, Features::ALL);
            parsed.unwrap_or_else(|errors| panic!("{}: {query}: {errors}", path.display()));
            count += 1;
        }
    }
    assert!(count > 1000, "{count} queries");
}

/// The query of an `eval` line.
fn query(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("eval")?;
    let (_, mut rest) = rest.split_once("instant at ").or_else(|| rest.split_once("range from "))?;
    let words = if line.contains("range from ") { 5 } else { 1 };
    for _ in 0..words {
        rest = rest.trim_start().split_once(char::is_whitespace)?.1;
    }
    Some(rest.trim())
}

/// The limits of the parser are there for this.
#[test]
fn what_is_not_too_deep_to_parse_is_not_too_deep_to_evaluate() {
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    for text in [
        nested("", "x", " + 1", MAX_HEIGHT - 1),
        nested("", "x", " or x", MAX_HEIGHT - 1),
        nested("(", "x", ")", MAX_NESTING - 1),
        nested("sum by (job) (", "x", ")", MAX_NESTING - 1),
        nested("label_replace(", "x", ", \"a\", \"$1\", \"b\", \"(.*)\")", MAX_NESTING - 1),
        nested("x * (", "x", ")", MAX_NESTING / 2 - 1),
    ] {
        let evaluate = move || {
            let expr = parse(&text, Features::ALL).unwrap_or_else(|errors| panic!("{text}: {errors}"));
            let mut store = MemoryStore::default();
            let labels = LabelSet::from_pairs([("__name__", "x"), ("job", "a")]);
            store.append(&labels, 0, Value::Float(1.0)).expect("the first sample");
            let evaluated = range(&expr, &store, 0, 60_000, 30_000, &Options::default());
            assert!(evaluated.is_ok(), "{text}");
        };
        // As much as threads of the server have.
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(evaluate).expect("a thread");
        thread.join().expect("no overflow and no panic");
    }
}
