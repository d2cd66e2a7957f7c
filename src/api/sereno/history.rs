//! `GET /api/sereno/v1/history`: what happened, newest first, in pages.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;
use serde_json::{Map, Value};

use super::error::SerenoError;
use super::parameters::{self, wrong};
use super::words;
use crate::api::App;
use crate::model::matcher::MatcherMode;
use crate::model::{Fingerprint, LabelSet, Str, Timestamp};
use crate::shell::history::{HistoryKind, HistoryRow};
use crate::shell::store::HistoryQuery;

const KNOWN: [&str; 10] =
    ["filter", "filter[]", "receiver", "kind", "kind[]", "fingerprint", "from", "to", "limit", "cursor"];

/// How many rows a page has if nobody says it, and how many it may have.
const USUAL: usize = 100;
const MOST: usize = 1000;

/// A page of rows.
#[derive(Serialize)]
pub(in crate::api) struct Page {
    rows: Vec<Row>,
    /// What `cursor` must be for the next page; `null`: there is none.
    next: Option<String>,
}

/// One thing that happened.
#[derive(Serialize)]
struct Row {
    at: String,
    kind: HistoryKind,
    receiver: Option<Str>,
    fingerprint: Option<Fingerprint>,
    labels: LabelSet,
    /// The row as a sentence.
    text: String,
    detail: Map<String, Value>,
}

impl From<HistoryRow> for Row {
    fn from(row: HistoryRow) -> Self {
        let text = row.sentence();
        let HistoryRow { at, kind, receiver, fingerprint, labels, detail } = row;
        Self { at: at.rfc3339_millis(), kind, receiver, fingerprint, labels, text, detail }
    }
}

/// One page of the rows that are asked for.
pub(in crate::api) async fn history(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Page>, SerenoError> {
    let query = read(query.as_deref(), app.clock.now(), app.reloader.sources.matchers)?;
    let page = app.history.page(query).await?;
    let rows = page.rows.into_iter().map(Row::from).collect();
    Ok(Json(Page { rows, next: page.next.map(|next| next.to_string()) }))
}

/// Reads what is asked for.
pub(super) fn read(
    query: Option<&str>,
    now: Timestamp,
    mode: MatcherMode,
) -> Result<HistoryQuery, SerenoError> {
    let mut asked = HistoryQuery { limit: USUAL, ..HistoryQuery::default() };
    for (name, value) in parameters::read(query, &KNOWN)? {
        let wrong = |reason: String| wrong(&name, &reason);
        match name.as_str() {
            "filter" | "filter[]" => asked.matchers.extend(words::matchers(&value, mode).map_err(wrong)?),
            "receiver" => asked.receiver = Some(value.into()),
            "kind" | "kind[]" => asked.kinds.push(kind(&value).map_err(wrong)?),
            "fingerprint" => asked.fingerprint = Some(words::fingerprint(&value).map_err(wrong)?),
            "from" => asked.from = Some(words::time(&value, now).map_err(wrong)?),
            "to" => asked.to = Some(words::time(&value, now).map_err(wrong)?),
            "limit" => asked.limit = limit(&value).map_err(wrong)?,
            _ => asked.before = Some(value.parse().map_err(|error| wrong(format!("{error}")))?),
        }
    }
    Ok(asked)
}

fn kind(text: &str) -> Result<HistoryKind, String> {
    HistoryKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
        let names: Vec<&str> = HistoryKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("there is no kind {text:?}; there are {}", names.join(", "))
    })
}

fn limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Ok(_) | Err(_) => Err(format!("{text:?} is not a number from 1 to {MOST}")),
    }
}
