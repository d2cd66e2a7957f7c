//! Our engine and a real Prometheus with the same samples, asked the same.

use sereno::promql::ast::Expr;
use sereno::promql::engine::{self, EvalError, Evaluation, Options};
use sereno::promql::memory::MemoryStore;

use super::answers::Answer;
use super::samples::{MINUTE, NOW};
use super::server::Prometheus;

/// Both, with the same samples.
pub(super) struct Sides {
    pub(super) prometheus: Prometheus,
    pub(super) store: MemoryStore,
}

/// What comes of a question to both.
pub(super) enum Asked {
    /// Prometheus 2 does not parse it.
    Unknown,
    Compared {
        difference: Option<String>,
        is_filled: bool,
    },
}

impl Sides {
    /// Asks both, at one time and over half an hour.
    pub(super) async fn ask(&self, text: &str, expr: &Expr) -> Asked {
        let options = Options::default();
        let (start, end, step) = (NOW - 30 * MINUTE, NOW, 5 * MINUTE);
        let seconds = |millis: i64| format!("{}.{:03}", millis / 1000, millis % 1000);
        let json = self.prometheus.get("/api/v1/query", &[("query", text), ("time", &seconds(NOW))]).await;
        if json["error"].as_str().is_some_and(|error| error.contains("parse error")) {
            return Asked::Unknown;
        }
        let instant = ours(engine::instant(expr, &self.store, NOW, &options));
        let mut is_filled = instant.is_filled();
        let mut difference = instant.difference(&Answer::theirs(&json));
        if difference.is_none() {
            let times = [seconds(start), seconds(end), seconds(step)];
            let query = [("query", text), ("start", &times[0]), ("end", &times[1]), ("step", &times[2])];
            let json = self.prometheus.get("/api/v1/query_range", &query).await;
            let range = ours(engine::range(expr, &self.store, start, end, step, &options));
            is_filled |= range.is_filled();
            difference =
                range.difference(&Answer::theirs(&json)).map(|what| format!("as a range query: {what}"));
        }
        Asked::Compared { difference, is_filled }
    }
}

fn ours(result: Result<Evaluation, EvalError>) -> Answer {
    match result {
        Ok(evaluation) => Answer::ours(evaluation.result),
        Err(error) => Answer::Failed(error.to_string()),
    }
}
