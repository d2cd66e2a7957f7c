//! Whether the alerts of a name are those that a test expects.

use super::diff::{Block, Fate, Pairing, Row};
use super::file::{AlertTest, Expected, ExpectedAlert, ExpectedState, Matching};
use super::verdict::AlertMismatch;
use crate::model::labels::ALERT_NAME;
use crate::model::{Annotations, LabelSet, Str};

/// An alert that there is.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundAlert {
    /// Its labels without external ones.
    pub labels: LabelSet,
    /// Its annotations.
    pub annotations: Annotations,
}

/// What is not as `test` expects of the alerts of its name in its state (pending and firing ones if they are to
/// be inactive); `None`: all is.
pub(super) fn compare(test: &AlertTest, mut found: Vec<FoundAlert>) -> Option<AlertMismatch> {
    found.sort_by(|one, other| {
        let annotations = || one.annotations.iter().cmp(other.annotations.iter());
        one.labels.cmp(&other.labels).then_with(annotations)
    });
    let expected: Vec<Wanted<'_>> =
        test.exp_alerts.iter().map(|alert| Wanted::new(alert, &test.alertname)).collect();
    let fits = |one: usize, at: usize| expected[one].fits(&found[at], test.matching);
    let alike = |one: usize, at: usize| expected[one].alike(&found[at]);
    if test.state == ExpectedState::Inactive {
        let offends = |at: &usize| expected.is_empty() || (0..expected.len()).any(|one| fits(one, *at));
        let unexpected: Vec<usize> = (0..found.len()).filter(offends).collect();
        let blocks = unexpected.iter().map(|at| block(*at, Fate::Unexpected, unwanted(&found[*at])));
        let blocks: Vec<Block> = blocks.collect();
        return (!blocks.is_empty()).then(|| mismatch(test, 0, unexpected.len(), blocks));
    }
    let pairing = Pairing::find(expected.len(), found.len(), fits, alike);
    let count = test.count.unwrap_or(expected.len());
    // With nothing listed, `count` alone says what is expected.
    let is_listed = !expected.is_empty() || test.count.is_none();
    let missing = !pairing.missing.is_empty() || !pairing.alike.is_empty();
    let unexpected = test.matching == Matching::Exact && is_listed && !pairing.unexpected.is_empty();
    let miscounted = test.count.is_some_and(|count| count != found.len());
    if !missing && !unexpected && !miscounted {
        return None;
    }
    let blocks = blocks(&pairing, &expected, &found, test.matching);
    Some(mismatch(test, count, found.len(), blocks))
}

fn mismatch(test: &AlertTest, expected: usize, found: usize, blocks: Vec<Block>) -> AlertMismatch {
    let empty = |(name, expected): &(Str, Expected)| match expected {
        Expected::Equal(text) if text.is_empty() => Some(name.clone()),
        Expected::Equal(_) | Expected::Regex(_) | Expected::Contains(_) | Expected::Absent => None,
    };
    let hint = test.exp_alerts.iter().flat_map(|alert| &alert.labels).filter_map(empty).next();
    AlertMismatch {
        alertname: test.alertname.clone(),
        at: test.eval_time,
        state: test.state,
        expected,
        found,
        blocks,
        hint: hint.map(|name| format!("no label is empty: remove `{name}`, or write `{{absent: true}}`")),
    }
}

/// What is expected of an alert, its name included.
pub(super) struct Wanted<'t> {
    labels: Vec<(&'t str, Condition<'t>)>,
    annotations: Vec<(&'t str, Condition<'t>)>,
}

enum Condition<'t> {
    Name(&'t str),
    Of(&'t Expected),
}

impl Condition<'_> {
    fn takes(&self, found: Option<&str>) -> bool {
        match self {
            Self::Name(name) => found == Some(name),
            Self::Of(expected) => expected.takes(found),
        }
    }

    /// As text; `None` if it is not to be there.
    fn text(&self) -> Option<String> {
        match self {
            Self::Name(name) => Some((*name).to_owned()),
            Self::Of(Expected::Absent) => None,
            Self::Of(expected) => Some(expected.to_string()),
        }
    }
}

impl<'t> Wanted<'t> {
    fn new(alert: &'t ExpectedAlert, name: &'t str) -> Self {
        // The test's `alertname` wins over a label of that name, as in promtool.
        let mut labels: Vec<(&str, Condition<'_>)> = vec![(ALERT_NAME, Condition::Name(name))];
        let others = alert.labels.iter().filter(|(name, _)| &**name != ALERT_NAME);
        labels.extend(others.map(|(name, expected)| (&**name, Condition::Of(expected))));
        labels.sort_by_key(|(name, _)| *name);
        let annotations = alert.annotations.iter();
        let annotations = annotations.map(|(name, expected)| (&**name, Condition::Of(expected))).collect();
        Self { labels, annotations }
    }

    /// The same of an alert of any name.
    pub(super) fn plain(alert: &'t ExpectedAlert) -> Self {
        let of = |pairs: &'t [(Str, Expected)]| -> Vec<(&'t str, Condition<'t>)> {
            pairs.iter().map(|(name, expected)| (&**name, Condition::Of(expected))).collect()
        };
        Self { labels: of(&alert.labels), annotations: of(&alert.annotations) }
    }

