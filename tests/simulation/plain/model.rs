//! The semantics in the plainest form: lists, walked from end to end for every question.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sereno::config::routes::{GroupBy, InhibitRule, Routing};
use sereno::model::{Alert, Duration, LabelSet, Matcher, Timestamp};

use super::play::line;

/// Everything, as it is now.
pub(super) struct Model {
    routing: Arc<Routing>,
    alerts: Vec<Alert>,
    groups: Vec<Group>,
    silences: Vec<Silence>,
    log: BTreeMap<Timestamp, Vec<String>>,
}

struct Silence {
    matchers: Vec<Matcher>,
    starts_at: Timestamp,
    ends_at: Timestamp,
}

struct Group {
    route: usize,
    labels: LabelSet,
    members: BTreeSet<LabelSet>,
    next_flush: Timestamp,
    flushed_at: Option<Timestamp>,
    /// What each integration of the receiver knows.
    known: Vec<Known>,
}

#[derive(Clone, Default)]
struct Known {
    /// When it was last told, or its log last changed.
    at: Option<Timestamp>,
    firing: BTreeSet<LabelSet>,
    /// As Alertmanager's log has them; used by `compat: strict` only.
    resolved: BTreeSet<LabelSet>,
    /// Left out of the last notification because they were muted.
    unsure: BTreeSet<LabelSet>,
}

fn all_match(matchers: &[Matcher], labels: &LabelSet) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

impl Model {
    pub(super) fn new(routing: Arc<Routing>) -> Self {
        Self { routing, alerts: Vec::new(), groups: Vec::new(), silences: Vec::new(), log: BTreeMap::new() }
    }

    /// What was told, in order of time, within an instant in order of the text.
    pub(super) fn told(self) -> Vec<String> {
        let sorted = |mut lines: Vec<String>| {
            lines.sort();
            lines
        };
        self.log.into_values().flat_map(sorted).collect()
    }

    pub(super) fn silence(&mut self, now: Timestamp, matchers: &[Matcher], ends_at: Timestamp) {
        self.silences.push(Silence { matchers: matchers.to_vec(), starts_at: now, ends_at });
    }

    pub(super) fn unsilence(&mut self, now: Timestamp, number: usize) {
        if let Some(silence) = self.silences.get_mut(number).filter(|silence| silence.ends_at >= now) {
            silence.ends_at = now;
        }
    }

    pub(super) fn live_until(&mut self, end: Timestamp) {
        loop {
            let next = self.groups.iter().map(|group| group.next_flush).min().filter(|next| *next < end);
            let Some(now) = next else { return };
            let due: Vec<usize> =
                (0..self.groups.len()).filter(|at| self.groups[*at].next_flush == now).collect();
            for at in due {
                self.flush(now, at);
            }
            self.forget(now);
        }
    }

    // ---- alerts come in ----

    /// Groups that do not wait are due at once: [`Self::live_until`] comes next and looks at them.
    pub(super) fn take(&mut self, now: Timestamp, alerts: &[Alert]) {
        for alert in alerts {
            let known = self.alerts.iter().position(|known| known.labels == alert.labels);
            let is_new = known.is_none();
            let at = known.unwrap_or_else(|| {
                self.alerts.push(alert.clone());
                self.alerts.len() - 1
            });
            if !is_new {
                self.alerts[at] = merged(&self.alerts[at], alert, now);
            }
            let alert = self.alerts[at].clone();
            if is_new || !alert.is_resolved_at(now) {
                self.join(now, &alert);
            }
        }
    }

    fn join(&mut self, now: Timestamp, alert: &Alert) {
        for route in self.routes_of(0, &alert.labels) {
            let spec = &self.routing.routes[route];
            let labels = match &spec.group_by {
                GroupBy::All => alert.labels.clone(),
                GroupBy::Labels(names) => LabelSet::from_pairs(
                    names.iter().filter_map(|name| Some((name.clone(), alert.labels.get(name)?))),
                ),
            };
            let same = |group: &&mut Group| group.route == route && group.labels == labels;
            if let Some(group) = self.groups.iter_mut().find(same) {
                group.members.insert(alert.labels.clone());
                continue;
            }
            let integrations =
                self.routing.receiver(&spec.receiver).map_or(0, |receiver| receiver.integrations.len());
            let late = alert.starts_at + spec.group_wait < now;
            self.groups.push(Group {
                route,
                labels,
                members: [alert.labels.clone()].into(),
                next_flush: if late { now } else { now + spec.group_wait },
                flushed_at: None,
                known: vec![Known::default(); integrations],
            });
        }
    }

