//! What was probably meant: hints beside Prometheus' words, one sentence each.

use super::expression::begins_expression;
use super::{Construct, LexError, ParseError, ParseErrorKind, Parser, TypeContext};
use crate::model::suggest::did_you_mean;
use crate::promql::ast::{AggregateOp, BinaryOp, ValueType};
use crate::promql::lexer::token::{Keyword, TokenKind};
use crate::promql::signature::Function;

/// How many errors get hints, so that the time to find them has a bound.
pub(super) const ERRORS_WITH_HELP: usize = 8;

/// The longest name that is compared with known ones.
const LONGEST_NAME: usize = 64;

/// A hint about the token that was not expected in `construct`.
pub(super) fn unexpected(parser: &Parser<'_>, construct: Construct) -> Option<String> {
    if parser.errors.len() >= ERRORS_WITH_HELP {
        return None;
    }
    let (found, before) = (parser.last, parser.before);
    let text = parser.text_of(found);
    let hint = match construct {
        Construct::Matchers => return in_braces(parser),
        Construct::Grouping
            if found.kind == TokenKind::Identifier && matches!(before.kind, TokenKind::Keyword(_)) =>
        {
            let word = parser.text_of(before);
            return Some(format!("labels are in parentheses: `{word} ({text})`"));
        }
        Construct::Offset if found.kind == TokenKind::Assign => "write `offset 5m`",
        Construct::Range if is_length(found.kind) && is_length(before.kind) => {
            "a duration of several units has no spaces: `1h30m`"
        }
        Construct::Aggregation if before.kind == TokenKind::RightParen && begins_expression(found.kind) => {
            "what is aggregated is in parentheses: `sum by (job) (rate(x[5m]))`"
        }
        Construct::Expression | Construct::Aggregation => return in_expression(parser),
        Construct::At
        | Construct::Brackets
        | Construct::Grouping
        | Construct::Labels
        | Construct::Offset
        | Construct::Range
        | Construct::Step => return None,
    };
    Some(hint.to_owned())
}

fn is_length(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Number | TokenKind::Duration)
}

