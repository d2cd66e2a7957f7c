//! Where Debian's Prometheus means something else than Prometheus 3.14 does, whose meaning ours is.

/// An expression, or what it contains, and why the answers differ.
pub(super) struct Difference {
    /// A part of the text of the expression.
    pub(super) text: &'static str,
    /// Why.
    pub(super) reason: &'static str,
}

pub(super) const DIFFERENCES: &[Difference] = &[];

/// The difference that an expression is subject to.
pub(super) fn of(expr: &str) -> Option<&'static Difference> {
    DIFFERENCES.iter().find(|difference| expr.contains(difference.text))
}
