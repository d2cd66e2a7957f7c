//! `GET /api/v1/rules`: rule groups with their rules and alerts.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;

use super::parameters::Parameters;
use super::shapes::{ApiGroup, ApiRule};
use super::{Success, success};
use crate::api::App;
use crate::api::error::ApiError;
use crate::model::LabelSet;
use crate::rules::GroupView;

/// A page of rule groups.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct Groups {
    groups: Vec<ApiGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_next_token: Option<String>,
}

/// The groups, sorted by file and name, with those rules that are asked for; groups without any are left out.
pub(in crate::api) async fn rules(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Success<Groups>>, ApiError> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default())?;
    let view = app.handle.read(|core, now| core.rules_view(now)).await?;
    Ok(success(page(&view.groups, &parameters)?))
}

pub(super) fn page(groups: &[GroupView], parameters: &Parameters) -> Result<Groups, ApiError> {
    let mut page = Groups { groups: Vec::new(), group_next_token: None };
    let start = match &parameters.next_token {
        None => 0,
        Some(wanted) => groups.iter().position(|group| token(group) == *wanted).ok_or_else(|| {
            ApiError::BadData(format!("invalid group_next_token '{wanted}'. were rule groups changed?"))
        })?,
    };
    for group in groups[start..].iter().filter(|group| parameters.wants_group(group)) {
        let wanted = group.rules.iter().filter(|rule| parameters.wants_rule(rule));
        let rules: Vec<_> = wanted.map(|rule| ApiRule::of(rule, !parameters.exclude_alerts)).collect();
        if rules.is_empty() {
            continue;
        }
        if parameters.group_limit == Some(page.groups.len()) {
            page.group_next_token = Some(token(group));
            break;
        }
        page.groups.push(ApiGroup::of(group, rules));
    }
    Ok(page)
}

/// 64 hexadecimal digits that name a group; clients take them as they are.
fn token(group: &GroupView) -> String {
    let part = |number: &str| {
        let pairs = [("file", &*group.group.file), ("group", &group.group.name), ("part", number)];
        LabelSet::from_pairs(pairs).fingerprint().to_string()
    };
    ["1", "2", "3", "4"].map(part).concat()
}
