//! Random expressions whose types fit, over the series that `series` makes.

use sereno::promql::ast::{AggregateOp, ValueType};
use sereno::promql::signature::{Arity, Function, Signature};

use super::random::Random;

const METRICS: &[&str] = &[
    "requests_total",
    "limit",
    "mixed",
    "h",
    "custom",
    "latency_bucket",
    "temperature",
    "target_info",
    "nothing",
    "{__name__=~\"l.*|mixed\"}",
    "{job=\"a\"}",
    "{__name__!=\"h\",i!~\"1|2\",job=~\".+\"}",
];
const CONDITIONS: &[&str] =
    &["job=\"a\"", "job!=\"b\"", "i=~\"1|3\"", "le=~\".+\"", "i!~\"2\"", "nothing=\"\""];
const LABELS: &[&str] = &["job", "i", "le", "job, i", "", "version", "__name__", "\"é x\""];
const LENGTHS: &[&str] =
    &["15s", "30s", "37s", "1m", "2m30s", "10m", "1ms", "1h", "(30s + 15s)", "max_of(1m, 5s)"];
const TEXTS: &[&str] = &[
    "\"i\"",
    "\"job\"",
    "\"le\"",
    "\"__name__\"",
    "\"new\"",
    "\"(.*)\"",
    "\"(a|b)?.\"",
    "\"$1-${2}\"",
    "\"\"",
    "\"é\"",
    "\"\\xff\"",
    "\"x\"",
];
const NUMBERS: &[&str] = &[
    "0", "1", "-1", "2", "0.5", "0.9", "1.5", "100", "NaN", "Inf", "-Inf", "1e300", "5e-324", "-0", "3",
    "1e18",
];
const OPERATORS: &[&str] = &[
    "+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<=", "== bool", "> bool", "<= bool",
    "and", "or", "unless", "</", ">/",
];

/// An expression of a type, of at most so many levels.
pub(crate) fn expression(kind: ValueType, depth: usize, random: &mut Random) -> String {
    match kind {
        ValueType::Scalar => scalar(depth, random),
        ValueType::String => random.of_these(TEXTS).to_owned(),
        ValueType::Vector => vector(depth, random),
        ValueType::Matrix => matrix(depth, random),
    }
}

fn scalar(depth: usize, random: &mut Random) -> String {
    match random.below(if depth == 0 { 4 } else { 9 }) {
        0..=2 => random.of_these(NUMBERS).to_owned(),
        3 => "time()".to_owned(),
        4 => format!("scalar({})", vector(depth - 1, random)),
        5 => format!("-({})", scalar(depth - 1, random)),
        6 => call(ValueType::Scalar, depth - 1, random),
        _ => {
            let op = OPERATORS[random.below(7)];
            format!("({} {op} {})", scalar(depth - 1, random), scalar(depth - 1, random))
        }
    }
}

fn vector(depth: usize, random: &mut Random) -> String {
    if depth == 0 {
        return selector(random) + &modifiers(random);
    }
    let depth = depth - 1;
    match random.below(12) {
        0..=1 => selector(random) + &modifiers(random),
        2..=5 => call(ValueType::Vector, depth, random),
        6..=7 => aggregation(depth, random),
        8..=10 => binary(depth, random),
        _ => format!("{}({})", random.of_these(&["", "-", "+"]), vector(depth, random)),
    }
}

fn selector(random: &mut Random) -> String {
    let metric = random.of_these(METRICS);
    if metric.starts_with('{') || random.chance(70) {
        return metric.to_owned();
    }
    format!("{metric}{{{}}}", random.of_these(CONDITIONS))
}

fn modifiers(random: &mut Random) -> String {
    let mut text = String::new();
    if random.chance(5) {
        text += random.of_these(&[" @ 100", " @ 0", " @ -60", " @ 1000", " @ end()"]);
    }
    if random.chance(10) {
        text += random.of_these(&[" offset 30s", " offset -1m", " offset 7s", " offset 1y"]);
    }
    text
}

fn matrix(depth: usize, random: &mut Random) -> String {
    let length = random.of_these(LENGTHS);
    let rest = modifiers(random);
    if depth == 0 || random.chance(65) {
        let extension = random.of_these(&["", "", "", "", "", "", " anchored", " smoothed"]);
        return format!("{}[{length}]{extension}{rest}", selector(random));
    }
    let step = random.of_these(&["", "10s", "15s", "13s", "1m", "20s"]);
    format!("({})[{length}:{step}]{rest}", vector(depth - 1, random))
}

fn call(kind: ValueType, depth: usize, random: &mut Random) -> String {
    let function = loop {
        let function = Function::ALL[random.below(Function::ALL.len())].signature();
        if function.returns == kind {
            break function;
        }
    };
    let count = argument_count(function, random);
    let mut args = Vec::new();
    for at in 0..count {
        let Some(kind) = function.arguments.get(at).or(function.arguments.last()) else { break };
        args.push(match (function.name, at) {
            ("info", 1) => {
                format!("{{{}}}", random.of_these(&["version=~\".+\"", "__name__=\"target_info\"", ""]))
            }
            _ => expression(*kind, depth, random),
        });
    }
    format!("{}({})", function.name, args.join(", "))
}

fn argument_count(function: &Signature, random: &mut Random) -> usize {
    let types = function.arguments.len();
    match function.arity {
        Arity::Exact => types,
        Arity::UpTo(more) => types - 1 + random.below(usize::from(more) + 1),
        Arity::Any => types - 1 + random.below(3),
    }
}

fn aggregation(depth: usize, random: &mut Random) -> String {
    let op = AggregateOp::ALL[random.below(AggregateOp::ALL.len())];
    let param = match op.parameter() {
        Some(kind) => expression(kind, depth.min(1), random) + ", ",
        None => String::new(),
    };
    let grouping = match random.below(3) {
        0 => String::new(),
        1 => format!(" by ({})", random.of_these(LABELS)),
        _ => format!(" without ({})", random.of_these(LABELS)),
    };
    format!("{}{grouping} ({param}{})", op.name(), vector(depth, random))
}

fn binary(depth: usize, random: &mut Random) -> String {
    let op = random.of_these(OPERATORS);
    let is_set = matches!(op, "and" | "or" | "unless");
    let (left, right) = (vector(depth, random), vector(depth, random));
    if !is_set && random.chance(35) {
        let scalar = scalar(depth.min(2), random);
        return if random.chance(50) {
            format!("({left}) {op} {scalar}")
        } else {
            format!("{scalar} {op} ({right})")
        };
    }
    let mut matching = match random.below(3) {
        0 => String::new(),
        1 => format!(" on ({})", random.of_these(LABELS)),
        _ => format!(" ignoring ({})", random.of_these(LABELS)),
    };
    if !is_set && !matching.is_empty() && random.chance(50) {
        matching += random.of_these(&[
            " group_left ()",
            " group_right ()",
            " group_left (version)",
            " group_right (le)",
        ]);
    }
    if !is_set && random.chance(15) {
        matching += random.of_these(&[" fill (0)", " fill_left (-1)", " fill_right (NaN)"]);
    }
    format!("({left}) {op}{matching} ({right})")
}
