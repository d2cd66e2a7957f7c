//! What the API asks of alerts and groups. Pure reads in pages, so that nobody waits for a long one.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::GroupView;
use super::alerts::{AlertIndex, Slot};
use super::groups::Group;
use super::index_set::IndexSet;
use super::label_index::STEP;
use super::machine::Router;
use super::mute::Mutes;
use crate::config::routes::{Receiver, RouteIndex, Routing};
use crate::model::regex::AnchoredRegex;
use crate::model::{Alert, Fingerprint, LabelSet, Matcher, Str, Timestamp};

/// How much work one page may be, so that nobody else waits long: some milliseconds.
const EFFORT: usize = 20_000;
/// The work of showing an alert, where looking at one is 1.
const SHOWING: usize = 10;

/// Which alerts are wanted. The default wants all; the conditions are those of Alertmanager's API, of which
/// `unprocessed` never was one.
#[derive(Clone, Debug)]
pub struct AlertQuery {
    /// All must match.
    pub matchers: Vec<Matcher>,
    /// An alert must have a receiver with such a name; a group's receiver must.
    pub receiver: Option<AnchoredRegex>,
    /// An alert must have a receiver with such labels, its `name` among them; a group's receiver must.
    pub receiver_matchers: Vec<Matcher>,
    /// Whether alerts are wanted that neither a silence nor an inhibition mutes.
    pub active: bool,
    /// Whether alerts are wanted that a silence mutes.
    pub silenced: bool,
    /// Whether alerts are wanted that another alert inhibits.
    pub inhibited: bool,
    /// Whether groups are wanted that time intervals mute. Says nothing about single alerts.
    pub muted: bool,
}

impl Default for AlertQuery {
    fn default() -> Self {
        Self {
            matchers: Vec::new(),
            receiver: None,
            receiver_matchers: Vec::new(),
            active: true,
            silenced: true,
            inhibited: true,
            muted: true,
        }
    }
}

impl AlertQuery {
    fn wants(&self, labels: &LabelSet) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(labels))
    }

    fn wants_muted_so(&self, mutes: &Mutes) -> bool {
        (self.active || mutes.any())
            && (self.silenced || mutes.silenced_by.is_empty())
            && (self.inhibited || mutes.inhibited_by.is_empty())
    }
}

/// Where a page begins; the default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The place of the next alert or group.
    at: u32,
    /// Where to go on in this group.
    within: Option<Within>,
    /// Where to look, once there was a first page; `None`: everywhere.
    places: Option<Option<Arc<IndexSet>>>,
}

/// A place in a group that is too large for one page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Within {
    /// The last alert that was looked at.
    after: Fingerprint,
    /// Whether the pages before show some of the group.
    shown: bool,
}

