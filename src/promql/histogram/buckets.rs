//! One side of a histogram as pairs of index and count, and back into runs.

use super::bounds::coarser_index;
use super::{BucketSpan, Buckets};

/// A gap of more buckets than this is never filled with empty ones, whatever is asked for: a histogram may have
/// buckets at both ends of the range of its indices.
const LARGEST_FILLED_GAP: usize = 1 << 16;

impl Buckets {
    /// One run of buckets that starts with the index `offset`.
    #[must_use]
    pub fn run(offset: i32, counts: Vec<f64>) -> Self {
        let length = u32::try_from(counts.len()).unwrap_or(u32::MAX);
        let spans = if counts.is_empty() { Vec::new() } else { vec![BucketSpan { offset, length }] };
        Self { spans, counts }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Index and count of each, lowest index first.
    pub fn indexed(&self) -> impl Iterator<Item = (i32, f64)> {
        let starts = self.spans.iter().scan(0_i32, |next, span| {
            let start = next.saturating_add(span.offset);
            *next = start.saturating_add_unsigned(span.length);
            Some((start, span.length))
        });
        let indices =
            starts.flat_map(|(start, length)| (0..length).map(move |k| start.saturating_add_unsigned(k)));
        indices.zip(self.counts.iter().copied())
    }

    /// Buckets from pairs in the order of their indices; equal indices are put together.
    #[must_use]
    pub fn from_indexed(pairs: impl IntoIterator<Item = (i32, f64)>) -> Self {
        let mut buckets = Self::default();
        let mut next = 0_i32;
        for (index, count) in pairs {
            match (buckets.spans.last_mut(), buckets.counts.last_mut()) {
                (Some(span), Some(_)) if index == next => {
                    span.length += 1;
                    buckets.counts.push(count);
                }
                (Some(_), Some(last)) if index < next => {
                    *last += count;
                    continue;
                }
                (_, last) => {
                    let offset = if last.is_some() { index.saturating_sub(next) } else { index };
                    buckets.spans.push(BucketSpan { offset, length: 1 });
                    buckets.counts.push(count);
                }
            }
            next = index.saturating_add(1);
        }
        buckets
    }

    /// Leaves out what is empty, but joins what has at most `max_empty` buckets between it.
    pub(super) fn compact(&mut self, max_empty: usize) {
        let max_empty = max_empty.min(LARGEST_FILLED_GAP);
        let tidy = |span: &BucketSpan| span.length > 0;
        let apart = |span: &BucketSpan| usize::try_from(span.offset).is_ok_and(|offset| offset > max_empty);
        if self.counts.iter().all(|count| *count != 0.0)
            && self.spans.iter().all(tidy)
            && self.spans.iter().skip(1).all(apart)
        {
            return;
        }
        let mut pairs: Vec<(i32, f64)> = Vec::with_capacity(self.counts.len());
        for (index, count) in self.indexed().filter(|(_, count)| *count != 0.0) {
            if let Some((last, _)) = pairs.last() {
                let gap = i64::from(index) - i64::from(*last) - 1;
                if usize::try_from(gap).is_ok_and(|gap| gap <= max_empty) {
                    pairs.extend((last + 1..index).map(|missing| (missing, 0.0)));
                }
            }
            pairs.push((index, count));
        }
        *self = Self::from_indexed(pairs);
    }

    /// The same in a coarser schema.
    pub(super) fn reduced(&self, schema: i32, coarser: i32) -> Self {
        Self::from_indexed(
            self.indexed().map(|(index, count)| (coarser_index(index, schema, coarser), count)),
        )
    }
}
