//! `GET /status`.

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::error::V2Error;
use crate::api::App;
use crate::model::{Str, Timestamp};
use crate::shell::metrics::COMPATIBLE_VERSION;

/// When the API began to answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started(pub(super) Timestamp);

/// Who we are and what we run with. There is no cluster, so that it is called disabled.
pub(super) async fn get(
    State(app): State<App>,
    Extension(Started(started)): Extension<Started>,
) -> Result<Json<Value>, V2Error> {
    let config = app.handle.read(|core, _| Str::clone(&core.router().routing().original)).await?;
    Ok(Json(json!({
        "cluster": {"peers": [], "status": "disabled"},
        "config": {"original": config},
        "uptime": started.rfc3339_millis(),
        "versionInfo": {
            "branch": "",
            "buildDate": "",
            "buildUser": "",
            "goVersion": "",
            "revision": "",
            "version": COMPATIBLE_VERSION,
        },
    })))
}
