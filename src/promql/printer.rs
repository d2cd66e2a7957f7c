//! The canonical text of expressions, byte for byte as Prometheus' `String` methods print it.
//!
//! It is what a data source is asked. So it differs where Prometheus would refuse what it has printed: a selector of
//! everything is `{}`, a label that is called like a word that no label may be is quoted, and U+FFFD is escaped; and
//! where it would read something else: durations keep their milliseconds, arithmetic behind two signs its parentheses.

use std::fmt::{self, Write};

use super::ast::{
    Aggregate, At, Binary, Cardinality, DurationExpr, DurationKind, Expr, Extension, Length, Matching,
    NumberLiteral, Offset, SelectorMatcher, Subquery, VectorSelector,
};
use super::lexer::token::keyword;
use super::parser::is_label_name;
use crate::model::labels::METRIC_NAME;
use crate::model::number::format_float;
use crate::model::quote::{GoQuoted, GoQuotedBytes};
use crate::model::{Duration, MatchOp};

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aggregate(node) => aggregate(node, f),
            Self::Binary(node) => binary(node, f),
            Self::Call(node) => {
                write!(f, "{}(", node.function.signature().name)?;
                for (at, arg) in node.args.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    arg.fmt(f)?;
                }
                f.write_str(")")
            }
            Self::Matrix(node) => {
                selection(&node.selector, f)?;
                write!(f, "[{}]", node.range)?;
                extension(node.selector.extension, f)?;
                at_offset(node.selector.at.as_ref(), node.selector.offset.as_ref(), f)
            }
            Self::Number(node) => node.fmt(f),
            Self::Paren(node) => write!(f, "({})", node.inner),
            Self::String(node) => quoted(&node.value, node.raw.as_deref(), f),
            Self::Subquery(node) => {
                node.inner.fmt(f)?;
                subquery_time(node, f)
            }
            Self::Unary(node) => write!(f, "{}{}", node.sign, node.operand),
            Self::Vector(node) => node.fmt(f),
        }
    }
}

fn aggregate(node: &Aggregate, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    aggregate_head(node, f)?;
    f.write_str("(")?;
    if let Some(param) = &node.param {
        write!(f, "{param}, ")?;
    }
    write!(f, "{})", node.operand)
}

/// What stands before the parenthesis: `sum by (job) `.
pub(super) fn aggregate_head(node: &Aggregate, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(node.op.name())?;
    if node.grouping.without || !node.grouping.labels.is_empty() {
        f.write_str(if node.grouping.without { " without " } else { " by " })?;
        labels(&node.grouping.labels, f)?;
        f.write_str(" ")?;
    }
    Ok(())
}

fn binary(node: &Binary, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{} ", node.left)?;
    operator(node, f)?;
    write!(f, " {}", node.right)
}

/// What stands between the operands: `== bool on (job) group_left ()`.
pub(super) fn operator(node: &Binary, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{}", node.op)?;
    if node.return_bool {
        f.write_str(" bool")?;
    }
    node.matching.as_ref().map_or(Ok(()), |node| matching(node, f))
}

/// What stands behind the expression of a subquery: `[1h:5m] offset 1m`.
pub(super) fn subquery_time(node: &Subquery, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "[{}:", node.range)?;
    if let Some(step) = &node.step {
        write!(f, "{step}")?;
    }
    f.write_str("]")?;
    at_offset(node.at.as_ref(), node.offset.as_ref(), f)
}

fn matching(node: &Matching, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let group = match node.cardinality {
        Cardinality::ManyToOne => Some("left"),
        Cardinality::OneToMany => Some("right"),
        Cardinality::OneToOne | Cardinality::ManyToMany => None,
    };
    if !node.labels.is_empty() || node.on || group.is_some() {
        f.write_str(if node.on { " on " } else { " ignoring " })?;
        labels(&node.labels, f)?;
    }
    if let Some(side) = group {
        write!(f, " group_{side} ")?;
        labels(&node.include, f)?;
    }
    let value = |value| format_float(value, 'g', None);
    match (node.fill_left, node.fill_right) {
        (Some(left), Some(right)) if left == right => write!(f, " fill ({})", value(left)),
        (left, right) => {
            if let Some(left) = left {
                write!(f, " fill_left ({})", value(left))?;
            }
            if let Some(right) = right {
                write!(f, " fill_right ({})", value(right))?;
            }
            Ok(())
        }
    }
}

/// Names of labels in parentheses; those that are no identifiers are quoted.
fn labels<L: AsRef<str>>(labels: &[L], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    for (at, label) in labels.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { ", " })?;
        let label = label.as_ref();
        if is_identifier(label) && keyword(label).is_none_or(is_label_name) {
            f.write_str(label)?;
        } else {
            quoted(label, None, f)?;
        }
    }
    f.write_str(")")
}

