//! When a group is evaluated: slots, as in Prometheus, at a fixed place in the interval.

use std::hash::Hasher;

use crate::model::lookup::StableHasher;
use crate::model::{Duration, Timestamp};

/// The slots of one group and the last one used.
///
/// Slots lie at `offset + n × interval` since the epoch. The offset comes from a hash of the group's file
/// and name, so that groups spread over the interval and keep their slots over restarts. It is not
/// Prometheus' own offset: that one depends on how its labels are laid out in memory.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    interval: Duration,
    /// The slot of the last evaluation; before the first one, the slot that passed last.
    last: Timestamp,
}

/// A slot whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// The slot, exactly.
    pub(super) at: Timestamp,
    /// How many slots before it were left out.
    pub(super) missed: u64,
}

impl Schedule {
    /// Slots every `interval`, the first one after `now`.
    pub(super) fn new(file: &str, name: &str, interval: Duration, now: Timestamp) -> Self {
        let interval = interval.max(Duration::from_millis(1));
        let mut hasher = StableHasher::default();
        hasher.write(file.as_bytes());
        hasher.write(name.as_bytes());
        let length = interval.millis();
        let offset = (hasher.finish() % length.unsigned_abs()) as i64;
        let last = now.millis() - (now.millis() - offset).rem_euclid(length);
        Self { interval, last: Timestamp::from_millis(last) }
    }

    /// Slots every `interval`, the first one at `start` itself.
    pub(super) fn starting_at(start: Timestamp, interval: Duration) -> Self {
        let interval = interval.max(Duration::from_millis(1));
        Self { interval, last: start - interval }
    }

    /// The latest slot that was evaluated; if none was, the one that passed before the start.
    pub(super) fn last(&self) -> Timestamp {
        self.last
    }

    /// The next slot.
    pub(super) fn next(&self) -> Timestamp {
        self.last + self.interval
    }

    /// Takes the latest slot that has come by `now`, if one has; earlier ones are left out.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<Due> {
        if now < self.next() {
            return None;
        }
        let missed = now.since(self.last).millis() / self.interval.millis() - 1;
        self.last = self.last + self.interval * (missed + 1);
        Some(Due { at: self.last, missed: missed.unsigned_abs() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Due, Schedule};
    use crate::model::{Duration, Timestamp};

    fn minutely(now: i64) -> Schedule {
        Schedule::new("rules.yml", "node", Duration::from_mins(1), Timestamp::from_secs(now))
    }

    #[test]
    fn slots_are_the_same_whenever_one_starts() {
        let slot = minutely(0).next();
        assert_eq!(minutely(0).next(), slot);
        assert_eq!(
            Schedule::new("rules.yml", "node", Duration::from_mins(1), slot).next(),
            slot + Duration::from_mins(1)
        );
        assert_ne!(Schedule::new("rules.yml", "disk", Duration::from_mins(1), Timestamp::EPOCH).next(), slot);
    }

    #[test]
    fn slots_can_begin_at_a_given_time() {
        let start = Timestamp::from_millis(12_345);
        let mut schedule = Schedule::starting_at(start, Duration::from_mins(1));
        assert_eq!(schedule.take(start - Duration::from_millis(1)), None);
        assert_eq!(schedule.take(start), Some(Due { at: start, missed: 0 }));
        assert_eq!(schedule.next(), start + Duration::from_mins(1));
    }

    #[test]
    fn late_slots_are_left_out_and_counted() {
        let mut schedule = minutely(0);
        let first = schedule.next();
        let late = |secs| first + Duration::from_secs(secs);
        assert_eq!(schedule.take(late(-1)), None);
        assert_eq!(schedule.take(late(0)), Some(Due { at: first, missed: 0 }));
        assert_eq!(schedule.take(late(0)), None, "once");
        assert_eq!(schedule.take(late(65)), Some(Due { at: late(60), missed: 0 }), "late, but exact");
        assert_eq!(schedule.take(late(250)), Some(Due { at: late(240), missed: 2 }));
        assert_eq!(schedule.next(), late(300));
    }

    proptest! {
        #[test]
        fn the_first_slot_is_later_than_the_start_by_at_most_an_interval(
            now in -1_000_000_000_i64..4_000_000_000_000, interval in 1_i64..1_000_000_000,
        ) {
            let (now, interval) = (Timestamp::from_millis(now), Duration::from_millis(interval));
            let schedule = Schedule::new("f", "n", interval, now);
            prop_assert!(now < schedule.next() && schedule.next() <= now + interval);
        }

        #[test]
        fn after_taking_a_slot_the_next_one_is_later_than_now(
            late in 0_i64..10_000_000, interval in 1_i64..1_000_000,
        ) {
            let mut schedule = Schedule::new("f", "n", Duration::from_millis(interval), Timestamp::EPOCH);
            let now = schedule.next() + Duration::from_millis(late);
            let due = schedule.take(now).expect("the slot has come");
            prop_assert!(due.at <= now && schedule.next() > now);
        }
    }
}
