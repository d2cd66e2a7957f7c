//! The world of `sereno demo`: made-up services whose samples follow from a seed and the time.
//!
//! A dozen instances serve requests, work off queues and store data on machines; every few minutes some of
//! them go down, after errors have risen. Nothing here reads a clock or does I/O: [`World::scrape`] is told
//! the time and says what a Prometheus would have scraped then. Equal seeds and times give equal samples, bit
//! by bit.

mod fleet;
mod metrics;
mod noise;
mod outages;
mod sample;
mod target;
#[cfg(test)]
mod tests;

pub use metrics::{METRICS, Metric};
pub use outages::{Outage, PERIOD};

use crate::model::LabelSet;
use outages::Outages;
use target::Target;

/// How much history there is at the start, milliseconds. That much is also worth keeping later.
pub const HISTORY: i64 = 3_600_000;

/// Services and machines, and how far their counters have come.
#[derive(Debug)]
pub struct World {
    outages: Outages,
    targets: Vec<Target>,
    /// The time of the last scrape.
    last: Option<i64>,
}

impl World {
    /// The world of this seed. Its first outage comes a few seconds after `start` (milliseconds since the
    /// epoch); before `start` it was much the same, so that it can be scraped from [`HISTORY`] before.
    #[must_use]
    pub fn new(seed: u64, start: i64) -> Self {
        let outages = Outages::new(seed, start);
        let targets = fleet::targets(seed, start);
        Self { outages, targets, last: None }
    }

    /// Says each sample that a scrape of all targets at `at` finds, milliseconds since the epoch. Times must
    /// rise; the series of a target that has gone down end with stale markers.
    pub fn scrape(&mut self, at: i64, mut sample: impl FnMut(&LabelSet, f64)) {
        let passed = self.last.map_or(0, |last| at.saturating_sub(last).max(0));
        self.last = Some(at);
        for target in &mut self.targets {
            target.scrape(at, passed, &self.outages, &mut sample);
        }
    }

    /// The outage that is on its way at `at` or comes next.
    #[must_use]
    pub fn outage_from(&self, at: i64) -> Outage {
        self.outages.from(at)
    }
}
