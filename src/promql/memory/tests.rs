//! Tests of the store.

use std::sync::Arc;

use super::{AppendError, MemoryStore};
use crate::model::{LabelSet, MatchOp, Matcher, sample::stale_nan};
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::notation::{SequenceValue, parse_histogram, parse_series};
use crate::promql::source::{Source, TimeWindow};
use crate::promql::value::{StartPoint, Value};

const EVER: TimeWindow = TimeWindow { from: i64::MIN, to: i64::MAX };

fn labels(name: &str, job: &str) -> LabelSet {
    LabelSet::from_pairs([("__name__", name), ("job", job)])
}

fn matcher(name: &str, op: MatchOp, value: &str) -> Matcher {
    Matcher::new(name, op, value).expect("a valid expression")
}

fn store() -> MemoryStore {
    let mut store = MemoryStore::default();
    for (name, job) in [("up", "web"), ("up", "db"), ("up", ""), ("errors", "web"), ("down", "web")] {
        for t in 1..=3 {
            store.append(&labels(name, job), t * 1000, Value::Float(t as f64)).expect("times rise");
        }
    }
    store
}

fn found(store: &MemoryStore, matchers: &[Matcher]) -> Vec<String> {
    let series = store.select(matchers, EVER).expect("never fails");
    series.iter().map(|series| series.labels.to_string()).collect()
}

