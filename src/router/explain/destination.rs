//! What one route makes of an alert: its group, what each integration was told of it, what is on its way, and
//! what would come next if nothing changed until then.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Subject, json};
use crate::config::routes::{GroupBy, Route, RouteIndex};
use crate::model::{Duration, Fingerprint, LabelSet, Str, Timestamp};
use crate::router::cooldown;
use crate::router::dedup::{Decision, Question, decide_in_time};
use crate::router::endpoints::EndpointView;
use crate::router::fallback::only_ends;
use crate::router::groups::{Delivery, Group, State, Wait};
use crate::router::machine::Router;
use crate::router::memory::knows_any;
use crate::router::snapshot::{Snapshot, group_key};
use crate::router::tree::{Destination, group_labels};
use crate::router::{DeliveryKey, GroupKey, NotTold, Reason, Told};

/// A route at which an alert ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Destined {
    /// The place of the route in the tree, unique.
    pub route: Str,
    /// Who is told.
    pub receiver: Str,
    /// How long it waits for what.
    pub timing: Timing,
    /// The time intervals that keep it quiet now.
    pub quiet_by: Vec<Str>,
    /// The alert's group.
    pub group: GroupFacts,
    /// What each integration of the receiver knows.
    pub integrations: Vec<IntegrationFacts>,
}

/// A route's intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// How long a new group waits for more alerts.
    #[serde(serialize_with = "json::duration")]
    pub group_wait: Duration,
    /// How often a group is looked at.
    #[serde(serialize_with = "json::duration")]
    pub group_interval: Duration,
    /// After how long an unchanged group is told again.
    #[serde(serialize_with = "json::duration")]
    pub repeat_interval: Duration,
    /// The least time between two notifications; zero: none.
    #[serde(serialize_with = "json::duration")]
    pub cooldown: Duration,
}

/// The group of an alert under one route.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupFacts {
    /// `{}/{severity="page"}:{alertname="Down"}`.
    pub key: Str,
    /// The labels that it shares.
    pub labels: LabelSet,
    /// The names of these labels; `...` is every label.
    pub group_by: Vec<Str>,
    /// Whether it exists.
    pub exists: bool,
    /// Whether the alert is in it.
    pub has_alert: bool,
    /// How many of its alerts fire.
    pub firing: usize,
    /// How many of its alerts are resolved and not let go yet.
    pub resolved: usize,
    /// When it is looked at next.
    #[serde(serialize_with = "json::maybe_time")]
    pub next_flush: Option<Timestamp>,
    /// When this process last looked at it.
    #[serde(serialize_with = "json::maybe_time")]
    pub last_flush: Option<Timestamp>,
}

/// What one integration knows and will be told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IntegrationFacts {
    /// `ops/webhook[0]`.
    pub name: String,
    /// Whether it wants to hear of resolutions.
    pub send_resolved: bool,
    /// What it was told last of the group.
    pub told: Option<ToldFacts>,
    /// Why it was not told when the group was last looked at.
    pub not_told: Option<WhyNot>,
    /// What is on its way.
    pub on_its_way: Option<OnItsWay>,
    /// The server that it talks to.
    pub endpoint: EndpointFacts,
    /// The receiver instead of which it is told, if it is a fallback.
    pub fallback: Option<Str>,
    /// The id of the group's dead letter, if there is one.
    pub dead_letter: Option<Str>,
    /// What it said when an attempt failed last, until one succeeds.
    pub last_error: Option<Str>,
    /// How long the last attempt took.
    #[serde(serialize_with = "json::maybe_duration")]
    pub last_latency: Option<Duration>,
    /// What comes next, if nothing changes until then; `None`: nothing that concerns the alert.
    pub outlook: Option<Outlook>,
}

/// What is known of the server that an integration talks to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndpointFacts {
    /// Its kind and host.
    pub name: Str,
    /// Since when it does not answer: attempts wait in line.
    #[serde(serialize_with = "json::maybe_time")]
    pub open_since: Option<Timestamp>,
    /// Until when it asked to be left alone.
    #[serde(serialize_with = "json::maybe_time")]
    pub held_until: Option<Timestamp>,
    /// When it is tried next, if somebody waits.
    #[serde(serialize_with = "json::maybe_time")]
    pub next_try: Option<Timestamp>,
    /// How many notifications wait in line.
    pub waiting: usize,
}

/// What an integration was told of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToldFacts {
    /// Since when it knows what it knows: the repeat interval counts from here.
    #[serde(serialize_with = "json::time")]
    pub at: Timestamp,
    /// When a notification was last delivered: the cooldown counts from here.
    #[serde(serialize_with = "json::maybe_time")]
    pub sent_at: Option<Timestamp>,
    /// Why it was told, if this process did it.
    pub reason: Option<&'static str>,
    /// What it knows of the alert.
    pub alert: Knows,
    /// How many alerts it knows as firing.
    pub firing: usize,
    /// How many alerts it was told, or could have been told, as resolved.
    pub resolved: usize,
}

