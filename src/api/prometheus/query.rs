//! `/api/v1/query` and `/api/v1/query_range`.

use axum::extract::State;
use serde_json::json;

use super::Api;
use super::answer::{Success, truncate};
use super::error::ApiError;
use super::evaluation::{Task, Timing, When, evaluate};
use super::json::QueryData;
use super::parameters::Parameters;
use super::times;
use crate::model::quote::GoQuoted;
use crate::promql::annotations::Severity;
use crate::promql::ast::{Expr, ValueType};
use crate::promql::engine::{EvalError, SampleStats};
use crate::promql::parser::{self, Features};
use crate::promql::value::QueryResult;

/// The most points that a series of an answer may have.
const MOST_POINTS: i64 = 11_000;

/// The most warnings of an evaluation, and the most infos, that an answer shows.
const MOST_ANNOTATIONS: usize = 10;

/// The value of an expression at one time.
pub(super) async fn query(
    State(api): State<Api>,
    parameters: Parameters,
) -> Result<Success<QueryData>, ApiError> {
    let limit = parameters.limit()?;
    let at = parameters.time_or("time", api.clock.now().millis())?;
    let timeout = timeout(&api, &parameters)?;
    let lookback = lookback(&parameters)?;
    let expr = parse(parameters.value("query"))?;
    let task = Task { expr, when: When::At(at), lookback, timeout };
    answer(&api, &parameters, task, limit).await
}

/// The values of an expression at many times.
pub(super) async fn query_range(
    State(api): State<Api>,
    parameters: Parameters,
) -> Result<Success<QueryData>, ApiError> {
    let limit = parameters.limit()?;
    let when = range(&parameters)?;
    let timeout = timeout(&api, &parameters)?;
    let lookback = lookback(&parameters)?;
    let expr = parse(parameters.value("query"))?;
    match expr.value_type() {
        ValueType::Scalar | ValueType::Vector => {}
        other @ (ValueType::String | ValueType::Matrix) => return Err(EvalError::RangeType(other).into()),
    }
    answer(&api, &parameters, Task { expr, when, lookback, timeout }, limit).await
}

async fn answer(
    api: &Api,
    parameters: &Parameters,
    task: Task,
    limit: usize,
) -> Result<Success<QueryData>, ApiError> {
    let (evaluation, timing) = evaluate(api, task).await?;
    let text = parameters.value("query");
    let mut warnings = evaluation.annotations.some_texts(Severity::Warning, text, MOST_ANNOTATIONS);
    let infos = evaluation.annotations.some_texts(Severity::Info, text, MOST_ANNOTATIONS);
    let mut result = evaluation.result;
    warnings.extend(match &mut result {
        QueryResult::Vector(samples) => truncate(samples, limit),
        QueryResult::Matrix(matrix) => truncate(matrix, limit),
        QueryResult::Scalar(_) | QueryResult::String(..) => None,
    });
    let stats = match parameters.value("stats") {
        "" => None,
        asked => {
            warnings.extend(deprecated(asked));
            Some(stats(evaluation.samples, timing))
        }
    };
    Ok(Success::with_remarks(QueryData::new(result, stats), warnings, infos))
}

/// The expression of a text.
pub(super) fn parse(text: &str) -> Result<Expr, ApiError> {
    parser::parse(text, Features::default()).map_err(|errors| ApiError::parameter("query", errors))
}

/// `start`, `end` and `step`, which must not ask for too much.
fn range(parameters: &Parameters) -> Result<When, ApiError> {
    let time = |name| times::time(parameters.value(name)).map_err(|text| ApiError::parameter(name, text));
    let (start, end) = (time("start")?, time("end")?);
    if end < start {
        return Err(ApiError::parameter("end", "end timestamp must not be before start time"));
    }
    let step = times::duration(parameters.value("step"));
    let step = step.map_err(|reason| ApiError::parameter("step", reason))?;
    if step <= 0 {
        return Err(ApiError::parameter("step", EvalError::StepNotPositive));
    }
    if times::nanos_between(start, end) / step > MOST_POINTS {
        return Err(ApiError::BadData(
            "exceeded maximum resolution of 11,000 points per timeseries. \
             Try decreasing the query resolution (?step=XX)"
                .to_owned(),
        ));
    }
    // Our steps are milliseconds: what is less is one.
    Ok(When::Range { start, end, step: times::millis(step).max(1) })
}

/// How long the query may take: as long as the request says, and never longer than we do.
fn timeout(api: &Api, parameters: &Parameters) -> Result<std::time::Duration, ApiError> {
    let most = api.limits.timeout.to_std();
    match parameters.value("timeout") {
        "" => Ok(most),
        text => {
            let nanos = times::duration(text).map_err(|reason| ApiError::parameter("timeout", reason))?;
            Ok(most.min(std::time::Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))))
        }
    }
}

fn lookback(parameters: &Parameters) -> Result<Option<i64>, ApiError> {
    match parameters.value("lookback_delta") {
        "" => Ok(None),
        text => match times::duration(text) {
            Ok(nanos) => Ok(Some(times::millis(nanos)).filter(|lookback| *lookback > 0)),
            Err(reason) => Err(ApiError::BadData(format!("error parsing lookback delta duration: {reason}"))),
        },
    }
}

fn deprecated(stats: &str) -> Option<String> {
    (!matches!(stats, "true" | "all")).then(|| {
        format!(
            "value {} for parameter \"stats\" is deprecated and will be rejected in the next major release, \
             use \"true\" or \"all\"",
            GoQuoted(stats)
        )
    })
}

/// What is measured of what Prometheus tells; never by step.
fn stats(samples: SampleStats, timing: Timing) -> serde_json::Value {
    let (queued, evaluated) = (timing.queued.as_secs_f64(), timing.evaluated.as_secs_f64());
    json!({
        "timings": {
            "evalTotalTime": evaluated,
            "execQueueTime": queued,
            "execTotalTime": queued + evaluated,
        },
        "samples": { "totalQueryableSamples": samples.total, "peakSamples": samples.peak },
    })
}
