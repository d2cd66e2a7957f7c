//! Samples with times of their own, moved to the places of a test's grid; and where a series may have ended.

use super::notation::Slot;
use crate::model::LabelSet;
use crate::promql::value::Value;

/// How far back an instant selector looks, milliseconds: Prometheus' default.
pub const LOOKBACK: i64 = 300_000;

/// A series with its stored samples.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The labels, the metric name included.
    pub labels: LabelSet,
    /// Times in milliseconds since the epoch, rising, and values.
    pub samples: Vec<(i64, Value)>,
}

/// A time at which it is asked whether a series is still there: between these two, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Which series.
    pub series: usize,
    /// The last sample before the gap.
    pub last: i64,
    /// The first good time to ask.
    pub from: i64,
    /// The last one.
    pub to: i64,
}

/// A place and a length of the grid, milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The time of the first place.
    pub start: i64,
    /// Between two places.
    pub interval: i64,
    /// How many places there are.
    pub places: usize,
}

/// Of so few samples the time between two may be a gap.
const FEW: usize = 3;

/// The most places of a grid for which the shortest interval of a series is taken as it is.
const MOST_PLACES: i64 = 500_000;

/// The time between two samples of a series: the one in the middle, to the whole second if it is one at all.
/// `None` with less than two samples.
#[must_use]
pub fn interval<T>(samples: &[(i64, T)]) -> Option<i64> {
    let mut steps: Vec<i64> = samples.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    steps.sort_unstable();
    let middle = *steps.get(steps.len().saturating_sub(1) / 2)?;
    let unit = if middle >= 900 { 1000 } else { 100 };
    Some(((middle + unit / 2) / unit * unit).max(unit))
}

/// The interval for a test of all of these that is `length` milliseconds long: the shortest that any has, those of few
/// samples only if there are no others; a minute if none has one. Longer if the grid would have too many places.
#[must_use]
pub fn common_interval(all: &[Stored], length: i64) -> i64 {
    let shortest = |least: usize| {
        all.iter()
            .filter(|series| series.samples.len() > least)
            .filter_map(|one| interval(&one.samples))
            .min()
    };
    let shortest = shortest(FEW).or_else(|| shortest(0)).unwrap_or(60_000);
    if length / shortest <= MOST_PLACES { shortest } else { (length / MOST_PLACES / 1000 + 1) * 1000 }
}

/// Where series stop, for a while or for good, within `end`, although one sample more was due.
#[must_use]
pub fn probes(all: &[Stored], end: i64, fallback: i64) -> Vec<Probe> {
    let mut found = Vec::new();
    for (series, stored) in all.iter().enumerate() {
        // To ask too often does no harm.
        let own = interval(&stored.samples).filter(|_| stored.samples.len() > FEW).unwrap_or(fallback);
        let next = stored.samples.iter().skip(1).map(|(at, _)| *at).chain([end + 1]);
        for ((last, _), next) in stored.samples.iter().zip(next) {
            let (from, to) = (last + own * 3 / 2, (next - 1).min(last + LOOKBACK - 1));
            if from <= to {
                found.push(Probe { series, last: *last, from, to });
            }
        }
    }
    found
}

/// The fewest times that are good for all probes, each with the probes that it answers.
#[must_use]
pub fn questions(mut probes: Vec<Probe>) -> Vec<(i64, Vec<Probe>)> {
    probes.sort_by_key(|probe| (probe.to, probe.from, probe.series));
    let mut questions: Vec<(i64, Vec<Probe>)> = Vec::new();
    for probe in probes {
        match questions.last_mut().filter(|(at, _)| probe.from <= *at) {
            Some((_, answered)) => answered.push(probe),
            None => questions.push((probe.to, vec![probe])),
        }
    }
    questions
}

/// The samples on the grid: all moved by as much, to the nearest place. `ended`: the last samples before the series
/// was marked as ended, which the next place says. Also how many samples had no place of their own.
#[must_use]
pub fn place(stored: &Stored, grid: Grid, ended: &[i64]) -> (Vec<Slot>, usize) {
    let mut slots = vec![Slot::Gap; grid.places];
    let Some((first, _)) = stored.samples.first() else { return (slots, 0) };
    let nearest = |time: i64| (time + grid.interval / 2).div_euclid(grid.interval);
    let mut drifts: Vec<i64> =
        stored.samples.iter().map(|(at, _)| at - first - nearest(at - first) * grid.interval).collect();
    drifts.sort_unstable();
    // The time of the series' beat: jitter of single samples does not count.
    let beat = first + drifts[drifts.len() / 2];
    let offset = nearest(beat - grid.start);
    let place_of = |at: i64| usize::try_from(nearest(at - beat) + offset).ok();
    let mut lost = 0;
    for (at, value) in &stored.samples {
        let Some(slot) = place_of(*at).and_then(|place| slots.get_mut(place)) else { continue };
        lost += usize::from(matches!(slot, Slot::Value(_)));
        *slot = Slot::Value(value.clone());
    }
    let own = interval(&stored.samples).unwrap_or(grid.interval);
    for last in ended {
        let after = place_of(last + own).max(place_of(*last).map(|place| place + 1));
        let slot = after.and_then(|place| slots.get_mut(place));
        if let Some(slot) = slot.filter(|slot| matches!(slot, Slot::Gap)) {
            *slot = Slot::Stale;
        }
    }
    (slots, lost)
}

