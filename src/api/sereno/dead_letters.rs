//! `/api/sereno/v1/dead-letters`: notifications that were given up. To be looked at, sent again, or dropped.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::error::SerenoError;
use crate::api::App;
use crate::model::{Annotations, LabelSet, Str, Timestamp};
use crate::router::{Answer, DeadLetterView, DeadReason, NotifiedAlert, Request, Resent};

/// How many are listed if nobody says it, and how many at most.
const USUAL: usize = 100;
const MOST: usize = 1000;

/// What is asked of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct ListQuery {
    /// Only those to this receiver.
    receiver: Option<Str>,
    /// The most.
    limit: Option<usize>,
}

/// Dead letters, the newest first.
#[derive(Debug, Serialize)]
pub(in crate::api) struct DeadLetters {
    dead_letters: Vec<Summary>,
    /// How many there are in all, to the receiver if one is asked for.
    total: usize,
}

/// One dead letter in short.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Summary {
    id: Str,
    /// `ops/webhook[0]`.
    integration: String,
    receiver: Str,
    /// The group's key as Alertmanager writes it.
    group: Str,
    group_labels: LabelSet,
    /// `refused` or `too_old`.
    why: DeadReason,
    /// What went wrong last.
    error: Str,
    /// Why it was to be told.
    reason: &'static str,
    firing: usize,
    resolved: usize,
    /// How many attempts were made.
    attempts: u32,
    /// How many notifications of the group were given up in a row.
    times: u32,
    /// When it was decided to tell.
    decided_at: String,
    /// When the first of them, and when this one was given up.
    first_at: String,
    at: String,
    /// Why it does not say what is to be told now; such a letter is sent again only with `force`.
    superseded: Option<String>,
    idempotency_key: Str,
}

/// One dead letter with what it says.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Whole {
    #[serde(flatten)]
    summary: Summary,
    /// The receiver instead of which it was to be told, if it is a fallback.
    fallback_for: Option<Str>,
    alerts: Vec<Said>,
}

/// What it says of an alert.
#[derive(Debug, Serialize)]
struct Said {
    status: &'static str,
    labels: LabelSet,
    annotations: Annotations,
    starts_at: String,
    ends_at: Option<String>,
}

/// How to send it again.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetryRequest {
    /// Also if its group has gone on since.
    #[serde(default)]
    force: bool,
}

/// That it is on its way.
#[derive(Debug, Serialize)]
pub(in crate::api) struct OnItsWay {
    /// `as_news`: as its group's notification, until it is taken; `as_it_was`: once, beside its group.
    sent: &'static str,
}

impl From<DeadLetterView> for Summary {
    fn from(view: DeadLetterView) -> Self {
        let DeadLetterView { id, key, letter, stale } = view;
        let notification = &letter.pending.notification;
        let (firing, resolved) = notification.counts();
        Self {
            id,
            integration: key.integration.to_string(),
            receiver: key.integration.receiver,
            group: notification.group_key.clone(),
            group_labels: key.group.labels,
            why: letter.why,
            error: letter.error,
            reason: notification.reason.as_str(),
            firing,
            resolved,
            attempts: letter.attempts,
            times: letter.times,
            decided_at: notification.at.rfc3339_millis(),
            first_at: letter.first_at.rfc3339_millis(),
            at: letter.at.rfc3339_millis(),
            superseded: stale.map(|stale| stale.to_string()),
            idempotency_key: notification.idempotency_key.clone(),
        }
    }
}

impl From<DeadLetterView> for Whole {
    fn from(view: DeadLetterView) -> Self {
        let notification = &view.letter.pending.notification;
        let said = |alert: &NotifiedAlert| Said {
            status: if alert.resolved { "resolved" } else { "firing" },
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            starts_at: alert.starts_at.rfc3339_millis(),
            ends_at: alert.ends_at.map(Timestamp::rfc3339_millis),
        };
        Self {
            alerts: notification.alerts.iter().map(said).collect(),
            fallback_for: notification.fallback_for.clone(),
            summary: view.into(),
        }
    }
}

/// The newest of them.
pub(in crate::api) async fn list(
    State(app): State<App>,
    Query(query): Query<ListQuery>,
) -> Result<Json<DeadLetters>, SerenoError> {
    let limit = query.limit.unwrap_or(USUAL);
    if limit > MOST {
        return Err(SerenoError::BadRequest(format!("limit: at most {MOST}")));
    }
    let read = app.handle.read(move |core, now| {
        let (router, wanted) = (core.router(), query.receiver.as_deref());
        (router.dead_letters(now, wanted).take(limit).collect::<Vec<_>>(), router.dead_letter_count(wanted))
    });
    let (views, total) = read.await?;
    Ok(Json(DeadLetters { dead_letters: views.into_iter().map(Summary::from).collect(), total }))
}

/// One of them.
pub(in crate::api) async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<Whole>, SerenoError> {
    let asked = id.clone();
    let view = app.handle.read(move |core, now| core.router().dead_letter(now, &asked)).await?;
    let unknown = || SerenoError::Refused(crate::router::Refusal::UnknownDeadLetter(id.into()));
    view.map(|view| Json(view.into())).ok_or_else(unknown)
}

/// Sends one again, with the idempotency key that it has.
pub(in crate::api) async fn retry(
    State(app): State<App>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<(StatusCode, Json<OnItsWay>), SerenoError> {
    let wanted = match body.trim_ascii() {
        [] => RetryRequest::default(),
        body => serde_json::from_slice(body).map_err(|error| SerenoError::BadRequest(error.to_string()))?,
    };
    let request = Request::RetryDeadLetter { id: id.into(), force: wanted.force };
    match app.handle.request(request).await? {
        Answer::Resent(resent) => {
            let sent = match resent {
                Resent::AsNews => "as_news",
                Resent::AsItWas => "as_it_was",
            };
            Ok((StatusCode::ACCEPTED, Json(OnItsWay { sent })))
        }
        Answer::Refused(refusal) => Err(refusal.into()),
        other @ (Answer::AlertsTaken { .. }
        | Answer::Silence(_)
        | Answer::Expired
        | Answer::Acked(_)
        | Answer::Dropped) => Err(SerenoError::NotFound(format!("unexpected answer {other:?}"))),
    }
}

/// Forgets one.
pub(in crate::api) async fn forget(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, SerenoError> {
    match app.handle.request(Request::DropDeadLetter { id: id.into() }).await? {
        Answer::Dropped => Ok(StatusCode::NO_CONTENT),
        Answer::Refused(refusal) => Err(refusal.into()),
        other @ (Answer::AlertsTaken { .. }
        | Answer::Silence(_)
        | Answer::Expired
        | Answer::Acked(_)
        | Answer::Resent(_)) => Err(SerenoError::NotFound(format!("unexpected answer {other:?}"))),
    }
}
