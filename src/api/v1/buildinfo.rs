//! `GET /api/v1/status/buildinfo`: Grafana asks it to find out what it talks to.

use axum::Json;
use serde::Serialize;

use super::{Success, success};

/// Prometheus' fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct BuildInfo {
    application: &'static str,
    version: &'static str,
    revision: &'static str,
    branch: &'static str,
    build_user: &'static str,
    build_date: &'static str,
    go_version: &'static str,
}

/// Who we are.
pub(in crate::api) async fn buildinfo() -> Json<Success<BuildInfo>> {
    success(BuildInfo {
        application: "Sereno",
        version: env!("CARGO_PKG_VERSION"),
        revision: "",
        branch: "",
        build_user: "",
        build_date: "",
        go_version: "",
    })
}
