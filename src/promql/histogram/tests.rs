//! What histograms do, in tables. They are written in the notation of series in tests where that can say it.

use super::{BucketSpan, Buckets, CounterResetHint, FloatHistogram};

/// Counts 1, 2, 3 from index 0 in schema 0.
fn small() -> FloatHistogram {
    FloatHistogram {
        count: 7.0,
        sum: 12.5,
        zero_count: 1.0,
        zero_threshold: 0.001,
        positive: Buckets::run(0, vec![1.0, 2.0, 3.0]),
        ..FloatHistogram::default()
    }
}

#[test]
fn a_histogram_as_text() {
    insta::assert_snapshot!(small(), @"{count:7, sum:12.5, [-0.001,0.001]:1, (0.5,1]:1, (1,2]:2, (2,4]:3}");
    insta::assert_snapshot!(small().notation(), @"{{count:7 sum:12.5 z_bucket:1 z_bucket_w:0.001 buckets:[1 2 3]}}");
}

#[test]
fn histograms_of_different_schemas_are_added_in_the_coarser() {
    let mut fine = FloatHistogram { schema: 1, positive: Buckets::run(-1, vec![1.0; 6]), ..small() };
    let combined = fine.add(&small()).expect("both are exponential");
    assert!(!combined.collision && !combined.reconciled);
    insta::assert_snapshot!(fine, @"{count:14, sum:25, [-0.001,0.001]:2, (0.5,1]:3, (1,2]:4, (2,4]:5}");
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
    buckets.compact(2);
    assert_eq!(buckets, Buckets::run(0, vec![5.0, 0.0, 0.0, 6.0]));
}

#[test]
fn resets_are_seen_by_counts_and_hints() {
    let mut later = small();
    assert!(!later.detect_reset(&small()));
    later.positive.counts[1] = 1.0;
    assert!(later.detect_reset(&small()), "a bucket has become smaller");
    later.counter_reset_hint = CounterResetHint::NotReset;
    assert!(!later.detect_reset(&small()), "its hint says that there was none");
}
