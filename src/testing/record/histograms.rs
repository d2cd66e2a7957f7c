//! Native histograms put together again from what the query API tells of them: count, sum, and bounds and counts of
//! the buckets that are not empty. It tells neither schema nor zero threshold; both follow from bounds.

use std::sync::Arc;

use crate::model::{self, sample};
use crate::promql::histogram::{
    Buckets, CUSTOM_BUCKETS_SCHEMA, EXPONENTIAL_SCHEMA_MAX, EXPONENTIAL_SCHEMA_MIN, FloatHistogram,
};
use crate::promql::notation::parse_histogram;

/// The zero threshold of histograms that have nothing in their zero bucket: that of Prometheus' client libraries.
const ZERO_THRESHOLD: f64 = f64::from_bits(0x37f0_0000_0000_0000); // 2^-128

/// What histograms of a metric have in common: what one of them does not show, others may.
#[derive(Clone, Debug, Default)]
pub struct Common {
    /// All bounds of custom buckets; `None` if buckets are exponential.
    bounds: Option<Vec<f64>>,
    /// The finest exponential schema.
    schema: Option<i32>,
    zero_threshold: Option<f64>,
}

impl Common {
    /// Looks through the histograms of a metric.
    #[must_use]
    pub fn of<'h>(told: impl Iterator<Item = &'h model::Histogram> + Clone) -> Self {
        let zero =
            |one: &model::Histogram| one.buckets.iter().find(|bucket| is_zero(bucket)).map(|it| it.upper);
        let mut common = Self { zero_threshold: told.clone().find_map(zero), ..Self::default() };
        for one in told.clone().filter(|one| !one.buckets.iter().all(is_zero)) {
            match common.exponential(one) {
                Some(found) => common.schema = common.schema.max(Some(found.schema)),
                None => return Self { bounds: Some(finite_bounds(told)), ..common },
            }
        }
        common
    }

    /// The histogram; `None` if it has no notation that would be read as the same.
    #[must_use]
    pub fn rebuilt(&self, told: &model::Histogram) -> Option<Arc<FloatHistogram>> {
        let is_same = |found: &FloatHistogram| {
            let read = parse_histogram(&found.notation());
            read.is_ok_and(|read| shows(&read, told)) && shows(found, told)
        };
        let found = match &self.bounds {
            Some(bounds) => {
                let own = || finite_bounds(std::iter::once(told));
                // Bounds that changed in the course of time may lie within a bucket.
                let all = Some(custom(told, bounds)).filter(is_same);
                all.or_else(|| Some(custom(told, &own())).filter(is_same))
            }
            None => self.exponential(told).filter(is_same),
        };
        found.map(Arc::new)
    }

    /// With exponential buckets; `None` if they are not.
    fn exponential(&self, told: &model::Histogram) -> Option<FloatHistogram> {
        // A threshold that is not its own may cover some of its buckets.
        let thresholds = [self.zero_threshold.unwrap_or(ZERO_THRESHOLD), 0.0];
        thresholds.into_iter().find_map(|threshold| exponential(told, self.schema, threshold))
    }
}

/// Whether the API would tell it so.
fn shows(histogram: &FloatHistogram, told: &model::Histogram) -> bool {
    let same = |one: f64, other: f64| one.to_bits() == other.to_bits() || one == other;
    let shown = histogram.to_model();
    let same_bucket = |(one, other): (&sample::Bucket, &sample::Bucket)| {
        one.bounds == other.bounds
            && same(one.lower, other.lower)
            && same(one.upper, other.upper)
            && same(one.count, other.count)
    };
    same(shown.count, told.count)
        && same(shown.sum, told.sum)
        && shown.buckets.len() == told.buckets.len()
        && shown.buckets.iter().zip(&told.buckets).all(same_bucket)
}

/// Whether it is the bucket around zero: both bounds belong to it, and they are as far from zero. The first custom
/// bucket has no lower bound.
fn is_zero(bucket: &sample::Bucket) -> bool {
    bucket.bounds == 3 && bucket.lower == -bucket.upper && bucket.lower.is_finite()
}

