//! Histograms as texts, and in the form of the query API.

use std::fmt;

use super::{Bucket, Buckets, CounterResetHint, FloatHistogram};
use crate::model::number::format_float;
use crate::model::{self};

fn go(value: f64) -> String {
    format_float(value, 'g', None)
}

impl fmt::Display for FloatHistogram {
    /// As Prometheus prints it: `{count:12, sum:18.4, [-0.001,0.001]:2, (0.5,1]:10}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{count:{}, sum:{}", go(self.count), go(self.sum))?;
        for bucket in self.populated_buckets() {
            write!(f, ", {bucket}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Bucket {
    /// `(0.5,1]:10`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.lower_inclusive { '[' } else { '(' };
        let close = if self.upper_inclusive { ']' } else { ')' };
        write!(f, "{open}{},{}{close}:{}", go(self.lower), go(self.upper), go(self.count))
    }
}

impl FloatHistogram {
    /// The buckets that are not empty, lowest first, with their own bounds even where the zero bucket overlaps them.
    fn populated_buckets(&self) -> Vec<Bucket> {
        let mut all: Vec<Bucket> = self.negative_buckets().collect();
        all.reverse();
        all.extend((!self.uses_custom_buckets()).then(|| self.zero_bucket()));
        all.extend(self.positive_buckets());
        all.retain(|bucket| bucket.count != 0.0);
        all
    }

    /// The notation of series in tests: `{{schema:1 count:5 sum:3 offset:2 buckets:[1 4]}}`. What has its default
    /// value is left out.
    #[must_use]
    pub fn notation(&self) -> String {
        let mut all = self.clone();
        all.compact(usize::MAX);
        let mut items: Vec<String> = Vec::new();
        if all.schema != 0 {
            items.push(format!("schema:{}", all.schema));
        }
        let numbers = [
            ("count", all.count),
            ("sum", all.sum),
            ("z_bucket", all.zero_count),
            ("z_bucket_w", all.zero_threshold),
        ];
        items.extend(
            numbers
                .iter()
                .filter(|(_, value)| *value != 0.0)
                .map(|(key, value)| format!("{key}:{}", go(*value))),
        );
        if all.uses_custom_buckets() {
            items.push(format!("custom_values:{}", list(&all.custom_values)));
        }
        match all.counter_reset_hint {
            CounterResetHint::Unknown => {}
            CounterResetHint::Reset => items.push("counter_reset_hint:reset".to_owned()),
            CounterResetHint::NotReset => items.push("counter_reset_hint:not_reset".to_owned()),
            CounterResetHint::Gauge => items.push("counter_reset_hint:gauge".to_owned()),
        }
        push_buckets(&mut items, &all.positive, "offset", "buckets");
        push_buckets(&mut items, &all.negative, "n_offset", "n_buckets");
        format!("{{{{{}}}}}", items.join(" "))
    }

    /// The form of the query API, which templates and alerts see too.
    #[must_use]
    pub fn to_model(&self) -> model::Histogram {
        let bucket = |bucket: Bucket| model::sample::Bucket {
            bounds: match (bucket.lower_inclusive, bucket.upper_inclusive) {
                (false, true) => 0,
                (true, false) => 1,
                (false, false) => 2,
                (true, true) => 3,
            },
            lower: bucket.lower,
            upper: bucket.upper,
            count: bucket.count,
        };
        let populated = self.all_buckets().into_iter().filter(|bucket| bucket.count != 0.0);
        model::Histogram { count: self.count, sum: self.sum, buckets: populated.map(bucket).collect() }
    }
}

impl From<&FloatHistogram> for model::Histogram {
    fn from(histogram: &FloatHistogram) -> Self {
        histogram.to_model()
    }
}

fn list(values: &[f64]) -> String {
    format!("[{}]", values.iter().map(|value| go(*value)).collect::<Vec<_>>().join(" "))
}

/// Offset and counts of one side. A gap too wide to be written as empty buckets starts the keys anew, which cannot be
/// read back; Prometheus has no notation for it either.
fn push_buckets(items: &mut Vec<String>, buckets: &Buckets, offset_key: &str, key: &str) {
    let mut counts = buckets.counts.as_slice();
    for span in &buckets.spans {
        let length = usize::try_from(span.length).unwrap_or(usize::MAX).min(counts.len());
        let (mine, rest) = counts.split_at(length);
        counts = rest;
        if span.offset != 0 {
            items.push(format!("{offset_key}:{}", span.offset));
        }
        if !mine.is_empty() {
            items.push(format!("{key}:{}", list(mine)));
        }
    }
}
