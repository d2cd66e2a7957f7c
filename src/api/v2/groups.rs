//! `GET /alerts/groups`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;

use super::error::V2Error;
use super::parameters::{Parameters, receivers};
use super::shapes::{Named, Shown};
use super::stream::{self, Permit};
use crate::api::App;
use crate::config::routes::Routing;
use crate::model::{LabelSet, Str, Timestamp};
use crate::router::{
    AlertView, Cursor, GroupAlerts, GroupView, alert_order, annotation_pairs, label_pairs, labels_order,
};
use crate::template::message::{AlertData, Data};

/// How many groups are looked at while the loop waits.
const PAGE: usize = 100;

/// A group on its way to be written.
#[derive(Debug)]
struct Group {
    labels: LabelSet,
    route_labels: BTreeMap<Str, Str>,
    receiver: Str,
    alerts: Vec<Shown>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlertGroup<'a> {
    alerts: &'a [Shown],
    labels: &'a LabelSet,
    receiver: Named<'a>,
    route_labels: &'a BTreeMap<Str, Str>,
}

impl Serialize for Group {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { labels, route_labels, receiver, alerts } = self;
        AlertGroup { alerts, labels, receiver: Named { name: receiver }, route_labels }.serialize(serializer)
    }
}

/// The groups with their unresolved alerts that are asked for, in order of their labels and receivers.
pub(super) async fn get(
    State(app): State<App>,
    Extension(permit): Extension<Permit>,
    RawQuery(query): RawQuery,
) -> Result<Response, V2Error> {
    let parameters = Parameters::parse(query.as_deref());
    let routing = app.handle.read(|core, _| Arc::clone(core.router().routing())).await?;
    let query = parameters.query(routing.matcher_mode)?;
    let names: BTreeSet<Str> =
        receivers(&query, &routing).map(|receiver| Str::clone(&receiver.name)).collect();
    let mut found: Vec<GroupAlerts> = Vec::new();
    let mut from = Some(Cursor::default());
    while let Some(cursor) = from {
        let query = query.clone();
        let read = app.handle.read(move |core, now| core.group_page(now, &query, cursor, PAGE));
        let page = read.await?;
        for part in page.items {
            match found.last_mut().filter(|_| part.continues) {
                Some(group) => group.alerts.extend(part.alerts),
                None => found.push(part),
            }
        }
        from = page.next;
    }
    let now = app.clock.now();
    let sorted = tokio::task::spawn_blocking(move || sorted(found, &names, &routing, now)).await;
    let groups = sorted.map_err(|error| V2Error::Unavailable(error.to_string()))?;
    Ok(stream::list(groups.into_iter(), permit))
}

fn sorted(found: Vec<GroupAlerts>, names: &BTreeSet<Str>, routing: &Routing, now: Timestamp) -> Vec<Group> {
    let route_labels: BTreeMap<&Str, &BTreeMap<Str, Str>> =
        routing.routes.iter().map(|route| (&route.id, &route.labels)).collect();
    let no_labels = BTreeMap::new();
    let group = |GroupAlerts { group, alerts, muted_by, .. }: GroupAlerts| {
        let seen = |view: AlertView| AlertView {
            receivers: only(view.receivers, names),
            muted_by: muted_by.clone(),
            ..view
        };
        let mut alerts: Vec<Shown> =
            alerts.into_iter().map(|view| Shown::new(seen(view), now, routing.resolve_timeout)).collect();
        alerts.sort_by(|a, b| alert_order(&a.view.alert.labels, &b.view.alert.labels));
        let of_route = route_labels.get(&group.route).copied().unwrap_or(&no_labels);
        let data = || data(&group, &alerts, routing, now);
        // What fails is noted when the group is told, not whenever somebody looks at it.
        let (route_labels, _) = crate::router::route_labels(routing, of_route, data, now);
        Group { labels: group.labels, route_labels, receiver: group.receiver, alerts }
    };
    let mut groups: Vec<Group> = found.into_iter().map(group).collect();
    groups.sort_by(|a, b| labels_order(&a.labels, &b.labels).then_with(|| a.receiver.cmp(&b.receiver)));
    groups
}

/// The group as templates of its route's labels see it: with the alerts that are shown.
fn data(group: &GroupView, alerts: &[Shown], routing: &Routing, now: Timestamp) -> Data {
    let heading = Data {
        receiver: group.receiver.clone(),
        group_labels: label_pairs(&group.labels),
        external_url: routing.external_url.clone(),
        group_key: group.key.clone(),
        at: now,
        ..Data::default()
    };
    let alert = |AlertView { alert, fingerprint, .. }: &AlertView| AlertData {
        is_firing: !alert.is_resolved_at(now),
        labels: label_pairs(&alert.labels),
        annotations: annotation_pairs(&alert.annotations),
        starts_at: alert.starts_at,
        ends_at: alert.ends_at.filter(|_| alert.is_resolved_at(now)),
        generator_url: alert.generator_url.clone(),
        fingerprint: fingerprint.to_string().into(),
        flaps: 0,
    };
    heading.with_alerts(alerts.iter().map(|shown| alert(&shown.view)).collect())
}

/// An alert names those of its receivers that are asked for, as in Alertmanager, and sorted.
fn only(mut receivers: Vec<Str>, names: &BTreeSet<Str>) -> Vec<Str> {
    receivers.retain(|name| names.contains(name));
    receivers.sort();
    receivers
}
