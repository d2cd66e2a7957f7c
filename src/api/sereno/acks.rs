//! `/api/sereno/v1/ack` and `/acks`: somebody is at an alert. It is quiet until it is resolved; that it is
//! resolved is told. API v2 shows acknowledgements as silences.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::error::SerenoError;
use super::words;
use crate::api::App;
use crate::model::{
    Duration, Fingerprint, LabelSet, Silence, SilenceId, SilenceKind, SilenceState, Str, Timestamp,
};
use crate::router::{AckDraft, AckOf, Answer, Refusal, Request};

/// How long an acknowledgement holds at most, if nobody says it.
const USUAL: Duration = Duration::from_mins(24 * 60);

/// Who is at which alerts. One of `fingerprint`, `labels` and `matchers`; at most one of `until` and
/// `duration`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct AckRequest {
    fingerprint: Option<String>,
    labels: Option<LabelSet>,
    /// Matchers with commas between them, in braces or not.
    matchers: Option<String>,
    by: String,
    #[serde(default)]
    comment: String,
    until: Option<String>,
    duration: Option<String>,
}

/// Acknowledgements.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Acks {
    acks: Vec<Ack>,
}

/// One alert that somebody is at.
#[derive(Debug, Serialize)]
struct Ack {
    id: SilenceId,
    /// The alert.
    fingerprint: Fingerprint,
    /// Its labels.
    labels: LabelSet,
    by: Str,
    comment: Str,
    since: String,
    until: String,
}

impl Ack {
    fn of(silence: &Silence) -> Self {
        // The matchers of an acknowledgement are the labels of its alert.
        let labels = silence.matchers.iter().map(|matcher| (matcher.name().clone(), matcher.value().clone()));
        let labels = LabelSet::from_pairs(labels);
        Self {
            id: silence.id.clone(),
            fingerprint: labels.fingerprint(),
            labels,
            by: Str::clone(&silence.created_by),
            comment: Str::clone(&silence.comment),
            since: silence.starts_at.rfc3339_millis(),
            until: silence.ends_at.rfc3339_millis(),
        }
    }
}

/// The acknowledgements that hold.
pub(in crate::api) async fn list(State(app): State<App>) -> Result<Json<Acks>, SerenoError> {
    let acks = app.handle.read(|core, now| {
        let silences = core.router().silences();
        silences.filter(|silence| holds(silence, now)).map(Ack::of).collect()
    });
    Ok(Json(Acks { acks: acks.await? }))
}

fn holds(silence: &Silence, now: Timestamp) -> bool {
    silence.kind == SilenceKind::Ack && silence.state_at(now) == SilenceState::Active
}

/// Acknowledges all alerts that fire and are named.
pub(in crate::api) async fn acknowledge(
    State(app): State<App>,
    body: Result<Json<AckRequest>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Acks>, SerenoError> {
    let Json(wanted) = body.map_err(|error| SerenoError::BadRequest(error.body_text()))?;
    let draft = draft(&app, wanted).await?;
    let ids = match app.handle.request(Request::Ack(draft)).await? {
        Answer::Acked(ids) => ids,
        Answer::Refused(refusal) => return Err(refusal.into()),
        Answer::AlertsTaken { .. }
        | Answer::Silence(_)
        | Answer::Expired
        | Answer::Resent(_)
        | Answer::Dropped => Vec::new(),
    };
    let acks = app.handle.read(move |core, _| {
        ids.iter().filter_map(|id| core.router().silence(id)).map(Ack::of).collect::<Vec<_>>()
    });
    Ok(Json(Acks { acks: acks.await? }))
}

async fn draft(app: &App, wanted: AckRequest) -> Result<AckDraft, SerenoError> {
    let bad = SerenoError::BadRequest;
    if wanted.by.trim().is_empty() {
        return Err(bad("by: say who is at it".to_owned()));
    }
    let now = app.clock.now();
    let until = match (&wanted.until, &wanted.duration) {
        (None, None) => now + USUAL,
        (Some(until), None) => words::time(until, now).map_err(|reason| bad(format!("until: {reason}")))?,
        (None, Some(duration)) => {
            now + words::duration(duration).map_err(|reason| bad(format!("duration: {reason}")))?
        }
        (Some(_), Some(_)) => return Err(bad("say until or duration, not both".to_owned())),
    };
    let of = match (wanted.fingerprint, wanted.labels, wanted.matchers) {
        (Some(text), None, None) => {
            let fingerprint =
                words::fingerprint(&text).map_err(|reason| bad(format!("fingerprint: {reason}")))?;
            let labels =
                app.handle.read(move |core, _| core.router().labels_of(fingerprint).cloned()).await?;
            AckOf::Labels(labels.ok_or(Refusal::NothingFires)?)
        }
        (None, Some(labels), None) => AckOf::Labels(labels),
        (None, None, Some(text)) => AckOf::Matchers(
            words::matchers(&text, app.reloader.sources.matchers)
                .map_err(|reason| bad(format!("matchers: {reason}")))?,
        ),
        (_, _, _) => {
            return Err(bad("name the alerts by one of fingerprint, labels and matchers".to_owned()));
        }
    };
    Ok(AckDraft { of, by: wanted.by.into(), comment: wanted.comment.into(), until })
}

/// Takes an acknowledgement back: what still fires is told again.
pub(in crate::api) async fn take_back(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, SerenoError> {
    let id = SilenceId(id.into());
    let asked = id.clone();
    let is_ack = app
        .handle
        .read(move |core, now| core.router().silence(&asked).is_some_and(|silence| holds(silence, now)));
    if !is_ack.await? {
        return Err(SerenoError::NotFound(format!("no acknowledgement that holds has the id {id}")));
    }
    match app.handle.request(Request::ExpireSilence(id)).await? {
        Answer::Refused(refusal) => Err(refusal.into()),
        Answer::Expired
        | Answer::AlertsTaken { .. }
        | Answer::Silence(_)
        | Answer::Acked(_)
        | Answer::Resent(_)
        | Answer::Dropped => Ok(StatusCode::NO_CONTENT),
    }
}
