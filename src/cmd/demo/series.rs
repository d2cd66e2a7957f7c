//! The demo's series: scraped from its world every few seconds, kept for an hour.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::api::prometheus::{Metadata, Storage};
use crate::demo::{HISTORY, METRICS, Outage, World};
use crate::model::{Duration, Timestamp};
use crate::promql::memory::MemoryStore;
use crate::promql::source::Source;
use crate::promql::value::Value;
use crate::shell::clock::Clock;

/// How much time there is to make the history before the story begins.
pub(super) const PREPARATION: Duration = Duration::from_secs(1);

/// How often targets are scraped from the start on, and how often they were in the history.
const INTERVAL: Duration = Duration::from_secs(2);
const PAST_INTERVAL: Duration = Duration::from_secs(15);

/// How much more than [`HISTORY`] may be kept before the oldest is forgotten: forgetting moves what stays.
const SLACK: Duration = Duration::from_mins(1);

/// The world, and what has been scraped of it.
#[derive(Debug)]
pub(super) struct Scraped {
    world: Mutex<World>,
    store: RwLock<MemoryStore>,
    start: Timestamp,
}

impl Scraped {
    /// A world that has been scraped for an hour when its story begins at `start`.
    pub(super) fn with_history(world: World, start: Timestamp) -> Self {
        let scraped = Self { world: Mutex::new(world), store: RwLock::default(), start };
        let mut at = start - Duration::from_millis(HISTORY);
        while at < start {
            scraped.scrape(at);
            at = at + PAST_INTERVAL;
        }
        scraped
    }

    /// Scrapes all targets.
    pub(super) fn scrape(&self, at: Timestamp) {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.scrape(at.millis(), |labels, value| {
            // Each scrape is later than the one before, so nothing is refused.
            let _ = store.append(labels, at.millis(), Value::Float(value));
        });
    }

    /// Forgets what is older than an hour at `now`.
    pub(super) fn forget_old(&self, now: Timestamp) {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.forget_before(now.millis() - HISTORY);
    }

    /// Scrapes for ever, at the pace of the clock.
    pub(super) async fn scrape_on(self: Arc<Self>, clock: Arc<Clock>) {
        let mut next = self.start;
        let mut tidied = next;
        loop {
            clock.sleep_until(Some(next)).await;
            let at = clock.now();
            let is_due = at.since(tidied) >= SLACK;
            let scraped = Arc::clone(&self);
            // The store may be busy with a query. A scrape that died is made up for by the next.
            let _ = tokio::task::spawn_blocking(move || {
                scraped.scrape(at);
                if is_due {
                    scraped.forget_old(at);
                }
            })
            .await;
            tidied = if is_due { at } else { tidied };
            // After a pause of the machine it goes on from now instead of catching up.
            next = (next + INTERVAL).max(at + Duration::from_millis(INTERVAL.millis() / 2));
        }
    }

    /// The outage that is on its way at `at` or comes next.
    pub(super) fn outage_from(&self, at: Timestamp) -> Outage {
        self.world.lock().unwrap_or_else(PoisonError::into_inner).outage_from(at.millis())
    }
}

impl Storage for Scraped {
    fn read(&self, look: &mut dyn FnMut(&dyn Source)) {
        look(&*self.store.read().unwrap_or_else(PoisonError::into_inner));
    }

    fn metadata(&self) -> Vec<Metadata> {
        let one = |metric: &crate::demo::Metric| Metadata {
            metric: metric.name,
            kind: metric.kind,
            help: metric.help,
            unit: "",
        };
        METRICS.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{INTERVAL, SLACK, Scraped};
    use crate::demo::{HISTORY, World};
    use crate::model::{Duration, Timestamp};

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let start = Timestamp::from_secs(1_800_000_000);
        let scraped = Scraped::with_history(World::new(1, start.millis()), start);
        let sizes = || {
            let store = scraped.store.read().expect("nothing panicked");
            (store.len(), store.samples())
        };
        let (series, _) = sizes();
        let (mut at, mut most) = (start, 0);
        let mut seen = Vec::new();
        while at < start + Duration::from_millis(2 * HISTORY) + SLACK {
            scraped.scrape(at);
            if at.since(start).millis() % SLACK.millis() == 0 {
                scraped.forget_old(at);
                most = most.max(sizes().1);
                seen.push(sizes().1);
            }
            at = at + INTERVAL;
        }
        assert_eq!(sizes().0, series, "no series are added by time");
        let one_hour = series * usize::try_from(HISTORY / INTERVAL.millis()).expect("positive");
        assert!(most <= one_hour + series, "{most} samples, an hour has {one_hour}");
        let (second_hour, end) = (seen[seen.len() - 30], seen[seen.len() - 1]);
        assert!(end.abs_diff(second_hour) < one_hour / 50, "it does not grow: {second_hour} {end}");
    }
}
