//! What histograms do, in tables. They are written in the notation of series in tests where that can say it.

use proptest::prelude::*;

use super::{BucketSpan, Buckets, CounterResetHint, FloatHistogram, HistogramError};
use crate::promql::notation::parse_histogram;

mod classic;
mod counters;
mod sums;

fn read(text: &str) -> FloatHistogram {
    parse_histogram(text).expect(text)
}

#[test]
fn texts_and_the_form_of_the_query_api() {
    let histogram = read(
        "{{schema:1 count:9 sum:12.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 0 3] n_buckets:[4]}}",
    );
    insta::assert_snapshot!(histogram, @"{count:9, sum:12.5, [-1,-0.7071067811865475):4, [-0.001,0.001]:1, (0.5,0.7071067811865475]:1, (1,1.414213562373095]:3}");
    let model = histogram.to_model();
    let shown: Vec<String> =
        model.buckets.iter().map(|b| format!("{} {} {}", b.bounds, b.lower, b.count)).collect();
    assert_eq!(
        (model.count, model.sum, shown.join(", ").as_str()),
        (9.0, 12.5, "1 -1 4, 3 -0.001 1, 0 0.5 1, 0 1 3")
    );
    let custom = read("{{schema:-53 count:3 custom_values:[-1 2] buckets:[1 1 1]}}");
    insta::assert_snapshot!(custom, @"{count:3, sum:0, [-Inf,-1]:1, (-1,2]:1, (2,+Inf]:1}");
    // A gap as wide as this cannot be written as empty buckets.
    let mut wide = read("{{offset:-2000000000 buckets:[1]}}");
    wide.add(&read("{{offset:2000000000 buckets:[1]}}")).expect("both are exponential");
    insta::assert_snapshot!(wide.notation(), @"{{offset:-2000000000 buckets:[1] offset:2147483647 buckets:[1]}}");
}

#[test]
fn gaps_between_buckets_are_kept_and_compacted() {
    let mut buckets = Buckets {
        spans: vec![BucketSpan { offset: -1, length: 2 }, BucketSpan { offset: 2, length: 2 }],
        counts: vec![0.0, 5.0, 6.0, 0.0],
    };
    assert_eq!(buckets.indexed().collect::<Vec<_>>(), [(-1, 0.0), (0, 5.0), (3, 6.0), (4, 0.0)]);
    buckets.compact(0);
    assert_eq!(buckets.spans, [BucketSpan { offset: 0, length: 1 }, BucketSpan { offset: 2, length: 1 }]);
    buckets.compact(1);
    assert_eq!(buckets.spans.len(), 2);
    buckets.compact(2);
    assert_eq!(buckets, Buckets::run(0, vec![5.0, 0.0, 0.0, 6.0]));
    let mut empty = Buckets::run(7, vec![0.0, 0.0]);
    empty.compact(9);
    assert!(empty.is_empty() && empty.spans.is_empty());
}

#[test]
fn products_and_quotients() {
    let mut histogram = read("{{count:4 sum:6 z_bucket:1 z_bucket_w:0.5 buckets:[3] n_buckets:[2]}}");
    histogram.mul(2.0);
    assert_eq!(
        histogram.notation(),
        "{{count:8 sum:12 z_bucket:2 z_bucket_w:0.5 buckets:[6] n_buckets:[4]}}"
    );
    histogram.div(-4.0);
    assert_eq!(
        histogram.notation(),
        "{{count:-2 sum:-3 z_bucket:-0.5 z_bucket_w:0.5 counter_reset_hint:gauge buckets:[-1.5] n_buckets:[-1]}}"
    );
    assert!(!histogram.has_overflow());
    histogram.div(0.0);
    assert_eq!(
        histogram.notation(),
        "{{count:-Inf sum:-Inf z_bucket:-Inf z_bucket_w:0.5 counter_reset_hint:gauge}}"
    );
    assert!(histogram.has_overflow());
}

#[test]
fn resolution_can_only_become_coarser() {
    let mut histogram =
        read("{{schema:1 counter_reset_hint:reset offset:-2 buckets:[1 2 3 4 5] n_buckets:[1 1]}}");
    assert_eq!(histogram.copy_to_schema(0).notation(), "{{offset:-1 buckets:[1 5 9] n_buckets:[1 1]}}");
    assert_eq!(histogram.copy_to_schema(1), histogram);
    assert_eq!(histogram.reduce_resolution(2), Err(HistogramError::Resolution { from: 1, to: 2 }));
    assert_eq!(
        read("{{schema:-53}}").reduce_resolution(-54),
        Err(HistogramError::Resolution { from: -53, to: -54 })
    );
}

#[test]
fn equality_goes_by_bits_and_layout() {
    let one = read("{{sum:NaN buckets:[1 2]}}");
    assert!(one.equals(&one.clone()));
    let hinted = FloatHistogram { counter_reset_hint: CounterResetHint::Gauge, ..one.clone() };
    assert!(one.equals(&hinted) && one != hinted);
    let cut = FloatHistogram {
        positive: Buckets {
            spans: [(0, 1), (0, 0), (0, 1)].map(|(offset, length)| BucketSpan { offset, length }).to_vec(),
            counts: vec![1.0, 2.0],
        },
        ..one.clone()
    };
    assert!(one.equals(&cut));
    assert!(!one.equals(&read("{{sum:NaN buckets:[1 2 0]}}")), "an empty bucket is one too");
    assert!(FloatHistogram::stale().is_stale() && !one.is_stale());
}

