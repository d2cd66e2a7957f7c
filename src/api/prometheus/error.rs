//! Why a request has no answer: Prometheus' kinds of errors, each with its status code.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::api::error::answer;
use crate::promql::engine::EvalError;

/// An error of Prometheus' query API.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum ApiError {
    /// The request is wrong.
    #[error("{0}")]
    BadData(String),
    /// One parameter of the request is wrong.
    #[error("invalid parameter {parameter:?}: {reason}")]
    Parameter {
        /// Its name.
        parameter: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The query cannot be evaluated.
    #[error("{0}")]
    Execution(EvalError),
    /// The query took too long. The text says what it was doing.
    #[error("query timed out in {0}")]
    Timeout(&'static str),
    /// The store does not answer, or we failed.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// The parameter is wrong.
    pub(super) fn parameter(parameter: &'static str, reason: impl ToString) -> Self {
        Self::Parameter { parameter, reason: reason.to_string() }
    }

    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::BadData(_) | Self::Parameter { .. } => (StatusCode::BAD_REQUEST, "bad_data"),
            Self::Execution(_) => (StatusCode::UNPROCESSABLE_ENTITY, "execution"),
            Self::Timeout(_) => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

impl From<EvalError> for ApiError {
    /// What Prometheus finds before it evaluates is a wrong parameter, the rest goes by its kind.
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::RangeType(_) | EvalError::Duration { .. } => Self::parameter("query", error),
            EvalError::TimedOut => Self::Timeout("expression evaluation"),
            EvalError::Source(_) => Self::Internal(error.to_string()),
            other => Self::Execution(other),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, error_type) = self.kind();
        answer(status, error_type, &self)
    }
}
