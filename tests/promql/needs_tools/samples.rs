//! Plausible samples for the selectors of many expressions, so that these have something to work on.
//!
//! Every expression gets its own rows of series: the metrics of one row have the same values of labels, so that
//! they find each other in `on (…)`, and different rows have values of different size, so that conditions hold
//! for some. The times are never on the grid on which queries look, so that it does not matter whether ranges
//! include their left end.

use std::collections::{BTreeMap, BTreeSet};

use sereno::model::{LabelSet, MatchOp, Matcher, sample::stale_nan};
use sereno::promql::ast::{Expr, VectorSelector};
use sereno::promql::source::StoredSeries;
use sereno::promql::value::FloatPoint;

/// The time at which queries look: beside full seconds and minutes, in milliseconds.
pub(super) const NOW: i64 = 1_700_000_053_123;

/// How many series a selector gets at least.
const ROWS: usize = 6;

pub(super) const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Parts of time with samples: from when, how many, how far apart. The last lasts more than an hour.
const PERIODS: [(i64, i64, i64); 5] = [
    (NOW - 7 * DAY - 8 * MINUTE, 20, 30_000),
    (NOW - DAY - 8 * MINUTE, 20, 30_000),
    (NOW - 90 * MINUTE, 60, 30_000),
    (NOW - 60 * MINUTE, 60, 30_000),
    (NOW - 30 * MINUTE, 60, 30_000),
];

/// Between full seconds, where no query looks.
pub(super) const BESIDE_THE_GRID: i64 = 337;

/// Series with their samples, in the order of their labels.
pub(super) type Samples = BTreeMap<LabelSet, Vec<FloatPoint>>;

/// The samples for all these expressions.
pub(super) fn samples_for(expressions: &[Expr]) -> Samples {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for expr in expressions {
        let wanted = Wanted::by(expr);
        for metric in wanted.selectors.iter().flat_map(metrics) {
            names.entry(metric).or_default().extend(wanted.labels.iter().cloned());
        }
    }
    let mut samples = Samples::new();
    for (number, expr) in expressions.iter().enumerate() {
        let wanted = Wanted::by(expr);
        for selector in &wanted.selectors {
            for metric in metrics(selector) {
                let labels = names.get(&metric).cloned().unwrap_or_default();
                for row in 0..ROWS {
                    add_row(
                        &mut samples,
                        &Place { metric: &metric, selector, labels: &labels, number, row },
                        &wanted,
                    );
                }
            }
        }
    }
    samples
}

/// The samples between two times, of each series that has any.
pub(super) fn between(samples: &Samples, from: i64, to: i64) -> impl Iterator<Item = StoredSeries<'_>> {
    let series = samples.iter().map(move |(labels, points)| {
        let start = points.partition_point(|point| point.t < from);
        let end = points.partition_point(|point| point.t < to);
        StoredSeries { labels, floats: &points[start..end], histograms: &[], starts: &[] }
    });
    series.filter(|series| !series.floats.is_empty())
}

/// Where one period ends and the next begins, as Prometheus has to be given them one after the other.
pub(super) fn periods() -> impl Iterator<Item = (i64, i64)> {
    PERIODS.into_iter().map(|(from, count, step)| (from, from + count * step))
}

/// What an expression asks of the samples.
struct Wanted {
    selectors: Vec<VectorSelector>,
    /// The labels that it names anywhere.
    labels: BTreeSet<String>,
}

impl Wanted {
    fn by(expr: &Expr) -> Self {
        let mut wanted = Self { selectors: Vec::new(), labels: BTreeSet::new() };
        wanted.look(expr);
        wanted
    }

    fn look(&mut self, expr: &Expr) {
        match expr {
            Expr::Aggregate(node) => self.labels.extend(node.grouping.labels.iter().map(ToString::to_string)),
            Expr::Binary(node) => {
                let labels = node.matching.iter().flat_map(|it| it.labels.iter().chain(&it.include));
                self.labels.extend(labels.map(ToString::to_string));
            }
            Expr::Matrix(node) => self.select(&node.selector),
            Expr::Vector(node) => self.select(node),
            Expr::Call(_)
            | Expr::Number(_)
            | Expr::Paren(_)
            | Expr::String(_)
            | Expr::Subquery(_)
            | Expr::Unary(_) => {}
        }
        if !matches!(expr, Expr::Matrix(_)) {
            for child in expr.children() {
                self.look(child);
            }
        }
        self.labels.remove("__name__");
        self.labels.remove("le");
    }

    fn select(&mut self, selector: &VectorSelector) {
        let names = selector.matchers.iter().map(|it| it.matcher.name().to_string());
        self.labels.extend(names);
        self.selectors.push(selector.clone());
    }

    /// Values of a label that conditions of the expression on it accept.
    fn values(&self, name: &str) -> Vec<String> {
        let matchers = self.selectors.iter().flat_map(|it| &it.matchers).map(|it| &it.matcher);
        matchers
            .filter(|it| &**it.name() == name)
            .flat_map(accepted)
            .filter(|value| !value.is_empty())
            .collect()
    }
}

/// Values that a matcher accepts, as far as they can be told.
fn accepted(matcher: &Matcher) -> Vec<String> {
    match matcher.op() {
        MatchOp::Equal => vec![matcher.value().to_string()],
        MatchOp::Regex => {
            let listed = matcher.wanted_values().map(|all| all.iter().map(ToString::to_string).collect());
            listed.unwrap_or_else(|| matcher.examples(3))
        }
        MatchOp::NotEqual | MatchOp::NotRegex => Vec::new(),
    }
}

