//! The API v1 that Alertmanager had until its 0.26: who still uses it is told where to go.

use axum::Json;
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Alertmanager's answer since its 0.27.
pub(super) async fn gone() -> (StatusCode, Json<Value>) {
    let error = "The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 \
                 - please use the equivalent route in the v2 API";
    (StatusCode::GONE, Json(json!({"status": "deprecated", "error": error})))
}