    /// Depth first; a child that matches ends the search among its siblings unless it says `continue`.
    fn routes_of(&self, at: usize, labels: &LabelSet) -> Vec<usize> {
        let mut found = Vec::new();
        for child in &self.routing.routes[at].children {
            if all_match(&self.routing.routes[*child].matchers, labels) {
                found.extend(self.routes_of(*child, labels));
                if !self.routing.routes[*child].continues {
                    break;
                }
            }
        }
        if found.is_empty() { vec![at] } else { found }
    }

    // ---- what mutes ----

    fn is_muted(&self, now: Timestamp, alert: &LabelSet) -> bool {
        let silenced = |silence: &Silence| {
            silence.starts_at <= now && now <= silence.ends_at && all_match(&silence.matchers, alert)
        };
        self.silences.iter().any(silenced)
            || self.routing.inhibit_rules.iter().any(|rule| self.inhibits(now, rule, alert))
    }

    fn inhibits(&self, now: Timestamp, rule: &InhibitRule, target: &LabelSet) -> bool {
        let both_sides = all_match(&rule.source, target);
        all_match(&rule.target, target)
            && self.alerts.iter().any(|source| {
                !source.is_resolved_at(now)
                    && all_match(&rule.source, &source.labels)
                    && !(both_sides && all_match(&rule.target, &source.labels))
                    && rule.equal.iter().all(|name| source.labels.value(name) == target.value(name))
            })
    }

    /// `times` of a day in UTC are all that the files of a play have.
    fn is_quiet(&self, now: Timestamp, route: usize) -> bool {
        let minute = u16::try_from(now.millis().rem_euclid(86_400_000) / 60_000).expect("less than 1440");
        let holds = |name: &sereno::model::Str| {
            self.routing.time_intervals.iter().filter(|interval| interval.name == *name).any(|interval| {
                let mut times = interval.parts.iter().flat_map(|part| &part.times);
                times.any(|time| (time.start_minute..time.end_minute).contains(&minute))
            })
        };
        let route = &self.routing.routes[route];
        let outside =
            !route.active_time_intervals.is_empty() && !route.active_time_intervals.iter().any(holds);
        outside || route.mute_time_intervals.iter().any(holds)
    }

    // ---- a group is looked at ----

    fn flush(&mut self, now: Timestamp, at: usize) {
        let route = self.groups[at].route;
        self.groups[at].next_flush = now + self.routing.routes[route].group_interval;
        self.groups[at].flushed_at = Some(now);
        let quiet = self.is_quiet(now, route);
        let strict = self.routing.strict;
        let (mut firing, mut resolved, mut held) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for labels in &self.groups[at].members {
            let alert = self.alert(labels);
            let muted = quiet || self.is_muted(now, labels);
            let list = match (alert.is_resolved_at(now), muted) {
                (true, true) if strict || quiet => continue,
                (true, _) => &mut resolved,
                (false, true) => &mut held,
                (false, false) => &mut firing,
            };
            list.insert(labels.clone());
        }
        if quiet || (strict && firing.is_empty() && resolved.is_empty()) {
            return;
        }
        for place in 0..self.groups[at].known.len() {
            self.look(now, at, place, &firing, &resolved, &held);
        }
    }

    fn look(
        &mut self,
        now: Timestamp,
        at: usize,
        place: usize,
        firing: &BTreeSet<LabelSet>,
        resolved: &BTreeSet<LabelSet>,
        held: &BTreeSet<LabelSet>,
    ) {
        let route = &self.routing.routes[self.groups[at].route];
        let receiver = self.routing.receiver(&route.receiver).expect("files are checked");
        let integration = &receiver.integrations[place];
        let known = self.groups[at].known[place].clone();
        let ended: BTreeSet<LabelSet> = resolved
            .iter()
            .filter(|alert| known.firing.contains(*alert) || known.unsure.contains(*alert))
            .cloned()
            .collect();
        let reason = match self.routing.strict {
            true => alertmanagers_reason(
                &known,
                firing,
                resolved,
                integration.send_resolved,
                now,
                route.repeat_interval,
            ),
            false => reason(
                &known,
                firing,
                &ended,
                !held.is_empty(),
                integration.send_resolved,
                now,
                route.repeat_interval,
            ),
        };
        let told = if self.routing.strict { resolved.clone() } else { ended.clone() };
        let silent = !integration.send_resolved && firing.is_empty();
        if !self.routing.strict && (reason.is_none() || silent) {
            // Nothing is told; who does not want to hear of ends is taken to know of them.
            let known = &mut self.groups[at].known[place];
            known.firing.retain(|alert| !ended.contains(alert));
            known.unsure.retain(|alert| !ended.contains(alert));
            return;
        }
        let Some(reason) = reason else { return };
        if !silent {
            let names =
                |alerts: &BTreeSet<LabelSet>| alerts.iter().map(ToString::to_string).collect::<Vec<_>>();
            let (mut up, mut down) = (names(firing), names(&told));
            up.sort();
            down.sort();
            if !integration.send_resolved {
                down.clear();
            }
            let key = format!("{}:{}", route.key, self.groups[at].labels);
            let who = format!("{}[{place}]", receiver.name);
            self.log.entry(now).or_default().push(line(now, &who, &key, reason, &up, &down));
        }
        let left_out = known.firing.union(&known.unsure).filter(|alert| held.contains(*alert)).cloned();
        let unsure = if self.routing.strict { BTreeSet::new() } else { left_out.collect() };
        self.groups[at].known[place] =
            Known { at: Some(now), firing: firing.clone(), resolved: told, unsure };
    }