/// What an integration knows of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Knows {
    /// That it fires.
    Firing,
    /// That it is resolved.
    Resolved,
    /// Perhaps that it fires: nobody knows whether the notification arrived, or it was left out of the last.
    Unsure,
    /// Nothing.
    Nothing,
}

/// What a notification will say of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// That it fires.
    Firing,
    /// That it is resolved.
    Resolved,
    /// Nothing, because it is muted.
    Muted,
    /// Nothing: it is not news.
    Nothing,
}

/// A notification that has not been taken yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum OnItsWay {
    /// An attempt has no outcome yet.
    InFlight {
        /// Why it is told.
        reason: &'static str,
        /// The same for each attempt of this notification.
        idempotency_key: Str,
        /// The attempt's number.
        attempt: u32,
        /// When it began.
        #[serde(serialize_with = "json::time")]
        since: Timestamp,
        /// When it is given up.
        #[serde(serialize_with = "json::time")]
        deadline: Timestamp,
        /// Whether it tells of the alert.
        names_alert: bool,
    },
    /// The last attempt failed.
    Retrying {
        /// Why it is told.
        reason: &'static str,
        /// The same for each attempt of this notification.
        idempotency_key: Str,
        /// How many attempts were made.
        attempts: u32,
        /// When the next one is made; `None`: when it is its turn at an endpoint that does not answer yet.
        #[serde(serialize_with = "json::maybe_time")]
        retry_at: Option<Timestamp>,
        /// Since when there is something that could not be delivered.
        #[serde(serialize_with = "json::time")]
        since: Timestamp,
        /// When it is given up.
        #[serde(serialize_with = "json::time")]
        given_up_at: Timestamp,
        /// Whether it tells of the alert.
        names_alert: bool,
    },
}

/// Why an integration is not told. In JSON it has the reason's `code` and `text`, and `until`.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyNot {
    /// The reason.
    pub reason: NotTold,
    /// Until when it holds at most, if that is known.
    pub until: Option<Timestamp>,
}

/// What comes next for an integration.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outlook {
    /// It is told.
    Tells {
        /// When.
        #[serde(serialize_with = "json::time")]
        at: Timestamp,
        /// Why.
        reason: &'static str,
        /// What is said of the alert.
        alert: Said,
    },
    /// It is not told.
    StaysQuiet {
        /// When this is found.
        #[serde(serialize_with = "json::time")]
        at: Timestamp,
        /// Why not.
        why: WhyNot,
    },
}

impl WhyNot {
    fn of(why: NotTold) -> Self {
        let until = match why {
            NotTold::Cooldown(end) => Some(end),
            NotTold::NeverTold
            | NotTold::Unchanged
            | NotTold::StillResolved
            | NotTold::ResolvedUnwanted
            | NotTold::InFlight
            | NotTold::Muted
            | NotTold::RateLimited
            | NotTold::StandBy
            | NotTold::QuietTime => None,
        };
        Self { reason: why, until }
    }
}

impl Serialize for WhyNot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Words {
            code: &'static str,
            text: &'static str,
            #[serde(serialize_with = "json::maybe_time")]
            until: Option<Timestamp>,
        }
        let Self { reason, until } = *self;
        Words { code: reason.code(), text: reason.as_str(), until }.serialize(serializer)
    }
}

/// The group that an alert is in under one route, or would be.
struct Place<'a> {
    route: &'a Route,
    index: RouteIndex,
    key: GroupKey,
    group: Option<&'a Group>,
    has_alert: bool,
    /// Whether the alert is to be thought into the group.
    joins: bool,
    /// When the group is, or would be, looked at next.
    next_flush: Option<Timestamp>,
}

impl Router {
    /// What each route at which the alert ends makes of it.
    pub(super) fn destinations_of(&self, subject: &Subject<'_>) -> Vec<Destined> {
        let routes = self.tree.routes_of(subject.labels);
        routes.into_iter().map(|route| self.destined(subject, route)).collect()
    }

    fn destined(&self, subject: &Subject<'_>, index: RouteIndex) -> Destined {
        let place = self.place_of(subject, index);
        let route = place.route;
        let integrations = self.tree.destinations(index).iter().enumerate();
        Destined {
            route: Str::clone(&route.id),
            receiver: Str::clone(&route.receiver),
            timing: Timing {
                group_wait: route.group_wait,
                group_interval: route.group_interval,
                repeat_interval: route.repeat_interval,
                cooldown: route.cooldown,
            },
            quiet_by: self.quiet_by(subject.now, index),
            group: self.group_facts(subject, &place),
            integrations: integrations
                .map(|(at, destination)| self.integration_facts(subject, &place, at, destination))
                .collect(),
        }
    }

