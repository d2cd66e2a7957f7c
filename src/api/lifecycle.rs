//! `/-/healthy`, `/-/ready`, `/-/reload`, as Prometheus and Alertmanager have them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::App;

/// `GET /-/healthy` and `/-/ready`: always fine, as in Alertmanager. `/health` says more.
pub(super) async fn ok() -> &'static str {
    "OK"
}

/// `POST /-/reload`: loads the files anew. If they are wrong, the old ones stay in force.
pub(super) async fn reload(State(app): State<App>) -> Response {
    match app.reloader.reload().await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, format!("failed to reload config: {error}\n")).into_response()
        }
    }
}
