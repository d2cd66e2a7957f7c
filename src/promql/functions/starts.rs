//! Start timestamps: what they tell of the resets of a counter that its values alone do not show.

use crate::promql::value::StartPoint;

/// Goes over start timestamps as the samples are gone over: in the order of time.
#[derive(Clone, Copy)]
pub(super) struct Starts<'a>(pub(super) &'a [StartPoint]);

impl Starts<'_> {
    /// Whether the counter was reset between a sample and the next, by their times.
    ///
    /// It was if it began anew between them. If it began just when the sample before was taken, that may be how a
    /// delta says what it counts from: then it was reset, too. A cumulative counter of unknown age begins with its
    /// first sample as well, but that one has no start timestamp before it.
    #[inline]
    pub(super) fn tell_reset(&mut self, before: i64, after: i64) -> bool {
        !self.0.is_empty() && self.tell(before, after)
    }

    fn tell(&mut self, before: i64, after: i64) -> bool {
        let (known, start) = (self.at(before), self.at(after));
        start.is_some_and(|start| {
            start < after && (start > before || start == before && known.is_some_and(|known| known < before))
        })
    }

    /// The start timestamp of the sample at a time.
    fn at(&mut self, t: i64) -> Option<i64> {
        while let [first, rest @ ..] = self.0
            && first.t < t
        {
            self.0 = rest;
        }
        self.0.first().filter(|point| point.t == t).map(|point| point.start)
    }
}

/// When the counter was zero, if that was after the start of a window and before its first sample.
pub(super) fn zero_within(starts: &[StartPoint], window_start: i64, first: i64) -> Option<i64> {
    Starts(starts).at(first).filter(|start| *start > window_start && *start < first)
}

/// Whether one of the samples at `times` says that its counter began before the sample before it was taken, which
/// says otherwise.
pub(super) fn overlap(starts: &[StartPoint], times: impl Iterator<Item = i64>) -> bool {
    if starts.is_empty() {
        return false;
    }
    let mut starts = Starts(starts);
    let mut before = None;
    for t in times {
        let start = starts.at(t);
        if let (Some((time, known)), Some(start)) = (before, start)
            && start < time
            && known != Some(start)
        {
            return true;
        }
        before = Some((t, start));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{Starts, overlap, zero_within};
    use crate::promql::value::StartPoint;

    #[test]
    fn resets_and_overlaps_of_two_samples() {
        let (before, after) = (60, 120);
        for (known, start, expected) in [
            (None, None, (false, false)),
            (Some(10), None, (false, false)),
            (Some(10), Some(10), (false, false)),
            (Some(10), Some(61), (true, false)),
            (Some(10), Some(119), (true, false)),
            (Some(10), Some(120), (false, false)),
            (Some(10), Some(121), (false, false)),
            (None, Some(90), (true, false)),
            // The second begins where the first was taken.
            (Some(10), Some(60), (true, false)),
            (None, Some(60), (false, false)),
            (Some(60), Some(60), (false, false)),
            (Some(61), Some(60), (false, false)),
            // The second began before the first was taken.
            (Some(10), Some(20), (false, true)),
            (None, Some(-20), (false, true)),
        ] {
            let points = [(0, Some(0)), (before, known), (after, start), (180, None)];
            let points = points.into_iter().filter_map(|(t, start)| Some(StartPoint { t, start: start? }));
            let points: Vec<StartPoint> = points.collect();
            let told = (
                Starts(&points).tell_reset(before, after),
                overlap(&points, [before, after, 180].into_iter()),
            );
            assert_eq!(told, expected, "{known:?} {start:?}");
        }
    }

    #[test]
    fn a_counter_began_within_the_window_or_not() {
        for (start, expected) in [(-60, None), (-59, Some(-59)), (-1, Some(-1)), (0, None), (1, None)] {
            assert_eq!(zero_within(&[StartPoint { t: 0, start }], -60, 0), expected, "{start}");
            assert_eq!(zero_within(&[StartPoint { t: 5, start }], -60, 0), None, "of another sample");
        }
    }
}
