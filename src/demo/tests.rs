//! What holds for the world of any seed.

use std::collections::{BTreeMap, BTreeSet};

use super::{METRICS, World};
use crate::model::LabelSet;
use crate::model::sample::STALE_NAN_BITS;

const START: i64 = 1_800_000_000_000;

/// Time and bits of each sample of each series, scraped every two seconds for two minutes.
fn two_minutes(seed: u64) -> BTreeMap<LabelSet, Vec<(i64, u64)>> {
    let mut world = World::new(seed, START);
    let mut found: BTreeMap<LabelSet, Vec<(i64, u64)>> = BTreeMap::new();
    for at in (START - 10_000..START + 110_000).step_by(2000) {
        world.scrape(at, |labels, value| {
            found.entry(labels.clone()).or_default().push((at, value.to_bits()));
        });
    }
    found
}

fn name(labels: &LabelSet) -> &str {
    labels.value("__name__")
}

#[test]
fn equal_seeds_give_equal_worlds() {
    assert_eq!(two_minutes(1), two_minutes(1));
    assert_ne!(two_minutes(1), two_minutes(2));
}

#[test]
fn there_are_a_dozen_instances_on_as_many_machines() {
    let samples = two_minutes(1);
    let jobs: Vec<&str> =
        samples.keys().filter(|labels| name(labels) == "up").map(|labels| labels.value("job")).collect();
    assert_eq!((jobs.len(), jobs.iter().filter(|job| **job == "node").count()), (24, 12));
    assert!((300..2000).contains(&samples.len()), "{} series", samples.len());
}

#[test]
fn counters_only_rise_and_buckets_hold_those_below_them() {
    let samples = two_minutes(3);
    for (labels, values) in &samples {
        if !["_total", "_bucket", "_count", "_sum"].iter().any(|end| name(labels).ends_with(end)) {
            continue;
        }
        let mut before = 0.0;
        for value in values.iter().map(|(_, bits)| f64::from_bits(*bits)) {
            if value.to_bits() == STALE_NAN_BITS {
                before = 0.0; // its process is gone
                continue;
            }
            assert!(value >= before, "{labels}: {value} after {before}");
            before = value;
        }
    }
    let bucket = |labels: &LabelSet| name(labels) == "http_request_duration_seconds_bucket";
    for (labels, infinite) in
        samples.iter().filter(|(labels, _)| bucket(labels) && labels.value("le") == "+Inf")
    {
        let mut count = labels.to_builder();
        count.set("__name__", "http_request_duration_seconds_count").remove("le");
        assert_eq!(samples.get(&count.build()), Some(infinite), "{labels}");
        let mut below = labels.to_builder();
        below.set("le", "0.1");
        let below = &samples[&below.build()];
        for (one, all) in below.iter().zip(infinite) {
            assert!(f64::from_bits(one.1) <= f64::from_bits(all.1) || one.1 == STALE_NAN_BITS, "{labels}");
        }
    }
}

#[test]
fn the_first_outage_ends_series_with_stale_markers_and_begins_them_anew() {
    let samples = two_minutes(1);
    let of = |wanted: &str, instance: &str| {
        let is_it = |labels: &&LabelSet| name(labels) == wanted && labels.value("instance") == instance;
        let labels = samples.keys().find(is_it).expect("it is there");
        samples[labels]
            .iter()
            .map(|(at, bits)| ((at - START) / 1000, f64::from_bits(*bits)))
            .collect::<Vec<_>>()
    };
    let up = of("up", "api-1:8080");
    let down: Vec<i64> = up.iter().filter(|(_, up)| *up == 0.0).map(|(at, _)| *at).collect();
    assert_eq!((down.first(), down.last(), down.len()), (Some(&10), Some(&52), 22));
    let active = of("http_requests_active", "api-1:8080");
    let gone: Vec<(i64, bool)> =
        active.iter().filter(|(at, _)| (8..=54).contains(at)).map(|(at, v)| (*at, v.is_nan())).collect();
    assert_eq!(gone, [(8, false), (10, true), (54, false)]);
    assert_eq!(of("node_load1", "api-1:9100").len(), up.len(), "the machine is still there");
}

#[test]
fn each_metric_that_is_scraped_is_explained_and_the_other_way_round() {
    let samples = two_minutes(1);
    let family = |name: &str| -> String {
        let histogram = "http_request_duration_seconds";
        if name.starts_with(histogram) { histogram.to_owned() } else { name.to_owned() }
    };
    let scraped: BTreeSet<String> =
        samples.keys().map(|labels| family(name(labels))).filter(|name| name != "up").collect();
    assert_eq!(scraped, METRICS.iter().map(|metric| metric.name.to_owned()).collect());
    assert!(METRICS.iter().all(|metric| !metric.help.is_empty()));
}

#[test]
fn the_example_rules_find_the_metrics_that_they_ask_for() {
    use crate::promql::parser::{Features, parse};

    let samples = two_minutes(1);
    let scraped: BTreeSet<&str> = samples.keys().map(name).collect();
    let mut asked = BTreeSet::new();
    for text in [
        include_str!("../../demo/rules.yml"),
        include_str!("../../rules/availability.yml"),
        include_str!("../../rules/http.yml"),
        include_str!("../../rules/node.yml"),
        include_str!("../../rules/recording.yml"),
        include_str!("../../rules/redis.yml"),
    ] {
        let (file, _) = crate::config::read_rule_file("rules.yml", text);
        for rule in file.expect("valid").groups.iter().flat_map(|group| &group.rules) {
            let expr = parse(&rule.expr, Features::default()).expect("valid");
            asked.extend(expr.selectors().into_iter().filter_map(|s| s.name.as_deref().map(str::to_owned)));
        }
    }
    let missing: Vec<&String> = asked.iter().filter(|name| !scraped.contains(name.as_str())).collect();
    assert!(missing.is_empty() && asked.len() > 10, "{missing:?} of {asked:?}");
}
