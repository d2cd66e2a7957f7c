//! `/health`: whether we do our work, check by check, for people and for orchestrators.
//!
//! *Live*: the loop answers. *Ready*: it also has files and is not stopping. What others do wrong (a data
//! source or a receiver that does not answer) is shown by `/health`, but restarting us would not mend it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::App;
use crate::model::{Duration, Timestamp};
use crate::router::{EndpointView, View as Counts};
use crate::rules::View;
use crate::shell::status::{Peer, Snapshot, Store, Trouble};

/// How far an evaluation may be behind its slot, beyond one interval, before we call it late.
const LATE: Duration = Duration::from_secs(30);

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// As it should be.
    Ok,
    /// Nothing is known yet.
    Unknown,
    /// We work, but something that people rely on does not.
    Degraded,
}

#[derive(Serialize)]
struct Report {
    status: Verdict,
    version: &'static str,
    checks: Checks,
}

#[derive(Serialize)]
struct Checks {
    data_source: Check,
    evaluation: Check,
    receivers: Check,
    configuration: Check,
    remote_write: Check,
    store: Check,
    clock: Check,
}

#[derive(Serialize)]
struct Check {
    status: Verdict,
    #[serde(flatten)]
    details: Value,
}

/// `GET /health`: 200 if all is well, else 503; the body says what is not.
pub(super) async fn health(State(app): State<App>) -> Response {
    let read = app.handle.read(|core, now| (core.view(now), core.router().endpoints(now)));
    let Ok((view, endpoints)) = read.await else { return not_ready("stopping") };
    let known = app.status.snapshot();
    let checks = Checks {
        data_source: peer(&known.data_source, has_rules(&view.rules)),
        evaluation: evaluation(&view.rules, app.clock.now()),
        receivers: receivers(&known, &view.router, &endpoints),
        configuration: configuration(&known),
        remote_write: peer(&known.remote_write, false),
        store: store(&known.store),
        clock: clock(app.clock.set_back_by()),
    };
    let all = [
        &checks.data_source,
        &checks.evaluation,
        &checks.receivers,
        &checks.configuration,
        &checks.remote_write,
        &checks.store,
        &checks.clock,
    ];
    let is_degraded = all.iter().any(|check| check.status == Verdict::Degraded);
    let (code, status) = match is_degraded {
        true => (StatusCode::SERVICE_UNAVAILABLE, Verdict::Degraded),
        false => (StatusCode::OK, Verdict::Ok),
    };
    (code, Json(Report { status, version: env!("CARGO_PKG_VERSION"), checks })).into_response()
}

/// `GET /health/live`: 200 while the loop answers.
pub(super) async fn live(State(app): State<App>) -> Response {
    match app.handle.catch_up().await {
        Ok(()) => Json(json!({"status": "ok"})).into_response(),
        Err(_) => not_ready("stopping"),
    }
}

/// `GET /health/ready`: 200 once the files are loaded, 503 from when we begin to stop.
pub(super) async fn ready(State(app): State<App>) -> Response {
    if app.status.snapshot().stopping || app.handle.catch_up().await.is_err() {
        return not_ready("stopping");
    }
    Json(json!({"status": "ok"})).into_response()
}

fn not_ready(reason: &str) -> Response {
    let body = json!({"status": "unavailable", "reason": reason});
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

fn has_rules(view: &View) -> bool {
    view.groups.iter().any(|group| !group.rules.is_empty())
}

fn peer(peer: &Peer, is_needed: bool) -> Check {
    let status = match (peer.is_failing(), peer.last_success) {
        (true, _) => Verdict::Degraded,
        (false, None) if is_needed => Verdict::Unknown,
        (false, _) => Verdict::Ok,
    };
    Check { status, details: json!(peer) }
}

/// The group that is furthest behind its interval.
fn evaluation(view: &View, now: Timestamp) -> Check {
    let late_by = |group: &crate::rules::GroupView| {
        group.last_evaluation.map(|at| now.since(at + group.interval)).filter(|late| *late > LATE)
    };
    let worst =
        view.groups.iter().filter_map(|group| Some((late_by(group)?, group))).max_by_key(|(by, _)| *by);
    let waiting = view.groups.iter().filter(|group| group.last_evaluation.is_none()).count();
    match worst {
        Some((by, group)) => Check {
            status: Verdict::Degraded,
            details: json!({"group": group.key, "behind": by.to_string(), "not_evaluated_yet": waiting}),
        },
        None => Check { status: Verdict::Ok, details: json!({"not_evaluated_yet": waiting}) },
    }
}

fn receivers(known: &Snapshot, counts: &Counts, endpoints: &[EndpointView]) -> Check {
    let status = if known.failing_receivers.is_empty() { Verdict::Ok } else { Verdict::Degraded };
    let time = |at: Option<Timestamp>| at.map(Timestamp::rfc3339);
    let endpoint = |known: &EndpointView| {
        json!({
            "endpoint": known.endpoint,
            "open_since": time(known.open_since),
            "error": known.last_error,
            "held_until": time(known.held_until),
            "next_try": time(known.next_try),
            "waiting": known.waiting,
        })
    };
    let details = json!({
        "failing": known.failing_receivers,
        "retrying": counts.retrying,
        "held_back": counts.held_back,
        "dead_letters": counts.dead_letters,
        "endpoints": endpoints.iter().map(endpoint).collect::<Vec<_>>(),
    });
    Check { status, details }
}

fn configuration(known: &Snapshot) -> Check {
    let status = if known.reload.failed.is_none() { Verdict::Ok } else { Verdict::Degraded };
    // The first line only: the whole report is in the log.
    let first = |trouble: &Trouble| trouble.message.lines().next().unwrap_or_default().to_owned();
    let failed = known.reload.failed.as_ref();
    let failed = failed.map(|trouble| json!({"at": trouble.at.rfc3339(), "message": first(trouble)}));
    let last_success = known.reload.last_success.map(Timestamp::rfc3339);
    Check { status, details: json!({"last_success": last_success, "last_error": failed}) }
}

/// Degraded also after a file had to be replaced: somebody should look at what was lost. A restart ends that.
fn store(known: &Store) -> Check {
    let is_fine = known.trouble.is_none() && known.notices.is_empty();
    let status = if is_fine { Verdict::Ok } else { Verdict::Degraded };
    let trouble = known.trouble.as_ref();
    let details = json!({
        "folder": known.folder,
        "since": trouble.map(|trouble| trouble.at.rfc3339()),
        "error": trouble.map(|trouble| &trouble.message),
        "unsaved_records": known.unsaved_records,
        "notices": known.notices,
    });
    Check { status, details }
}

fn clock(set_back_by: Duration) -> Check {
    let status = if set_back_by > LATE { Verdict::Degraded } else { Verdict::Ok };
    Check { status, details: json!({"set_back_by": set_back_by.to_string()}) }
}
