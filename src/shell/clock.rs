//! The only clock: system time in the core's type, never going backwards. Nothing else reads time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::model::{Duration, Timestamp};

/// How long one sleep lasts at most, so that a step of the system clock is noticed soon.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// The system clock, clamped: while the system's time is set back, it stands still.
///
/// Standing still is the safe side: queries never ask for times the data source has not reached, so
/// nothing is resolved by mistake.
#[derive(Debug)]
pub struct Clock {
    /// The latest time that was handed out, in milliseconds since the epoch.
    last: AtomicI64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { last: AtomicI64::new(i64::MIN) }
    }
}

impl Clock {
    /// The time now; never earlier than what any earlier call answered.
    pub fn now(&self) -> Timestamp {
        self.clamp(system_millis())
    }

    /// How far the system's time is behind what we last handed out: not zero only after it was set back.
    pub fn set_back_by(&self) -> Duration {
        let behind = self.last.load(Ordering::Relaxed).saturating_sub(system_millis());
        Duration::from_millis(behind.max(0))
    }

    /// Waits until `at`, or for ever if there is none.
    pub async fn sleep_until(&self, at: Option<Timestamp>) {
        let Some(at) = at else { return std::future::pending().await };
        loop {
            let left = at.since(self.now());
            if left.millis() <= 0 {
                return;
            }
            pause(left.min(LONGEST_SLEEP)).await;
        }
    }

    fn clamp(&self, millis: i64) -> Timestamp {
        let before = self.last.fetch_max(millis, Ordering::Relaxed);
        Timestamp::from_millis(before.max(millis))
    }
}

/// Waits for `duration`.
#[expect(clippy::disallowed_methods, reason = "the one place that may wait")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration.to_std()).await;
}

/// Measures how long something takes, more finely than the core's milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Begins to measure.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that may read the clock")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// How long ago it was started.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that may read the clock")]
    pub fn elapsed(self) -> std::time::Duration {
        self.0.elapsed()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that may read the clock")]
fn system_millis() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis),
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn time_never_goes_backwards() {
        let clock = Clock::default();
        let seen: Vec<i64> = [5, 9, 7, 9, 12].into_iter().map(|at| clock.clamp(at).millis()).collect();
        assert_eq!(seen, [5, 9, 9, 9, 12]);
    }
}