    // ---- what is over ----

    fn forget(&mut self, now: Timestamp) {
        let strict = self.routing.strict;
        for at in 0..self.groups.len() {
            let group = &self.groups[at];
            if group.flushed_at != Some(now) {
                continue;
            }
            let kept = |labels: &&LabelSet| {
                let needed = |known: &Known| known.firing.contains(*labels) || known.unsure.contains(*labels);
                let over = self.alert(labels).is_resolved_at(now);
                !over || (!strict && group.known.iter().any(needed))
            };
            let members = group.members.iter().filter(kept).cloned().collect();
            self.groups[at].members = members;
        }
        self.groups.retain(|group| !group.members.is_empty());
        let groups = &self.groups;
        self.alerts.retain(|alert| groups.iter().any(|group| group.members.contains(&alert.labels)));
    }

    fn alert(&self, labels: &LabelSet) -> &Alert {
        self.alerts.iter().find(|alert| alert.labels == *labels).expect("members are known")
    }
}

/// The reason to tell, or none.
fn reason(
    known: &Known,
    firing: &BTreeSet<LabelSet>,
    ended: &BTreeSet<LabelSet>,
    any_held: bool,
    send_resolved: bool,
    now: Timestamp,
    repeat: Duration,
) -> Option<&'static str> {
    if !firing.is_subset(&known.firing) {
        let first = known.firing.is_empty();
        return Some(if first { "first notification" } else { "new alerts added" });
    }
    if firing.is_empty() {
        let all = if any_held { "some alerts resolved" } else { "all alerts resolved" };
        return (!ended.is_empty()).then_some(all);
    }
    if send_resolved && !ended.is_empty() {
        return Some("some alerts resolved");
    }
    (known.at? < now - repeat).then_some("repeat interval elapsed")
}

/// Alertmanager's, to the letter.
fn alertmanagers_reason(
    known: &Known,
    firing: &BTreeSet<LabelSet>,
    resolved: &BTreeSet<LabelSet>,
    send_resolved: bool,
    now: Timestamp,
    repeat: Duration,
) -> Option<&'static str> {
    let Some(at) = known.at else {
        return (!firing.is_empty()).then_some("first notification");
    };
    if !firing.is_subset(&known.firing) {
        let first = known.firing.is_empty();
        return Some(if first { "first notification" } else { "new alerts added" });
    }
    if firing.is_empty() {
        return (!known.firing.is_empty()).then_some("all alerts resolved");
    }
    if send_resolved && !resolved.is_subset(&known.resolved) {
        return Some("some alerts resolved");
    }
    (at < now - repeat).then_some("repeat interval elapsed")
}

/// One life if the times overlap strictly: the earliest start, the younger's texts and end, except that a
/// later end is not cut by one that has not come yet. Else the new one. No end is later than any end.
fn merged(old: &Alert, new: &Alert, now: Timestamp) -> Alert {
    let end = |alert: &Alert| alert.ends_at.map_or(i64::MAX, Timestamp::millis);
    let (old_start, new_start) = (old.starts_at.millis(), new.starts_at.millis());
    let overlap =
        (old_start < end(new) && end(new) < end(old)) || (old_start < new_start && new_start < end(old));
    if !overlap {
        return new.clone();
    }
    let later = if end(old) > end(new) { old.ends_at } else { new.ends_at };
    let ends_at = match (new.is_resolved_at(now), old.is_resolved_at(now)) {
        (true, true) | (false, _) => later,
        (true, false) => new.ends_at,
    };
    Alert { starts_at: old.starts_at.min(new.starts_at), ends_at, ..new.clone() }
}
