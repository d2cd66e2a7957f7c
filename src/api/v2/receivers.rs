//! `GET /receivers`.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;

use super::error::V2Error;
use super::parameters::{Parameters, labels};
use crate::api::App;
use crate::config::routes::Routing;
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
    let routing = app.handle.read(|core, _| core.router().routing().clone()).await?;
    Ok(Json(list(&parameters, &routing)?))
}

fn list(parameters: &Parameters, routing: &Routing) -> Result<Vec<ApiReceiver>, V2Error> {
    let wanted = parameters.receivers(routing)?;
    let receivers = routing.receivers.iter().filter(|receiver| wanted.has(&receiver.name));
    let shown = |receiver: &crate::config::routes::Receiver| ApiReceiver {
        name: Str::clone(&receiver.name),
        labels: labels(receiver),
    };
    Ok(receivers.map(|receiver| shown(receiver)).collect())
}
