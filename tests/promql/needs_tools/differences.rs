//! Where Debian's Prometheus 2 means something else than Prometheus 3.14 does, whose meaning ours is.

/// Expressions, and why the answers differ.
pub(super) struct Difference {
    /// How the expressions begin.
    pub(super) begins: &'static str,
    /// What is in them.
    pub(super) contains: &'static str,
    pub(super) reason: &'static str,
}

pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        begins: "sum_over_time(",
        contains: " @ ",
        reason: "since Prometheus 3 a range does not include its left end, and `@` puts it where a step is",
    },
    Difference {
        begins: "increase(metric[",
        contains: "m",
        reason: "since Prometheus 3.6 the start of a counter near zero is not looked for far before its first sample",
    },
    Difference {
        begins: "(\"",
        contains: "\")",
        reason: "Prometheus 2 cannot evaluate a text in parentheses",
    },
];

/// The difference that an expression is subject to.
pub(super) fn of(expr: &str) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|it| expr.starts_with(it.begins) && expr.contains(it.contains))
}