/// Some of the things that were asked for. There may be fewer than the page could hold, even none, and more
/// on the next: a page also ends when it was work enough.
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
    /// Readies the indexes for a question with these matchers. Worth calling before each page and each time
    /// that alerts are looked for: a large index is built in several steps, and used once it is complete.
    pub fn index_for(&mut self, matchers: &[Matcher]) {
        self.label_index.prepare(matchers, &self.alerts, STEP);
    }

    /// Readies the indexes completely, which may take as long as some looks at every alert.
    pub(super) fn index_at_once(&mut self, matchers: &[Matcher]) {
        self.label_index.prepare(matchers, &self.alerts, u32::MAX);
    }

    /// The alerts that match, resolved ones included, in order of their places.
    pub(super) fn find_alerts<'a>(
        &'a self,
        matchers: &'a [Matcher],
    ) -> impl Iterator<Item = AlertIndex> + 'a {
        let places = match self.label_index.find(matchers, &self.alerts) {
            Some(found) => found.iter_from(0).collect(),
            None => self.alerts.indexes(),
        };
        let matches = |index: &AlertIndex| {
            let labels = self.alerts.get(*index).map(|slot| &slot.alert.labels);
            labels.is_some_and(|labels| matchers.iter().all(|matcher| matcher.matches(labels)))
        };
        places.into_iter().filter(matches)
    }

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
        let (receivers, mut effort) = (Receivers::new(&self.routing, query), 0);
        let places = from.places.unwrap_or_else(|| self.places_for(query));
        let mut items = Vec::new();
        for index in indexes(places.as_deref(), from.at, self.alerts.end()) {
            if items.len() == limit || effort >= EFFORT {
                return Page {
                    items,
                    next: Some(Cursor { at: index, within: None, places: Some(places.clone()) }),
                };
            }
            effort += 1;
            let Some(slot) = self.alerts.get(index) else { continue };
            let routes = slot.places.iter().map(|place| place.route as RouteIndex);
            if self.is_wanted(now, query, slot) && receivers.any_wanted(routes) {
                let view = self.alert_view(now, index, slot);
                if query.wants_muted_so(&view.mutes) {
                    items.push(view);
                }
                effort += SHOWING;
            }
        }
        Page { items, next: None }
    }

    /// One page of the groups, of at most `limit`, with their unresolved alerts that are asked for. A group
    /// without any is left out. A large group comes in several items, see [`GroupAlerts::continues`].
    #[must_use]
    pub fn group_page(
        &self,
        now: Timestamp,
        query: &AlertQuery,
        from: Cursor,
        limit: usize,
    ) -> Page<GroupAlerts> {
        let (receivers, mut effort) = (Receivers::new(&self.routing, query), 0);
        let places = from.places.unwrap_or_else(|| self.groups_of(self.places_for(query)?));
        let mut items = Vec::new();
        for index in indexes(places.as_deref(), from.at, self.groups.end()) {
            let next = |within| Some(Cursor { at: index, within, places: Some(places.clone()) });
            let mut within = from.within.filter(|_| index == from.at);
            if items.len() == limit || effort >= EFFORT {
                return Page { items, next: next(within) };
            }
            effort += 1;
            let Some(group) = self.groups.get(index) else { continue };
            let muted_by = self.quiet_by(now, group.route);
            if !receivers.is_wanted(group.route) || !(query.muted || muted_by.is_empty()) {
                continue;
            }
            let continues = within.is_some_and(|within| within.shown);
            let (alerts, rest) = self.group_part(now, query, group, within.take(), &mut effort);
            let shown = continues || !alerts.is_empty();
            if !alerts.is_empty() {
                items.push(GroupAlerts { group: self.group_heading(group), alerts, muted_by, continues });
            }
            if let Some(after) = rest {
                return Page { items, next: next(Some(Within { after, shown })) };
            }
        }
        Page { items, next: None }
    }

    /// The alerts of a group that are wanted, and where to go on if they are too much work.
    fn group_part(
        &self,
        now: Timestamp,
        query: &AlertQuery,
        group: &Group,
        within: Option<Within>,
        effort: &mut usize,
    ) -> (Vec<AlertView>, Option<Fingerprint>) {
        let (mut alerts, mut last) = (Vec::new(), within.map(|within| within.after));
        let after = last.map_or(Bound::Unbounded, Bound::Excluded);
        for (fingerprint, index) in group.members.range((after, Bound::Unbounded)) {
            if *effort >= EFFORT && last.is_some() {
                return (alerts, last);
            }
            *effort += 1;
            last = Some(*fingerprint);
            let slot = self.alerts.at(*index);
            if self.is_wanted(now, query, slot) {
                *effort += SHOWING;
                let view = self.alert_view(now, *index, slot);
                alerts.extend(Some(view).filter(|view| query.wants_muted_so(&view.mutes)));
            }
        }
        (alerts, None)
    }

    fn is_wanted(&self, now: Timestamp, query: &AlertQuery, slot: &Slot) -> bool {
        !slot.alert.is_resolved_at(now) && query.wants(&slot.alert.labels)
    }

    /// The places of the alerts that may match; `None`: all.
    fn places_for(&self, query: &AlertQuery) -> Option<Arc<IndexSet>> {
        self.label_index.find(&query.matchers, &self.alerts).map(Arc::new)
    }

    /// The groups of alerts; `None`: all, as these are too many alerts to find out.
    fn groups_of(&self, alerts: Arc<IndexSet>) -> Option<Arc<IndexSet>> {
        if alerts.len() > EFFORT {
            return None;
        }
        let slots = alerts.iter_from(0).filter_map(|index| self.alerts.get(index));
        let mut groups = IndexSet::default();
        slots.flat_map(|slot| slot.places.iter()).filter_map(|place| place.group).for_each(|group| {
            groups.insert(group);
        });
        Some(Arc::new(groups))
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

/// The places from `from` on that are among these, or all before `end`.
fn indexes(places: Option<&IndexSet>, from: u32, end: u32) -> Box<dyn Iterator<Item = u32> + '_> {
    match places {
        Some(places) => places.iter_from(from),
        None => Box::new(from..end),
    }
}

/// Which routes have a receiver that is asked for.
struct Receivers<'a> {
    routing: &'a Routing,
    /// By the receiver's name: whether its name is wanted, and whether its labels are. `None`: all are.
    wanted: Option<BTreeMap<&'a str, (bool, bool)>>,
}

impl<'a> Receivers<'a> {
    fn new(routing: &'a Routing, query: &AlertQuery) -> Self {
        let by_name = |name: &str| query.receiver.as_ref().is_none_or(|regex| regex.is_match(name));
        let by_labels = |receiver: &Receiver| {
            let labels = receiver.labels.iter().map(|(name, value)| (Str::clone(name), Str::clone(value)));
            let labels = LabelSet::from_pairs(labels.chain([("name".into(), Str::clone(&receiver.name))]));
            query.receiver_matchers.iter().all(|matcher| matcher.matches(&labels))
        };
        let asked = query.receiver.is_some() || !query.receiver_matchers.is_empty();
        let wanted = asked.then(|| {
            let receivers = routing.receivers.iter();
            receivers.map(|it| (&*it.name, (by_name(&it.name), by_labels(it)))).collect()
        });
        Self { routing, wanted }
    }

    /// Whether one of the receivers is wanted by its name, and one, perhaps another, by its labels.
    fn any_wanted(&self, routes: impl Iterator<Item = RouteIndex>) -> bool {
        let Some(wanted) = &self.wanted else { return true };
        let of_routes = routes.filter_map(|route| wanted.get(&*self.routing.routes[route].receiver));
        let any = of_routes.fold((false, false), |any, one| (any.0 || one.0, any.1 || one.1));
        any.0 && any.1
    }

    fn is_wanted(&self, route: RouteIndex) -> bool {
        self.any_wanted(std::iter::once(route))
    }
}

/// A group with those of its alerts that were asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupAlerts {
    /// The group, without its alerts.
    pub group: GroupView,
    /// Its unresolved alerts, in order of their fingerprints.
    pub alerts: Vec<AlertView>,
    /// The time intervals that make it quiet.
    pub muted_by: Vec<Str>,
    /// Whether the item before, which may be the last of the page before, is of the same group: these are more
    /// of its alerts.
    pub continues: bool,
}
