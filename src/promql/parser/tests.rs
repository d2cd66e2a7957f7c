//! What parses and what it is; what does not and why, in Prometheus' words.

use super::{Features, MAX_HEIGHT, MAX_NESTING, ParseErrorKind, parse, parse_metric, parse_selector};
use crate::promql::ast::{AtTime, Expr, Extension, Length, ValueType};

fn parsed(text: &str) -> Expr {
    parse(text, Features::ALL).unwrap_or_else(|errors| panic!("{text}: {errors}"))
}

fn error(text: &str, features: Features) -> String {
    parse(text, features).map_or_else(|errors| errors.to_string(), |expr| format!("parsed: {expr}"))
}

fn all_errors(text: &str) -> Vec<String> {
    parse(text, Features::ALL).map_or_else(
        |errors| errors.0.iter().map(ToString::to_string).collect(),
        |expr| vec![format!("parsed: {expr}")],
    )
}

#[test]
fn operators_group_as_in_prometheus() {
    for (text, grouped) in [
        ("a + b * c", "(a + (b * c))"),
        ("a * b + c", "((a * b) + c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("a / b atan2 c % d", "(((a / b) atan2 c) % d)"),
        ("-a ^ b", "-(a ^ b)"),
        ("-a * b", "(-a * b)"),
        ("2 ^ -a ^ b", "(2 ^ -(a ^ b))"),
        ("2 ^ -a * b", "((2 ^ -a) * b)"),
        ("a or b and c unless d", "(a or ((b and c) unless d))"),
        ("a > b + c == d", "((a > (b + c)) == d)"),
        ("a >/ 1 + 2 </ 3", "((a >/ (1 + 2)) </ 3)"),
        ("a offset 1m ^ b", "(a offset 1m ^ b)"),
        ("a offset -2 ^ b", "(a offset -2s ^ b)"),
        ("a + b @ 1 - c", "((a + b @ 1.000) - c)"),
        ("-rate(a[1h])", "-rate(a[1h])"),
    ] {
        assert_eq!(grouping(&parsed(text)), grouped, "{text}");
    }
}

/// The expression with parentheses around every operation.
fn grouping(expr: &Expr) -> String {
    match expr {
        Expr::Binary(node) => format!("({} {} {})", grouping(&node.left), node.op, grouping(&node.right)),
        Expr::Unary(node) => format!("{}{}", node.sign, grouping(&node.operand)),
        other => other.to_string(),
    }
}

#[test]
fn numbers_are_read_as_go_reads_them() {
    for (text, value) in [
        ("42", 42.0),
        ("0x2A", 42.0),
        ("0X_2a", 42.0),
        ("052", 42.0),
        ("08", 8.0),
        ("4_2", 42.0),
        ("4.2e1", 42.0),
        ("42_0e-1", 42.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-42", -42.0),
        ("--42", 42.0),
        ("Inf", f64::INFINITY),
        ("-iNF", f64::NEG_INFINITY),
        ("9223372036854775808", 9_223_372_036_854_775_808.0),
        ("1h30m", 5400.0),
        ("-250ms", -0.25),
        ("1y2w", 32_745_600.0),
    ] {
        let Expr::Number(number) = parsed(text) else { panic!("{text} is a number") };
        assert_eq!(number.value.to_bits(), value.to_bits(), "{text}");
    }
    assert!(matches!(parsed("NaN"), Expr::Number(number) if number.value.is_nan()));
}

#[test]
fn texts_lose_their_quotes_and_escapes() {
    for (text, value) in [
        (r#""tab\there""#, "tab\there"),
        (r#"'it\'s "so"'"#, "it's \"so\""),
        (r"`raw\n`", r"raw\n"),
        ("`two\nlines`", "two\nlines"),
        (r#""\x41\102\u0043\U00000044\\""#, r"ABCD\"),
        (r#""\xc3\xa9""#, "é"),
        (r#""\xff""#, "\u{fffd}"),
        (r#""\a\b\f\v\r""#, "\u{7}\u{8}\u{c}\u{b}\r"),
    ] {
        let Expr::String(string) = parsed(text) else { panic!("{text} is a text") };
        assert_eq!(&*string.value, value, "{text}");
    }
}

#[test]
fn words_of_the_language_may_be_names() {
    for text in [
        "sum",
        "by",
        "offset offset 5m",
        "on:total",
        "start",
        "step + range",
        "fill + fill_left",
        "and and and",
        "limitk",
        "max_of",
        "anchored",
        "without{by=\"x\"}",
    ] {
        parsed(text);
    }
    assert_eq!(
        parsed("sum by (by, on, bool, \"sum\") (group)").to_string(),
        "sum by (by, on, bool, sum) (group)"
    );
    assert_eq!(error("on", Features::ALL), "1:1: parse error: unexpected <on>");
    assert_eq!(
        error("sum by (without) (x)", Features::ALL),
        "1:9: parse error: unexpected <without> in grouping opts, expected label"
    );
}

#[test]
fn every_node_knows_its_place() {
    let text = "sum by (job) (rate(orders{shop=\"a\"}[5m] offset 1h)) / -time() > bool 2";
    let expr = parsed(text);
    let places: Vec<&str> =
        expr.nodes().iter().map(|node| &text[node.span().start..node.span().end]).collect();
    assert_eq!(
        places,
        [
            text,
            "sum by (job) (rate(orders{shop=\"a\"}[5m] offset 1h)) / -time()",
            "sum by (job) (rate(orders{shop=\"a\"}[5m] offset 1h))",
            "rate(orders{shop=\"a\"}[5m] offset 1h)",
            "orders{shop=\"a\"}[5m] offset 1h",
            "-time()",
            "time()",
            "2",
        ]
    );
    let Expr::Aggregate(sum) = parsed("sum(x) by (job)  ") else { panic!("an aggregation") };
    assert_eq!((sum.span.start, sum.span.end), (0, 15));
    let selector = "a:b{c=\"d\" , \"é\"!~'x'} @ end()";
    let Expr::Vector(node) = parsed(selector) else { panic!("a selector") };
    let matchers: Vec<&str> =
        node.matchers.iter().map(|matcher| &selector[matcher.span.start..matcher.span.end]).collect();
    assert_eq!(matchers, ["c=\"d\"", "\"é\"!~'x'", "a:b"]);
    assert_eq!(node.span.end, selector.len());
}

#[test]
fn modifiers_are_kept_with_the_selector() {
    let Expr::Matrix(range) = parsed("stock[10m] @ -1.5 offset -1w smoothed") else { panic!("a range") };
    assert_eq!(range.range, Length::Fixed(600_000));
    assert_eq!(range.selector.at.map(|at| at.time), Some(AtTime::Fixed(-1500)));
    assert_eq!(range.selector.offset.map(|offset| offset.length), Some(Length::Fixed(-604_800_000)));
    assert_eq!(range.selector.extension, Some(Extension::Smoothed));
    let Expr::Subquery(subquery) = parsed("rate(stock[1m])[1h:5m] offset 2") else { panic!("a subquery") };
    assert_eq!(subquery.step, Some(Length::Fixed(300_000)));
    assert_eq!(subquery.offset.map(|offset| offset.length), Some(Length::Fixed(2000)));
    let Expr::Vector(selector) = parsed("stock offset 0s offset 1m") else { panic!("a selector") };
    assert_eq!(selector.offset.map(|offset| offset.length), Some(Length::Fixed(60_000)));
}

#[test]
fn types_follow_from_operands_and_functions() {
    for (text, value_type) in [
        ("1 + 2", ValueType::Scalar),
        ("x + 2", ValueType::Vector),
        ("-(1)", ValueType::Scalar),
        ("x[5m]", ValueType::Matrix),
        ("(x)[5m:]", ValueType::Matrix),
        ("'text'", ValueType::String),
        ("scalar(x)", ValueType::Scalar),
        ("time() > bool 3", ValueType::Scalar),
        ("topk(1, x)", ValueType::Vector),
    ] {
        assert_eq!(parsed(text).value_type(), value_type, "{text}");
    }
}

#[test]
fn what_is_no_token_is_refused_in_prometheus_words() {
    for (text, message) in [
        ("orders $ 5", "1:8: parse error: unexpected character: '$'"),
        ("orders\n  =~ 5", "2:3: parse error: unexpected character after '=': '~'"),
        ("!orders", "1:1: parse error: unexpected character after '!': 'o'"),
        ("!", "1:1: parse error: unexpected character after '!': '\u{fffd}'"),
        ("x{a!b}", "1:4: parse error: unexpected character after '!' inside braces: 'b'"),
        ("x{a=5}", "1:5: parse error: unexpected character inside braces: '5'"),
        ("x{{}}", "1:3: parse error: unexpected left brace '{'"),
        ("x{", "1:3: parse error: unexpected end of input inside braces"),
        ("(x", "1:3: parse error: unclosed left parenthesis"),
        ("x)", "1:3: parse error: unexpected right parenthesis ')'"),
        ("x]", "1:2: parse error: unexpected right bracket ']'"),
        ("x[5m", "1:5: parse error: unclosed left bracket"),
        ("x[5m[", "1:5: parse error: unexpected left bracket '['"),
        ("x[", "1:3: parse error: unexpected end of input in duration expression"),
        ("x[:5m]", "1:4: parse error: unexpected colon before duration in duration expression"),
        ("x[5m::]", "1:6: parse error: unexpected colon ':'"),
        ("x[5m q]", "1:6: parse error: unexpected character: 'q', expected ':'"),
        ("x[$interval]", "1:3: parse error: unexpected character in duration expression: '$'"),
        ("x[five]", "1:3: parse error: unexpected character in duration expression: 'f'"),
        ("x[5q]", "1:3: parse error: bad number or duration syntax: \"5\""),
        ("5mx", "1:1: parse error: bad number or duration syntax: \"5mx\""),
        ("0x1.8", "1:1: parse error: bad number or duration syntax: \"0x1.\""),
        ("1__0", "1:1: parse error: bad number or duration syntax: \"1__\""),
        ("1e", "1:1: parse error: bad number or duration syntax: \"1e\""),
        ("\"open", "1:1: parse error: unterminated quoted string"),
        ("'open\n'", "1:1: parse error: unterminated quoted string"),
        ("`open", "1:1: parse error: unterminated raw string"),
        (r#""\q""#, r"1:1: parse error: unknown escape sequence U+0071 'q'"),
        (r#""\xfg""#, r"1:1: parse error: illegal character U+0067 'g' in escape sequence"),
        (r#""\400""#, "1:1: parse error: escape sequence is an invalid Unicode code point"),
        (r#""\ud800""#, "1:1: parse error: escape sequence is an invalid Unicode code point"),
        (r#""\x"#, "1:1: parse error: escape sequence not terminated"),
        ("\"\u{fffd}\"", "1:1: parse error: invalid UTF-8 rune"),
        (
            "1e400",
            "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e400\": value out of range",
        ),
        ("1_ ", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1_\": invalid syntax"),
        ("0x", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"0x\": invalid syntax"),
        ("5m5h", "1:1: parse error: not a valid duration string: \"5m5h\""),
        ("1.5h", "1:1: parse error: unknown unit \".\" in duration \"1.5h\""),
        ("300y", "1:1: parse error: duration out of range"),
    ] {
        assert_eq!(error(text, Features::ALL), message, "{text}");
    }
}

#[test]
fn what_does_not_fit_is_refused_in_prometheus_words() {
    for (text, message) in [
        ("", "unknown position: parse error: no expression found in input"),
        (" # only a comment", "1:1: parse error: no expression found in input"),
        ("orders +", "1:9: parse error: unexpected end of input"),
        ("orders invoices", "1:8: parse error: unexpected identifier \"invoices\""),
        ("orders\n\ta:b", "2:2: parse error: unexpected metric identifier \"a:b\""),
        ("orders = 5", "1:8: parse error: unexpected \"=\""),
        ("orders > > 5", "1:10: parse error: unexpected <op:>>"),
        ("rate(orders[5m]) by (shop)", "1:18: parse error: unexpected <by>"),
        ("rate(orders[5m]) BY (shop)", "1:18: parse error: unexpected <BY>"),
        ("sum(rate(orders[5m]) by (shop))", "1:22: parse error: unexpected <by> in aggregation"),
        ("abs(rate(orders[5m]) by (shop))", "1:22: parse error: unexpected <by>"),
        ("orders \"a long text\"", "1:8: parse error: unexpected string \"\\\"a long te\"..."),
        ("x{a}", "1:4: parse error: unexpected \"}\" in label matching, expected label matching operator"),
        ("x{a=b}", "1:5: parse error: unexpected identifier \"b\" in label matching, expected string"),
        (
            "x{a=\"b\" c=\"d\"}",
            "1:9: parse error: unexpected identifier \"c\" in label matching, expected \",\" or \"}\"",
        ),
        ("x{,}", "1:3: parse error: unexpected \",\" in label matching, expected identifier or \"}\""),
        (
            "sum by shop (x)",
            "1:8: parse error: unexpected identifier \"shop\" in grouping opts, expected \"(\"",
        ),
        ("sum by (5) (x)", "1:9: parse error: unexpected number \"5\" in grouping opts, expected label"),
        (
            "sum by (a b) (x)",
            "1:11: parse error: unexpected identifier \"b\" in grouping opts, expected \",\" or \")\"",
        ),
        ("sum by ('a\\xffé') (x)", "1:9: parse error: invalid label name for grouping: \"a\\xffé\""),
        ("x{a=~'\\xff.'}", "1:3: parse error: error parsing regexp: invalid UTF-8: `\u{fffd}.`"),
        ("sum by (\"\") (x)", "1:9: parse error: invalid label name for grouping: \"\""),
        ("x * on(a) group_left > y", "1:22: parse error: unexpected <op:>> in grouping opts, expected \"(\""),
        ("sum(x,)", "1:6: parse error: trailing commas not allowed in function call args"),
        ("sum()", "1:1: parse error: no arguments for aggregate expression provided"),
        (
            "sum(1, x)",
            "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2",
        ),
        (
            "topk(x)",
            "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
        ),
        ("label_values(x, job)", "1:1: parse error: unknown function with name \"label_values\""),
        (
            "x offset y",
            "1:10: parse error: unexpected identifier \"y\" in offset, expected number, duration, step(), or range()",
        ),
        ("x @ y", "1:5: parse error: unexpected identifier \"y\" in @, expected timestamp"),
        ("x @ start(1)", "1:11: parse error: unexpected number \"1\" in @, expected timestamp"),
        (
            "x[]",
            "1:3: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or range()",
        ),
        (
            "x[5m 3]",
            "1:6: parse error: unexpected number \"3\" in subquery or range, expected \":\" or \"]\"",
        ),
        (
            "x[5m:,]",
            "1:6: parse error: unexpected \",\" in subquery selector, expected number, duration, step(), range(), or \"]\"",
        ),
        ("x[5m:1m,]", "1:8: parse error: unexpected \",\" in subquery selector, expected \"]\""),
        ("x[0]", "1:3: parse error: duration must be greater than 0"),
        ("x[5m/0]", "1:5: parse error: division by zero"),
        ("x[1e11]", "1:3: parse error: duration out of range"),
        ("x offset -1e11", "1:10: parse error: duration out of range"),
        ("x{a=~\"(\"}", "1:3: parse error: error parsing regexp: missing closing ): `(`"),
    ] {
        assert_eq!(error(text, Features::ALL), message, "{text}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_in_prometheus_words() {
    for (text, message) in [
        (
            "rate(orders)",
            "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector",
        ),
        (
            "sum(orders[5m])",
            "1:5: parse error: expected type instant vector in aggregation expression, got range vector",
        ),
        ("topk(\"5\", x)", "1:6: parse error: expected type scalar in aggregation parameter, got string"),
        (
            "count_values(5, x)",
            "1:14: parse error: expected type string in aggregation parameter, got scalar",
        ),
        ("abs()", "1:1: parse error: expected 1 argument(s) in call to \"abs\", got 0"),
        ("abs(x, y)", "1:1: parse error: expected 1 argument(s) in call to \"abs\", got 2"),
        (
            "label_join(x)",
            "1:1: parse error: expected at least 3 argument(s) in call to \"label_join\", got 1",
        ),
        ("round(x, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"),
        (
            "label_join(x, \"a\", \",\", \"b\", 3)",
            "1:30: parse error: expected type string in call to function \"label_join\", got scalar",
        ),
        ("1 ==  2", "1:3: parse error: comparisons between scalars must use BOOL modifier"),
        ("x + bool y", "1:3: parse error: bool modifier can only be used on comparison operators"),
        (
            "x * on(a) group_left(a) y",
            "1:3: parse error: label \"a\" must not occur in ON and GROUP clause at once",
        ),
        (
            "x[5m] + y",
            "1:1: parse error: binary expression must contain only scalar and instant vector types",
        ),
        (
            "x + \"y\"",
            "1:5: parse error: binary expression must contain only scalar and instant vector types",
        ),
        ("x + on(a) 1", "1:1: parse error: vector matching only allowed between instant vectors"),
        ("x + fill(0) 1", "1:1: parse error: filling in missing series only allowed between instant vectors"),
        ("x and fill(0) y", "1:1: parse error: filling in missing series not allowed for set operators"),
        ("x or 1", "1:1: parse error: set operator \"or\" not allowed in binary scalar expression"),
        ("x and on(a) group_left y", "1:1: parse error: no grouping allowed for \"and\" operation"),
        (
            "-x[5m]",
            "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got \"range vector\"",
        ),
        ("1[5m:]", "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"),
        ("abs(x)[5m]", "1:7: parse error: ranges only allowed for vector selectors"),
        ("x offset 1h [5m]", "1:13: parse error: no offset modifiers allowed before range"),
        ("x @ 1 [5m]", "1:7: parse error: no @ modifiers allowed before range"),
        (
            "abs(x) offset 5m",
            "1:1: parse error: offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        (
            "abs(x) @ 5",
            "1:1: parse error: @ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
        ),
        ("x offset 5m offset 1m", "1:1: parse error: offset may not be set multiple times"),
        ("x @ 5 @ end()", "1:1: parse error: @ <timestamp> may not be set multiple times"),
        ("x @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"),
        ("x anchored smoothed", "1:1: parse error: anchored and smoothed modifiers cannot be used together"),
        ("x[5m:] anchored", "1:1: parse error: anchored modifier is not supported for subqueries"),
        ("abs(x) smoothed", "1:1: parse error: smoothed modifier not implemented"),
        ("{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"),
        ("abs({a=~\".*\"})", "1:5: parse error: vector selector must contain at least one non-empty matcher"),
        ("x{__name__=\"y\"}", "1:1: parse error: metric name must not be set twice: \"x\" or \"y\""),
        ("x{'\\xff'}", "1:1: parse error: metric name must not be set twice: \"x\" or \"\\xff\""),
        ("info(x, y)", "1:9: parse error: expected label selectors only, got vector selector instead"),
        (
            "info(x, 1)",
            "1:1: parse error: expected type instant vector in call to function \"info\", got scalar",
        ),
    ] {
        assert_eq!(error(text, Features::ALL), message, "{text}");
    }
    // Prometheus prints `info(x, )`, which it refuses.
    assert_eq!(parsed("info(x, {})").to_string(), "info(x, {})");
}

#[test]
fn an_error_may_be_followed_by_others() {
    for (text, messages) in [
        ("sum(1 $", &["1:7: parse error: unexpected character: '$'", NO_ARGUMENTS][..]),
        (
            "topk(5,)",
            &[
                "1:7: parse error: trailing commas not allowed in function call args",
                "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
            ],
        ),
        (
            "nope(a) + never(b)",
            &[
                "1:1: parse error: unknown function with name \"nope\"",
                "1:11: parse error: unknown function with name \"never\"",
            ],
        ),
        (
            "(sum(1 2)) y",
            &[
                "1:8: parse error: unexpected number \"2\" in aggregation",
                NO_ARGUMENTS_AT_2,
                "1:10: parse error: unexpected \")\"",
            ],
        ),
        (
            "abs(x)[5m] @ 5",
            &[
                "1:7: parse error: ranges only allowed for vector selectors",
                "1:1: parse error: ranges only allowed for vector selectors",
            ],
        ),
        (
            "x y $",
            &["1:3: parse error: unexpected identifier \"y\"", "1:5: parse error: unexpected character: '$'"],
        ),
        (
            "x or on(a) 1",
            &[
                "1:1: parse error: vector matching only allowed between instant vectors",
                "1:1: parse error: set operator \"or\" not allowed in binary scalar expression",
            ],
        ),
    ] {
        assert_eq!(all_errors(text), messages, "{text}");
    }
}

const NO_ARGUMENTS: &str = "1:1: parse error: no arguments for aggregate expression provided";
const NO_ARGUMENTS_AT_2: &str = "1:2: parse error: no arguments for aggregate expression provided";

#[test]
fn what_prometheus_has_behind_flags_is_off_by_default() {
    for (text, message) in [
        (
            "limitk(2, x)",
            "1:1: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
        ),
        ("mad_over_time(x[5m])", "1:1: parse error: function \"mad_over_time\" is not enabled"),
        ("x + fill(0) y", "1:1: parse error: binop fill modifiers are experimental and not enabled"),
        ("x[5m] smoothed", "1:1: parse error: smoothed modifier is experimental and not enabled"),
    ] {
        assert_eq!(error(text, Features::default()), message, "{text}");
        parsed(text);
    }
    assert!(parse("x[5m + step()]", Features::default()).is_ok(), "on since 3.14");
}

#[test]
fn hints_say_what_was_probably_meant() {
    for (text, hint) in [
        ("rate(x[5m]) by (job)", "`by` needs an aggregation, such as `sum by (job) (rate(x[5m]))`"),
        (
            "histogram_quantile(0.9, rate(x[5m]) by (le))",
            "`by` needs an aggregation, such as `sum by (job) (rate(x[5m]))`",
        ),
        ("count(x) group by (job)", "there is no `group by`: write `sum by (job) (x)`"),
        ("raet(x[5m])", "did you mean `rate`?"),
        ("averge(x)", "did you mean `avg`?"),
        ("histogram_qantile(0.9, x)", "did you mean `histogram_quantile`?"),
        ("label_values(x, job)", "`label_values` is Grafana's, for variables of dashboards"),
        (
            "rate(x[$__rate_interval])",
            "`$__rate_interval` is a variable of a Grafana dashboard, which fills it in; write a duration, such as `5m`",
        ),
        (
            "x[${range}]",
            "`${range}` is a variable of a Grafana dashboard, which fills it in; write a duration, such as `5m`",
        ),
        ("x = 5", "to compare, write `==`"),
        ("x <> 5", "to compare for inequality, write `!=`"),
        ("x && y", "write `and`"),
        ("x{a=b}", "values of labels are quoted: `\"b\"`"),
        ("x{a==\"b\"}", "`=` compares inside braces; write it once"),
        ("x{a>\"b\"}", "labels are compared with `=`, `!=`, `=~` and `!~`"),
        ("x[5m]{a=\"b\"}", "the range follows the braces: `x{job=\"a\"}[5m]`"),
        ("x[m]", super::help::UNITS),
        ("x[5 q]", super::help::UNITS),
        ("rate(x)", "it needs a range: `[5m]` behind a selector, `[5m:]` behind another expression"),
        ("x andd y", "did you mean `and`?"),
        ("x > 5 for 10m", "how long belongs in the rule, behind `for:`"),
        ("sum(x) by job", "labels are in parentheses: `by (job)`"),
        ("sum by (job) rate(x[5m])", "what is aggregated is in parentheses: `sum by (job) (rate(x[5m]))`"),
        ("topk(x, 5)", "the vector comes last, behind a parameter: `topk(5, x)`"),
        ("rate(sum(x[5m]))", "the function of the range comes first: `sum(rate(x[5m]))`"),
        ("x > 10k", "numbers have no such units: `10e3` is ten thousand, `2^20` a mebi"),
        ("x > 0.5%", "`%` is the remainder of a division; one percent is `0.01`"),
        ("x > 1,000", "numbers have no commas; `_` may separate digits: `1_000`"),
        ("x => 5", "to compare, write `>=`"),
        ("x ! = 5", "`!=` has no space inside"),
        ("x bool > 5", "`bool` follows the operator: `x > bool 5`"),
        ("x[1d 2h]", "a duration of several units has no spaces: `1h30m`"),
        ("http.requests", "a name with dots is quoted, in braces: `{\"http.requests\"}`"),
        ("x{a-b=\"c\"}", "a name of a label with such a character is quoted: `{\"a.b\"=\"c\"}`"),
        (
            "x{a=\"b\" and c=\"d\"}",
            "separate conditions by commas, which mean `and`; for `or`, use `=~\"a|b\"`",
        ),
        ("x{a=~\"*b\"}", "`*`, `+` and `?` repeat what stands before them: `.*` matches anything"),
        ("{{ $value }}", "templates belong in labels and annotations; an expression has none"),
        ("clamp(x, 1)", "`clamp` takes: instant vector, scalar, scalar"),
    ] {
        let errors = parse(text, Features::ALL).expect_err(text);
        assert_eq!(errors.help(), Some(hint), "{text}: {errors}");
    }
}

#[test]
fn metrics_and_selectors_are_read_alone() {
    for (text, labels) in [
        ("orders", "{__name__=\"orders\"}"),
        ("orders{shop=\"a\",}", "{__name__=\"orders\", shop=\"a\"}"),
        ("{\"order.count\", 'shop'=\"a\"}", "{__name__=\"order.count\", shop=\"a\"}"),
        ("", "{}"),
    ] {
        assert_eq!(parse_metric(text).expect(text).to_string(), labels, "{text}");
    }
    for (text, message) in [
        ("orders{shop}", "1:12: parse error: unexpected \"}\" in label set, expected \"=\""),
        ("orders{shop=5}", "1:13: parse error: unexpected character inside braces: '5'"),
        ("orders invoices", "1:8: parse error: unexpected identifier \"invoices\""),
        ("orders{shop='a', shop='b'}", "1:18: parse error: label name \"shop\" is not unique"),
        ("{'orders',__name__='invoices'}", "1:11: parse error: label name \"__name__\" is not unique"),
    ] {
        assert_eq!(parse_metric(text).expect_err(text).to_string(), message, "{text}");
    }
    let matchers = parse_selector("orders{shop=~\"a|b\"}").expect("valid");
    assert_eq!(
        crate::model::matcher::MatcherList(&matchers).to_string(),
        "{shop=~\"a|b\",__name__=\"orders\"}"
    );
    assert!(parse_selector("{}").expect("it may select everything").is_empty());
    assert_eq!(
        parse_selector("orders[5m]").expect_err("a range").to_string(),
        "1:7: parse error: unexpected \"[\""
    );
}

#[test]
fn a_hostile_text_is_refused_soon_and_with_few_words() {
    let names = |letter: char| (0..100_000).map(|n| format!("{letter}{n},")).collect::<String>();
    let (left, right) = (names('a'), names('b'));
    parsed(&format!("x * on ({left}) group_left ({right}) y"));
    for text in [
        format!("x * on ({left}) group_left ({left}) y"),
        format!("{left}{{{}}}", "__name__=\"\",".repeat(10_000)).replacen(',', "", 100_000),
        "nope(".repeat(100) + &"nope(),".repeat(10_000),
        format!("x{{{}}}", "a=~\"(\",".repeat(10_000)),
    ] {
        let errors = parse(&text, Features::ALL).expect_err("there is something wrong");
        assert!(errors.0.len() <= super::MAX_ERRORS, "{} errors: {errors}", errors.0.len());
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused_and_what_is_not_fits_the_stack() {
    let nested = |open: &str, inner: &str, close: &str, times: usize| {
        format!("{}{inner}{}", open.repeat(times), close.repeat(times))
    };
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("abs(", "x", ")"),
        ("-", "x", ""),
        ("sum(", "x", ")"),
        ("x[", "1", "]"),
        ("2^", "2", ""),
    ] {
        let errors = parse(&nested(open, inner, close, 100_000), Features::ALL).expect_err("too deep");
        assert!(
            errors.0.iter().any(|error| error.kind == ParseErrorKind::TooDeep) || open == "x[",
            "{open}: {errors}"
        );
    }
    for text in [
        nested("(", "1", ")", MAX_NESTING - 1),
        format!("x[{}]", nested("(", "1", ")", MAX_NESTING - 2)),
        format!("x[5m:{}]", nested("-(", "1", ")", MAX_NESTING / 2 - 2)),
        nested("abs(-sum(", "x", "))", MAX_NESTING / 3 - 1),
        nested("", "x", " + 1", MAX_HEIGHT - 1),
        format!("x[1{}]", " * 1".repeat(MAX_HEIGHT - 2)),
    ] {
        // The smallest stack that threads of the program have.
        let run = move || {
            let expr = parsed(&text);
            assert!(expr.clone() == expr, "{text}");
            assert_eq!(parsed(&expr.to_string()).to_string(), expr.to_string());
            assert!(!format!("{expr:?}").is_empty() && !expr.nodes().is_empty() && expr.span().end > 0);
        };
        let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).expect("a thread");
        thread.join().expect("no overflow and no panic");
    }
    let long = nested("", "x", " + 1", MAX_HEIGHT);
    assert!(
        matches!(parse(&long, Features::ALL), Err(errors) if errors.0[0].kind == ParseErrorKind::TooDeep)
    );
    // Lists are not deep.
    parsed(&format!("label_join(x, \"a\", \"\", {})", vec!["\"b\""; 10_000].join(",")));
}