fn is_identifier(name: &str) -> bool {
    let fits = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit())
    };
    !name.is_empty() && name.bytes().enumerate().all(fits)
}

/// A text in quotes.
fn quoted(text: &str, raw: Option<&[u8]>, f: &mut impl Write) -> fmt::Result {
    // Also where bytes that are not UTF-8 are.
    if !text.contains(char::REPLACEMENT_CHARACTER) {
        return write!(f, "{}", GoQuoted(text));
    }
    let quoted = GoQuotedBytes(raw.unwrap_or(text.as_bytes())).to_string();
    f.write_str(&quoted.replace(char::REPLACEMENT_CHARACTER, "\\ufffd"))
}

impl fmt::Display for VectorSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        selection(self, f)?;
        if let Some(at) = &self.at {
            write!(f, " @ {}", at.time)?;
        }
        extension(self.extension, f)?;
        at_offset(None, self.offset.as_ref(), f)
    }
}

/// Name and matchers, sorted as texts.
fn selection(node: &VectorSelector, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let metric = node.name.as_deref().unwrap_or_default();
    f.write_str(metric)?;
    let is_name = |SelectorMatcher { matcher, .. }: &SelectorMatcher| {
        &**matcher.name() == METRIC_NAME
            && matcher.op() == MatchOp::Equal
            && &**matcher.value() == metric
            && !metric.is_empty()
    };
    let mut texts = Vec::new();
    for shown in node.matchers.iter().filter(|matcher| !is_name(matcher)) {
        let mut text = String::new();
        matcher(shown, &mut text)?;
        texts.push(text);
    }
    if texts.is_empty() && !metric.is_empty() {
        return Ok(());
    }
    texts.sort_unstable();
    write!(f, "{{{}}}", texts.join(","))
}

fn matcher(node: &SelectorMatcher, f: &mut impl Write) -> fmt::Result {
    let SelectorMatcher { matcher, raw_name, raw_value, .. } = node;
    if is_identifier(matcher.name()) {
        f.write_str(matcher.name())?;
    } else {
        quoted(matcher.name(), raw_name.as_deref(), f)?;
    }
    write!(f, "{}", matcher.op())?;
    quoted(matcher.value(), raw_value.as_deref(), f)
}

fn extension(extension: Option<Extension>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    extension.map_or(Ok(()), |extension| write!(f, " {extension}"))
}

fn at_offset(at: Option<&At>, offset: Option<&Offset>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(at) = at {
        write!(f, " @ {}", at.time)?;
    }
    match offset.map(|offset| &offset.length) {
        // Behind two signs (`offset --1 - 1`) arithmetic is read on without parentheses, behind a number it is not.
        Some(Length::Computed(expr)) if matches!(expr.kind, DurationKind::Binary(..)) => {
            write!(f, " offset ({expr})")
        }
        Some(length) => write!(f, " offset {length}"),
        None => Ok(()),
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(millis) => Duration::from_millis(*millis).fmt(f),
            Self::Computed(expr) => expr.fmt(f),
        }
    }
}

impl fmt::Display for DurationExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DurationKind::Number(number) => number.fmt(f),
            DurationKind::Step => f.write_str("step()"),
            DurationKind::Range => f.write_str("range()"),
            DurationKind::Unary(super::ast::Sign::Plus, operand) => write!(f, "+{operand}"),
            DurationKind::Unary(super::ast::Sign::Minus, operand) => write!(f, "-{operand}"),
            DurationKind::Binary(op, left, right) => write!(f, "{left} {op} {right}"),
            DurationKind::MinOf(left, right) => write!(f, "min_of({left}, {right})"),
            DurationKind::MaxOf(left, right) => write!(f, "max_of({left}, {right})"),
            DurationKind::Paren(inner) => write!(f, "({inner})"),
        }
    }
}

impl fmt::Display for NumberLiteral {
    /// A duration in milliseconds at most; a number with as many digits as it needs and no exponent.
    #[expect(clippy::cast_possible_truncation, reason = "saturates, far beyond what can be written")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.duration {
            return f.write_str(&format_float(self.value, 'f', None));
        }
        let sign = if self.value < 0.0 { "-" } else { "" };
        // Prometheus rounds down, and prints `1s1ms` as `1s`.
        let millis = (self.value.abs() * 1e3).round() as i64;
        write!(f, "{sign}{}", Duration::from_millis(millis))
    }
}

#[cfg(test)]
mod tests {
    use crate::promql::parser::{Features, parse};