#[test]
fn series_are_found_by_what_their_labels_are_and_are_not() {
    let store = store();
    let name = Matcher::equal("__name__", "up");
    let (web, db, none) =
        (r#"{__name__="up", job="web"}"#, r#"{__name__="up", job="db"}"#, r#"{__name__="up"}"#);
    for (op, value, expected) in [
        (MatchOp::Equal, "web", vec![web]),
        (MatchOp::Equal, "", vec![none]),
        (MatchOp::Equal, "nobody", vec![]),
        (MatchOp::NotEqual, "web", vec![db, none]),
        (MatchOp::NotEqual, "", vec![web, db]),
        (MatchOp::Regex, "db|web", vec![web, db]),
        (MatchOp::Regex, "d.*", vec![db]),
        (MatchOp::Regex, "(db)?", vec![db, none]),
        (MatchOp::Regex, ".+", vec![web, db]),
        (MatchOp::NotRegex, "d.*", vec![web, none]),
        (MatchOp::NotRegex, ".*", vec![]),
    ] {
        let condition = matcher("job", op, value);
        assert_eq!(found(&store, &[name.clone(), condition.clone()]), expected, "{condition}");
    }
    assert_eq!(found(&store, &[matcher("job", MatchOp::Regex, "w.b")]).len(), 3);
    assert_eq!(found(&store, &[matcher("job", MatchOp::NotEqual, "web")]), [db, none]);
    assert_eq!(found(&store, &[]).len(), 5);
    assert_eq!(found(&store, &[Matcher::equal("__name__", "up"), Matcher::equal("rack", "1")]), [""; 0]);
}

#[test]
fn a_selection_has_the_samples_of_its_window() {
    let mut store = store();
    let histogram = Arc::new(FloatHistogram { count: 3.0, ..FloatHistogram::default() });
    store.append(&labels("up", "db"), 4000, Value::Histogram(histogram)).expect("times rise");
    let times = |from, to| {
        let db = [Matcher::equal("job", "db")];
        let series = store.select(&db, TimeWindow { from, to }).expect("never fails");
        let series = series.first()?;
        let floats: Vec<i64> = series.floats.iter().map(|point| point.t).collect();
        let histograms: Vec<i64> = series.histograms.iter().map(|point| point.t).collect();
        Some((floats, histograms))
    };
    assert_eq!(times(1000, 3000), Some((vec![1000, 2000, 3000], vec![])));
    assert_eq!(times(1001, 4000), Some((vec![2000, 3000], vec![4000])));
    assert_eq!(times(3001, 9000), Some((vec![], vec![4000])));
    assert_eq!(times(4001, 9000), None);
    assert_eq!(times(9000, 0), None);
}

#[test]
fn times_of_a_series_rise_and_a_sample_may_be_said_again() {
    let mut store = MemoryStore::default();
    let mut append = |t, value| store.append(&labels("m", "a"), t, value);
    let histogram =
        |sum| Value::Histogram(Arc::new(FloatHistogram { count: 1.0, sum, ..FloatHistogram::default() }));
    assert_eq!(append(2000, Value::Float(1.0)), Ok(()));
    assert_eq!(append(2000, Value::Float(1.0)), Ok(()));
    assert_eq!(append(2000, Value::Float(2.0)), Err(AppendError::DuplicateForTimestamp));
    assert_eq!(append(2000, histogram(1.0)), Err(AppendError::DuplicateForTimestamp));
    assert_eq!(append(1000, Value::Float(1.0)), Err(AppendError::OutOfOrder { latest: 2000 }));
    assert_eq!(append(3000, histogram(stale_nan())), Ok(()));
    assert_eq!(append(3000, histogram(stale_nan())), Ok(()));
    assert_eq!(append(3000, histogram(f64::NAN)), Err(AppendError::DuplicateForTimestamp));
    assert_eq!(append(2500, Value::Float(1.0)), Err(AppendError::OutOfOrder { latest: 3000 }));
    assert_eq!(append(4000, Value::Float(stale_nan())), Ok(()));
    assert_eq!(append(4000, Value::Float(stale_nan())), Ok(()));
    let series = store.select(&[], EVER).expect("never fails");
    assert_eq!((series[0].floats.len(), series[0].histograms.len()), (2, 1));
}

#[test]
fn histograms_whose_parts_do_not_fit_are_refused_first_of_all() {
    let mut store = MemoryStore::default();
    let mut append = |t, notation: &str| {
        let histogram = parse_histogram(notation).expect(notation);
        let refused = store.append(&labels("h", "a"), t, Value::Histogram(Arc::new(histogram)));
        refused.err().map(|error| error.to_string())
    };
    assert_eq!(append(2000, "{{count:1 buckets:[1]}}"), None);
    let negative = "positive side: bucket number 1 has observation count of -1: histogram has a bucket whose \
                    observation count is negative";
    // Also if it is out of order.
    for t in [1000, 3000] {
        assert_eq!(append(t, "{{count:1 buckets:[-1 2]}}").as_deref(), Some(negative), "{t}");
    }
    assert_eq!(append(3000, "{{count:2 sum:NaN buckets:[1 1 1]}}"), None, "counts need not add up");
    // Nothing is left of a series that only has had such samples.
    let mut store = MemoryStore::default();
    let invalid = FloatHistogram { count: -1.0, ..FloatHistogram::default() };
    assert!(store.append(&labels("h", "a"), 0, Value::Histogram(Arc::new(invalid))).is_err());
    assert!(store.is_empty());
}

#[test]
fn histograms_are_read_with_the_hints_of_prometheus_storage() {
    let mut store = MemoryStore::default();
    let notation = "h {{count:3 buckets:[1 2]}} {{count:4 buckets:[1 3]}} {{count:9 buckets:[0 9]}} \
                    {{count:9 buckets:[0 9] counter_reset_hint:reset}} {{count:10 buckets:[0 10]}} \
                    {{schema:1 count:11 buckets:[0 11]}} {{count:12 buckets:[0 12] counter_reset_hint:gauge}} \
                    {{count:13 buckets:[0 13] counter_reset_hint:not_reset}} 5 {{count:14 buckets:[0 14]}}";
    let series = parse_series(notation).expect("valid notation");
    for (value, t) in series.values.into_iter().zip(0..) {
        let SequenceValue::Value(value) = value else { continue };
        store.append(&series.labels, t, value).expect("times rise");
    }
    let found = store.select(&[], EVER).expect("never fails");
    let hints: Vec<CounterResetHint> =
        found[0].histograms.iter().map(|point| point.h.counter_reset_hint).collect();
    let (unknown, not, gauge) =
        (CounterResetHint::Unknown, CounterResetHint::NotReset, CounterResetHint::Gauge);
    assert_eq!(hints, [unknown, not, unknown, unknown, not, unknown, gauge, unknown, unknown]);
}

#[test]
fn everything_can_be_forgotten() {
    let mut store = store();
    assert_eq!((store.len(), store.is_empty(), store.samples()), (5, false, 15));
    store.clear();
    assert_eq!((store.len(), store.is_empty(), store.samples()), (0, true, 0));
    assert_eq!(found(&store, &[]), [""; 0]);
}

#[test]
fn start_timestamps_are_kept_with_their_samples() {
    let mut store = store();
    let of = |store: &MemoryStore, from, to| {
        let series =
            store.select(&[Matcher::equal("job", "db")], TimeWindow { from, to }).expect("never fails");
        series.iter().map(|series| series.starts.to_vec()).collect::<Vec<_>>()
    };
    let mut append = |t, start, v| store.append_with_start(&labels("up", "db"), t, start, Value::Float(v));
    assert_eq!(append(4000, 3500, 4.0), Ok(()));
    assert_eq!(append(5000, 0, 5.0), Ok(()));
    assert_eq!(append(6000, 3500, 6.0), Ok(()));
    assert_eq!(append(6000, 1, 6.0), Ok(()), "a sample that is there stays as it is");
    assert_eq!(append(5500, 1, 5.5), Err(AppendError::OutOfOrder { latest: 6000 }));
    let (early, late) = (StartPoint { t: 4000, start: 3500 }, StartPoint { t: 6000, start: 3500 });
    assert_eq!(of(&store, 0, 9000), [vec![early, late]]);
    assert_eq!(of(&store, 0, 5999), [vec![early]]);
    assert_eq!(of(&store, 0, 3000), [vec![]]);
    store.forget_before(4001);
    assert_eq!(of(&store, 0, 9000), [vec![late]]);
    let others = store.select(&[Matcher::equal("job", "web")], EVER).expect("never fails");
    assert!(others.iter().all(|series| series.starts.is_empty()));
}

proptest::proptest! {
    /// The index never changes what is found, nor the order.
    #[test]
    fn what_is_found_is_what_a_look_at_every_series_finds(
        values in proptest::collection::vec((0..4_u8, 0..4_u8), 1..30),
        conditions in proptest::collection::vec((0..2_usize, 0..4_usize, 0..7_usize), 0..4),
    ) {
        let text = |value: u8| ["", "a", "b", "ab"][usize::from(value)];
        let mut store = MemoryStore::default();
        let mut all: Vec<LabelSet> = Vec::new();
        for (one, two) in values {
            let labels = LabelSet::from_pairs([("__name__", "m"), ("one", text(one)), ("two", text(two))]);
            if !all.contains(&labels) {
                all.push(labels.clone());
            }
            store.append(&labels, 0, Value::Float(1.0)).expect("the same again is fine");
        }
        let ops = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex];
        let texts = ["", "a", "b", "a|b", "a.*", ".*", ".+"];
        let matchers: Vec<Matcher> = conditions
            .into_iter()
            .map(|(name, op, value)| matcher(["one", "two"][name], ops[op], texts[value]))
            .collect();
        let expected = all.iter().filter(|labels| matchers.iter().all(|matcher| matcher.matches(labels)));
        let expected: Vec<String> = expected.map(ToString::to_string).collect();
        proptest::prop_assert_eq!(found(&store, &matchers), expected);
    }
}