    pub(super) fn fits(&self, found: &FoundAlert, matching: Matching) -> bool {
        let takes = self.labels.iter().all(|(name, condition)| condition.takes(found.labels.get(name)))
            && self.annotations.iter().all(|(name, condition)| condition.takes(found.annotations.get(name)));
        takes
            && (matching == Matching::Subset
                || (only(&self.labels, found.labels.iter())
                    && only(&self.annotations, found.annotations.iter())))
    }

    /// How many labels and annotations are as expected, the name aside.
    pub(super) fn alike(&self, found: &FoundAlert) -> usize {
        let labels = self
            .labels
            .iter()
            .filter(|(name, condition)| *name != ALERT_NAME && condition.takes(found.labels.get(name)));
        let annotations =
            self.annotations.iter().filter(|(name, condition)| condition.takes(found.annotations.get(name)));
        // One more than nothing: alerts of one name are always somewhat alike.
        1 + 2 * labels.count() + annotations.count()
    }
}

/// Whether each of the pairs is expected.
fn only<'p>(wanted: &[(&str, Condition<'_>)], mut pairs: impl Iterator<Item = (&'p str, &'p str)>) -> bool {
    pairs.all(|(name, _)| wanted.iter().any(|(wanted, _)| *wanted == name))
}

fn block(at: usize, fate: Fate, rows: Vec<Row>) -> Block {
    Block::new("alert", at, fate, rows)
}

/// Those that differ first, then what is missing, what is not expected, and last what is right.
fn blocks(
    pairing: &Pairing,
    expected: &[Wanted<'_>],
    found: &[FoundAlert],
    matching: Matching,
) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut next = 0;
    let mut add = |fate: Fate, rows: Vec<Row>| {
        blocks.push(block(next, fate, rows));
        next += 1;
    };
    for (one, at) in &pairing.alike {
        add(Fate::Differs, side_by_side(&expected[*one], &found[*at], matching));
    }
    for one in &pairing.missing {
        add(Fate::Missing, wanted(&expected[*one]));
    }
    let extra = if matching == Matching::Exact { Fate::Unexpected } else { Fate::Same };
    for at in &pairing.unexpected {
        add(extra, unwanted(&found[*at]));
    }
    for (one, at) in &pairing.fitting {
        add(Fate::Same, side_by_side(&expected[*one], &found[*at], matching));
    }
    blocks
}

pub(super) fn side_by_side(wanted: &Wanted<'_>, found: &FoundAlert, matching: Matching) -> Vec<Row> {
    let mut rows = Vec::new();
    merge(&mut rows, "", &wanted.labels, found.labels.iter().collect(), matching);
    merge(&mut rows, "annotation ", &wanted.annotations, found.annotations.iter().collect(), matching);
    rows
}

fn merge(
    rows: &mut Vec<Row>,
    prefix: &str,
    wanted: &[(&str, Condition<'_>)],
    found: Vec<(&str, &str)>,
    matching: Matching,
) {
    let mut names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    names.extend(found.iter().map(|(name, _)| *name));
    names.sort_unstable();
    names.dedup();
    for name in names {
        let condition = wanted.iter().find(|(wanted, _)| *wanted == name).map(|(_, condition)| condition);
        let value = found.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
        rows.push(Row {
            name: format!("{prefix}{name}"),
            expected: condition.and_then(Condition::text),
            found: value.map(str::to_owned),
            same: match condition {
                Some(condition) => condition.takes(value),
                None => matching == Matching::Subset,
            },
        });
    }
}

pub(super) fn wanted(wanted: &Wanted<'_>) -> Vec<Row> {
    let row = |prefix: &str, name: &str, condition: &Condition<'_>| Row {
        name: format!("{prefix}{name}"),
        expected: condition.text(),
        found: None,
        same: false,
    };
    let labels = wanted.labels.iter().map(|(name, condition)| row("", name, condition));
    let annotations = wanted.annotations.iter().map(|(name, condition)| row("annotation ", name, condition));
    labels.chain(annotations).collect()
}

pub(super) fn unwanted(found: &FoundAlert) -> Vec<Row> {
    let row = |prefix: &str, name: &str, value: &str| Row {
        name: format!("{prefix}{name}"),
        expected: None,
        found: Some(value.to_owned()),
        same: false,
    };
    let labels = found.labels.iter().map(|(name, value)| row("", name, value));
    let annotations = found.annotations.iter().map(|(name, value)| row("annotation ", name, value));
    labels.chain(annotations).collect()
}

#[cfg(test)]
mod tests;
