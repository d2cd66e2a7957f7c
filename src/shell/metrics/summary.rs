//! A summary as client libraries of Prometheus keep it: quantiles of the last ten minutes, sum and count of
//! all time. `prometheus-client` has none and its encoder cannot write one, so this writes its own lines.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use crate::model::{Duration, Timestamp};

/// How long observations are added to one part. The oldest part goes as a whole, so that quantiles are of the
/// last eight to ten minutes, as Prometheus' are.
const PART: Duration = Duration::from_mins(2);

/// How many parts the quantiles are of.
const PARTS: i64 = 5;

/// A quantile as its label says it, and in thousandths.
pub(super) type Quantile = (&'static str, u64);

/// How long something took. The core counts whole milliseconds; quantiles are at most 1 % too low.
#[derive(Debug)]
pub(super) struct Summary {
    name: &'static str,
    help: &'static str,
    quantiles: &'static [Quantile],
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    count: u64,
    sum: u64,
    /// By when they were made, in units of [`PART`]: how many observations of how many milliseconds.
    parts: BTreeMap<i64, BTreeMap<u64, u64>>,
}

impl Summary {
    pub(super) fn new(name: &'static str, help: &'static str, quantiles: &'static [Quantile]) -> Self {
        Self { name, help, quantiles, seen: Mutex::default() }
    }

    pub(super) fn observe(&self, now: Timestamp, took: Duration) {
        let millis = u64::try_from(took.millis()).unwrap_or(0);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        seen.count += 1;
        seen.sum = seen.sum.saturating_add(millis);
        *seen.parts.entry(part(now)).or_default().entry(rounded(millis)).or_default() += 1;
    }

    /// Appends the family in OpenMetrics' text format. Without observations quantiles are not numbers.
    pub(super) fn write(&self, now: Timestamp, text: &mut String) -> std::fmt::Result {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now);
        let Self { name, help, .. } = self;
        write!(text, "# HELP {name} {help}.\n# TYPE {name} summary\n")?;
        let recent = seen.recent();
        for (label, thousandths) in self.quantiles {
            let value = quantile(&recent, *thousandths).map_or(f64::NAN, seconds);
            writeln!(text, "{name}{{quantile=\"{label}\"}} {value}")?;
        }
        writeln!(text, "{name}_sum {}\n{name}_count {}", seconds(seen.sum), seen.count)
    }
}

impl Seen {
    fn forget(&mut self, now: Timestamp) {
        self.parts = self.parts.split_off(&(part(now) - PARTS + 1));
    }

    fn recent(&self) -> BTreeMap<u64, u64> {
        let mut all = BTreeMap::new();
        for (millis, count) in self.parts.values().flatten() {
            *all.entry(*millis).or_default() += count;
        }
        all
    }
}

fn part(at: Timestamp) -> i64 {
    at.millis().div_euclid(PART.millis())
}

/// Its first eight binary digits, so that a few hundred numbers cover everything from 1 ms to an hour.
fn rounded(millis: u64) -> u64 {
    let dropped = (u64::BITS - millis.leading_zeros()).saturating_sub(8);
    millis >> dropped << dropped
}

/// The smallest value that so many thousandths of all observations do not exceed.
fn quantile(counts: &BTreeMap<u64, u64>, thousandths: u64) -> Option<u64> {
    let total: u64 = counts.values().sum();
    let rank = total.saturating_mul(thousandths).div_ceil(1000).max(1);
    let mut below = 0;
    counts.iter().find_map(|(millis, count)| {
        below += count;
        (below >= rank).then_some(*millis)
    })
}

fn seconds(millis: u64) -> f64 {
    Duration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::{Summary, rounded};
    use crate::model::{Duration, Timestamp};

    fn summary() -> Summary {
        Summary::new("took_seconds", "How long it took", &[("0.5", 500), ("0.9", 900), ("0.99", 990)])
    }

    fn text(summary: &Summary, now: Timestamp) -> String {
        let mut text = String::new();
        summary.write(now, &mut text).expect("a String takes everything");
        text
    }

    #[test]
    fn quantiles_are_of_what_was_seen() {
        let (summary, now) = (summary(), Timestamp::from_secs(1_000_000));
        (1..=100).for_each(|millis| summary.observe(now, Duration::from_millis(millis)));
        insta::assert_snapshot!(text(&summary, now), @r#"
        # HELP took_seconds How long it took.
        # TYPE took_seconds summary
        took_seconds{quantile="0.5"} 0.05
        took_seconds{quantile="0.9"} 0.09
        took_seconds{quantile="0.99"} 0.099
        took_seconds_sum 5.05
        took_seconds_count 100
        "#);
    }

    #[test]
    fn quantiles_forget_after_ten_minutes_and_sum_and_count_never_do() {
        let (summary, start) = (summary(), Timestamp::from_secs(1_200_000));
        summary.observe(start, Duration::from_secs(2));
        for (later, median) in [(0, "2"), (599, "2"), (600, "NaN")] {
            let text = text(&summary, start + Duration::from_secs(later));
            assert!(text.contains(&format!("{{quantile=\"0.5\"}} {median}\n")), "{later}: {text}");
            assert!(text.contains("_sum 2\n") && text.contains("_count 1\n"), "{later}: {text}");
        }
    }

    #[test]
    fn long_and_short_durations_are_kept_to_one_percent() {
        for millis in [0, 1, 255, 256, 999, 30_000, 3_600_000] {
            let kept = rounded(millis);
            assert!(kept <= millis && (millis - kept) * 100 <= millis, "{millis} became {kept}");
        }
        assert!((0..3_600_000).map(rounded).collect::<std::collections::BTreeSet<u64>>().len() < 3000);
    }
}
