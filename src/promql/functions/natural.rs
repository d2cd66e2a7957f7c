//! Natural order of texts, in which `node9` is before `node10`, as `sort_by_label` has it.

use std::cmp::Ordering;

/// A run of digits or of anything else.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Chunk<'a>(&'a str);

impl Chunk<'_> {
    /// Its value, if it is a number that fits into 64 bits with a sign.
    fn number(self) -> Option<i64> {
        self.0.starts_with(|c: char| c.is_ascii_digit()).then(|| self.0.parse().ok()).flatten()
    }

    /// `None` if both count as the same.
    fn order(self, other: Self) -> Option<Ordering> {
        let order = match (self.number(), other.number()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.0.cmp(other.0),
        };
        (order != Ordering::Equal).then_some(order)
    }
}

/// The text as runs of digits and of other characters.
fn chunks(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_digit = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (chunk, tail) = rest.split_at(end);
        rest = tail;
        Some(Chunk(chunk))
    })
}

/// Whether `a` comes before `b`, as Prometheus' library decides.
///
/// It is no order for some texts: of `7` and `007` each is before the other, and of a text and the empty one
/// neither is. [`compare`] is one.
pub(super) fn precedes(a: &str, b: &str) -> bool {
    let (mut of_a, mut of_b) = (chunks(a).peekable(), chunks(b).peekable());
    while let Some(left) = of_a.next() {
        let Some(right) = of_b.next() else { return false };
        if let Some(order) = left.order(right) {
            return order == Ordering::Less;
        }
        if of_a.peek().is_none() {
            return true;
        }
    }
    false
}

/// The same as an order: the empty text first, and equal numbers by their digits.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (mut of_a, mut of_b) = (chunks(a), chunks(b));
    loop {
        match (of_a.next(), of_b.next()) {
            (Some(left), Some(right)) => {
                if let Some(order) = total(left, right) {
                    return order;
                }
            }
            (Some(_), None) => return Ordering::Greater,
            (None, Some(_)) => return Ordering::Less,
            (None, None) => return a.cmp(b),
        }
    }
}

/// Numbers too large for 64 bits are after all others instead of being compared as texts.
fn total(left: Chunk<'_>, right: Chunk<'_>) -> Option<Ordering> {
    let is_number = |chunk: Chunk<'_>| chunk.0.starts_with(|c: char| c.is_ascii_digit());
    if !(is_number(left) && is_number(right)) {
        return left.order(right);
    }
    let digits = |chunk: Chunk<'_>| chunk.0.trim_start_matches('0').len();
    let by_size = digits(left).cmp(&digits(right));
    let order = by_size.then_with(|| left.0.trim_start_matches('0').cmp(right.0.trim_start_matches('0')));
    (order != Ordering::Equal).then_some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_their_value() {
        let in_order = [
            "",
            "1.2.3.4:9100",
            "1.2.3.4:10000",
            "1.2.11.4",
            "10",
            "99999999999999999999",
            "999999999999999999999",
            "node",
            "node1",
            "node01b",
            "node2",
            "node2a",
            "node9",
            "node9a",
            "node010",
            "node11",
            "nodes",
        ];
        for (place, a) in in_order.iter().enumerate() {
            for b in &in_order[place + 1..] {
                assert_eq!(compare(a, b), Ordering::Less, "{a} {b}");
                assert_eq!(compare(b, a), Ordering::Greater, "{b} {a}");
            }
        }
    }

    #[test]
    fn what_prometheus_finds_no_order_for() {
        assert!(precedes("7", "007") && precedes("007", "7"));
        assert!(!precedes("", "a") && !precedes("a", ""));
        assert!(precedes("node2", "node10") && !precedes("node10", "node2"));
        assert!(precedes("a", "a1") && !precedes("a1", "a"));
    }
}
