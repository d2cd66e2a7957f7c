//! What holds for every text: it ends, it does not panic, and what it prints means the same.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Features, parse, parse_metric, parse_selector};

const TOKENS: &[&str] = &[
    "sum",
    "topk",
    "count_values",
    "limitk",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "fill",
    "fill_left",
    "fill_right",
    "offset",
    "anchored",
    "smoothed",
    "and",
    "or",
    "unless",
    "atan2",
    "start",
    "end",
    "step",
    "range",
    "min_of",
    "max_of",
    "(",
    ")",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "@",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "==",
    "!=",
    "<",
    ">=",
    "</",
    ">/",
    "=",
    "=~",
    "!~",
    "foo",
    "a:b",
    "rate",
    "time()",
    "inf",
    "NaN",
    "1",
    "0x1f",
    "010",
    "1e3",
    ".5",
    "5m",
    "1h30m",
    "0",
    "\"s\"",
    "'\\xff'",
    "`u`",
    "\"\\u00e9\"",
    "{a=\"b\"}",
    "{a=~\"x|y\",}",
    "[5m]",
    "[5m:1m]",
    "[5m:]",
    "[step()*2]",
    "(foo)",
    "by (a)",
    "on (a)",
    "fill (1)",
    "offset -5m",
    "offset (5m + 1)",
    "# comment\n",
    "\n",
    "$",
    "é",
    "\u{fffd}",
    "\\",
    "!",
    ";",
    "1e400",
    "300y",
];

fn soup() -> impl Strategy<Value = String> {
    let token = (select(TOKENS), select(&["", " "][..])).prop_map(|(token, space)| format!("{token}{space}"));
    proptest::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

/// Expressions that the grammar allows; most of their types fit, too.
fn expression() -> impl Strategy<Value = String> {
    let label = select(&["job", "\"é\"", "by", "le", "\"without\"", "\"nan\""][..]);
    let leaf = select(
        &[
            "foo",
            "a:b{c=\"d\",e=~\"f|g\"}",
            "{\"q.r\",s!=\"\"}",
            "{__name__=~\"a.+\"}",
            "1",
            "0x10",
            "-5m",
            "time()",
            "foo @ 1.5 offset -1h",
            "foo offset (step() + 1m)",
            "sum_over_time(foo[5m] @ end())",
            "inf",
            "foo smoothed",
            "rate(foo[1h:] offset 5)",
            "max_over_time(foo[min_of(5m, range()) - 1:2*-step()])",
            "vector(\"x\")",
            "info(foo, {})",
        ][..],
    );
    leaf.prop_map(str::to_owned).prop_recursive(6, 40, 3, move |inner| {
        let op = select(
            &[
                "+",
                "-",
                "*",
                "/ on (a, \"b c\")",
                "% ignoring ()",
                "^",
                "atan2",
                "== bool",
                "!=",
                "<",
                "and on (x)",
                "or",
                "unless",
                "> on (a) group_left",
                "+ on (a) group_right (b) fill_left (-1)",
                "* fill (1e30)",
                "</",
            ][..],
        );
        let pair = (inner.clone(), op, inner.clone());
        prop_oneof![
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("- {inner}")),
            inner.clone().prop_map(|inner| format!("({inner})[5m:1m] offset 1w")),
            pair.prop_map(|(left, op, right)| format!("{left} {op} {right}")),
            (inner.clone(), label.clone()).prop_map(|(inner, label)| format!("sum by ({label},) ({inner})")),
            (inner.clone(), label.clone())
                .prop_map(|(inner, label)| format!("avg({inner}) without ({label})")),
            (inner.clone(), inner.clone()).prop_map(|(param, inner)| format!("quantile({param}, {inner})")),
            (inner.clone(), inner).prop_map(|(left, right)| format!("clamp_max({left}, scalar({right}))")),
        ]
    })
}

/// Parses in every way; what is an expression prints what it means.
fn try_everything(text: &str) {
    for features in [Features::default(), Features::ALL] {
        match parse(text, features) {
            Ok(expr) => {
                let printed = expr.to_string();
                // As in Prometheus, `Inf` prints with a sign that counts as an operator before `^`.
                if !printed.contains("+Inf") {
                    let again = parse(&printed, Features::ALL).map(|expr| expr.to_string());
                    assert_eq!(again, Ok(printed), "{text}");
                }
                for node in expr.nodes() {
                    let span = node.span();
                    assert!(
                        text.get(span.start..span.end).is_some_and(|piece| !piece.is_empty()),
                        "{text}: {node}"
                    );
                }
            }
            Err(errors) => {
                assert!(!errors.0.is_empty(), "{text}");
                for error in &errors.0 {
                    assert!(text.is_char_boundary(error.span.start), "{text}: {error}");
                    assert!(!error.to_string().is_empty() && error.help() != Some(""));
                }
            }
        }
    }
    let _ = parse_metric(text);
    let _ = parse_selector(text);
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in any::<String>()) {
        try_everything(&text);
    }

    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        try_everything(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_tokens_are_parsed_or_refused(text in soup()) {
        try_everything(&text);
    }

    #[test]
    fn what_is_printed_means_the_same(text in expression()) {
        try_everything(&text);
    }
}

/// What once went wrong, or might.
#[test]
fn odd_texts_are_parsed_or_refused() {
    for text in [
        "{a=\"\\",
        "[",
        "x[",
        "x[1",
        "x[(",
        "x[step(",
        "x offset",
        "x offset -",
        "x offset (",
        "x @",
        "x @ -",
        "x @ start",
        "sum by",
        "sum by(",
        "sum by(a",
        "sum(x) by",
        "x * on",
        "x * on(a) group_left(",
        "x + fill (",
        "x + fill (-",
        "x{a",
        "x{a=",
        "x{a=~",
        "x{\"a\"",
        "x{,",
        "\"\\",
        "'\\x",
        "'\\U0011",
        "0x",
        "1e+",
        "1_",
        ".",
        "é",
        "x[é]",
        "x{é}",
        "1é",
        "5mé",
        "'é",
        "\u{0}",
        "x\u{a0}y",
        "x\r\ny",
        "# é",
        "x # é\n+ y",
        "-",
        "--",
        "+-+-x",
        "a[1:1:1]",
        "a[1][1]",
        "a[5m:] @ 1 offset 1 @ 1",
        "sum(sum(sum",
        "sum)",
        "}",
        "]",
        ")",
        ":",
        "::",
        "a:::b",
    ] {
        try_everything(text);
        try_everything(&format!("({text}"));
        try_everything(&format!("abs({text})"));
        try_everything(&format!("sum({text}) by (a)"));
    }
}