#[cfg(test)]
mod tests {
    use super::{Grid, Probe, Stored, common_interval, interval, place, probes, questions};
    use crate::model::LabelSet;
    use crate::promql::value::Value;
    use crate::testing::record::notation::write;

    fn stored(samples: &[(i64, f64)]) -> Stored {
        let samples = samples.iter().map(|(at, value)| (*at, Value::Float(*value))).collect();
        Stored { labels: LabelSet::from_pairs([("__name__", "up")]), samples }
    }

    fn written(samples: &[(i64, f64)], start: i64, interval: i64, ended: &[i64]) -> (String, usize) {
        let (slots, lost) = place(&stored(samples), Grid { start, interval, places: 20 }, ended);
        (write(&slots).join(" "), lost)
    }

    #[test]
    fn the_interval_of_a_series_is_that_of_most_of_its_samples() {
        for (times, wanted) in [
            (vec![0, 15_002, 29_998, 45_000], Some(15_000)),
            (vec![0, 15_000, 30_000, 900_000, 915_000], Some(15_000)),
            (vec![0, 1_003, 2_001], Some(1_000)),
            (vec![0, 500, 1_000], Some(500)),
            (vec![0, 1_000, 9_000], Some(1_000)),
            (vec![7], None),
            (vec![], None),
        ] {
            let samples: Vec<(i64, f64)> = times.iter().map(|at| (*at, 0.0)).collect();
            assert_eq!(interval(&samples), wanted, "{times:?}");
        }
        let all = [stored(&[(0, 1.0), (60_000, 1.0)]), stored(&[(3, 1.0), (15_003, 1.0)]), stored(&[])];
        assert_eq!(common_interval(&all, 3_600_000), 15_000);
        assert_eq!(common_interval(&[], 3_600_000), 60_000);
        // Two samples that happen to be close say nothing about the others.
        let regular = stored(&[(0, 1.0), (15_000, 1.0), (30_000, 1.0), (45_000, 1.0)]);
        let close = stored(&[(0, 1.0), (100, 1.0)]);
        assert_eq!(common_interval(&[close.clone(), regular], 3_600_000), 15_000);
        assert_eq!(common_interval(std::slice::from_ref(&close), 3_600_000), 100);
        // A year would have 315 million places.
        assert_eq!(common_interval(&[close], 365 * 86_400_000), 64_000);
    }

    #[test]
    fn samples_take_the_nearest_places_all_moved_alike() {
        // Jitter around a beat of 3.2 s: no sample is lost, none is moved twice.
        let jitter = [(3_190, 1.0), (18_210, 2.0), (33_200, 3.0), (48_201, 4.0)];
        assert_eq!(written(&jitter, 0, 15_000, &[]), ("1+1x3".to_owned(), 0));
        // A beat of 9 s is nearer to the next place.
        let late = [(9_000, 1.0), (24_000, 2.0), (39_000, 3.0)];
        assert_eq!(written(&late, 0, 15_000, &[]), ("_ 1+1x2".to_owned(), 0));
        // On the edge, jitter must not tear samples apart.
        let edge = [(7_490, 1.0), (22_510, 2.0), (37_495, 3.0), (52_500, 4.0)];
        assert_eq!(written(&edge, 0, 15_000, &[]), ("_ 1+1x3".to_owned(), 0));
        // A slower series has gaps between its samples, a faster one loses some.
        assert_eq!(written(&[(0, 1.0), (60_000, 2.0)], 0, 15_000, &[]), ("1 _x3 2".to_owned(), 0));
        assert_eq!(written(&[(0, 1.0), (5_000, 2.0), (15_000, 3.0)], 0, 15_000, &[]).1, 1);
        // What is before the grid is left out.
        assert_eq!(written(&[(-15_000, 1.0), (0, 2.0)], 0, 15_000, &[]), ("2".to_owned(), 0));
    }

    #[test]
    fn a_series_that_ended_says_so_at_the_next_place() {
        let gap = [(0, 1.0), (15_000, 1.0), (30_000, 1.0), (90_000, 1.0), (105_000, 1.0)];
        assert_eq!(written(&gap, 0, 15_000, &[30_000]).0, "1x2 stale _x2 1 1");
        assert_eq!(written(&gap, 0, 15_000, &[30_000, 105_000]).0, "1x2 stale _x2 1 1 stale");
        assert_eq!(written(&gap, 0, 15_000, &[]).0, "1x2 _x3 1 1");
    }

    #[test]
    fn few_questions_find_out_which_series_ended() {
        let all = [
            stored(&[(0, 1.0), (15_000, 1.0), (30_000, 1.0), (90_000, 1.0), (105_000, 1.0)]),
            stored(&[(2_000, 1.0), (17_000, 1.0), (32_000, 1.0)]),
            stored(&[
                (1_000, 1.0),
                (16_000, 1.0),
                (31_000, 1.0),
                (46_000, 1.0),
                (61_000, 1.0),
                (76_000, 1.0),
                (91_000, 1.0),
                (106_000, 1.0),
            ]),
        ];
        let found = probes(&all, 110_000, 15_000);
        let first = Probe { series: 0, last: 30_000, from: 52_500, to: 89_999 };
        let second = Probe { series: 1, last: 32_000, from: 54_500, to: 110_000 };
        assert_eq!(found, [first, second]);
        assert_eq!(questions(found), [(89_999, vec![first, second])]);
    }
}
