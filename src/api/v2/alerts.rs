//! `GET` and `POST /alerts`.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::body::{self, DateTime, Texts, ZERO_TIME};
use super::error::V2Error;
use super::ingest::{self, Incoming};
use super::parameters::Parameters;
use super::shapes::Shown;
use super::stream::{self, Permit};
use crate::api::App;
use crate::model::{Duration, Timestamp};
use crate::router::{AlertQuery, AlertView, Cursor, Page};

/// How many alerts are looked at while the loop waits.
const PAGE: usize = 4000;

/// An alert as it is sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostableAlert {
    labels: Option<Texts>,
    annotations: Option<Texts>,
    starts_at: Option<DateTime>,
    ends_at: Option<DateTime>,
    #[serde(rename = "generatorURL")]
    generator_url: Option<String>,
}

/// Takes alerts and answers once they are kept. Of several alerts the valid ones are taken, also if the
/// answer is that some are not.
pub(super) async fn post(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, V2Error> {
    let alerts: Option<Vec<Option<PostableAlert>>> = body::read("alerts", &headers, body)?;
    let incoming = alerts.unwrap_or_default().into_iter().enumerate();
    let incoming = incoming.map(|(at, alert)| checked(at, alert)).collect::<Result<_, _>>()?;
    ingest::take(&app, "v2", None, incoming).await?;
    Ok(StatusCode::OK)
}

/// What the schema asks for; the first offence of the first alert is told.
fn checked(at: usize, alert: Option<PostableAlert>) -> Result<Incoming, V2Error> {
    let required = || V2Error::required(&format!("{at}.labels"));
    let alert = alert.ok_or_else(required)?;
    let generator_url = alert.generator_url.unwrap_or_default();
    if !is_uri(&generator_url) {
        let message = format!("{at}.generatorURL in body must be of type uri: {generator_url:?}");
        return Err(V2Error::Schema { code: 601, message });
    }
    let given = |time: Option<DateTime>| time.map(|time| time.0).filter(|time| *time != ZERO_TIME);
    Ok(Incoming {
        labels: body::texts(alert.labels.ok_or_else(required)?).collect(),
        annotations: body::texts(alert.annotations.unwrap_or_default()).collect(),
        starts_at: given(alert.starts_at),
        ends_at: given(alert.ends_at),
        generator_url,
    })
}

/// Whether a link is empty, a path from the root, or has a scheme.
fn is_uri(text: &str) -> bool {
    let has_scheme = text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    });
    text.is_empty()
        || ((has_scheme || text.starts_with('/')) && !text.contains(|c: char| c.is_ascii_control()))
}

/// The unresolved alerts that are asked for, in order of their fingerprints.
pub(super) async fn get(
    State(app): State<App>,
    Extension(permit): Extension<Permit>,
    RawQuery(query): RawQuery,
) -> Result<Response, V2Error> {
    let parameters = Parameters::parse(query.as_deref());
    let routing = app.handle.read(|core, _| Arc::clone(core.router().routing())).await?;
    let query = parameters.query(routing.matcher_mode)?;
    let mut found = Vec::new();
    let mut from = Some(Cursor::default());
    while let Some(cursor) = from {
        let page = page(&app, query.clone(), cursor).await?;
        found.extend(page.items);
        from = page.next;
    }
    let now = app.clock.now();
    let sorted = tokio::task::spawn_blocking(|| sorted(found)).await;
    let found = sorted.map_err(|error| V2Error::Unavailable(error.to_string()))?;
    Ok(stream::list(shown(found, now, routing.resolve_timeout), permit))
}

async fn page(app: &App, query: AlertQuery, from: Cursor) -> Result<Page<AlertView>, V2Error> {
    Ok(app.handle.read(move |core, now| core.alert_page(now, &query, from, PAGE)).await?)
}

fn sorted(mut views: Vec<AlertView>) -> Vec<AlertView> {
    views.sort_unstable_by_key(|view| view.fingerprint);
    // What changed its place while pages were read may have been met twice.
    views.dedup_by_key(|view| view.fingerprint);
    views
}

fn shown(
    views: Vec<AlertView>,
    now: Timestamp,
    resolve_timeout: Duration,
) -> impl Iterator<Item = Shown> + Send + 'static {
    Ahead { views: views.into_iter(), near: 0 }.map(move |view| Shown::new(view, now, resolve_timeout))
}

/// How many alerts are brought near at once.
const AHEAD: usize = 32;

/// Views whose texts are brought into the processor's cache some time before they are written. In the order of
/// fingerprints they lie anywhere: one by one, each would be waited for.
struct Ahead {
    views: std::vec::IntoIter<AlertView>,
    /// How many of the next ones are near.
    near: usize,
}

impl Iterator for Ahead {
    type Item = AlertView;

    fn next(&mut self) -> Option<AlertView> {
        if self.near == 0 {
            let next = self.views.as_slice().iter().take(AHEAD);
            let touch = |view: &AlertView| view.alert.labels.touch() ^ view.alert.annotations.touch();
            std::hint::black_box(next.map(touch).fold(0, |all, one| all ^ one));
            self.near = AHEAD;
        }
        self.near -= 1;
        self.views.next()
    }
}

#[cfg(test)]
mod tests {
    use super::is_uri;

    #[test]
    fn links_are_checked_as_alertmanager_checks_them() {
        for (text, want) in [
            ("", true),
            ("http://prometheus/graph?g0.expr=up", true),
            ("/graph", true),
            ("mailto:me", true),
            ("foo", false),
            ("not a url", false),
            ("1http://x", false),
            ("http://x\n", false),
        ] {
            assert_eq!(is_uri(text), want, "{text:?}");
        }
    }
}
