//! Sums and differences of histograms, also of those with different buckets.

use super::bounds::{coarser_index, exponential_bound};
use super::{Buckets, CounterResetHint, FloatHistogram, HistogramError};
use crate::promql::functions::kahan::KahanSum;

/// What was strange about two histograms that have been put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Combined {
    /// One says that its counter was reset, the other that it was not.
    pub collision: bool,
    /// Their custom bounds differ: only those that both have are left.
    pub reconciled: bool,
}

/// How counts are added: simply, with a sign, or with the memory of what rounding takes.
#[derive(Clone, Copy, PartialEq)]
enum Adding {
    Plus,
    Minus,
    Kahan,
}

impl Adding {
    fn add(self, value: f64, sum: KahanSum) -> KahanSum {
        match self {
            Self::Plus => KahanSum::starting_with(sum.sum + value),
            Self::Minus => KahanSum::starting_with(sum.sum - value),
            Self::Kahan => sum.plus(value),
        }
    }

    /// Adds `value` to a sum and to what rounding has taken from it.
    fn add_to(self, sum: &mut f64, lost: &mut f64, value: f64) {
        let added = self.add(value, KahanSum { sum: *sum, compensation: *lost });
        (*sum, *lost) = (added.sum, added.compensation);
    }
}

impl FloatHistogram {
    /// Adds `other`. The result has the coarser schema and the wider zero bucket, or the custom bounds that both
    /// have. It may have empty buckets: [`Self::compact`] removes them.
    ///
    /// The hint: of equal ones the same; a gauge with anything is a gauge; unknown with another is unknown; a
    /// contradiction is a collision, and unknown.
    ///
    /// # Errors
    /// One of them has custom buckets and the other has not; nothing is changed then.
    pub fn add(&mut self, other: &Self) -> Result<Combined, HistogramError> {
        self.combine(other, Adding::Plus, &mut Self::default())
    }

    /// Subtracts `other`, otherwise as [`Self::add`]. The operator `-` makes a gauge of the result; this does not.
    ///
    /// # Errors
    /// One of them has custom buckets and the other has not; nothing is changed then.
    pub fn sub(&mut self, other: &Self) -> Result<Combined, HistogramError> {
        self.combine(other, Adding::Minus, &mut Self::default())
    }

    /// Adds `other` and notes in `compensation` what rounding takes from the sums: begin with `None`, and in the end
    /// add the compensation with [`Self::add`]. It may be multiplied and divided along with the sum.
    ///
    /// # Errors
    /// One of them has custom buckets and the other has not; nothing is changed then.
    pub fn kahan_add(
        &mut self,
        other: &Self,
        compensation: &mut Option<Self>,
    ) -> Result<Combined, HistogramError> {
        let lost = compensation.get_or_insert_with(|| self.nothing_lost());
        self.combine(other, Adding::Kahan, lost)
    }

    /// `lost` is what rounding has taken from this one, with the same buckets; without any if nothing is remembered.
    fn combine(&mut self, other: &Self, adding: Adding, lost: &mut Self) -> Result<Combined, HistogramError> {
        if self.uses_custom_buckets() != other.uses_custom_buckets() {
            return Err(HistogramError::IncompatibleSchema);
        }
        let collision = self.adjust_counter_reset(other);
        if !self.uses_custom_buckets() {
            let theirs = self.reconcile_zero_buckets(other, Some(&mut *lost));
            adding.add_to(&mut self.zero_count, &mut lost.zero_count, theirs.sum);
            if adding == Adding::Kahan {
                adding.add_to(&mut self.zero_count, &mut lost.zero_count, theirs.compensation);
            }
        }
        adding.add_to(&mut self.count, &mut lost.count, other.count);
        adding.add_to(&mut self.sum, &mut lost.sum, other.sum);
        let reconciled = self.uses_custom_buckets() && self.custom_values != other.custom_values;
        if reconciled {
            self.combine_custom(other, adding, lost);
        } else {
            let schema = self.schema.min(other.schema);
            let shape = Shape { schema, threshold: self.zero_threshold, adding };
            shape.combine(
                (&mut self.positive, &mut lost.positive),
                self.schema,
                &other.positive,
                other.schema,
            );
            shape.combine(
                (&mut self.negative, &mut lost.negative),
                self.schema,
                &other.negative,
                other.schema,
            );
            self.schema = schema;
        }
        lost.schema = self.schema;
        lost.zero_threshold = self.zero_threshold;
        lost.custom_values = self.custom_values.clone();
        Ok(Combined { collision, reconciled })
    }

