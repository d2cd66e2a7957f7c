//! `POST /api/sereno/v1/silences`: silences that API v2 has no words for: until all that they match is
//! resolved, or (with `force`) of everything.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::error::SerenoError;
use super::words;
use crate::api::App;
use crate::model::{Duration, SilenceId, SilenceKind, Str};
use crate::router::{Answer, Request, SilenceDraft};

/// A silence as its author wants it. One of `until` and `duration`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct SilenceRequest {
    /// The silence to change.
    id: Option<String>,
    /// Matchers with commas between them, in braces or not.
    matchers: String,
    by: String,
    comment: String,
    from: Option<String>,
    until: Option<String>,
    duration: Option<String>,
    /// Whether it ends once nothing that it matches fires.
    #[serde(default)]
    until_resolved: bool,
    /// Whether it may match every alert.
    #[serde(default)]
    force: bool,
    #[serde(default)]
    annotations: BTreeMap<Str, Str>,
}

/// The silence that is in force, or will be.
#[derive(Debug, Serialize)]
pub(in crate::api) struct Made {
    id: SilenceId,
    from: String,
    until: String,
}

/// Makes or changes a silence.
pub(in crate::api) async fn set(
    State(app): State<App>,
    body: Result<Json<SilenceRequest>, axum::extract::rejection::JsonRejection>,
) -> Result<Json<Made>, SerenoError> {
    let Json(wanted) = body.map_err(|error| SerenoError::BadRequest(error.body_text()))?;
    let draft = draft(&app, wanted)?;
    let (from, until) = (draft.starts_at.rfc3339_millis(), draft.ends_at.rfc3339_millis());
    match app.handle.request(Request::SetSilence(draft)).await? {
        Answer::Silence(id) => Ok(Json(Made { id, from, until })),
        Answer::Refused(refusal) => Err(refusal.into()),
        Answer::AlertsTaken { .. }
        | Answer::Expired
        | Answer::Acked(_)
        | Answer::Resent(_)
        | Answer::Dropped => Err(SerenoError::NotFound("the silence is gone".to_owned())),
    }
}

fn draft(app: &App, wanted: SilenceRequest) -> Result<SilenceDraft, SerenoError> {
    let now = app.clock.now();
    let wrong =
        |name: &'static str| move |reason: String| SerenoError::BadRequest(format!("{name}: {reason}"));
    for (name, text) in [("by", &wanted.by), ("comment", &wanted.comment)] {
        if text.trim().is_empty() {
            return Err(wrong(name)("must not be empty".to_owned()));
        }
    }
    let starts_at = match &wanted.from {
        Some(from) => words::time(from, now).map_err(wrong("from"))?,
        None => now,
    };
    let ends_at = match (&wanted.until, &wanted.duration) {
        (Some(until), None) => words::time(until, now).map_err(wrong("until"))?,
        (None, Some(duration)) => starts_at + words::duration(duration).map_err(wrong("duration"))?,
        // What ends on its own needs no other end; a year is one all the same.
        (None, None) if wanted.until_resolved => starts_at + Duration::from_mins(365 * 24 * 60),
        (_, _) => return Err(SerenoError::BadRequest("say one of until and duration".to_owned())),
    };
    let mode = app.reloader.sources.matchers;
    Ok(SilenceDraft {
        id: wanted.id.map(|id| SilenceId(id.into())),
        matchers: words::matchers(&wanted.matchers, mode).map_err(wrong("matchers"))?,
        starts_at,
        ends_at,
        created_by: wanted.by.into(),
        comment: wanted.comment.into(),
        annotations: wanted.annotations,
        kind: if wanted.until_resolved { SilenceKind::UntilResolved } else { SilenceKind::Plain },
        force: wanted.force,
    })
}
