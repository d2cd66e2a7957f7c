//! `GET /api/v1/alerts`: all pending and firing alerts.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::shapes::ApiAlert;
use super::{Success, success};
use crate::api::App;
use crate::api::error::ApiError;
use crate::rules::View;

/// The list of alerts.
#[derive(Serialize)]
pub(in crate::api) struct Alerts {
    alerts: Vec<ApiAlert>,
}

/// All pending and firing alerts, in order of group, rule and labels.
pub(in crate::api) async fn alerts(State(app): State<App>) -> Result<Json<Success<Alerts>>, ApiError> {
    let view = app.handle.read(|core, now| core.rules_view(now)).await?;
    Ok(success(list(&view)))
}

pub(super) fn list(view: &View) -> Alerts {
    let rules = view.groups.iter().flat_map(|group| group.rules.iter());
    Alerts { alerts: rules.flat_map(|rule| rule.active_alerts().filter_map(ApiAlert::of)).collect() }
}
