//! What all endpoints of the API v2 have in common: how many requests are answered at once, the headers of
//! answers, metrics.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use tokio::sync::Semaphore;

use super::error::V2Error;
use super::stream::Permit;
use crate::api::App;
use crate::shell::clock::Stopwatch;
use crate::shell::metrics::AnswerSize;

/// How many `GET`s are answered at once.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    slots: Arc<Semaphore>,
    count: usize,
    app: App,
}

impl Limit {
    /// So many as the flags say.
    pub(super) fn new(app: App) -> Self {
        let count = app.limits.get_slots();
        Self { slots: Arc::new(Semaphore::new(count)), count, app }
    }
}

/// Counts the request, answers it if it may be answered now, and adds the headers.
pub(super) async fn guard(State(limit): State<Limit>, mut request: Request, next: Next) -> Response {
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    let (method, path) = (request.method().clone(), handler_of(request.uri().path()));
    let watch = Stopwatch::start();
    let http = &limit.app.metrics.http;
    let mut response = if is_preflight(&request) {
        preflight()
    } else if is_get && !accepts_json(request.headers()) {
        V2Error::NotAcceptable.into_response()
    } else if is_get {
        match Arc::clone(&limit.slots).try_acquire_owned() {
            Ok(permit) => {
                request.extensions_mut().insert::<Permit>(Arc::new(permit));
                let _in_flight = http.begin();
                next.run(request).await
            }
            Err(_) => {
                http.refused();
                let count = limit.count;
                let text = format!("Limit of concurrent GET requests reached ({count}), try again later.\n");
                (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
            }
        }
    } else {
        next.run(request).await
    };
    let code = response.status().as_u16();
    let size = http.answered(path, method.as_str(), code, watch.elapsed());
    response = response.map(|body| counted(body, size));
    for (name, value) in
        [("cache-control", "no-store"), ("access-control-allow-origin", "*"), ("vary", "Origin")]
    {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Notes how long the answer is: at once if that is known, else when it has been taken or its reader is gone.
fn counted(body: Body, mut size: AnswerSize) -> Body {
    match body.size_hint().exact() {
        Some(bytes) => {
            size.add(bytes);
            body
        }
        None => Body::from_stream(body.into_data_stream().inspect_ok(move |piece| {
            size.add(piece.len() as u64);
        })),
    }
}

/// The label `handler` of metrics: a known path, so that nobody can make any number of them.
fn handler_of(path: &str) -> &'static str {
    match path {
        "/alerts" => "/api/v2/alerts",
        "/alerts/groups" => "/api/v2/alerts/groups",
        "/silences" => "/api/v2/silences",
        "/receivers" => "/api/v2/receivers",
        "/status" => "/api/v2/status",
        silence if silence.starts_with("/silence/") => "/api/v2/silence/{silenceID}",
        _ => "other",
    }
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(ACCEPT).and_then(|value| value.to_str().ok()) else { return true };
    let mut kinds = accept.split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    accept.trim().is_empty() || kinds.any(|kind| ["application/json", "application/*", "*/*"].contains(&kind))
}

fn is_preflight(request: &Request) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Pages of other origins may do what Alertmanager lets them do.
fn preflight() -> Response {
    let headers = [
        ("access-control-allow-methods", "GET, HEAD, POST"),
        ("access-control-allow-headers", "Accept, Content-Type, X-Requested-With"),
    ];
    (StatusCode::OK, headers).into_response()
}
