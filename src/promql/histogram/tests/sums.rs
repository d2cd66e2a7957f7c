//! Sums and differences.

use super::read;
use crate::promql::histogram::{Combined, CounterResetHint, FloatHistogram, HistogramError};

#[test]
fn sums_and_differences() {
    for (one, operator, two, result) in [
        (
            "{{count:1 sum:2 buckets:[1 1]}}",
            '+',
            "{{count:3 sum:4 offset:1 buckets:[1 2]}}",
            "{{count:4 sum:6 buckets:[1 2 2]}}",
        ),
        ("{{buckets:[1 1]}}", '-', "{{offset:1 buckets:[1 2]}}", "{{buckets:[1 0 -2]}}"),
        // The coarser schema, on whichever side it is.
        ("{{schema:1 offset:-1 buckets:[1 1 1 1]}}", '+', "{{buckets:[5]}}", "{{buckets:[7 2]}}"),
        ("{{buckets:[5]}}", '-', "{{schema:1 offset:-1 buckets:[1 1 1 1]}}", "{{buckets:[3 -2]}}"),
        (
            "{{schema:2 n_buckets:[1 2 3 4 5]}}",
            '+',
            "{{schema:-1 n_buckets:[1]}}",
            "{{schema:-1 n_buckets:[2 14]}}",
        ),
        // The wider zero bucket takes in what is within it.
        (
            "{{z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[2 3 4] n_offset:-1 n_buckets:[5 6]}}",
            '+',
            "{{z_bucket:7 z_bucket_w:0.5 buckets:[1]}}",
            "{{z_bucket:15 z_bucket_w:0.5 buckets:[4 4] n_buckets:[6]}}",
        ),
        (
            "{{z_bucket:7 z_bucket_w:0.5 buckets:[1]}}",
            '-',
            "{{z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[2 3 4]}}",
            "{{z_bucket:4 z_bucket_w:0.5 buckets:[-2 -4]}}",
        ),
        // Where it would end within a populated bucket, on either side, it takes in the whole one.
        (
            "{{buckets:[0 2 3]}}",
            '+',
            "{{z_bucket:1 z_bucket_w:1.5}}",
            "{{z_bucket:3 z_bucket_w:2 offset:2 buckets:[3]}}",
        ),
        (
            "{{buckets:[0 2 3] n_buckets:[0 0 4]}}",
            '+',
            "{{z_bucket:1 z_bucket_w:2.5}}",
            "{{z_bucket:10 z_bucket_w:4}}",
        ),
        (
            "{{z_bucket:1 z_bucket_w:1.5}}",
            '+',
            "{{buckets:[0 2 3]}}",
            "{{z_bucket:3 z_bucket_w:2 offset:2 buckets:[3]}}",
        ),
        // Of custom bounds only those that both have.
        (
            "{{schema:-53 count:6 custom_values:[1 2 3] buckets:[1 1 2 2]}}",
            '+',
            "{{schema:-53 count:4 custom_values:[1 3 5] buckets:[1 1 1 1]}}",
            "{{schema:-53 count:10 custom_values:[1 3] buckets:[2 4 4]}}",
        ),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[5 5 5]}}",
            '-',
            "{{schema:-53 custom_values:[1 2] buckets:[1 2 3]}}",
            "{{schema:-53 custom_values:[1 2] buckets:[4 3 2]}}",
        ),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[5 5]}}",
            '-',
            "{{schema:-53 custom_values:[4] buckets:[1 2]}}",
            "{{schema:-53 custom_values:[] buckets:[7]}}",
        ),
    ] {
        let (mut sum, other) = (read(one), read(two));
        let combined = if operator == '+' { sum.add(&other) } else { sum.sub(&other) };
        assert_eq!(sum.notation(), result, "{one} {operator} {two}");
        let reconciled = sum.uses_custom_buckets() && sum.custom_values != other.custom_values;
        assert_eq!(combined, Ok(Combined { collision: false, reconciled }), "{one} {operator} {two}");
        // What is remembered of rounding changes nothing where nothing is rounded.
        if operator == '+' {
            let (mut kahan, mut compensation) = (read(one), None);
            kahan.kahan_add(&other, &mut compensation).expect("they fit");
            kahan.add(&compensation.expect("it is always there then")).expect("they fit");
            assert_eq!(kahan.notation(), result, "{one} {operator} {two}");
        }
    }
    let mut mixed = read("{{count:2}}");
    assert_eq!(mixed.add(&read("{{schema:-53}}")), Err(HistogramError::IncompatibleSchema));
    assert_eq!(mixed, read("{{count:2}}"));
}

#[test]
fn what_rounding_takes_from_a_sum_comes_back() {
    let mut sum = read("{{count:1 sum:1 z_bucket:1 buckets:[1] n_buckets:[1]}}");
    let mut compensation = None;
    for next in ["1e16", "1", "-1e16"] {
        let next = format!(
            "{{{{count:{next} sum:{next} z_bucket:{next} offset:-1 buckets:[0 {next}] n_buckets:[{next}]}}}}"
        );
        sum.kahan_add(&read(&next), &mut compensation).expect("all are exponential");
    }
    sum.add(&compensation.expect("four have been added")).expect("it is exponential too");
    assert_eq!(sum.notation(), "{{count:2 sum:2 z_bucket:2 buckets:[2] n_buckets:[2]}}");
}

#[test]
fn hints_of_sums() {
    use CounterResetHint::{Gauge, NotReset, Reset, Unknown};
    for (one, two, sum, collision) in [
        (Unknown, Unknown, Unknown, false),
        (Reset, Reset, Reset, false),
        (NotReset, NotReset, NotReset, false),
        (Reset, NotReset, Unknown, true),
        (NotReset, Reset, Unknown, true),
        (Unknown, Reset, Unknown, false),
        (NotReset, Unknown, Unknown, false),
        (Gauge, Reset, Gauge, false),
        (Unknown, Gauge, Gauge, false),
    ] {
        let with = |counter_reset_hint| FloatHistogram { counter_reset_hint, ..FloatHistogram::default() };
        let mut result = with(one);
        let combined = result.add(&with(two)).expect("both are exponential");
        assert_eq!((result.counter_reset_hint, combined.collision), (sum, collision), "{one:?} {two:?}");
    }
}