fn finite_bounds<'h>(told: impl Iterator<Item = &'h model::Histogram>) -> Vec<f64> {
    let buckets = told.flat_map(|histogram| &histogram.buckets);
    let mut bounds: Vec<f64> =
        buckets.flat_map(|bucket| [bucket.lower, bucket.upper]).filter(|bound| bound.is_finite()).collect();
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    bounds
}

fn custom(told: &model::Histogram, bounds: &[f64]) -> FloatHistogram {
    let index = |bucket: &sample::Bucket| bounds.partition_point(|bound| *bound < bucket.upper);
    let counts =
        told.buckets.iter().map(|bucket| (i32::try_from(index(bucket)).unwrap_or(i32::MAX), bucket.count));
    FloatHistogram {
        schema: CUSTOM_BUCKETS_SCHEMA,
        count: told.count,
        sum: told.sum,
        positive: Buckets::from_indexed(counts),
        custom_values: bounds.into(),
        ..FloatHistogram::default()
    }
}

/// With exponential buckets, of `likely` schema rather than another. `None` if its buckets follow none.
fn exponential(told: &model::Histogram, likely: Option<i32>, zero_threshold: f64) -> Option<FloatHistogram> {
    let finest_first = (EXPONENTIAL_SCHEMA_MIN..=EXPONENTIAL_SCHEMA_MAX).rev();
    likely.into_iter().chain(finest_first).find_map(|schema| {
        let mut found = FloatHistogram {
            schema,
            zero_threshold,
            count: told.count,
            sum: told.sum,
            ..FloatHistogram::default()
        };
        let (mut negative, mut positive) = (Vec::new(), Vec::new());
        for bucket in &told.buckets {
            if is_zero(bucket) {
                (found.zero_threshold, found.zero_count) = (bucket.upper, bucket.count);
            } else if bucket.upper > 0.0 {
                positive.push((index(bucket.upper, schema)?, bucket.count));
            } else {
                negative.push((index(-bucket.lower, schema)?, bucket.count));
            }
        }
        negative.reverse();
        found.positive = Buckets::from_indexed(positive);
        found.negative = Buckets::from_indexed(negative);
        shows(&found, told).then_some(found)
    })
}

