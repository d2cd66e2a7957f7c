//! What the API asks of alerts and groups. Pure reads in pages, so that nobody waits for a long one.

use super::GroupView;
use super::alerts::{AlertIndex, Slot};
use super::machine::Router;
use super::mute::Mutes;
use crate::config::routes::RouteIndex;
use crate::model::{Alert, Fingerprint, Matcher, Str, Timestamp};

/// Which alerts are wanted.
#[derive(Clone, Debug, Default)]
pub struct AlertQuery {
    /// All must match.
    pub matchers: Vec<Matcher>,
}

/// Where a page begins; the default is the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor(u32);

/// Some of the things that were asked for.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The things, in a stable order.
    pub items: Vec<T>,
    /// Where to go on; `None`: this was the last page.
    pub next: Option<Cursor>,
}

/// An alert as the API shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertView {
    /// The alert.
    pub alert: Alert,
    /// Of its labels.
    pub fingerprint: Fingerprint,
    /// The receivers of its routes, in their order, each once.
    pub receivers: Vec<Str>,
    /// What mutes it.
    pub mutes: Mutes,
    /// The time intervals that mute it in every one of its routes.
    pub muted_by: Vec<Str>,
}

impl Router {
    /// One page of the alerts that are asked for, of at most `limit`; unresolved ones only, as in
    /// Alertmanager.
    #[must_use]
    pub fn alert_page(
        &self,
        now: Timestamp,
        query: &AlertQuery,
        from: Cursor,
        limit: usize,
    ) -> Page<AlertView> {
        let mut items = Vec::new();
        for (index, slot) in self.alerts.iter_from(from.0) {
            if items.len() == limit {
                return Page { items, next: Some(Cursor(index)) };
            }
            let wanted = !slot.alert.is_resolved_at(now)
                && query.matchers.iter().all(|matcher| matcher.matches(&slot.alert.labels));
            if wanted {
                items.push(self.alert_view(now, index, slot));
            }
        }
        Page { items, next: None }
    }

    /// One page of the groups, of at most `limit`, with their unresolved alerts that are asked for. A group
    /// without any is left out.
    #[must_use]
    pub fn group_page(
        &self,
        now: Timestamp,
        query: &AlertQuery,
        from: Cursor,
        limit: usize,
    ) -> Page<GroupAlerts> {
        let mut items = Vec::new();
        for (index, group) in self.groups.iter().skip_while(|(index, _)| *index < from.0) {
            if items.len() == limit {
                return Page { items, next: Some(Cursor(index)) };
            }
            let alerts: Vec<AlertView> = group
                .members
                .values()
                .map(|index| (*index, self.alerts.at(*index)))
                .filter(|(_, slot)| !slot.alert.is_resolved_at(now))
                .filter(|(_, slot)| query.matchers.iter().all(|matcher| matcher.matches(&slot.alert.labels)))
                .map(|(index, slot)| self.alert_view(now, index, slot))
                .collect();
            if !alerts.is_empty() {
                let muted_by = self.quiet_by(now, group.route);
                items.push(GroupAlerts { group: self.group_view(group), alerts, muted_by });
            }
        }
        Page { items, next: None }
    }

    fn alert_view(&self, now: Timestamp, index: AlertIndex, slot: &Slot) -> AlertView {
        let routes = slot.places.iter().map(|place| place.route as RouteIndex);
        let mut receivers: Vec<Str> = Vec::new();
        let mut quiet: Option<Vec<Str>> = None;
        for route in routes {
            let receiver = &self.routing.routes[route].receiver;
            if !receivers.contains(receiver) {
                receivers.push(Str::clone(receiver));
            }
            let by = self.quiet_by(now, route);
            quiet = Some(match quiet {
                None => by,
                Some(_) if by.is_empty() => by,
                Some(known) if known.is_empty() => known,
                Some(mut known) => {
                    known.extend(by.into_iter().filter(|name| !known.contains(name)).collect::<Vec<_>>());
                    known
                }
            });
        }
        AlertView {
            alert: slot.alert.clone(),
            fingerprint: slot.fingerprint,
            receivers,
            mutes: self.mutes(now, index),
            muted_by: quiet.unwrap_or_default(),
        }
    }
}

/// A group with those of its alerts that were asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupAlerts {
    /// The group.
    pub group: GroupView,
    /// Its unresolved alerts, in order of their fingerprints.
    pub alerts: Vec<AlertView>,
    /// The time intervals that make it quiet.
    pub muted_by: Vec<Str>,
}