fn in_braces(parser: &Parser<'_>) -> Option<String> {
    let (found, before) = (parser.last, parser.before);
    let text = parser.text_of(found);
    let hint = match found.kind {
        TokenKind::Assign => "`=` compares inside braces; write it once",
        TokenKind::Identifier if is_matching_sign(before.kind) => {
            return Some(format!("values of labels are quoted: `\"{text}\"`"));
        }
        TokenKind::Identifier if matches!(text, "and" | "AND" | "or" | "OR") => {
            "separate conditions by commas, which mean `and`; for `or`, use `=~\"a|b\"`"
        }
        TokenKind::Identifier | TokenKind::String if before.kind == TokenKind::String => {
            "separate conditions by commas"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn in_expression(parser: &Parser<'_>) -> Option<String> {
    let (found, before) = (parser.last, parser.before);
    let text = parser.text_of(found);
    let behind = &parser.text[found.span.end..];
    let hint = match found.kind {
        TokenKind::Keyword(Keyword::By | Keyword::Without) => {
            return Some(format!("`{text}` needs an aggregation, such as `sum {text} (job) (rate(x[5m]))`"));
        }
        TokenKind::Keyword(Keyword::Bool) => "`bool` follows the operator: `x > bool 5`",
        TokenKind::Aggregate(AggregateOp::Group) if before.kind == TokenKind::RightParen => {
            "there is no `group by`: write `sum by (job) (x)`"
        }
        TokenKind::Assign if behind.starts_with('>') => "to compare, write `>=`",
        TokenKind::Assign if behind.starts_with('<') => "to compare, write `<=`",
        TokenKind::Assign => "to compare, write `==`",
        TokenKind::Operator(BinaryOp::Greater)
            if before.kind == TokenKind::Operator(BinaryOp::Less) && before.span.end == found.span.start =>
        {
            "to compare for inequality, write `!=`"
        }
        TokenKind::LeftBrace if before.kind == TokenKind::RightBrace => {
            "put all conditions in one pair of braces, separated by commas"
        }
        TokenKind::LeftBrace if before.kind == TokenKind::RightBracket => {
            "the range follows the braces: `x{job=\"a\"}[5m]`"
        }
        TokenKind::Comma if before.kind == TokenKind::Number => {
            "numbers have no commas; `_` may separate digits: `1_000`"
        }
        TokenKind::EndOfInput | TokenKind::RightParen | TokenKind::Operator(_)
            if before.kind == TokenKind::Operator(BinaryOp::Mod) =>
        {
            "`%` is the remainder of a division; one percent is `0.01`"
        }
        TokenKind::Identifier => return misspelt_word(parser.text_of(before), text),
        _ => return None,
    };
    Some(hint.to_owned())
}

fn is_matching_sign(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Assign
            | TokenKind::RegexMatch
            | TokenKind::RegexMismatch
            | TokenKind::Operator(BinaryOp::NotEqual)
    )
}

/// A word where an operator or modifier belongs, `second`, is perhaps one, or `first` before it.
fn misspelt_word(first: &str, second: &str) -> Option<String> {
    const WORDS: [&str; 12] = [
        "and",
        "or",
        "unless",
        "atan2",
        "by",
        "without",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "offset",
        "bool",
    ];
    let hint = match second.to_ascii_lowercase().as_str() {
        "for" => "how long belongs in the rule, behind `for:`",
        "if" | "where" => {
            "conditions on labels stand in braces, on values behind the expression: `x{job=\"a\"} > 5`"
        }
        "not" => "there is no `not`; `unless` and `!=` exclude",
        "xor" => "there is no `xor`",
        _ => {
            let close = [second, first].into_iter().find_map(|word| near(word, &WORDS))?;
            return (close != first).then(|| format!("did you mean `{close}`?"));
        }
    };
    Some(hint.to_owned())
}

fn near<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    if word.len() > LONGEST_NAME {
        return None;
    }
    did_you_mean(word, words.iter().copied())
}

/// A hint about any other error.
pub(super) fn of(error: &ParseError, text: &str) -> Option<String> {
    if let Some(feature) = error.kind.feature() {
        return Some(format!("it is experimental: Prometheus needs the feature {}", feature.name()));
    }
    let here = text.get(error.span.start..).unwrap_or_default();
    let hint = match &error.kind {
        ParseErrorKind::Type { want, context, got } => return wrong_type(*want, *context, *got),
        ParseErrorKind::ArgumentCount { function, .. } => return arguments(*function),
        ParseErrorKind::Regex(message) if message.contains("missing argument to repetition operator") => {
            "`*`, `+` and `?` repeat what stands before them: `.*` matches anything"
        }
        ParseErrorKind::Lexical(error) => return lexical(error, here),
        ParseErrorKind::UnknownFunction(name) => return function(name),
        ParseErrorKind::Duration(_) => UNITS,
        ParseErrorKind::RangeNotOnSelector => "a range of an expression is a subquery: `[5m:]`",
        ParseErrorKind::OffsetBeforeRange => "the range comes first: `x[5m] offset 1h`",
        ParseErrorKind::AtBeforeRange => "the range comes first: `x[5m] @ 0`",
        ParseErrorKind::OffsetNotOnSelector => {
            "put `offset` behind the selector: `rate(x[5m] offset 1h)`, not `rate(x[5m]) offset 1h`"
        }
        ParseErrorKind::AtNotOnSelector => {
            "put `@` behind the selector: `rate(x[5m] @ 0)`, not `rate(x[5m]) @ 0`"
        }
        ParseErrorKind::ScalarComparison => "`bool` gives 0 or 1: `1 < bool 2`",
        ParseErrorKind::EmptySelector => {
            "as it is, it selects every series; one condition must not match an empty value, as `{job!=\"\"}`"
        }
        ParseErrorKind::OperandType => {
            "operators take numbers and instant vectors, not texts, and ranges only inside functions such as `rate`"
        }
        ParseErrorKind::SubqueryOperand(ValueType::Scalar) => {
            "`vector(x)` makes an instant vector of a number"
        }
        ParseErrorKind::AggregateArguments { expected: 2, got: 1 } => {
            "it takes a parameter before the vector, as `topk(5, x)`"
        }
        ParseErrorKind::AggregateArguments { expected: 1, got } if *got > 1 => {
            "labels go before the parentheses: `sum by (job) (x)`"
        }
        ParseErrorKind::GroupingInSetOperation(_) => "`and`, `or` and `unless` match many samples with many",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn wrong_type(want: ValueType, context: TypeContext, got: ValueType) -> Option<String> {
    let aggregation = context == TypeContext::Aggregation;
    let hint = match (want, got) {
        (ValueType::Matrix, ValueType::Vector) => {
            "it needs a range: `[5m]` behind a selector, `[5m:]` behind another expression"
        }
        (ValueType::Vector, ValueType::Matrix) if aggregation => {
            "the function of the range comes first: `sum(rate(x[5m]))`"
        }
        (ValueType::Vector, ValueType::Matrix) => {
            "remove the range, or put a function around it, such as `rate` or `max_over_time`"
        }
        (ValueType::Vector, ValueType::Scalar) if aggregation => {
            "the vector comes last, behind a parameter: `topk(5, x)`"
        }
        (ValueType::Vector, ValueType::Scalar) => "`vector(x)` makes a sample without labels of a number",
        (ValueType::Scalar, ValueType::Vector) => "`scalar(x)` makes a number of a single sample",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// What a function takes.
fn arguments(function: Function) -> Option<String> {
    let signature = function.signature();
    let types: Vec<String> = signature.arguments.iter().map(ToString::to_string).collect();
    (!types.is_empty()).then(|| format!("`{}` takes: {}", signature.name, types.join(", ")))
}

pub(super) const UNITS: &str =
    "a duration is whole numbers with the units y, w, d, h, m, s, ms, the longest first, as `1h30m`";

fn lexical(error: &LexError, here: &str) -> Option<String> {
    let hint = match error {
        LexError::Character('$') | LexError::CharacterInDuration('$') => return Some(variable(here)),
        LexError::Character('&') => "write `and`",
        LexError::Character('|') => "write `or`",
        LexError::Character('“' | '”' | '„' | '‘' | '’')
        | LexError::CharacterInBraces('“' | '”' | '„' | '‘' | '’') => {
            "typographic quotes quote nothing: write `\"`"
        }
        LexError::Character(';') => "an expression has no `;`",
        LexError::Character('.') => "a name with dots is quoted, in braces: `{\"http.requests\"}`",
        LexError::CharacterInBraces('.' | '-') => {
            "a name of a label with such a character is quoted: `{\"a.b\"=\"c\"}`"
        }
        LexError::LeftBrace => "templates belong in labels and annotations; an expression has none",
        LexError::AfterCharacter { first: '=', .. } => "`=~` works only inside braces",
        LexError::AfterCharacter { first: '!', found: Some('~'), .. } => "`!~` works only inside braces",
        LexError::AfterCharacter { first: '!', found: Some(' '), .. }
            if here[1..].trim_start().starts_with('=') =>
        {
            "`!=` has no space inside"
        }
        LexError::AfterCharacter { .. } => "there is no `!`; `unless` and `!=` exclude",
        LexError::CharacterInBraces('$') => {
            "that is a variable of a dashboard, which fills it in; Prometheus cannot"
        }
        LexError::CharacterInBraces('<' | '>') => "labels are compared with `=`, `!=`, `=~` and `!~`",
        LexError::CharacterInBraces('&' | ';') => "separate conditions by commas",
        LexError::CharacterInBraces('0'..='9') => "values of labels are quoted",
        LexError::CharacterInDuration(c) if c.is_ascii_alphabetic() => UNITS,
        LexError::NumberOrDuration(_) if has_size_unit(here) => {
            "numbers have no such units: `10e3` is ten thousand, `2^20` a mebi"
        }
        LexError::NumberOrDuration(_) | LexError::CharacterBehindRange(_) => UNITS,
        _ => return None,
    };
    Some(hint.to_owned())
}

/// Whether a number goes on as `k`, `MB`, `Gi` and the like do.
fn has_size_unit(here: &str) -> bool {
    let unit = here.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let letters = unit.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit.len());
    let body = unit[..letters].trim_end_matches(['B', 'b']).trim_end_matches('i');
    matches!(body, "k" | "K" | "M" | "G" | "T" | "P") || (body.is_empty() && letters > 0)
}

/// Grafana fills in `$__rate_interval` and the like before it asks.
fn variable(here: &str) -> String {
    let end = here.find(|c: char| !(c.is_ascii_alphanumeric() || "$_{}".contains(c))).unwrap_or(here.len());
    let name = &here[..end.min(LONGEST_NAME)];
    format!(
        "`{name}` is a variable of a Grafana dashboard, which fills it in; write a duration, such as `5m`"
    )
}

fn function(name: &str) -> Option<String> {
    const GRAFANA: [&str; 5] = ["label_values", "label_names", "metrics", "query_result", "series_query"];
    if GRAFANA.contains(&name) {
        return Some(format!("`{name}` is Grafana's, for variables of dashboards"));
    }
    // What other languages call them, and what they once were called here.
    const OTHER_NAMES: [(&str, &str); 6] = [
        ("average", "avg"),
        ("holt_winters", "double_exponential_smoothing"),
        ("log", "ln"),
        ("mean", "avg"),
        ("percentile", "quantile"),
        ("stdev", "stddev"),
    ];
    let other = |name: &str| OTHER_NAMES.iter().find(|(other, _)| *other == name).map(|(_, known)| *known);
    let mut names: Vec<&str> = Function::ALL.iter().map(|function| function.signature().name).collect();
    names.extend(AggregateOp::ALL.iter().map(|op| op.name()));
    names.extend(OTHER_NAMES.iter().map(|(other, _)| *other));
    let close = other(name).or_else(|| near(name, &names))?;
    Some(format!("did you mean `{}`?", other(close).unwrap_or(close)))
}