/// The names of the metrics that a selector selects.
fn metrics(selector: &VectorSelector) -> Vec<String> {
    let by_name = selector.matchers.iter().map(|it| &it.matcher).filter(|it| &**it.name() == "__name__");
    by_name.flat_map(accepted).filter(|name| !name.is_empty()).take(3).collect()
}

/// Which series are to be made.
struct Place<'a> {
    metric: &'a str,
    selector: &'a VectorSelector,
    labels: &'a BTreeSet<String>,
    /// Of the expression.
    number: usize,
    row: usize,
}

impl Place<'_> {
    /// The value of a label in this row: one that the expression names, or the row's own.
    fn value(&self, name: &str, wanted: &Wanted) -> String {
        let own = match name {
            "instance" => format!("host-{}-{}:9100", self.number, self.row),
            _ => format!("{name}-{}-{}", self.number, self.row),
        };
        let mine = self.selector.matchers.iter().map(|it| &it.matcher).filter(|it| &**it.name() == name);
        let mine: Vec<&Matcher> = mine.collect();
        let mut candidates = wanted.values(name);
        candidates.push(own);
        candidates.push(String::new());
        candidates.retain(|value| mine.iter().all(|matcher| matcher.matches_value(value)));
        if mine.is_empty() {
            // Rows without a condition on the label lean towards what the others ask for.
            return candidates[(self.row / 2) % (candidates.len() - 1)].clone();
        }
        candidates.get(self.row % candidates.len().max(1)).cloned().unwrap_or_default()
    }
}

fn add_row(samples: &mut Samples, place: &Place<'_>, wanted: &Wanted) {
    let mut labels = LabelSet::default().to_builder();
    for (name, value) in [("__name__", place.metric), ("job", &format!("job-{}", place.number))] {
        labels.set(name, value);
    }
    labels.set("instance", place.value("instance", wanted));
    for name in place.labels {
        labels.set(name, place.value(name, wanted));
    }
    let labels = labels.build();
    let seed = hash(place.metric).wrapping_add(place.number as u64);
    let shape = (place.row as u64 + seed) % ROWS as u64;
    if !place.metric.ends_with("_bucket") {
        let is_counter = ["_total", "_count", "_sum"].iter().any(|end| place.metric.ends_with(end));
        let seed = hash(&labels.to_string());
        samples.entry(labels).or_insert_with(|| points(shape, seed, is_counter));
        return;
    }
    let mut bounds: BTreeSet<String> = ["0.1", "0.5", "1", "5", "+Inf"].map(str::to_owned).into();
    let by_le = place.selector.matchers.iter().map(|it| &it.matcher).filter(|it| &**it.name() == "le");
    bounds.extend(by_le.flat_map(accepted).filter(|le| le.parse::<f64>().is_ok()));
    let mut bounds: Vec<(f64, String)> =
        bounds.into_iter().filter_map(|le| Some((le.parse::<f64>().ok()?, le))).collect();
    bounds.sort_by(|one, two| one.0.total_cmp(&two.0));
    for (at, (_, le)) in bounds.iter().enumerate() {
        let mut with_le = labels.to_builder();
        with_le.set("le", le);
        let share = (at + 1) as f64 / bounds.len() as f64;
        let whole = points(shape, seed, true).into_iter();
        let part = whole.map(|point| FloatPoint {
            t: point.t,
            v: if point.v.is_nan() { point.v } else { (point.v * share).floor() },
        });
        samples.entry(with_le.build()).or_insert_with(|| part.collect());
    }
}

/// The samples of a series: one of six shapes.
fn points(shape: u64, seed: u64, is_counter: bool) -> Vec<FloatPoint> {
    let mut random = Random(seed);
    let mut points = Vec::new();
    let speed = [0.0, 0.02, 1.0, 50.0, 2000.0, 7.0][shape as usize % 6];
    // Far from zero at first, and no restart but in the last hour: before Prometheus 3.6 `rate` took counters that
    // begin near zero after a gap to have begun earlier.
    let mut total = speed * 1e6;
    for (from, count, step) in PERIODS {
        let may_restart = from >= NOW - 60 * MINUTE;
        for at in 0..count {
            let noise = random.fraction();
            let v = if is_counter {
                total += (speed * 30.0 * (0.5 + noise)).floor();
                if shape == 5 && may_restart && random.next().is_multiple_of(40) {
                    total = 0.0; // a restart
                }
                total
            } else {
                gauge(shape, at, noise, from)
            };
            let v = if shape == 3 && random.next().is_multiple_of(50) { stale_nan() } else { v };
            if shape != 4 || !random.next().is_multiple_of(9) {
                points.push(FloatPoint { t: from + at * step + BESIDE_THE_GRID, v });
            }
        }
    }
    points
}

fn gauge(shape: u64, at: i64, noise: f64, from: i64) -> f64 {
    match shape {
        0 => 0.0,
        1 => 1.0,
        2 => noise,
        3 => 50.0 + 100.0 * noise,
        4 => (from / 1000) as f64 - 200_000.0 * noise + at as f64,
        _ => 10_000.0 * (noise - 0.3) * (at as f64 / 10.0).sin(),
    }
}

fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// The same numbers in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
