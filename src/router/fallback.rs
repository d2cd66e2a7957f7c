//! Fallback receivers: told instead of one that cannot be told.
//!
//! The integrations of a receiver's `fallback` are deliveries of its groups like its own, one level further on.
//! They stand by until one before them could not be told for `fallback_after`, or was refused. From then on a
//! fallback is told of the group as any receiver would be, until all before it have been told again. Then it only
//! hears the end of what it knows to fire: each story that it was told the beginning of has its end.

use std::borrow::Cow;

use super::dedup::Decision;
use super::groups::{GroupIndex, State};
use super::machine::Router;
use super::memory::knows_any;
use super::snapshot::Snapshot;
use super::{NotTold, Reason};
use crate::model::Timestamp;

/// What an integration is to see of a group.
pub(super) struct Seen<'a> {
    pub(super) snapshot: Cow<'a, Snapshot>,
    /// Whether it is only to hear of ends.
    pub(super) only_ends: bool,
}

impl Router {
    /// What an integration is to see of a group; `None`: it stands by.
    pub(super) fn seen_by<'a>(
        &self,
        index: GroupIndex,
        place: usize,
        snapshot: &'a Snapshot,
    ) -> Option<Seen<'a>> {
        let delivery = &self.groups.at(index).deliveries[place];
        let level = delivery.destination.level;
        if level == 0 || self.is_called(snapshot.at, index, level) {
            return Some(Seen { snapshot: Cow::Borrowed(snapshot), only_ends: false });
        }
        let told = delivery.told.as_ref().filter(|told| knows_any(told));
        if told.is_none() && matches!(delivery.state, State::Idle) {
            return None;
        }
        let mut known = snapshot.clone();
        known.firing.retain(|alert| told.is_some_and(|told| told.may_know(*alert)));
        Some(Seen { snapshot: Cow::Owned(known), only_ends: true })
    }

    /// Whether the receivers of a level are told, because one before them cannot be.
    pub(super) fn is_called(&self, now: Timestamp, index: GroupIndex, level: usize) -> bool {
        let deliveries = &self.groups.at(index).deliveries;
        let before = (0..deliveries.len()).filter(|place| deliveries[*place].destination.level + 1 == level);
        before.into_iter().any(|place| self.needs_fallback(now, index, place))
    }

    /// Whether an integration has a fallback, and could not be told for so long that it is needed.
    pub(super) fn needs_fallback(&self, now: Timestamp, index: GroupIndex, place: usize) -> bool {
        let delivery = &self.groups.at(index).deliveries[place];
        delivery.destination.fallback_after.is_some_and(|after| {
            delivery.given_up || delivery.pending().is_some_and(|pending| pending.since() + after <= now)
        })
    }

    /// Looks at the fallbacks of a group if there may be one that was not told yet.
    pub(super) fn call_fallbacks(&mut self, now: Timestamp, index: GroupIndex) {
        let waits = |why: Option<NotTold>| matches!(why, None | Some(NotTold::StandBy));
        let deliveries = &self.groups.at(index).deliveries;
        let mut fallbacks = deliveries.iter().filter(|delivery| delivery.destination.level > 0);
        if fallbacks.any(|delivery| matches!(delivery.state, State::Idle) && waits(delivery.not_told)) {
            self.look_at_fallbacks(now, index);
        }
    }

    /// Looks at the fallbacks of a group.
    pub(super) fn look_at_fallbacks(&mut self, now: Timestamp, index: GroupIndex) {
        let deliveries = self.groups.at(index).deliveries.iter().enumerate();
        let fallbacks = deliveries.filter(|(_, delivery)| delivery.destination.level > 0);
        let places: Vec<usize> = fallbacks.map(|(place, _)| place).collect();
        if places.is_empty() {
            return;
        }
        let snapshot = self.snapshot(now, index);
        for place in places {
            self.look(index, place, &snapshot);
        }
    }

    /// A fallback that is not needed. That is the usual state, so nothing is noted.
    pub(super) fn stand_by(&mut self, index: GroupIndex, place: usize) {
        self.leave_limiter(index, place);
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        (delivery.not_told, delivery.given_up) = (Some(NotTold::StandBy), false);
    }
}

/// The decision for a fallback that is not needed any more.
pub(super) fn only_ends(decision: Decision) -> Decision {
    match decision {
        Decision::Tell(Reason::SomeResolved | Reason::AllResolved) | Decision::Note(_) => decision,
        Decision::Tell(Reason::First | Reason::NewAlerts | Reason::Repeat | Reason::Flapped)
        | Decision::Quiet(_) => Decision::Quiet(NotTold::StandBy),
    }
}
