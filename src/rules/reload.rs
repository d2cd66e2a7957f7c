//! From one set of rules to the next: what stays, what is taken over, and what ends.
//!
//! As in Prometheus, groups are matched by file and name and rules by name and static labels. Unlike there,
//! alerts of rules that are gone do not just stop: the router is told at once that they are resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerting::Teller;
use super::group::{Context, Group};
use super::loaded::same_rule;
use super::rule_run::RuleRun;
use super::series::stale_points;
use super::{Change, Effect, RuleKey, Write, WriteId};
use crate::config::rules::RuleGroup;
use crate::model::{Duration, LabelSet, Timestamp};

impl Group {
    /// Whether `new` is the same group: it is evaluated at the same times and its rules are the same.
    pub(super) fn is_same(&self, new: &Self) -> bool {
        let same = |(one, other): (&RuleRun, &RuleRun)| same_rule(&one.loaded.rule, &other.loaded.rule);
        (self.interval, self.query_offset, self.config.limit)
            == (new.interval, new.query_offset, new.config.limit)
            && self.rules.len() == new.rules.len()
            && self.rules.iter().zip(&new.rules).all(same)
    }

    /// Goes on as before; only where the rules stand in their file may have changed.
    pub(super) fn refresh(&mut self, group: &Arc<RuleGroup>) {
        self.config = Arc::clone(group);
        for (run, rule) in self.rules.iter_mut().zip(&group.rules) {
            run.loaded.rule = Arc::clone(rule);
        }
    }

    /// Takes over what `old`, the same group before a reload, knows. Its unfinished evaluation is dropped.
    pub(super) fn take_over(&mut self, mut old: Self, context: &mut Context<'_>) {
        old.abandon();
        self.totals = old.totals;
        self.gone = old.gone;
        let mut left: BTreeMap<Arc<RuleKey>, RuleRun> = BTreeMap::new();
        left.extend(old.rules.into_iter().map(|run| (Arc::clone(&run.loaded.key), run)));
        for run in &mut self.rules {
            if let Some(old) = left.remove(&run.loaded.key) {
                run.take_over(old);
            }
        }
        for run in left.into_values() {
            self.gone.extend(run.series.full());
            retire(&run, context);
        }
    }

    /// The group is gone: its alerts and its series end.
    pub(super) fn vanish(mut self, context: &mut Context<'_>) {
        self.abandon();
        let mut gone = std::mem::take(&mut self.gone);
        for run in &self.rules {
            gone.extend(run.series.full());
            retire(run, context);
        }
        // Later than the last sample, also if the group was evaluated at this very millisecond.
        let after_last = self.schedule.last() + Duration::from_millis(1);
        end_series(gone, context.now.max(after_last) - self.query_offset, context);
    }

    /// External labels have changed from `old`.
    pub(super) fn rename(&self, old: &LabelSet, context: &mut Context<'_>) {
        for run in &self.rules {
            teller(run, context).rename(run.alerts.iter(), old);
        }
    }
}

/// Writes the ends of series that no rule has any more.
pub(super) fn end_series(series: Vec<LabelSet>, at: Timestamp, context: &mut Context<'_>) {
    if !series.is_empty() {
        let id = WriteId(context.next_id()); // nobody waits for its answer
        context.out.push(Effect::Write(Write { id, points: stale_points(series, at).collect() }));
    }
}

/// Tells the router that the alerts of a rule that is gone are resolved, and forgets them.
fn retire(run: &RuleRun, context: &mut Context<'_>) {
    let now = context.now;
    teller(run, context).drop_all(run.alerts.iter(), Change::RuleGone, now);
}

fn teller<'a>(run: &'a RuleRun, context: &'a mut Context<'_>) -> Teller<'a> {
    let (rule, expr) = (&run.loaded.key, &*run.loaded.rule.expr);
    let (now, config) = (context.now, context.config);
    Teller { now, rule, expr, config, external_labels: &config.external_labels, out: context.out }
}
