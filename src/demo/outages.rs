//! When which service is down: one outage every few minutes, the first one right after the start.

use super::fleet::{Job, Zone};
use super::noise::chance;

/// How far the beginnings of two outages are apart, milliseconds.
pub const PERIOD: i64 = 300_000;

/// When the first outage begins, milliseconds after the start.
const FIRST: i64 = 9_000;

/// How long before an outage errors rise, milliseconds.
const WARNING: i64 = 6_000;

/// How long an instance is down, milliseconds.
const LENGTH: i64 = 45_000;

/// How much later the last instance of a zone goes down than the others, milliseconds: what happens to a
/// group that was told already.
const LATE: i64 = 8_000;

/// What an outage can hit; the first one hits the first of these.
const VICTIMS: [(Job, Zone); 4] =
    [(Job::Api, Zone::A), (Job::Worker, Zone::B), (Job::Web, Zone::B), (Job::Db, Zone::A)];

/// The one of them that the last outage before the start hit: no request failed, so that all is calm at the
/// start.
const QUIET: usize = 1;

/// All instances of a service in a zone are down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When the first instances go down, milliseconds since the epoch.
    pub begins: i64,
    job: Job,
    zone: Zone,
}

impl Outage {
    /// When errors begin to rise, milliseconds since the epoch.
    #[must_use]
    pub fn errors_from(&self) -> i64 {
        self.begins - WARNING
    }

    /// When the last instance is up again, milliseconds since the epoch.
    #[must_use]
    pub fn ends(&self) -> i64 {
        self.begins + LATE + LENGTH
    }

    /// The label `job` of what is down.
    #[must_use]
    pub fn job(&self) -> &'static str {
        self.job.name()
    }

    /// The label `zone` of what is down.
    #[must_use]
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }
}

/// All outages of a world, before its start and after.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outages {
    seed: u64,
    first: i64,
}

impl Outages {
    pub(super) fn new(seed: u64, start: i64) -> Self {
        Self { seed, first: start + FIRST }
    }

    /// The outage whose turn it is at `at`, counted from the rise of its errors.
    fn around(&self, at: i64) -> Outage {
        self.number((at - (self.first - WARNING)).div_euclid(PERIOD))
    }

    fn number(&self, number: i64) -> Outage {
        let drawn = (chance(self.seed, 1, number) * VICTIMS.len() as f64) as usize;
        let victim = match number {
            -1 => QUIET,
            0 => 0,
            _ => drawn.min(VICTIMS.len() - 1),
        };
        let (job, zone) = VICTIMS[victim];
        Outage { begins: self.first + number * PERIOD, job, zone }
    }

    /// The outage that is on its way at `at` or comes next.
    pub(super) fn from(&self, at: i64) -> Outage {
        let outage = self.around(at);
        if at < outage.ends() { outage } else { self.around(at + PERIOD) }
    }

    /// Whether the instance with this number among those of its service in its zone is down.
    pub(super) fn is_down(&self, at: i64, (job, zone): (Job, Zone), number: usize) -> bool {
        let outage = self.around(at);
        let late = if number >= 2 { LATE } else { 0 };
        let begins = outage.begins + late;
        (outage.job, outage.zone) == (job, zone) && (begins..begins + LENGTH).contains(&at)
    }

    /// Which share of its requests a service in a zone fails, from 0 to 1, because of an outage: a few before
    /// it goes down itself, many until that is up again which it needs.
    pub(super) fn errors(&self, at: i64, job: Job, zone: Zone) -> f64 {
        let outage = self.around(at);
        let (ends, most) = match (outage.zone == zone, outage.job == job, job.needs() == Some(outage.job)) {
            (true, true, _) => (outage.begins, 0.08),
            (true, false, true) => (outage.ends(), 0.45),
            (_, _, _) => return 0.0,
        };
        if !(outage.errors_from()..ends).contains(&at) {
            return 0.0;
        }
        let risen = (at - outage.errors_from()) as f64 / WARNING as f64;
        most * (risen + 0.25).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Job, Outages, PERIOD, Zone};

    #[test]
    fn the_first_outage_is_soon_and_announces_itself() {
        let outages = Outages::new(1, 1_000_000);
        let first = outages.from(1_000_000);
        assert_eq!((first.job(), first.begins, first.ends()), ("api", 1_009_000, 1_062_000));
        let web = |at: i64| outages.errors(1_000_000 + at, Job::Web, Zone::A);
        assert_eq!([web(0), web(2_999), web(62_000)], [0.0; 3]);
        assert!(web(3_000) > 0.1 && web(8_000) > web(4_000) && web(61_999) > 0.4);
        assert_eq!(outages.errors(1_020_000, Job::Web, Zone::B), 0.0, "the other zone has its own api");
        let api = |at: i64| outages.errors(1_000_000 + at, Job::Api, Zone::A);
        assert!(api(8_000) > 0.05 && api(9_000) == 0.0, "an api that is up again fails no requests");
    }

    #[test]
    fn instances_go_down_for_three_quarters_of_a_minute_and_the_last_one_later() {
        let outages = Outages::new(1, 0);
        let down = |number: usize| -> Vec<i64> {
            (0..200).filter(|s| outages.is_down(s * 1000, (Job::Api, Zone::A), number)).collect()
        };
        assert_eq!(down(0), (9..54).collect::<Vec<_>>());
        assert_eq!(down(1), down(0));
        assert_eq!(down(2), (17..62).collect::<Vec<_>>());
    }

    #[test]
    fn there_is_one_every_five_minutes_before_the_start_too() {
        let outages = Outages::new(3, 0);
        let begins: Vec<i64> = (-3..3).map(|n| outages.from(n * PERIOD).begins).collect();
        assert_eq!(begins, (-3..3).map(|n| n * PERIOD + 9_000).collect::<Vec<_>>());
        let jobs: std::collections::BTreeSet<_> = (-30..30).map(|n| outages.from(n * PERIOD).job()).collect();
        assert!(jobs.len() > 2, "it is not always the same: {jobs:?}");
    }
}