#[test]
fn what_does_not_fit_together_is_told() {
    let spans = FloatHistogram {
        positive: Buckets { spans: vec![BucketSpan { offset: 0, length: 2 }], counts: vec![1.0] },
        ..FloatHistogram::default()
    };
    let backwards = FloatHistogram {
        negative: Buckets {
            spans: [(3, 1), (-2, 0)].map(|(offset, length)| BucketSpan { offset, length }).to_vec(),
            counts: vec![1.0],
        },
        ..FloatHistogram::default()
    };
    let schema = FloatHistogram { schema: 20, ..FloatHistogram::default() };
    for (histogram, message) in [
        (read("{{count:1 buckets:[1]}}"), ""),
        (read("{{count:-1}}"), "observation count is  -1: histogram's observation count is negative"),
        (
            read("{{buckets:[1 -2]}}"),
            "positive side: bucket number 2 has observation count of -2: histogram has a bucket whose observation \
             count is negative",
        ),
        (
            spans,
            "positive side: spans need 2 buckets, have 1 buckets: histogram spans specify different number of \
             buckets than provided",
        ),
        (
            backwards,
            "negative side: span number 2 with offset -2: histogram has a span whose offset is negative",
        ),
        (
            read("{{z_bucket:-1}}"),
            "zero bucket has observation count of -1: histogram has a bucket whose observation count is negative",
        ),
        (
            schema,
            "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for \
             custom buckets, got schema 20",
        ),
        (read("{{custom_values:[1]}}"), "histogram with exponential schema must not have custom bounds"),
        (
            read("{{schema:-53 custom_values:[2 1]}}"),
            "custom buckets: previous bound is 2.000000 and current is 1.000000: histogram custom bounds must be \
             in strictly increasing order",
        ),
        (
            read("{{schema:-53 custom_values:[Inf -Inf NaN]}}"),
            "custom buckets: previous bound is +Inf and current is -Inf: histogram custom bounds must be in \
             strictly increasing order",
        ),
        (
            read("{{schema:-53 custom_values:[1 NaN]}}"),
            "custom buckets: histogram custom bounds must not be NaN",
        ),
        (
            read("{{schema:-53 custom_values:[1 Inf]}}"),
            "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite",
        ),
        (read("{{schema:-53 z_bucket:1}}"), "custom buckets: must have zero count of 0"),
        (read("{{schema:-53 z_bucket_w:1}}"), "custom buckets: must have zero threshold of 0"),
        (read("{{schema:-53 n_buckets:[1]}}"), "custom buckets: must not have negative spans"),
        (
            read("{{schema:-53 custom_values:[2] buckets:[1 1 1]}}"),
            "custom buckets: only 1 custom bounds defined which is insufficient to cover total span length of 3: \
             histogram custom bounds are too few",
        ),
    ] {
        let found = histogram.validate().err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(found, message, "{histogram}");
    }
}

/// Histograms of any kind and any counts, NaN and infinities included.
fn any_histogram() -> impl Strategy<Value = FloatHistogram> {
    let counts = || prop::collection::vec(prop_oneof![Just(0.0), 0.0..9.0, any::<f64>()], 0..9);
    let offset = || prop_oneof![-9..9, any::<i32>()];
    let sides = ((offset(), counts()), (offset(), counts()));
    let thresholds = prop_oneof![Just(0.0), 0.0..9.0_f64, any::<f64>()];
    (
        prop_oneof![-4..=8, Just(-53)],
        sides,
        thresholds,
        any::<f64>(),
        prop::collection::vec(any::<f64>(), 0..5),
    )
        .prop_map(|(schema, (positive, negative), zero_threshold, sum, custom_values)| FloatHistogram {
            schema,
            zero_threshold,
            zero_count: 1.0,
            count: 20.0,
            sum,
            positive: Buckets::run(positive.0, positive.1),
            negative: Buckets::run(negative.0, negative.1),
            custom_values: custom_values.into(),
            ..FloatHistogram::default()
        })
}

proptest! {
    #[test]
    fn no_histogram_is_too_strange(
        one in any_histogram(), two in any_histogram(), value in any::<f64>(), q in 0.0..1.0,
    ) {
        let _ = (one.to_string(), one.notation(), one.to_model(), one.validate(), one.variance());
        let _ = (one.quantile(q), one.quantile(value), one.fraction(value, q), one.detect_reset(&two));
        let mut compensation = None;
        for change in 0..5 {
            let mut changed = one.clone();
            match change {
                0 => drop(changed.add(&two)),
                1 => drop(changed.sub(&two)),
                2 => drop(changed.kahan_add(&two, &mut compensation)),
                3 => changed.trim_upper(value),
                _ => changed.trim_lower(q),
            }
            changed.compact(2);
        }
    }

    #[test]
    fn quantile_and_fraction_are_inverse(counts in prop::collection::vec(1_u32..9, 1..9), schema in -4..=8, q in 0.01..0.99) {
        let counts: Vec<f64> = counts.into_iter().map(f64::from).collect();
        let histogram = FloatHistogram {
            schema,
            count: counts.iter().sum(),
            positive: Buckets::run(0, counts),
            ..FloatHistogram::default()
        };
        let (fraction, _) = histogram.fraction(f64::NEG_INFINITY, histogram.quantile(q).value);
        prop_assert!((fraction - q).abs() < 1e-9, "{fraction} {q}");
    }
}