    /// Prometheus prints `x offset 1 - 1`, which is another expression, `x > 1s` and so on.
    #[test]
    fn a_data_source_reads_what_was_written_also_where_prometheus_prints_something_else() {
        for (text, printed) in [
            ("orders offset --1-1", "orders offset (1 - 1)"),
            ("orders offset +(5m) + 1", "orders offset +(5m) + 1"),
            ("orders > 1s1ms", "orders > 1s1ms"),
            ("orders > 4s3ms - 221y1s1ms", "orders > 4s3ms - 80665d1s1ms"),
        ] {
            let expr = parse(text, Features::ALL).expect(text);
            assert_eq!(expr.to_string(), printed, "{text}");
            assert_eq!(parse(printed, Features::ALL).expect(printed).to_string(), printed);
        }
    }

    #[test]
    fn the_canonical_text_is_prometheus_own() {
        for (text, printed) in [
            ("sum(orders)by(shop,)", "sum by (shop) (orders)"),
            ("sum by () (orders)", "sum(orders)"),
            ("avg without() (orders)", "avg without () (orders)"),
            (
                "sum by ('without', \"Inf\", by, \"a:b\") (orders)",
                "sum by (\"without\", \"Inf\", by, \"a:b\") (orders)",
            ),
            ("orders{without='a',\"inf\"='b'}", "orders{inf=\"b\",without=\"a\"}"),
            ("info(orders, {})", "info(orders, {})"),
            ("quantile  (0.9,orders)", "quantile(0.9, orders)"),
            ("MAX BY (\"a b\", c)(orders)", "max by (\"a b\", c) (orders)"),
            ("orders{shop='b',area=~`a|b`}", "orders{area=~\"a|b\",shop=\"b\"}"),
            ("{'order.count',\"a b\"!='c'}", "{\"a b\"!=\"c\",__name__=\"order.count\"}"),
            ("{__name__=\"orders\"}", "{__name__=\"orders\"}"),
            ("{shop='a',__name__=\"\"} or b{}", "{__name__=\"\",shop=\"a\"} or b"),
            ("orders offset 90s @ 1.5", "orders @ 1.500 offset 1m30s"),
            ("orders offset -36h", "orders offset -1d12h"),
            ("orders offset 0", "orders"),
            ("orders offset (1-1)", "orders offset (1 - 1)"),
            ("orders[300] @ start()", "orders[5m] @ start()"),
            ("orders[8d] offset 1w", "orders[8d] offset 1w"),
            ("rate(orders[5m])[1h:] offset 1m @ end()", "rate(orders[5m])[1h:] @ end() offset 1m"),
            ("orders[1h:30]", "orders[1h:30s]"),
            ("orders{shop=\"a\\xffb\"}", "orders{shop=\"a\\xffb\"}"),
            (r"orders{shop=~'\\Qa.b'}", r#"orders{shop=~"\\Qa.b"}"#),
            ("orders{shop=~'\\xff|a'}", "orders{shop=~\"\\xff|a\"}"),
            ("orders{'\\xc5'='\\xfe\\n'}", "orders{\"\\xc5\"=\"\\xfe\\n\"}"),
            ("{'\\377'}", "{__name__=\"\\xff\"}"),
            ("orders{shop='\\ufffd'}", "orders{shop=\"\\ufffd\"}"),
            ("count_values('a\\xc5z', orders)", "count_values(\"a\\xc5z\", orders)"),
            ("orders[((5m+step()))*-(2)]", "orders[(5m + step()) * -(2)]"),
            ("orders offset +min_of(range(),1h)", "orders offset min_of(range(), 1h)"),
            ("orders anchored offset 5m", "orders anchored offset 5m"),
            ("orders[5m] offset 5m smoothed", "orders[5m] smoothed offset 5m"),
            ("a*on()group_left b", "a * on () group_left () b"),
            ("a==bool ignoring(x)group_right(y)b", "a == bool ignoring (x) group_right (y) b"),
            ("a+ignoring()b", "a + b"),
            ("a and on(x) b", "a and on (x) b"),
            ("a+fill(1e21)b", "a + fill (1e+21) b"),
            ("a+on(x)fill_right(2)fill_left(-0.5)b", "a + on (x) fill_left (-0.5) fill_right (2) b"),
            ("1e21+0x1F", "1000000000000000000000 + 31"),
            ("-inf+NaN+ -0", "-Inf + NaN + -0"),
            ("-(1)", "-(1)"),
            ("+orders", "+orders"),
            ("-1h+1500ms", "-1h + 1s500ms"),
            ("'it\\'s \"so\"\\u00e9'", "\"it's \\\"so\\\"é\""),
            ("label_join(a,'b',',')", "label_join(a, \"b\", \",\")"),
            ("time( )", "time()"),
        ] {
            let expr = parse(text, Features::ALL);
            assert_eq!(expr.map(|expr| expr.to_string()), Ok(printed.to_owned()), "{text}");
        }
    }
}
