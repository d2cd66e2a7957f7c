//! Whether an expression gives the samples that a test expects.

use super::diff::{Block, Fate, Pairing, Row};
use super::verdict::SampleMismatch;
use crate::model::labels::METRIC_NAME;
use crate::model::number::format_float;
use crate::model::{Duration, LabelSet, Str};

/// A sample, expected or found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PlainSample {
    /// Name and labels.
    pub(super) labels: LabelSet,
    /// The value.
    pub(super) value: PlainValue,
}

/// A value that can be compared as promtool does.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PlainValue {
    /// A float. NaN is not equal to itself.
    Float(f64),
    /// A native histogram in promtool's notation.
    Histogram(String),
}

impl PlainValue {
    fn equals(&self, other: &Self, fuzzy: bool) -> bool {
        match (self, other) {
            (Self::Float(one), Self::Float(two)) => {
                #[expect(clippy::float_cmp, reason = "promtool compares exactly")]
                let equal = one == two;
                #[expect(clippy::float_cmp, reason = "the neighbours, exactly")]
                let close = fuzzy && (one.next_down() == *two || one.next_up() == *two);
                equal || close
            }
            (Self::Histogram(one), Self::Histogram(two)) => one == two,
            (Self::Float(_), Self::Histogram(_)) | (Self::Histogram(_), Self::Float(_)) => false,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Float(value) => format_float(*value, 'g', None),
            Self::Histogram(text) => text.clone(),
        }
    }
}

/// What is not as expected of the result of `expr`; `None`: all is.
pub(super) fn compare(
    expr: &Str,
    at: Duration,
    expected: &[PlainSample],
    mut found: Vec<PlainSample>,
    fuzzy: bool,
) -> Option<SampleMismatch> {
    found.sort_by(|one, other| one.labels.cmp(&other.labels));
    let fits = |one: usize, at: usize| {
        expected[one].labels == found[at].labels && expected[one].value.equals(&found[at].value, fuzzy)
    };
    let alike = |one: usize, at: usize| alike(&expected[one], &found[at], fuzzy);
    let pairing = Pairing::find(expected.len(), found.len(), fits, alike);
    if pairing.fitting.len() == expected.len() && pairing.fitting.len() == found.len() {
        return None;
    }
    let mut blocks = Vec::new();
    let mut add = |fate: Fate, rows: Vec<Row>| {
        let at = blocks.len();
        blocks.push(Block::new("sample", at, fate, rows));
    };
    for (one, at) in &pairing.alike {
        add(Fate::Differs, rows(Some(&expected[*one]), Some(&found[*at]), fuzzy));
    }
    for one in &pairing.missing {
        add(Fate::Missing, rows(Some(&expected[*one]), None, fuzzy));
    }
    for at in &pairing.unexpected {
        add(Fate::Unexpected, rows(None, Some(&found[*at]), fuzzy));
    }
    for (one, at) in &pairing.fitting {
        add(Fate::Same, rows(Some(&expected[*one]), Some(&found[*at]), fuzzy));
    }
    let (expected_len, found_len) = (expected.len(), found.len());
    let hint = hint(expected, &found);
    Some(SampleMismatch { expr: expr.clone(), at, expected: expected_len, found: found_len, blocks, hint })
}

fn hint(expected: &[PlainSample], found: &[PlainSample]) -> Option<String> {
    let is_nan = |sample: &PlainSample| matches!(sample.value, PlainValue::Float(value) if value.is_nan());
    if expected.iter().any(is_nan) {
        return Some("NaN is not equal to itself, as in promtool; test `expr != expr` instead".to_owned());
    }
    let named =
        |samples: &[PlainSample]| samples.iter().any(|sample| sample.labels.get(METRIC_NAME).is_some());
    if !found.is_empty() && named(expected) && !named(found) {
        return Some(
            "the result has no metric name: functions and operators drop it; write `{…}`".to_owned(),
        );
    }
    if named(found) && !expected.is_empty() && !named(expected) {
        return Some("the result has a metric name: write `NAME{…}`".to_owned());
    }
    None
}

fn alike(one: &PlainSample, other: &PlainSample, fuzzy: bool) -> usize {
    let labels = one.labels.iter().filter(|(name, value)| other.labels.get(name) == Some(value)).count();
    let same = usize::from(one.labels == other.labels);
    usize::from(one.value.equals(&other.value, fuzzy)) + 2 * labels + 4 * same
}

fn rows(expected: Option<&PlainSample>, found: Option<&PlainSample>, fuzzy: bool) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    for sample in [expected, found].into_iter().flatten() {
        names.extend(sample.labels.iter().map(|(name, _)| name));
    }
    names.sort_unstable();
    names.dedup();
    let label = |sample: Option<&PlainSample>, name: &str| {
        sample.and_then(|sample| sample.labels.get(name)).map(str::to_owned)
    };
    let mut rows: Vec<Row> = names
        .into_iter()
        .map(|name| {
            let (expected, found) = (label(expected, name), label(found, name));
            Row { name: name.to_owned(), same: expected == found, expected, found }
        })
        .collect();
    let same = match (expected, found) {
        (Some(one), Some(other)) => one.value.equals(&other.value, fuzzy),
        (Some(_), None) | (None, Some(_)) | (None, None) => false,
    };
    let text = |sample: Option<&PlainSample>| sample.map(|sample| sample.value.text());
    rows.push(Row { name: "value".to_owned(), expected: text(expected), found: text(found), same });
    rows
}

#[cfg(test)]
mod tests {
    use super::{PlainSample, PlainValue, compare};
    use crate::model::{Duration, LabelSet};

    fn sample(name: &str, value: f64) -> PlainSample {
        PlainSample { labels: LabelSet::from_pairs([("__name__", name)]), value: PlainValue::Float(value) }
    }

    fn fits(expected: &[PlainSample], found: &[PlainSample], fuzzy: bool) -> bool {
        compare(&"x".into(), Duration::ZERO, expected, found.to_vec(), fuzzy).is_none()
    }

    #[test]
    fn values_are_compared_exactly_unless_told_otherwise() {
        assert!(fits(&[sample("a", 3.0), sample("b", 1.0)], &[sample("b", 1.0), sample("a", 3.0)], false));
        assert!(!fits(&[sample("a", 3.0)], &[sample("a", 3.0000000000000004)], false));
        assert!(fits(&[sample("a", 3.0)], &[sample("a", 3.0000000000000004)], true));
        assert!(fits(&[sample("a", 3.0)], &[sample("a", 2.9999999999999996)], true));
        assert!(!fits(&[sample("a", 3.0)], &[sample("a", 3.0000000000000013)], true));
        assert!(!fits(&[sample("a", f64::NAN)], &[sample("a", f64::NAN)], true), "as in promtool");
        assert!(!fits(&[], &[sample("a", 1.0)], false));
        assert!(!fits(&[sample("a", 1.0), sample("a", 1.0)], &[sample("a", 1.0)], false));
    }

    #[test]
    fn a_forgotten_name_is_hinted_at() {
        let found = vec![PlainSample { labels: LabelSet::default(), value: PlainValue::Float(1.0) }];
        let mismatch =
            compare(&"x".into(), Duration::ZERO, &[sample("a", 1.0)], found, false).expect("differs");
        assert!(mismatch.hint.expect("a hint").contains("no metric name"));
    }
}
