//! The same samples and the same queries: our engine and Debian's Prometheus answer the same.

use sereno::promql::ast::{AggregateOp, Expr};
use sereno::promql::engine::{self, EvalError, Evaluation, Options};
use sereno::promql::memory::MemoryStore;
use sereno::promql::parser::{self, Features};
use sereno::promql::value::Value;

use super::answers::Answer;
use super::samples::{self, NOW, Samples};
use super::server::Prometheus;
use super::{differences, expressions};

const MINUTE: i64 = 60_000;

/// How many series are written in one request.
const BATCH: usize = 5_000;

#[tokio::test]
async fn every_query_of_the_corpora_has_prometheus_answer() {
    let texts = expressions::all();
    let parsed: Vec<Expr> =
        texts.iter().filter_map(|text| parser::parse(text, Features::default()).ok()).collect();
    let samples = samples::samples_for(&parsed);
    let (prometheus, store) = tokio::join!(loaded(&samples), async { stored(&samples) });

    let mut tally = Tally::default();
    for (text, expr) in texts.iter().zip(&parsed) {
        compare(&prometheus, &store, text, expr, &mut tally).await;
    }
    let Tally { compared, filled, unknown, known, found } = tally;
    eprintln!(
        "{} series; beside Prometheus {}: {compared} expressions compared, {filled} with a result, {known} \
         known to differ, {unknown} that it does not know",
        samples.len(),
        prometheus.version().await,
    );
    assert!(found.is_empty(), "{} answers differ:\n{}", found.len(), found.join("\n"));
    assert!(filled * 10 > compared * 7, "too few expressions have a result to say much");
}

#[derive(Default)]
struct Tally {
    compared: usize,
    /// Those with a result that is not empty.
    filled: usize,
    /// Those that this Prometheus does not parse.
    unknown: usize,
    /// Those that are in the table of differences.
    known: usize,
    /// What differs and should not.
    found: Vec<String>,
}

async fn loaded(samples: &Samples) -> Prometheus {
    let prometheus = Prometheus::start().await;
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

/// Asks both, at one time and over half an hour.
async fn compare(prometheus: &Prometheus, store: &MemoryStore, text: &str, expr: &Expr, tally: &mut Tally) {
    let options = Options::default();
    let (start, end, step) = (NOW - 30 * MINUTE, NOW, 5 * MINUTE);
    let seconds = |millis: i64| format!("{}.{:03}", millis / 1000, millis % 1000);
    let json = prometheus.get("/api/v1/query", &[("query", text), ("time", &seconds(NOW))]).await;
    if json["error"].as_str().is_some_and(|error| error.contains("parse error")) {
        tally.unknown += 1;
        return;
    }
    let instant = Answer::ours_or_error(engine::instant(expr, store, NOW, &options));
    let mut is_filled = instant.is_filled();
    let mut difference = instant.difference(&Answer::theirs(&json));
    if difference.is_none() {
        let times = [seconds(start), seconds(end), seconds(step)];
        let query = [("query", text), ("start", &times[0]), ("end", &times[1]), ("step", &times[2])];
        let json = prometheus.get("/api/v1/query_range", &query).await;
        let range = Answer::ours_or_error(engine::range(expr, store, start, end, step, &options));
        is_filled |= range.is_filled();
        difference = range.difference(&Answer::theirs(&json)).map(|what| format!("as a range query: {what}"));
    }
    tally.compared += 1;
    tally.filled += usize::from(is_filled);
    match (difference, differences::of(text)) {
        (None, _) => {}
        (Some(_), Some(_)) => tally.known += 1,
        (Some(_), None) if chooses_among_equals(expr) => {}
        (Some(what), None) => tally.found.push(format!("{text}\n    {what}")),
    }
}

/// Which of several equal samples `topk` and its like choose is up to the implementation.
fn chooses_among_equals(expr: &Expr) -> bool {
    let is_choice = |op| matches!(op, AggregateOp::Topk | AggregateOp::Bottomk);
    let here = matches!(expr, Expr::Aggregate(node) if is_choice(node.op));
    here || expr.children().into_iter().any(chooses_among_equals)
}

impl Answer {
    fn ours_or_error(result: Result<Evaluation, EvalError>) -> Self {
        match result {
            Ok(evaluation) => Self::ours(evaluation.result),
            Err(error) => Self::Failed(error.to_string()),
        }
    }
}
