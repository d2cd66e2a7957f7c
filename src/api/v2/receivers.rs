//! `GET /receivers`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;

use super::error::V2Error;
use super::parameters::{Parameters, labels, receivers};
use crate::api::App;
use crate::config::routes::Receiver;
use crate::model::{LabelSet, Str};

#[derive(Debug, Serialize)]
pub(super) struct ApiReceiver {
    name: Str,
    labels: LabelSet,
}

/// The receivers that are asked for, in order of the routing file.
pub(super) async fn get(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Vec<ApiReceiver>>, V2Error> {
    let parameters = Parameters::parse(query.as_deref());
    let routing = app.handle.read(|core, _| Arc::clone(core.router().routing())).await?;
    let query = parameters.query(routing.matcher_mode)?;
    let shown =
        |receiver: &Receiver| ApiReceiver { name: Str::clone(&receiver.name), labels: labels(receiver) };
    Ok(Json(receivers(&query, &routing).map(shown).collect()))
}
