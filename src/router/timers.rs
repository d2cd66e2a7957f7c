//! All times at which the router has something to do, in one ordered set.

use std::collections::BTreeSet;

use super::groups::GroupIndex;
use crate::model::Timestamp;

/// What is due. At one instant flushes come first, so that a retry sends what the flush found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A group is to be looked at.
    Flush(GroupIndex),
    /// One of a group's deliveries goes on: a retry, the end of a cooldown, an outcome that never came.
    Delivery(GroupIndex, usize),
}

/// The timers that are set. Each exists at most once; its owner knows its time.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Timestamp, Timer)>);

impl Timers {
    /// Sets a timer.
    pub(super) fn set(&mut self, at: Timestamp, timer: Timer) {
        self.0.insert((at, timer));
    }

    /// Takes a timer back.
    pub(super) fn clear(&mut self, at: Timestamp, timer: Timer) {
        self.0.remove(&(at, timer));
    }

    /// The next timer that is due at `now`.
    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<Timer> {
        match self.0.first() {
            Some((at, _)) if *at <= now => self.0.pop_first().map(|(_, timer)| timer),
            Some(_) | None => None,
        }
    }

    /// When the next timer is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }
}
