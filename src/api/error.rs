//! Errors of the API v1, in Prometheus' form.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::shell::run::Stopped;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::api) enum ApiError {
    /// The request is wrong.
    #[error("{0}")]
    BadData(String),
    /// We are stopping.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

#[derive(Serialize)]
struct Body {
    status: &'static str,
    #[serde(rename = "errorType")]
    error_type: &'static str,
    error: String,
}

/// An answer that says what is wrong, with Prometheus' name for errors of its kind.
pub(in crate::api) fn answer(
    status: StatusCode,
    error_type: &'static str,
    error: &impl ToString,
) -> Response {
    (status, Json(Body { status: "error", error_type, error: error.to_string() })).into_response()
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match &self {
            Self::BadData(_) => answer(StatusCode::BAD_REQUEST, "bad_data", &self),
            Self::Stopped(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &self),
        }
    }
}
