//! Resets of counters, and what trimming leaves.

use super::read;

#[test]
fn resets_of_counters() {
    for (before, now, is_reset) in [
        ("{{count:5 sum:9 buckets:[1 2]}}", "{{count:5 sum:3 buckets:[1 2]}}", false),
        ("{{count:5}}", "{{count:4}}", true),
        ("{{buckets:[1 2]}}", "{{buckets:[2 1]}}", true),
        ("{{buckets:[1 2]}}", "{{offset:1 buckets:[3]}}", true),
        ("{{buckets:[0 2 0]}}", "{{offset:1 buckets:[3]}}", false),
        ("{{n_buckets:[3]}}", "{{n_offset:1 n_buckets:[3]}}", true),
        ("{{n_buckets:[3]}}", "{{}}", true),
        ("{{n_buckets:[0]}}", "{{}}", false),
        // Resolution only ever goes down without a reset.
        ("{{schema:1 offset:-1 buckets:[1 1 1 1]}}", "{{buckets:[2 2]}}", false),
        ("{{schema:1 offset:-1 buckets:[1 1 1 1]}}", "{{buckets:[2 1]}}", true),
        ("{{buckets:[2 2]}}", "{{schema:1 offset:-1 buckets:[1 1 1 1]}}", true),
        // So does the zero bucket only ever grow, by whole populated buckets.
        (
            "{{z_bucket:1 z_bucket_w:0.5 buckets:[1 2]}}",
            "{{z_bucket:2 z_bucket_w:1 offset:1 buckets:[2]}}",
            false,
        ),
        (
            "{{z_bucket:1 z_bucket_w:0.5 buckets:[1 2]}}",
            "{{z_bucket:1 z_bucket_w:1 offset:1 buckets:[2]}}",
            true,
        ),
        ("{{z_bucket:1 z_bucket_w:0.5 buckets:[1 2]}}", "{{z_bucket:4 z_bucket_w:1.5}}", true),
        ("{{z_bucket:1 z_bucket_w:1}}", "{{z_bucket:1 z_bucket_w:0.5}}", true),
        // Hints know better.
        ("{{count:5}}", "{{count:4 counter_reset_hint:not_reset}}", false),
        ("{{count:5}}", "{{count:6 counter_reset_hint:reset}}", true),
        ("{{count:5}}", "{{count:4 counter_reset_hint:gauge}}", true),
        // Custom buckets are compared over the bounds that both have.
        ("{{count:1}}", "{{schema:-53 count:1}}", true),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[1 2]}}",
            "{{schema:-53 custom_values:[1 2] buckets:[2 1]}}",
            true,
        ),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[1 2]}}",
            "{{schema:-53 custom_values:[2] buckets:[3]}}",
            false,
        ),
        (
            "{{schema:-53 custom_values:[1 2] buckets:[1 2]}}",
            "{{schema:-53 custom_values:[2] buckets:[2 1]}}",
            true,
        ),
    ] {
        assert_eq!(read(now).detect_reset(&read(before)), is_reset, "{before} then {now}");
    }
}

#[test]
fn what_is_below_or_above_a_value() {
    for (histogram, operator, limit, result) in [
        ("{{count:6 sum:9 buckets:[2 4]}}", "</", 4.0, "{{count:6 sum:9 buckets:[2 4]}}"),
        ("{{count:6 sum:9 buckets:[2 4]}}", "</", 1.0, "{{count:2 sum:1.4142135623730951 buckets:[2]}}"),
        (
            "{{count:6 sum:9 buckets:[0 4 4]}}",
            ">/",
            2.0,
            "{{count:4 sum:11.313708498984761 offset:2 buckets:[4]}}",
        ),
        ("{{count:6 sum:9 buckets:[2 4]}}", ">/", 9.0, "{{}}"),
        (
            "{{count:6 sum:9 n_buckets:[2 4]}}",
            ">/",
            -1.0,
            "{{count:2 sum:-1.4142135623730951 n_buckets:[2]}}",
        ),
        // Zero buckets are split on a line, and towards the side that there is.
        ("{{count:4 z_bucket:4 z_bucket_w:1}}", "</", 0.0, "{{count:2 sum:-1 z_bucket:2 z_bucket_w:1}}"),
        ("{{count:4 z_bucket:4 z_bucket_w:1}}", ">/", 0.5, "{{count:1 sum:0.75 z_bucket:1 z_bucket_w:1}}"),
        (
            "{{count:5 z_bucket:4 z_bucket_w:1 offset:2 buckets:[1]}}",
            "</",
            0.5,
            "{{count:2 sum:0.5 z_bucket:2 z_bucket_w:1}}",
        ),
        // Custom buckets too; of those without end nothing is known.
        (
            "{{schema:-53 count:8 custom_values:[2 4] buckets:[4 2 2]}}",
            "</",
            3.0,
            "{{schema:-53 count:5 sum:6.5 custom_values:[2 4] buckets:[4 1]}}",
        ),
        (
            "{{schema:-53 count:8 custom_values:[2 4] buckets:[4 2 2]}}",
            "</",
            1.0,
            "{{schema:-53 count:2 sum:1 custom_values:[2 4] buckets:[2]}}",
        ),
        (
            "{{schema:-53 count:8 custom_values:[2 4] buckets:[4 2 2]}}",
            ">/",
            5.0,
            "{{schema:-53 count:2 sum:10 custom_values:[2 4] offset:2 buckets:[2]}}",
        ),
        (
            "{{schema:-53 count:4 custom_values:[-2] buckets:[4]}}",
            "</",
            -3.0,
            "{{schema:-53 count:4 custom_values:[-2] buckets:[4]}}",
        ),
        (
            "{{schema:-53 count:4 custom_values:[-2] buckets:[4]}}",
            ">/",
            -3.0,
            "{{schema:-53 custom_values:[-2]}}",
        ),
    ] {
        let mut trimmed = read(histogram);
        if operator == "</" {
            trimmed.trim_upper(limit)
        } else {
            trimmed.trim_lower(limit)
        }
        assert_eq!(trimmed.notation(), result, "{histogram} {operator} {limit}");
    }
}
