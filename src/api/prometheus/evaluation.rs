//! Evaluates off the async threads, with a deadline that also passes when nobody waits any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Api;
use super::error::ApiError;
use crate::promql::ast::Expr;
use crate::promql::engine::{self, EvalError, Evaluation, Options};
use crate::promql::source::Source;
use crate::shell::clock::Stopwatch;

/// Which times an expression is evaluated at, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    /// One.
    At(i64),
    /// From start to end.
    Range {
        /// The first.
        start: i64,
        /// The last is no later.
        end: i64,
        /// How far two are apart.
        step: i64,
    },
}

/// An expression and how to evaluate it.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) expr: Expr,
    pub(super) when: When,
    /// How long a sample counts, milliseconds; `None`: as long as the engine's default.
    pub(super) lookback: Option<i64>,
    /// How long it may take.
    pub(super) timeout: std::time::Duration,
}

/// How long an evaluation took.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    /// Until its turn came.
    pub(super) queued: std::time::Duration,
    /// From then on.
    pub(super) evaluated: std::time::Duration,
}

/// Evaluates the task when its turn has come.
pub(super) async fn evaluate(api: &Api, task: Task) -> Result<(Evaluation, Timing), ApiError> {
    let watch = Stopwatch::start();
    let turn = Arc::clone(&api.places).acquire_owned();
    let Ok(Ok(place)) = tokio::time::timeout(task.timeout, turn).await else {
        return Err(ApiError::Timeout("query queue"));
    };
    let queued = watch.elapsed();
    let waited_for = Waited::default();
    let nobody_waits = Arc::clone(&waited_for.0);
    let (storage, max_samples) = (Arc::clone(&api.storage), api.limits.max_samples);
    let (evaluation, elapsed) = off_thread(move || {
        let _place = place;
        let is_over = || watch.elapsed() >= task.timeout || nobody_waits.load(Ordering::Relaxed);
        let options = Options { max_samples, deadline: Some(&is_over), ..Options::default() };
        let options = Options { lookback: task.lookback.unwrap_or(options.lookback), ..options };
        let mut evaluation = None;
        storage.read(&mut |source| evaluation = Some(run(&task, source, &options)));
        (evaluation, watch.elapsed())
    })
    .await?;
    drop(waited_for);
    let evaluation =
        evaluation.ok_or_else(|| ApiError::Internal("the store showed nothing".to_owned()))??;
    Ok((evaluation, Timing { queued, evaluated: elapsed.saturating_sub(queued) }))
}

fn run(task: &Task, source: &dyn Source, options: &Options<'_>) -> Result<Evaluation, EvalError> {
    if options.deadline.is_some_and(|is_over| is_over()) {
        return Err(EvalError::TimedOut);
    }
    match task.when {
        When::At(at) => engine::instant(&task.expr, source, at, options),
        When::Range { start, end, step } => engine::range(&task.expr, source, start, end, step, options),
    }
}

/// Does what may take long without holding up the async threads.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|died| ApiError::Internal(format!("the query failed: {died}")))
}

/// Says so when it is dropped: who asked is gone, or has the answer.
#[derive(Debug, Default)]
struct Waited(Arc<AtomicBool>);

impl Drop for Waited {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
