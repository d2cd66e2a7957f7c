//! Expressions of rule files: what is refused, in which words, and where in the file.

use sereno::check::{Options, check_file};
use sereno::config::expressions::Expressions;
use sereno::config::problem::{Problem, Severity};
use sereno::config::{read_rule_file, read_rule_file_as};
use sereno::promql::parser::{Features, parse};

use crate::corpora;

fn rule(expr: &str) -> String {
    format!("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n")
}

fn check(text: &str) -> Vec<Problem> {
    check_file("r.yml", text, None, Options::default())
}

/// Check, message and place of each problem.
fn shown<'a>(problems: &'a [Problem], text: &'a str) -> Vec<(&'a str, &'a str, &'a str)> {
    let place = |problem: &Problem| &text[problem.span.clone().expect("a place")];
    problems.iter().map(|problem| (problem.check, problem.message.as_str(), place(problem))).collect()
}

#[test]
fn an_error_is_where_the_expression_breaks_however_it_is_written() {
    let message = |line: usize, column: usize| {
        format!("could not parse expression: {line}:{column}: parse error: unexpected <by>")
    };
    for (written, line, column) in [
        ("rate(x[5m]) by (job)", 1, 13),
        ("'rate(x{a=''é''}[5m]) by (job)'", 1, 21),
        (r#""rate(x{a=\"\u00e9\x41\"}[5m]) by (job)""#, 1, 22),
        ("rate(x[5m])\n      by (job)", 1, 13),
        ("'rate(x[5m])\n\n      by (job)'", 2, 1),
        ("|\n      rate(\n        x[5m])\n      by (job)", 3, 1),
        (">-\n      rate(\n      x[5m])\n      by (job)", 1, 14),
        (">2\n      rate(\n        x[5m])\n      by (job)", 2, 0),
        ("&a rate(x[5m]) by (job)", 1, 13),
    ] {
        let text = rule(written);
        let problems = check(&text);
        assert_eq!(problems.len(), 1, "{text}: {problems:#?}");
        let (check, found, place) = shown(&problems, &text)[0];
        assert_eq!((check, place), ("bad-expr", "by"), "{text}");
        if column > 0 {
            assert_eq!(found, message(line, column), "{text}");
        }
        let at = problems[0].span.clone().expect("a place").start;
        assert!(text[at..].starts_with("by (job)"), "{text}");
    }
}

#[test]
fn an_alias_is_wrong_where_its_anchor_stands() {
    let text = "groups:
- name: g
  rules:
  - {alert: A, expr: &e 'up by'}
  - {alert: B, expr: *e}
";
    let problems = check(text);
    let words = "could not parse expression: 1:4: parse error: unexpected <by>";
    assert_eq!(shown(&problems, text), [("bad-expr", words, "by")]);
}

#[test]
fn the_data_source_is_asked_the_canonical_text() {
    let text = rule("|\n      sum(up{ job = 'a' })  by(instance)  # comment\n      > 0.50");
    let (file, problems) = read_rule_file("r.yml", &text);
    assert_eq!(problems, []);
    let rule = &file.expect("a file").groups[0].rules[0];
    assert_eq!(&*rule.expr, r#"sum by (instance) (up{job="a"}) > 0.5"#);
    assert!(rule.parsed.is_some());
}

#[test]
fn types_that_do_not_fit_are_errors_with_their_place() {
    for (expr, message, place) in [
        (
            "rate(x)",
            "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector",
            "x",
        ),
        (
            "sum(x[5m])",
            "1:5: parse error: expected type instant vector in aggregation expression, got range vector",
            "x[5m]",
        ),
        ("foo(x)", "1:1: parse error: unknown function with name \"foo\"", "foo"),
        ("'x{'", "1:3: parse error: unexpected end of input inside braces", "{"),
        ("' '", "1:1: parse error: no expression found in input", " "),
    ] {
        let text = rule(expr);
        let problems = check(&text);
        let words = format!("could not parse expression: {message}");
        let found = shown(&problems, &text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].0, found[0].1), ("bad-expr", words.as_str()), "{text}");
        assert!(found[0].2.starts_with(place), "{text}: {found:?}");
    }
}