    /// The same buckets, all empty.
    fn nothing_lost(&self) -> Self {
        let emptied = |buckets: &Buckets| Buckets {
            spans: buckets.spans.clone(),
            counts: vec![0.0; buckets.counts.len()],
        };
        Self {
            zero_count: 0.0,
            count: 0.0,
            sum: 0.0,
            positive: emptied(&self.positive),
            negative: emptied(&self.negative),
            ..self.clone()
        }
    }

    /// Whether the hints contradict each other.
    fn adjust_counter_reset(&mut self, other: &Self) -> bool {
        use CounterResetHint::{Gauge, NotReset, Reset, Unknown};
        let (hint, collision) = match (self.counter_reset_hint, other.counter_reset_hint) {
            (Gauge, _) | (_, Gauge) => (Gauge, false),
            (Unknown, _) | (_, Unknown) => (Unknown, false),
            (Reset, Reset) => (Reset, false),
            (NotReset, NotReset) => (NotReset, false),
            (Reset, NotReset) | (NotReset, Reset) => (Unknown, true),
        };
        self.counter_reset_hint = hint;
        collision
    }

    /// Combines custom buckets with different bounds: over those that both have.
    fn combine_custom(&mut self, other: &Self, adding: Adding, lost: &mut Self) {
        let bounds = common_bounds(&self.custom_values, &other.custom_values);
        let mut sums = vec![KahanSum::default(); bounds.len() + 1];
        let rounded = lost.positive.counts.iter().copied().chain(std::iter::repeat(0.0));
        for ((index, count), rounded) in self.positive.indexed().zip(rounded) {
            let sum = &mut sums[bucket_over(index, &self.custom_values, &bounds)];
            *sum = sum.plus(count).plus(rounded);
        }
        for (index, count) in other.positive.indexed() {
            let sum = &mut sums[bucket_over(index, &other.custom_values, &bounds)];
            sum.add(if adding == Adding::Minus { -count } else { count });
        }
        let filled = || (0_i32..).zip(&sums).filter(|(_, sum)| sum.sum != 0.0 || sum.compensation != 0.0);
        self.positive = Buckets::from_indexed(filled().map(|(index, sum)| (index, sum.sum)));
        lost.positive = Buckets::from_indexed(filled().map(|(index, sum)| (index, sum.compensation)));
        self.custom_values = bounds.into();
    }
}

/// The bounds that are in both lists, which rise.
pub(super) fn common_bounds(one: &[f64], two: &[f64]) -> Vec<f64> {
    let mut two = two.iter().copied().peekable();
    let mut common = Vec::new();
    for bound in one {
        while two.next_if(|other| other < bound).is_some() {}
        if two.next_if_eq(bound).is_some() {
            common.push(*bound);
        }
    }
    common
}

/// Which of the buckets over the bounds `coarse` contains the bucket `index` over `bounds`.
pub(super) fn bucket_over(index: i32, bounds: &[f64], coarse: &[f64]) -> usize {
    match usize::try_from(index).ok().and_then(|index| bounds.get(index)) {
        Some(bound) => coarse.partition_point(|other| other < bound),
        None => coarse.len(),
    }
}

/// How buckets of the same kind are put together.
#[derive(Clone, Copy)]
struct Shape {
    /// The schema of the result.
    schema: i32,
    /// Buckets of the other histogram that are wholly within this distance from zero are in its zero bucket.
    threshold: f64,
    adding: Adding,
}

