//! Small stores with everything that a series may hold: gaps, ends, resets, NaN, stale markers, histograms of all
//! kinds, and both kinds of values in one series.

use sereno::promql::memory::MemoryStore;
use sereno::promql::notation::{SequenceValue, parse_series};

use super::random::Random;

/// The time between two samples, milliseconds.
pub(crate) const INTERVAL: i64 = 15_000;

const FLOATS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2.5",
    "1e-300",
    "-1e300",
    "1.7e308",
    "5e-324",
    "NaN",
    "Inf",
    "-Inf",
    "-0",
    "10",
    "100",
    "3",
    "9007199254740993",
];
/// Their zero buckets end where buckets of every schema end. With other widths, a sum depends on the order of what is
/// summed, as in Prometheus: whether a bucket that a zero bucket ends in is populated depends on the schema so far.
const HISTOGRAMS: &[&str] = &[
    "{{sum:1 count:2 buckets:[1 1]}}",
    "{{sum:10 count:9 buckets:[3 4 2]}}",
    "{{schema:2 sum:-3 count:12 z_bucket:2 z_bucket_w:0.0000152587890625 buckets:[1 2 3] offset:-2 n_buckets:[3 1] n_offset:5}}",
    "{{schema:-4 count:5 sum:1e30 buckets:[5] offset:3}}",
    "{{}}",
    "{{schema:8 count:1 sum:1 buckets:[1] offset:-2000}}",
    "{{sum:NaN count:3 buckets:[3]}}",
    "{{count:1 sum:Inf z_bucket:1 z_bucket_w:1}}",
    "{{counter_reset_hint:gauge sum:4 count:4 buckets:[2 0 0 2]}}",
    "{{counter_reset_hint:reset count:1 sum:1 buckets:[1]}}",
];
const CUSTOM: &[&str] = &[
    "{{schema:-53 sum:12 count:9 custom_values:[1 2 5] buckets:[2 3 3 1]}}",
    "{{schema:-53 sum:1 count:1 custom_values:[5 10] buckets:[1]}}",
    "{{schema:-53 count:0 sum:0 custom_values:[1 2 5]}}",
    "{{schema:-53 sum:NaN count:4 custom_values:[2] buckets:[1 3]}}",
];

/// A store that depends on nothing but the seed.
pub(crate) fn store(seed: u64) -> MemoryStore {
    let mut random = Random::new(seed);
    let mut store = MemoryStore::default();
    for job in ["a", "b"] {
        for i in ["1", "2", "3"] {
            for metric in ["requests_total", "temperature", "mixed", "h", "custom"] {
                add(&mut store, &format!("{metric}{{job=\"{job}\",i=\"{i}\"}}"), metric, &mut random);
            }
        }
        add(&mut store, &format!("limit{{job=\"{job}\"}}"), "limit", &mut random);
        add(&mut store, &format!("target_info{{job=\"{job}\",version=\"1.{job}\"}}"), "info", &mut random);
        for le in ["0.1", "1", "+Inf", "x"] {
            let series = format!("latency_bucket{{job=\"{job}\",le=\"{le}\"}}");
            add(&mut store, &series, "requests_total", &mut random);
        }
    }
    store
}

fn add(store: &mut MemoryStore, series: &str, kind: &str, random: &mut Random) {
    let mut text = series.to_owned();
    for _ in 0..1 + random.below(6) {
        let times = 1 + random.below(12);
        let histogram = |random: &mut Random| {
            let list = if kind == "custom" || random.chance(10) { CUSTOM } else { HISTOGRAMS };
            random.of_these(list)
        };
        let run = match (random.below(8), kind) {
            (0, _) => format!("_x{times}"),
            (1, _) => "stale".to_owned(),
            (_, "info") => format!("1x{times}"),
            (2..=4, "requests_total") => {
                format!("{}+{}x{times}", random.below(50), random.below(9))
            }
            (2..=4, "mixed") | (_, "h" | "custom") => {
                let one = histogram(random);
                if random.chance(30) { format!("{one}+{one}x{times}") } else { format!("{one}x{times}") }
            }
            // `Infx3` is a name in the notation.
            _ => vec![random.of_these(FLOATS); times].join(" "),
        };
        text = format!("{text} {run}");
    }
    let series = parse_series(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    for (at, value) in series.values.into_iter().enumerate() {
        if let SequenceValue::Value(value) = value {
            store.append(&series.labels, at as i64 * INTERVAL, value).expect("times rise");
        }
    }
}