#[test]
fn experimental_parts_are_accepted_when_they_are_enabled() {
    let all = Expressions::Promql(Features::ALL);
    for (expr, message, feature) in [
        (
            "mad_over_time(x[5m])",
            "1:1: parse error: function \"mad_over_time\" is not enabled",
            "promql-experimental-functions",
        ),
        (
            "limitk(2, x)",
            "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
            "promql-experimental-functions",
        ),
        (
            "x + fill(0) y",
            "1:1: parse error: binop fill modifiers are experimental and not enabled",
            "promql-binop-fill-modifiers",
        ),
        (
            "rate(x[5m] anchored)",
            "1:6: parse error: anchored modifier is experimental and not enabled",
            "promql-extended-range-selectors",
        ),
    ] {
        let text = rule(expr);
        let problems = read_rule_file("r.yml", &text).1;
        assert_eq!(problems.len(), 1, "{expr}");
        assert_eq!(problems[0].message, format!("could not parse expression: {message}"));
        let help = problems[0].help.as_deref().expect("a help");
        assert!(help.contains(&format!("--enable-feature {feature}")), "{help}");
        assert_eq!(read_rule_file_as("r.yml", &text, all).1, [], "{expr}");
    }
}

#[test]
fn other_languages_are_taken_as_they_are_written() {
    let text = rule("'sum(rate(x)) by (job) default  0'");
    let (file, problems) = read_rule_file_as("r.yml", &text, Expressions::AsWritten);
    assert_eq!(problems, []);
    let rule = &file.expect("a file").groups[0].rules[0];
    assert_eq!(&*rule.expr, "sum(rate(x)) by (job) default  0");
    assert_eq!(rule.parsed, None);
    assert_eq!(read_rule_file("r.yml", &text).1.len(), 1, "it is no PromQL");
}

#[test]
fn what_can_never_be_evaluated_is_an_error() {
    for (expr, place) in [
        ("x[5m]", "x[5m]"),
        ("'(x[5m] offset 1m)'", "(x[5m] offset 1m)"),
        ("x[1h:5m]", "x[1h:5m]"),
        ("'\"s\"'", "\"s\""),
    ] {
        let text = rule(expr);
        let problems = check(&text);
        let message = "rule result is not a vector or scalar";
        assert_eq!(shown(&problems, &text), [("expr-type", message, place)]);
        assert_eq!(problems[0].severity, Severity::Error);
        assert!(problems[0].help.is_some());
    }
    for expr in ["1", "up", "scalar(up)", "'max_over_time(x[1h:5m])'"] {
        assert_eq!(check(&rule(expr)), [], "{expr}");
    }
}

/// The blocks of the founding documents: a paragraph is an expression, or each of its lines is.
fn expressions(text: &str) -> Vec<String> {
    let is_expression = |text: &str| parse(text, Features::default()).is_ok();
    let mut expressions = Vec::new();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    for paragraph in lines.split(|line| line.is_empty() || line.starts_with('#')) {
        let whole = paragraph.join("\n");
        let each = paragraph.iter().all(|line| is_expression(line));
        match paragraph {
            [] => {}
            _ if is_expression(&whole) || !each => expressions.push(whole),
            lines => expressions.extend(lines.iter().map(|line| (*line).to_owned())),
        }
    }
    expressions
}

#[test]
fn the_same_four_expressions_of_the_founding_documents_are_refused_as_by_promtool() {
    let Some(folder) = corpora::folder("seeds") else { return };
    let text = std::fs::read_to_string(folder.join("promql-blocks.txt")).expect("a text");
    let expressions = expressions(&text);
    let errors = expressions.iter().filter_map(|text| parse(text, Features::default()).err());
    let errors: Vec<String> = errors.map(|errors| errors.to_string()).collect();
    assert_eq!(
        errors,
        [
            "1:45: parse error: unexpected <by>",
            "1:72: parse error: unexpected <by>",
            "1:1: parse error: unknown function with name \"label_values\"",
            "1:26: parse error: unexpected character in duration expression: '$'",
        ]
    );
    assert_eq!(expressions.len(), 162);
}