/// The index of the bucket with this upper bound; `None` if there is none in the schema.
fn index(upper: f64, schema: i32) -> Option<i32> {
    let power = if upper.is_infinite() { 1024.0 } else { upper.log2() };
    let place = (power * f64::from(schema).exp2()).round();
    let index = if upper.is_infinite() { place as i32 + 1 } else { place as i32 };
    let one =
        FloatHistogram { schema, positive: Buckets::run(index, vec![1.0]), ..FloatHistogram::default() };
    let bound = one.positive_buckets().next()?.upper;
    (bound == upper).then_some(index)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Common;
    use crate::model;
    use crate::promql::notation::parse_histogram;

    /// What comes of histograms of one metric on their way through the API.
    fn through_the_api(notations: &[&str]) -> Vec<String> {
        let read = |text: &&str| parse_histogram(text).expect(text).to_model();
        let told: Vec<model::Histogram> = notations.iter().map(read).collect();
        let common = Common::of(told.iter());
        let shown = |one| common.rebuilt(one).map_or("left out".to_owned(), |found| found.notation());
        told.iter().map(shown).collect()
    }

    #[test]
    fn histograms_are_what_they_were() {
        for same in [
            &[
                "{{schema:3 count:9 sum:18.4 z_bucket:2 z_bucket_w:0.001 offset:-3 buckets:[1 0 4] n_offset:2 n_buckets:[1 1]}}",
            ][..],
            &["{{schema:-4 count:2 sum:1e+300 z_bucket_w:2.938735877055719e-39 offset:1 buckets:[1 1]}}"],
            &[
                "{{schema:8 count:3 sum:3 z_bucket:1 z_bucket_w:2.938735877055719e-39 offset:-100 buckets:[1 1]}}",
            ],
            // Zero buckets that cover some of the others.
            &["{{count:4 sum:3 z_bucket:1 z_bucket_w:1.5 offset:1 buckets:[1 2]}}"],
            &["{{schema:-53 count:6 sum:7 custom_values:[0.1 0.25 1] buckets:[1 2 0 3]}}"],
            // One has nothing in a bucket that another one has.
            &[
                "{{schema:-53 count:3 sum:7 custom_values:[0.1 0.25 1] offset:1 buckets:[1 0 2]}}",
                "{{schema:-53 count:3 sum:7 custom_values:[0.1 0.25 1] buckets:[3]}}",
                "{{schema:-53 custom_values:[0.1 0.25 1]}}",
            ],
            &[
                "{{schema:2 count:3 sum:7 z_bucket_w:0.5 buckets:[3]}}",
                "{{schema:2 z_bucket_w:0.5}}",
                "{{schema:2 count:1 z_bucket:1 z_bucket_w:0.5}}",
            ],
            // A changed resolution.
            &[
                "{{schema:2 count:3 sum:7 z_bucket_w:2.938735877055719e-39 offset:3 buckets:[3 1]}}",
                "{{schema:1 count:3 sum:7 z_bucket_w:2.938735877055719e-39 offset:1 buckets:[3 1 2]}}",
            ],
            &["{{schema:1 count:3 sum:NaN z_bucket_w:2.938735877055719e-39 buckets:[2 1]}}"],
        ] {
            assert_eq!(through_the_api(same), same);
        }
    }

    #[test]
    fn what_the_api_does_not_tell_is_chosen_so_that_it_does_no_harm() {
        for (given, wanted) in [
            // Nothing at all is known.
            (&["{{}}"][..], &["{{schema:8 z_bucket_w:2.938735877055719e-39}}"][..]),
            // The notation has no infinities.
            (&["{{sum:Inf}}"], &["left out"]),
            // Bounds of buckets that are empty everywhere, and hints.
            (
                &[
                    "{{schema:-53 count:2 sum:7 custom_values:[0.1 0.3 1 5] offset:1 buckets:[2] counter_reset_hint:gauge}}",
                ],
                &["{{schema:-53 count:2 sum:7 custom_values:[0.1 0.3] offset:1 buckets:[2]}}"],
            ),
        ] {
            assert_eq!(through_the_api(given), wanted);
        }
        let odd = sample(&[(0, 1.0, 2.0), (0, 1.5, 3.0)]);
        assert!(Common::of([&odd].into_iter()).rebuilt(&odd).is_none(), "buckets that overlap");
    }

    fn sample(buckets: &[(u8, f64, f64)]) -> model::Histogram {
        let bucket = |(bounds, lower, upper): &(u8, f64, f64)| model::sample::Bucket {
            bounds: *bounds,
            lower: *lower,
            upper: *upper,
            count: 1.0,
        };
        model::Histogram { count: 2.0, sum: 3.0, buckets: buckets.iter().map(bucket).collect() }
    }

    proptest! {
        #[test]
        fn any_schema_is_found_again(
            schema in -3..=8_i32,
            offset in -60..60_i32,
            counts in proptest::collection::vec(0..5_i32, 2..20),
        ) {
            let counts: Vec<String> = counts.iter().chain([&1, &1]).map(ToString::to_string).collect();
            let text = format!(
                "{{{{schema:{schema} count:9 sum:5 z_bucket_w:1e-300 offset:{offset} buckets:[{}] n_offset:2 n_buckets:[1 2]}}}}",
                counts.join(" ")
            );
            let told = parse_histogram(&text).expect("valid").to_model();
            let found = Common::of([&told].into_iter()).rebuilt(&told);
            let found = found.expect(&text);
            prop_assert_eq!(found.schema, schema);
            prop_assert_eq!(found.to_model(), told);
        }
    }
}
