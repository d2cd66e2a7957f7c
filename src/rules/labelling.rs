//! Label sets made from a sample's labels and what is put over them.

use crate::model::labels::LabelSetBuilder;
use crate::model::{LabelSet, Str};

/// The labels of `base` with `over` put over them; an empty value in `over` removes the label.
///
/// `over` is sorted by name, each name once. One walk over both, because it runs for each sample.
pub(super) fn overlay(base: &LabelSet, over: &[(Str, Str)]) -> LabelSet {
    merge(base, over.iter().map(|(name, value)| (&**name, &**value)))
}

fn merge<'a>(base: &'a LabelSet, over: impl Iterator<Item = (&'a str, &'a str)>) -> LabelSet {
    // Enough for most; a sample's labels are short.
    let mut labels = LabelSetBuilder::with_capacity(256);
    let mut over = over.peekable();
    for pair in base.iter() {
        while let Some(earlier) = over.next_if(|(name, _)| *name < pair.0) {
            labels.push(earlier);
        }
        labels.push(over.next_if(|(name, _)| *name == pair.0).unwrap_or(pair));
    }
    over.for_each(|pair| labels.push(pair));
    labels.build()
}

/// The labels with those of `external` that they lack, as Prometheus adds external labels.
pub(super) fn with_external(labels: &LabelSet, external: &LabelSet) -> LabelSet {
    if external.iter().all(|(name, _)| labels.get(name).is_some()) {
        return labels.clone();
    }
    merge(external, labels.iter())
}

#[cfg(test)]
mod tests {
    use super::{overlay, with_external};
    use crate::model::LabelSet;

    #[test]
    fn what_lies_above_wins_and_empty_removes() {
        let base = LabelSet::from_pairs([("__name__", "up"), ("job", "api"), ("zone", "a")]);
        for (over, want) in [
            (vec![], r#"{__name__="up", job="api", zone="a"}"#),
            (vec![("__name__", ""), ("alertname", "Down")], r#"{alertname="Down", job="api", zone="a"}"#),
            (vec![("job", "db"), ("k", ""), ("zz", "9")], r#"{__name__="up", job="db", zone="a", zz="9"}"#),
        ] {
            let over: Vec<_> = over.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            assert_eq!(overlay(&base, &over).to_string(), want);
        }
    }

    #[test]
    fn external_labels_fill_gaps_only() {
        let labels = LabelSet::from_pairs([("alertname", "Down"), ("cluster", "own")]);
        let external = LabelSet::from_pairs([("cluster", "eu"), ("replica", "1")]);
        let want = r#"{alertname="Down", cluster="own", replica="1"}"#;
        assert_eq!(with_external(&labels, &external).to_string(), want);
    }
}