impl Shape {
    /// Puts `theirs` into `mine`, of which rounding has taken `lost` (with the same buckets).
    fn combine(
        self,
        (mine, lost): (&mut Buckets, &mut Buckets),
        my_schema: i32,
        theirs: &Buckets,
        schema: i32,
    ) {
        if my_schema == schema && self.combine_alike(mine, lost, theirs) {
            return;
        }
        let rounded = lost.counts.iter().copied().chain(std::iter::repeat(0.0));
        let ours = mine
            .indexed()
            .zip(rounded)
            .map(|((index, sum), compensation)| (index, KahanSum { sum, compensation }));
        let ours = self.reduced(ours, my_schema);
        let theirs = self
            .reduced(theirs.indexed().map(|(index, count)| (index, KahanSum::starting_with(count))), schema);
        let mut theirs = theirs.into_iter().skip_while(|(index, _)| !self.is_outside(*index)).peekable();
        let mut sums: Vec<(i32, KahanSum)> = Vec::with_capacity(ours.len());
        for (index, mut sum) in ours {
            while let Some((before, other)) = theirs.next_if(|(other, _)| *other < index) {
                sums.push((before, self.signed(other)));
            }
            if let Some((_, other)) = theirs.next_if(|(other, _)| *other == index) {
                sum = self.adding.add(other.sum, sum);
                if other.compensation != 0.0 {
                    sum = self.adding.add(other.compensation, sum);
                }
            }
            sums.push((index, sum));
        }
        sums.extend(theirs.map(|(index, other)| (index, self.signed(other))));
        *mine = Buckets::from_indexed(sums.iter().map(|(index, sum)| (*index, sum.sum)));
        *lost = Buckets::from_indexed(sums.iter().map(|(index, sum)| (*index, sum.compensation)));
    }

    /// Puts `theirs` into `mine` one by one if they are the same buckets, as they mostly are. Whether they were.
    fn combine_alike(self, mine: &mut Buckets, lost: &mut Buckets, theirs: &Buckets) -> bool {
        let length = mine.counts.len();
        let is_remembered = self.adding != Adding::Kahan || lost.counts.len() == length;
        let is_outside = theirs.spans.first().is_none_or(|span| self.is_outside(span.offset));
        if mine.spans != theirs.spans || theirs.counts.len() != length || !is_remembered || !is_outside {
            return false;
        }
        let pairs = mine.counts.iter_mut().zip(&theirs.counts);
        match self.adding {
            Adding::Plus => pairs.for_each(|(mine, count)| *mine += count),
            Adding::Minus => pairs.for_each(|(mine, count)| *mine -= count),
            Adding::Kahan => {
                for ((mine, count), lost) in pairs.zip(&mut lost.counts) {
                    self.adding.add_to(mine, lost, *count);
                }
            }
        }
        true
    }

    /// Whether a bucket of the other histogram is not within its zero bucket.
    fn is_outside(self, index: i32) -> bool {
        self.schema == super::CUSTOM_BUCKETS_SCHEMA || exponential_bound(index, self.schema) > self.threshold
    }

    fn signed(self, sum: KahanSum) -> KahanSum {
        if self.adding == Adding::Minus { sum.scaled(-1.0) } else { sum }
    }

    /// Buckets in the schema of the result.
    fn reduced(self, buckets: impl Iterator<Item = (i32, KahanSum)>, schema: i32) -> Vec<(i32, KahanSum)> {
        if schema == self.schema {
            return buckets.collect();
        }
        let adding = if self.adding == Adding::Kahan { Adding::Kahan } else { Adding::Plus };
        let mut all: Vec<(i32, KahanSum)> = Vec::new();
        for (index, bucket) in buckets {
            let index = coarser_index(index, schema, self.schema);
            match all.last_mut() {
                Some((last, sum)) if *last == index => {
                    *sum = adding.add(bucket.compensation, adding.add(bucket.sum, *sum));
                }
                Some(_) | None => all.push((index, bucket)),
            }
        }
        all
    }
}
