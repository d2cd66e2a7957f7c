//! The same samples and the same queries: our engine and Debian's Prometheus answer the same.

use std::collections::BTreeMap;

use sereno::promql::ast::{AggregateOp, Expr, ValueType};
use sereno::promql::memory::MemoryStore;
use sereno::promql::parser::{self, Features};
use sereno::promql::value::Value;

use super::differences::{self, DIFFERENCES};
use super::expressions;
use super::samples::{self, Samples};
use super::server::Prometheus;
use super::sides::{Asked, Sides};
use crate::corpora::say;

/// How many series are written in one request.
const BATCH: usize = 5_000;

#[tokio::test]
async fn every_query_of_the_corpora_has_prometheus_answer() {
    let texts = expressions::all();
    let parsed: Vec<Expr> =
        texts.iter().filter_map(|text| parser::parse(text, Features::default()).ok()).collect();
    let samples = samples::samples_for(&parsed);
    let sides = Sides { prometheus: loaded(&samples).await, store: stored(&samples) };

    let mut tally = Tally::default();
    for (text, expr) in texts.iter().zip(&parsed) {
        compare(&sides, text, expr, &mut tally).await;
    }
    let Tally { compared, filled, filled_in_part, unknown, known, found } = tally;
    let version = sides.prometheus.version().await;
    let differing: usize = known.values().sum();
    let idle = DIFFERENCES.iter().find(|it| !known.contains_key(it.reason));
    say(&format!(
        "{} series beside Prometheus {version}: {compared} expressions compared, {filled} with a result, \
         {filled_in_part} more with one of a part; {differing} differ as is known; {unknown} are newer than it",
        samples.len()
    ));
    for (reason, times) in known {
        say(&format!("{times} differ: {reason}"));
    }
    if compared > 2000 {
        assert!(idle.is_none(), "nothing differs any more because {}", idle.map_or("", |it| it.reason));
    }
    assert!(found.is_empty(), "{} answers differ:\n{}", found.len(), found.join("\n"));
    assert!((filled + filled_in_part) * 10 > compared * 9, "too few expressions have a result to say much");
}

#[derive(Default)]
struct Tally {
    compared: usize,
    /// Those with a result that is not empty.
    filled: usize,
    /// Those without, of which a part has one.
    filled_in_part: usize,
    /// Those that this Prometheus does not parse.
    unknown: usize,
    /// How often it differs for a reason that is in the table of differences.
    known: BTreeMap<&'static str, usize>,
    /// What differs and should not.
    found: Vec<String>,
}

async fn loaded(samples: &Samples) -> Prometheus {
    let prometheus = Prometheus::start(&[]).await;
    for (from, to) in samples::periods() {
        let all: Vec<_> = samples::between(samples, from, to).collect();
        for batch in all.chunks(BATCH) {
            prometheus.write(batch.iter().copied()).await;
        }
    }
    prometheus
}

fn stored(samples: &Samples) -> MemoryStore {
    let mut store = MemoryStore::default();
    for (labels, points) in samples {
        for point in points {
            store.append(labels, point.t, Value::Float(point.v)).expect("times rise");
        }
    }
    store
}

/// Compares an expression; if it gives nothing, its parts too, so that something is compared.
async fn compare(sides: &Sides, text: &str, expr: &Expr, tally: &mut Tally) {
    let (difference, is_filled) = match sides.ask(text, expr).await {
        Asked::Unknown => {
            tally.unknown += 1;
            return;
        }
        Asked::Compared { difference, is_filled } => (difference, is_filled),
    };
    tally.compared += 1;
    tally.filled += usize::from(is_filled);
    tally.judge(text, expr, difference);
    let mut parts = if is_filled { Vec::new() } else { expr.children().collect::<Vec<_>>() };
    let mut has_filled_part = false;
    while let Some(part) = parts.pop() {
        let text = part.to_string();
        let Asked::Compared { difference, is_filled } = sides.ask(&text, part).await else { continue };
        tally.judge(&text, part, difference);
        if part.value_type() == ValueType::Vector {
            has_filled_part |= is_filled;
        }
        if !is_filled {
            parts.extend(part.children());
        }
    }
    tally.filled_in_part += usize::from(has_filled_part);
}

impl Tally {
    fn judge(&mut self, text: &str, expr: &Expr, difference: Option<String>) {
        match (difference, differences::of(text)) {
            (None, _) => {}
            (Some(_), Some(known)) => *self.known.entry(known.reason).or_default() += 1,
            (Some(_), None) if chooses_among_equals(expr) => {}
            (Some(what), None) => self.found.push(format!("{text}\n    {what}")),
        }
    }
}

/// Which of several equal samples `topk` and its like choose is up to the implementation.
fn chooses_among_equals(expr: &Expr) -> bool {
    let is_choice = |op| matches!(op, AggregateOp::Topk | AggregateOp::Bottomk);
    let here = matches!(expr, Expr::Aggregate(node) if is_choice(node.op));
    here || expr.children().any(chooses_among_equals)
}
