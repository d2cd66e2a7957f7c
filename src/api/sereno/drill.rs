//! `/api/sereno/v1/receivers/test`: a fire drill. A marked alert goes the real way to a receiver, and the
//! answer says what each of its integrations said.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use serde::{Deserialize, Serialize};

use super::error::SerenoError;
use crate::api::App;
use crate::config::routes::{Receiver, RouteIndex, Routing};
use crate::model::{Annotations, Duration, LabelSet, Str, Timestamp};
use crate::router::{Attempt, Drill, IntegrationName, Memory, NotifiedAlert, RouteFinder, route_to};
use crate::shell::clock::Stopwatch;
use crate::shell::history;

/// How long an integration has to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What to try. At least one of `receiver` and `labels`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct DrillRequest {
    receiver: Option<Str>,
    /// The labels of the alert: it goes through the routes first.
    labels: Option<LabelSet>,
    #[serde(default)]
    annotations: BTreeMap<Str, Str>,
    /// Whether it is told as resolved afterwards.
    #[serde(default)]
    resolve: bool,
    /// Who tries.
    #[serde(default)]
    by: Str,
}

/// What each integration said.
#[derive(Debug, Serialize)]
pub(in crate::api) struct DrillAnswer {
    results: Vec<DrillResult>,
}

#[derive(Debug, Serialize)]
struct DrillResult {
    receiver: Str,
    /// `slack[0]`.
    integration: String,
    /// The keys of the route that leads there.
    route: Str,
    /// What was told: `firing` or `resolved`.
    status: &'static str,
    /// `delivered`, `failed` (it would be tried again) or `refused`.
    outcome: &'static str,
    /// What it said, or why it could not be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    latency_ms: u64,
}

/// Tells a receiver of an alert that nobody has.
pub(in crate::api) async fn test(
    State(app): State<App>,
    body: Result<Json<DrillRequest>, JsonRejection>,
) -> Result<Json<DrillAnswer>, SerenoError> {
    let Json(wanted) = body.map_err(|error| SerenoError::BadRequest(error.body_text()))?;
    let routing = app.handle.read(|core, _| Arc::clone(core.router().routing())).await?;
    let receivers = receivers(&routing, &wanted)?;
    let now = app.clock.now();
    let (mut results, mut memories) = (Vec::new(), BTreeMap::new());
    for resolved in [false, true].into_iter().filter(|resolved| !resolved || wanted.resolve) {
        let mut attempts = Vec::new();
        for (receiver, route) in &receivers {
            let drill = Drill {
                route: *route,
                alerts: vec![alert(&wanted, now, resolved)],
                name: format!("test-{}", now.millis()).into(),
                at: now,
                deadline: app.clock.now() + PATIENCE,
            };
            let wants = |attempt: &Attempt| !resolved || attempt.integration.send_resolved;
            let route = &routing.routes[*route].key;
            let made = drill.attempts(&routing, receiver).into_iter().filter(wants);
            let memories = &memories;
            attempts.extend(made.map(|attempt| (route.clone(), remembering(memories, attempt))));
        }
        let all = attempts.iter().map(|(route, attempt)| perform(&app, route, attempt, &wanted.by));
        let said = futures_util::future::join_all(all).await;
        for ((_, attempt), (result, memory)) in attempts.iter().zip(said) {
            results.push(result);
            memories.extend(memory.map(|memory| (attempt.to(), Arc::new(memory))));
        }
    }
    Ok(Json(DrillAnswer { results }))
}

/// Who is to be told, and by which route.
fn receivers(
    routing: &Routing,
    wanted: &DrillRequest,
) -> Result<Vec<(Arc<Receiver>, RouteIndex)>, SerenoError> {
    let known = |name: &str| {
        let known: Vec<&str> = routing.receivers.iter().map(|receiver| &*receiver.name).collect();
        let unknown = || {
            SerenoError::NotFound(format!("there is no receiver {name:?}; there are: {}", known.join(", ")))
        };
        routing.receiver(name).cloned().ok_or_else(unknown)
    };
    let named = wanted.receiver.as_deref().map(known).transpose()?;
    let Some(labels) = &wanted.labels else {
        let receiver = named.ok_or_else(|| SerenoError::BadRequest("say receiver or labels".to_owned()))?;
        let route = route_to(routing, &receiver.name);
        return Ok(vec![(receiver, route)]);
    };
    let mut reached: Vec<(Arc<Receiver>, RouteIndex)> = Vec::new();
    for route in RouteFinder::new(routing).routes_of(labels) {
        let receiver = known(&routing.routes[route].receiver)?;
        if reached.iter().all(|(other, _)| other.name != receiver.name) {
            reached.push((receiver, route));
        }
    }
    let Some(named) = named else { return Ok(reached) };
    let names: Vec<&str> = reached.iter().map(|(receiver, _)| &*receiver.name).collect();
    let elsewhere = format!("{labels} goes to {}, not to {}", names.join(", "), named.name);
    reached.retain(|(receiver, _)| receiver.name == named.name);
    if reached.is_empty() { Err(SerenoError::NotFound(elsewhere)) } else { Ok(reached) }
}

fn alert(wanted: &DrillRequest, now: Timestamp, resolved: bool) -> NotifiedAlert {
    let usual = || LabelSet::from_pairs([("alertname", "SerenoTest"), ("severity", "none")]);
    let labels = wanted.labels.clone().unwrap_or_else(usual);
    let by = if wanted.by.is_empty() { String::new() } else { format!(" by {}", wanted.by) };
    let mut annotations: BTreeMap<Str, Str> = BTreeMap::from([
        ("summary".into(), "TEST: nothing is wrong".into()),
        ("description".into(), format!("This is a test of the notifications, sent{by}.").into()),
    ]);
    annotations.extend(wanted.annotations.clone());
    annotations.insert("sereno_test".into(), "true".into());
    NotifiedAlert {
        resolved,
        fingerprint: labels.fingerprint(),
        labels,
        annotations: Annotations::from_pairs(annotations),
        starts_at: now,
        ends_at: resolved.then_some(now),
        generator_url: "".into(),
        flaps: 0,
    }
}

/// The attempt with what its integration remembers of the one before, as the router keeps it.
fn remembering(memories: &BTreeMap<IntegrationName, Arc<Memory>>, mut attempt: Attempt) -> Attempt {
    attempt.memory = memories.get(&attempt.to()).cloned().unwrap_or_default();
    attempt
}

async fn perform(app: &App, route: &Str, attempt: &Attempt, by: &Str) -> (DrillResult, Option<Memory>) {
    let watch = Stopwatch::start();
    let (outcome, memory) = app.deliverer.deliver(attempt).await;
    let latency = watch.elapsed();
    let row = history::drill(app.clock.now(), attempt, &outcome, by, latency);
    let _ = app.handle.note(row).await; // gone: we are stopping
    let (outcome, error) = (outcome.as_str(), outcome.error().map(str::to_owned));
    let resolved = attempt.notification.alerts.iter().all(|alert| alert.resolved);
    let result = DrillResult {
        receiver: attempt.notification.receiver.clone(),
        integration: format!("{}[{}]", attempt.integration.kind, attempt.integration.index),
        route: route.clone(),
        status: if resolved { "resolved" } else { "firing" },
        outcome,
        error,
        latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
    };
    (result, memory)
}
