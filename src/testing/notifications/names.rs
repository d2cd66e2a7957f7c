//! Short names of alerts: as much of their labels as tells those of one test apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::labels::ALERT_NAME;
use crate::model::{LabelSet, Str};

/// What the alerts of one test are called.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The labels that differ, or that only some have, among alerts of a name.
    telling: BTreeMap<Str, BTreeSet<Str>>,
}

impl Names {
    /// Names for these alerts.
    pub(super) fn of<'l>(alerts: impl Iterator<Item = &'l LabelSet>) -> Self {
        let mut by_name: BTreeMap<Str, BTreeSet<&LabelSet>> = BTreeMap::new();
        for labels in alerts {
            by_name.entry(labels.value(ALERT_NAME).into()).or_default().insert(labels);
        }
        let telling = by_name.into_iter().map(|(name, alerts)| {
            let labels: BTreeSet<&str> =
                alerts.iter().flat_map(|labels| labels.iter().map(|(label, _)| label)).collect();
            let values = labels.into_iter().map(|label| {
                let values: BTreeSet<Option<&str>> = alerts.iter().map(|labels| labels.get(label)).collect();
                (label, values.len())
            });
            let telling = values.filter(|(_, values)| *values > 1).map(|(label, _)| Str::from(label));
            (name, telling.collect())
        });
        Self { telling: telling.collect() }
    }

    /// `Down{instance="a:9100"}`, or `Down` alone if there is only one.
    pub(super) fn name(&self, labels: &LabelSet) -> String {
        let name = labels.value(ALERT_NAME);
        let telling = self.telling.get(name);
        let shown = labels.iter().filter(|(label, _)| telling.is_none_or(|telling| telling.contains(*label)));
        let shown = LabelSet::from_pairs(shown.filter(|(label, _)| *label != ALERT_NAME));
        if shown.is_empty() { name.to_owned() } else { format!("{name}{shown}") }
    }
}