    fn place_of(&self, subject: &Subject<'_>, index: RouteIndex) -> Place<'_> {
        let route = &self.routing.routes[index];
        let labels = group_labels(subject.labels, &route.group_by);
        let group = self.groups.find(index, &labels).map(|group| self.groups.at(group));
        let has_alert = group.is_some_and(|group| group.members.contains_key(&subject.fingerprint));
        let joins = !has_alert && subject.fires_at(subject.now);
        let new = joins.then(|| subject.now + route.group_wait);
        Place {
            route,
            index,
            key: GroupKey { route: Str::clone(&route.id), labels },
            group,
            has_alert,
            joins,
            next_flush: group.map(|group| group.next_flush).or(new),
        }
    }

    fn group_facts(&self, subject: &Subject<'_>, place: &Place<'_>) -> GroupFacts {
        let members = place.group.into_iter().flat_map(|group| group.members.values());
        let (mut firing, mut resolved) = (0, 0);
        for alert in members {
            match self.alerts.at(*alert).alert.is_resolved_at(subject.now) {
                true => resolved += 1,
                false => firing += 1,
            }
        }
        GroupFacts {
            key: group_key(place.route, &place.key.labels),
            labels: place.key.labels.clone(),
            group_by: match &place.route.group_by {
                GroupBy::All => vec!["...".into()],
                GroupBy::Labels(names) => names.clone(),
            },
            exists: place.group.is_some(),
            has_alert: place.has_alert,
            firing,
            resolved,
            next_flush: place.next_flush,
            last_flush: place.group.and_then(|group| group.flushed_at),
        }
    }

    fn integration_facts(
        &self,
        subject: &Subject<'_>,
        place: &Place<'_>,
        at: usize,
        destination: &Arc<Destination>,
    ) -> IntegrationFacts {
        let delivery = place.group.and_then(|group| group.deliveries.get(at));
        let key = DeliveryKey { group: place.key.clone(), integration: destination.name.clone() };
        let told = match delivery {
            Some(delivery) => delivery.told.as_ref(),
            None => self.memory.peek(&key),
        };
        let reason = delivery.and_then(|delivery| delivery.told_reason).map(Reason::as_str);
        let idle = delivery.is_none_or(|delivery| matches!(delivery.state, State::Idle));
        IntegrationFacts {
            name: destination.name.to_string(),
            send_resolved: destination.integration.send_resolved,
            told: told.map(|told| told_facts(told, reason, subject.fingerprint)),
            not_told: delivery
                .and_then(|delivery| delivery.not_told)
                .map(|why| self.with_turn(WhyNot::of(why), destination)),
            on_its_way: delivery.and_then(|delivery| {
                on_its_way(delivery, subject.fingerprint, self.routing.limits.outbox_max_age)
            }),
            endpoint: self.endpoint_facts(subject.now, destination),
            fallback: (destination.level > 0).then(|| Str::clone(&place.route.receiver)),
            dead_letter: self.dead_letter_of(&key),
            last_error: delivery.and_then(|delivery| delivery.last_error.clone()),
            last_latency: delivery.and_then(|delivery| delivery.last_latency),
            outlook: place
                .next_flush
                .filter(|_| idle)
                .map(|flush| self.outlook(subject, place, destination, told, delivery, flush)),
        }
    }

    fn endpoint_facts(&self, now: Timestamp, destination: &Destination) -> EndpointFacts {
        let known = self.endpoints(now).into_iter().find(|known| known.endpoint == destination.endpoint);
        let name = Str::clone(&destination.endpoint);
        match known {
            Some(EndpointView { open_since, held_until, next_try, waiting, .. }) => {
                EndpointFacts { name, open_since, held_until, next_try, waiting }
            }
            None => EndpointFacts { name, open_since: None, held_until: None, next_try: None, waiting: 0 },
        }
    }

    /// The reason with the time at which a rate limit lets somebody through.
    fn with_turn(&self, why: WhyNot, destination: &Destination) -> WhyNot {
        match why.reason == NotTold::RateLimited {
            true => WhyNot { until: self.turn_of(&destination.name), ..why },
            false => why,
        }
    }

    /// What the next look at the group decides for an integration, if nothing changes until then. It asks
    /// what the flush asks.
    fn outlook(
        &self,
        subject: &Subject<'_>,
        place: &Place<'_>,
        destination: &Destination,
        told: Option<&Told>,
        delivery: Option<&Delivery>,
        flush: Timestamp,
    ) -> Outlook {
        let cooldown_end = delivery.and_then(|delivery| delivery.timer);
        let at = cooldown_end.map_or(flush, |end| end.min(flush)).max(subject.now);
        let snapshot = self.imagined_snapshot(subject, place, at);
        // A fallback that is not called is told of no beginning.
        let is_called = place.group.is_some_and(|group| {
            let index = self.groups.find(place.index, &group.key.labels);
            index.is_some_and(|index| self.is_called(at, index, destination.level))
        });
        let stands_by = destination.level > 0 && !is_called;
        if stands_by && !told.is_some_and(knows_any) {
            return Outlook::StaysQuiet { at, why: WhyNot::of(NotTold::StandBy) };
        }
        let question = Question {
            told,
            firing: &snapshot.firing,
            resolved: &snapshot.resolved,
            any_held: !snapshot.held.is_empty(),
            send_resolved: destination.integration.send_resolved,
            repeat_interval: place.route.repeat_interval,
            now: at,
            strict: self.routing.strict,
        };
        let decision = decide_in_time(&question, snapshot.quiet);
        let decision = if stands_by { only_ends(decision) } else { decision };
        let reason = match decision {
            Decision::Tell(reason) => reason,
            Decision::Note(why) | Decision::Quiet(why) => {
                let mut why = WhyNot::of(why);
                if why.reason == NotTold::Unchanged {
                    why.until = told.map(|told| told.at + place.route.repeat_interval);
                }
                return Outlook::StaysQuiet { at, why };
            }
        };
        if let Some(end) = cooldown::until(told, place.route.cooldown, at) {
            return Outlook::StaysQuiet { at, why: WhyNot::of(NotTold::Cooldown(end)) };
        }
        let in_list = |list: &[Fingerprint]| list.binary_search(&subject.fingerprint).is_ok();
        let alert = if in_list(&snapshot.firing) {
            Said::Firing
        } else if question.send_resolved && question.ended().any(|alert| alert == subject.fingerprint) {
            Said::Resolved
        } else if in_list(&snapshot.held) {
            Said::Muted
        } else {
            Said::Nothing
        };
        Outlook::Tells { at, reason: reason.as_str(), alert }
    }

    /// The group at a later instant, with the alert in it.
    fn imagined_snapshot(&self, subject: &Subject<'_>, place: &Place<'_>, at: Timestamp) -> Snapshot {
        let quiet = !self.quiet_by(at, place.index).is_empty();
        let mut snapshot = match place.group {
            Some(group) => self.look_at(at, group),
            None => Snapshot { at, firing: Vec::new(), resolved: Vec::new(), held: Vec::new(), quiet },
        };
        if place.joins {
            let muted = self.muting_of(at, subject.labels).any();
            let list = if muted { &mut snapshot.held } else { &mut snapshot.firing };
            if let Err(gap) = list.binary_search(&subject.fingerprint) {
                list.insert(gap, subject.fingerprint);
            }
        }
        snapshot
    }
}

fn told_facts(told: &Told, reason: Option<&'static str>, alert: Fingerprint) -> ToldFacts {
    let known = |alerts: &[Fingerprint]| alerts.binary_search(&alert).is_ok();
    ToldFacts {
        at: told.at,
        sent_at: told.sent_at,
        reason,
        alert: if known(&told.firing) {
            Knows::Firing
        } else if known(&told.unsure) {
            Knows::Unsure
        } else if known(&told.resolved) {
            Knows::Resolved
        } else {
            Knows::Nothing
        },
        firing: told.firing.len(),
        resolved: told.resolved.len(),
    }
}

fn on_its_way(delivery: &Delivery, alert: Fingerprint, max_age: Duration) -> Option<OnItsWay> {
    let pending = delivery.pending()?;
    let reason = pending.notification.reason.as_str();
    let idempotency_key = Str::clone(&pending.notification.idempotency_key);
    let names_alert = pending.notification.alerts.iter().any(|told| told.fingerprint == alert);
    match &delivery.state {
        State::Idle => None,
        State::InFlight { number, since, deadline, .. } => Some(OnItsWay::InFlight {
            reason,
            idempotency_key,
            attempt: *number,
            since: *since,
            deadline: *deadline,
            names_alert,
        }),
        State::Waiting { attempts, wait, .. } => Some(OnItsWay::Retrying {
            reason,
            idempotency_key,
            attempts: *attempts,
            retry_at: match wait {
                Wait::Until(at) => Some(*at),
                Wait::InLine(_) => None,
            },
            since: pending.since(),
            given_up_at: pending.since() + max_age,
            names_alert,
        }),
    }
}
