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

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, error_type) = match self {
            Self::BadData(_) => (StatusCode::BAD_REQUEST, "bad_data"),
            Self::Stopped(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        (status, Json(Body { status: "error", error_type, error: self.to_string() })).into_response()
    }
}
