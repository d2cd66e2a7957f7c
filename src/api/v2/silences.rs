//! `GET` and `POST /silences`, `GET` and `DELETE /silence/{id}`.

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::body;
use super::error::V2Error;
use super::parameters::Parameters;
use super::postable_silence::PostableSilence;
use super::shown_silence::ShownSilence;
use super::stream::{self, Permit};
use crate::api::App;
use crate::model::{Matcher, Silence, SilenceId, SilenceState, Timestamp};
use crate::router::{Answer, Refusal, Request};

/// How many silences are looked at while the loop waits.
pub(super) const PAGE: usize = 1000;

/// The silences that are asked for: active ones by their end, pending ones by their start, ended ones with
/// the latest end first.
pub(super) async fn list(
    State(app): State<App>,
    Extension(permit): Extension<Permit>,
    RawQuery(query): RawQuery,
) -> Result<Response, V2Error> {
    let parameters = Parameters::parse(query.as_deref());
    let mode = app.handle.read(|core, _| core.router().routing().matcher_mode).await?;
    let filters = parameters.matchers("filter", mode)?;
    let flag = |name| parameters.flag(name, true);
    let (active, pending, expired) = (flag("active"), flag("pending"), flag("expired"));
    let now = app.clock.now();
    let wanted = Arc::new(move |silence: &Silence| {
        has_all(silence, &filters)
            && match silence.state_at(now) {
                SilenceState::Active => active,
                SilenceState::Pending => pending,
                SilenceState::Expired => expired,
            }
    });
    let mut silences = Vec::new();
    let mut from = Some(None);
    while let Some(after) = from {
        let page = page(&app, Arc::clone(&wanted), after).await?;
        silences.extend(page.0);
        from = page.1.map(Some);
    }
    let sorted = tokio::task::spawn_blocking(move || {
        silences.sort_by_key(|silence| order(silence, now));
        silences
    });
    let silences = sorted.await.map_err(|error| V2Error::Unavailable(error.to_string()))?;
    Ok(stream::list(silences.into_iter().map(move |silence| ShownSilence { silence, now }), permit))
}

/// Of the silences after this one, some that are wanted, and after which one to go on.
async fn page(
    app: &App,
    wanted: Arc<impl Fn(&Silence) -> bool + Send + Sync + 'static>,
    after: Option<SilenceId>,
) -> Result<(Vec<Silence>, Option<SilenceId>), V2Error> {
    let read = app.handle.read(move |core, _| {
        let mut last = None;
        let mut looked_at = 0;
        let some = core.router().silences_after(after.as_ref()).take(PAGE).inspect(|silence| {
            looked_at += 1;
            last = Some(silence.id.clone());
        });
        let found: Vec<Silence> = some.filter(|silence| wanted(silence)).cloned().collect();
        (found, last.filter(|_| looked_at == PAGE))
    });
    Ok(read.await?)
}

/// Whether each filter is, letter by letter, one of the silence's matchers.
fn has_all(silence: &Silence, filters: &[Matcher]) -> bool {
    let same = |one: &Matcher, other: &Matcher| {
        (one.name(), one.op(), one.value()) == (other.name(), other.op(), other.value())
    };
    filters.iter().all(|filter| silence.matchers.iter().any(|matcher| same(matcher, filter)))
}

fn order(silence: &Silence, now: Timestamp) -> (u8, Timestamp, Reverse<Timestamp>) {
    let none = Timestamp::EPOCH;
    match silence.state_at(now) {
        SilenceState::Active => (0, silence.ends_at, Reverse(none)),
        SilenceState::Pending => (1, silence.starts_at, Reverse(none)),
        SilenceState::Expired => (2, none, Reverse(silence.ends_at)),
    }
}

/// Makes or changes a silence and answers with its id once it is kept.
pub(super) async fn post(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, V2Error> {
    let wanted: Option<PostableSilence> = body::read("silence", &headers, body)?;
    let mut draft = wanted.unwrap_or_default().draft(app.clock.now(), app.reloader.sources.matchers)?;
    draft.force |= Parameters::parse(query.as_deref()).flag("force", false);
    if let Some(id) = draft.id.clone() {
        // A client that knows of no kinds must not turn one into another by changing the comment.
        let known = app.handle.read(move |core, _| core.router().silence(&id).map(|known| known.kind));
        let known = known.await?.ok_or(V2Error::CannotChange)?;
        if draft.kind == crate::model::SilenceKind::default() {
            draft.kind = known;
        }
    }
    match app.handle.request(Request::SetSilence(draft)).await? {
        Answer::Silence(id) => {
            let body = format!("{}\n", json!({"silenceID": &*id.0}));
            Ok(([(CONTENT_TYPE, "application/json")], body).into_response())
        }
        Answer::Refused(refusal) => Err(refusal.into()),
        other @ (Answer::AlertsTaken { .. }
        | Answer::Expired
        | Answer::Acked(_)
        | Answer::Resent(_)
        | Answer::Dropped) => Err(unexpected(&other)),
    }
}

/// One silence.
pub(super) async fn get(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<axum::Json<ShownSilence>, V2Error> {
    let id = uuid(id)?;
    let found = app.handle.read(move |core, now| (core.router().silence(&id).cloned(), now)).await?;
    let (Some(silence), now) = found else { return Err(V2Error::NoSuchSilence) };
    Ok(axum::Json(ShownSilence { silence, now }))
}

/// Ends a silence and answers once that is kept. One that had ended before stays as it is.
pub(super) async fn delete(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode, V2Error> {
    match app.handle.request(Request::ExpireSilence(uuid(id)?)).await? {
        Answer::Expired => Ok(StatusCode::OK),
        Answer::Refused(Refusal::UnknownSilence) => Err(V2Error::NoSuchSilence),
        Answer::Refused(refusal) => Err(refusal.into()),
        other @ (Answer::AlertsTaken { .. }
        | Answer::Silence(_)
        | Answer::Acked(_)
        | Answer::Resent(_)
        | Answer::Dropped) => Err(unexpected(&other)),
    }
}

/// The loop answers each request by its kind; if not, that is our mistake and must be seen.
fn unexpected(answer: &Answer) -> V2Error {
    V2Error::Unavailable(format!("unexpected answer {answer:?}"))
}

/// An id, if it has the form of one.
fn uuid(text: String) -> Result<SilenceId, V2Error> {
    let is_one = text.chars().filter(|c| *c != '-').count() == 32
        && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    match is_one {
        true => Ok(SilenceId(text.into())),
        false => {
            let message = format!("silenceID in path must be of type uuid: {text:?}");
            Err(V2Error::Schema { code: 601, message })
        }
    }
}
