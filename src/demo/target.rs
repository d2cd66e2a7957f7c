//! One target: what a scrape of it finds, and how far its counters have come.

use super::fleet::{Job, Zone};
use super::noise::wander;
use super::outages::Outages;
use super::sample::{Conditions, Follows, Growth};
use crate::model::LabelSet;
use crate::model::sample::stale_nan;

/// What and where a target is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) seed: u64,
    /// The start of the world, milliseconds since the epoch.
    pub(super) start: i64,
    /// What tells it from others to chance.
    pub(super) place: u64,
    pub(super) job: Job,
    pub(super) zone: Zone,
    /// Its number among those of its service in its zone.
    pub(super) number: usize,
}

/// An instance that is scraped.
#[derive(Debug)]
pub(super) struct Target {
    place: Place,
    up: LabelSet,
    series: Vec<Series>,
    was_up: bool,
}

#[derive(Debug)]
struct Series {
    labels: LabelSet,
    follows: Follows,
    /// How far a counter has come.
    total: f64,
}

impl Target {
    /// A target with these labels and series.
    pub(super) fn new(
        place: Place,
        labels: &LabelSet,
        series: impl Iterator<Item = (LabelSet, Follows)>,
    ) -> Self {
        let mut up = labels.to_builder();
        up.set("__name__", "up");
        let series = series.map(|(labels, follows)| Series { labels, follows, total: 0.0 }).collect();
        Self { place, up: up.build(), series, was_up: false }
    }

    /// Says what a scrape at `at` finds, `passed` milliseconds after the one before.
    pub(super) fn scrape(
        &mut self,
        at: i64,
        passed: i64,
        outages: &Outages,
        sample: &mut impl FnMut(&LabelSet, f64),
    ) {
        let Place { job, zone, number, .. } = self.place;
        let is_up = !outages.is_down(at, (job, zone), number);
        sample(&self.up, f64::from(u8::from(is_up)));
        if is_up {
            let conditions = self.conditions(at, outages);
            let passed = passed as f64 / 1000.0;
            for series in &mut self.series {
                let value = series.grow(&conditions, passed);
                sample(&series.labels, value);
            }
        } else if self.was_up {
            for series in &mut self.series {
                // Its process is gone: when it is back it counts from zero.
                series.total = 0.0;
                sample(&series.labels, stale_nan());
            }
        }
        self.was_up = is_up;
    }

    fn conditions(&self, at: i64, outages: &Outages) -> Conditions {
        let Place { seed, start, place, job, zone, .. } = self.place;
        Conditions {
            since_start: at - start,
            load: 1.0 + 0.3 * wander(seed, place, at, 120_000) + 0.1 * wander(seed, place + 1000, at, 15_000),
            drift: wander(seed, place + 2000, at, 900_000),
            errors: outages.errors(at, job, zone),
        }
    }
}

impl Series {
    fn grow(&mut self, conditions: &Conditions, passed: f64) -> f64 {
        match self.follows.growth(conditions) {
            Growth::Is(value) => value,
            Growth::Rises { rate, whole } => {
                self.total += rate * passed;
                if whole { self.total.floor() } else { self.total }
            }
        }
    }
}
