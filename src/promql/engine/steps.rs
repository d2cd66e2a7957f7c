//! The times at which an expression is evaluated.

/// From `start`, each `interval`, up to `end`; milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) interval: i64,
}

impl Steps {
    /// The steps; `interval` is positive.
    pub(super) fn new(start: i64, end: i64, interval: i64) -> Self {
        Self { start, end, interval: interval.max(1) }
    }

    /// How many there are.
    pub(super) fn count(self) -> usize {
        usize::try_from(self.count_u64()).unwrap_or(usize::MAX)
    }

    /// How many there are, without loss.
    pub(super) fn count_u64(self) -> u64 {
        if self.end < self.start {
            return 0;
        }
        self.end.abs_diff(self.start) / self.interval.unsigned_abs() + 1
    }

    /// The time of a step; only of those that exist.
    pub(super) fn time(self, step: usize) -> i64 {
        let passed = i64::try_from(step).unwrap_or(i64::MAX).saturating_mul(self.interval);
        self.start.saturating_add(passed)
    }

    /// The step at a time that is one of these.
    pub(super) fn index(self, t: i64) -> usize {
        usize::try_from(t.abs_diff(self.start) / self.interval.unsigned_abs()).unwrap_or(usize::MAX)
    }

    /// The last time, or the start if there is none.
    pub(super) fn last(self) -> i64 {
        self.time(self.count().saturating_sub(1))
    }

    /// The times in order.
    pub(super) fn iter(self) -> impl Iterator<Item = i64> {
        (0..self.count()).map(move |step| self.time(step))
    }

    /// Whether it could be an instant query: results keep the order in which they were found.
    pub(super) fn is_single(self) -> bool {
        self.start == self.end
    }
}

#[cfg(test)]
mod tests {
    use super::Steps;

    #[test]
    fn steps_are_counted_without_overflow() {
        let steps = Steps::new(0, 10, 4);
        assert_eq!(steps.iter().collect::<Vec<_>>(), [0, 4, 8]);
        assert_eq!((steps.last(), steps.index(8)), (8, 2));
        assert_eq!(Steps::new(1, 0, 1).count(), 0);
        assert_eq!(Steps::new(i64::MIN, i64::MAX, i64::MAX).count_u64(), 3);
        assert_eq!(Steps::new(i64::MAX, i64::MAX, 1).iter().collect::<Vec<_>>(), [i64::MAX]);
    }
}
