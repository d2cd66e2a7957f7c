//! From what an earlier run kept to the alerts as they were.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerting::Teller;
use super::group::{Context, Group};
use super::reload::end_series;
use super::series::Series;
use super::{ActiveAlert, Change, Effect, Entry, Key, Record, RuleKey};
use crate::model::LabelSet;

/// What an earlier run kept, sorted.
#[derive(Debug, Default)]
pub(super) struct Saved {
    alerts: BTreeMap<Arc<RuleKey>, BTreeMap<LabelSet, ActiveAlert>>,
    external_labels: LabelSet,
}

impl Saved {
    /// Sorts entries; of several with one key the last one holds.
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let mut saved = Self::default();
        for Entry { key, record } in entries {
            match (key, record) {
                (Key::ExternalLabels, Some(Record::ExternalLabels(labels))) => saved.external_labels = labels,
                (Key::ExternalLabels, None) => saved.external_labels = LabelSet::default(),
                (Key::Alert { rule, labels }, Some(Record::Alert(record))) => {
                    let alert = ActiveAlert {
                        labels: labels.clone(),
                        annotations: record.annotations,
                        value: record.value,
                        state: record.state,
                    };
                    saved.alerts.entry(rule).or_default().insert(labels, alert);
                }
                (Key::Alert { rule, labels }, None) => {
                    saved.alerts.get_mut(&rule).and_then(|alerts| alerts.remove(&labels));
                }
                // Not ours: a key with the record of another kind.
                (Key::ExternalLabels, Some(Record::Alert(_)))
                | (Key::Alert { .. }, Some(Record::ExternalLabels(_))) => {}
            }
        }
        saved
    }

    /// Gives `group` the alerts of its rules.
    pub(super) fn restore(&mut self, group: &mut Group) {
        for run in &mut group.rules {
            if let Some(alerts) = self.alerts.remove(&run.loaded.key) {
                run.restore(alerts.into_values().collect());
            }
        }
    }

    /// What remains to be done with the first input: alerts whose rules are gone are resolved, and if the
    /// external labels are others than they were, the router is told.
    pub(super) fn settle<'a>(self, groups: impl Iterator<Item = &'a Group>, context: &mut Context<'_>) {
        let mut gone = Vec::new();
        for (rule, alerts) in &self.alerts {
            let alerts: Vec<ActiveAlert> = alerts.values().cloned().collect();
            gone.extend(Series::of_alerts(&alerts).full());
            let (now, config) = (context.now, context.config);
            // The router knows them under the labels of then.
            let external_labels = &self.external_labels;
            let mut teller = Teller { now, rule, expr: "", config, external_labels, out: context.out };
            teller.drop_all(alerts.iter(), Change::RuleGone, now);
        }
        end_series(gone, context.now - context.config.query_offset, context);
        rename_all(&self.external_labels, groups, context);
    }
}

/// If external labels have changed from `old`: ends what the router knows under them, tells it the new
/// ones, and keeps them.
pub(super) fn rename_all<'a>(
    old: &LabelSet,
    groups: impl Iterator<Item = &'a Group>,
    context: &mut Context<'_>,
) {
    let new = &context.config.external_labels;
    if old == new {
        return;
    }
    groups.for_each(|group| group.rename(old, context));
    let record = Some(Record::ExternalLabels(new.clone()));
    context.out.push(Effect::Persist(Entry { key: Key::ExternalLabels, record }));
}
