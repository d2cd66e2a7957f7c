//! When a failed attempt is made again, and how long an attempt may take.
//!
//! The schedule is Alertmanager's. Two things differ: `Retry-After` is obeyed, and retrying does not end
//! with the flush: the same notification is tried until it is delivered or refused, or until a later flush
//! finds that there is something else, or nothing, to tell. One integration has at most one notification
//! of a group on its way, so a dead receiver costs a bounded amount of memory.

use super::random::Random;
use crate::model::{Duration, Timestamp};

/// How long the router waits for an outcome after the attempt's deadline before it takes it as failed.
pub(super) const GRACE: Duration = Duration::from_secs(10);

const FIRST: f64 = 500.0;
const FACTOR: f64 = 1.5;
const LONGEST: f64 = 60_000.0;

/// How long to wait after the `failures`-th failure in a row (counted from 1).
pub(super) fn backoff(failures: u32, retry_after: Option<Duration>, random: &mut Random) -> Duration {
    let exponent = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
    let middle = (FIRST * FACTOR.powi(exponent)).min(LONGEST);
    #[expect(clippy::cast_possible_truncation, reason = "at most a minute in milliseconds")]
    let delay = random.around(Duration::from_millis(middle as i64));
    retry_after.map_or(delay, |asked| asked.max(delay))
}

/// When an attempt that starts at `now` is given up.
///
/// Alertmanager lets a request run until its group's next flush, but at least ten seconds. Unless `strict`,
/// a request has no more than a minute, so that a receiver that hangs is tried again in time.
pub(super) fn deadline(now: Timestamp, group_interval: Duration, strict: bool) -> Timestamp {
    let longest = if strict { group_interval } else { group_interval.min(Duration::from_mins(1)) };
    now + longest.max(Duration::from_secs(10))
}

#[cfg(test)]
mod tests {
    use super::{backoff, deadline};
    use crate::model::{Duration, Timestamp};
    use crate::router::random::Random;

    #[test]
    fn waiting_grows_by_half_up_to_a_minute() {
        let mut random = Random::new(1);
        for (failures, low, high) in [
            (1, 250, 750),
            (2, 375, 1_125),
            (3, 562, 1_688),
            (13, 30_000, 90_000),
            (u32::MAX, 30_000, 90_000),
        ] {
            for _ in 0..100 {
                let got = backoff(failures, None, &mut random).millis();
                assert!((low..=high).contains(&got), "failure {failures}: {got}");
            }
        }
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_less() {
        let mut random = Random::new(1);
        assert_eq!(backoff(1, Some(Duration::from_secs(120)), &mut random), Duration::from_secs(120));
        assert!(backoff(13, Some(Duration::ZERO), &mut random) >= Duration::from_secs(30));
    }

    #[test]
    fn an_attempt_has_ten_seconds_to_a_minute() {
        for (interval, strict, want) in [(1, false, 10), (30, false, 30), (300, false, 60), (300, true, 300)]
        {
            let got = deadline(Timestamp::EPOCH, Duration::from_secs(interval), strict);
            assert_eq!(got, Timestamp::from_secs(want), "group_interval {interval}s, strict {strict}");
        }
    }
}
