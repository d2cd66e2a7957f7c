//! Questions about what happened, and their answers in pages, newest first.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::StoreError;
use crate::model::{Fingerprint, Matcher, Str, Timestamp};
use crate::shell::history::{HistoryKind, HistoryRow};

/// Who can answer questions about what happened. Calls may block; any thread may make them.
pub trait HistoryReader: Send + Sync {
    /// A page of the rows that are wanted.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn read(&self, query: &HistoryQuery) -> Result<HistoryPage, StoreError>;
}

/// Which rows are wanted; what is empty or `None` does not restrict.
#[derive(Clone, Debug, Default)]
pub struct HistoryQuery {
    /// What the row's labels match, all of them.
    pub matchers: Vec<Matcher>,
    /// The receiver that the row concerns.
    pub receiver: Option<Str>,
    /// The kinds of the row, one of them.
    pub kinds: Vec<HistoryKind>,
    /// The alert that the row concerns: its own rows, and notifications that name it.
    pub fingerprint: Option<Fingerprint>,
    /// The earliest time.
    pub from: Option<Timestamp>,
    /// The latest time.
    pub to: Option<Timestamp>,
    /// Where the page before this one ended: [`HistoryPage::next`].
    pub before: Option<HistoryCursor>,
    /// How many rows a page has at most.
    pub limit: usize,
}

/// Rows, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryPage {
    /// The rows. It may be fewer than the limit, even none, although there are more: looking for rows that
    /// match ends after a while, so that no question takes long.
    pub rows: Vec<HistoryRow>,
    /// Where to go on; `None`: there are no more.
    pub next: Option<HistoryCursor>,
}

/// A place in the history. As text it is opaque to users, and safe in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryCursor {
    /// The time of the row before it.
    pub at: Timestamp,
    /// The row's place among those of that time.
    pub id: i64,
}

impl fmt::Display for HistoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.millis(), self.id)
    }
}

/// The text is not one that we gave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor: take it from the answer before, unchanged")]
pub struct BadCursor;

impl FromStr for HistoryCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (at, id) = text.split_once('.').ok_or(BadCursor)?;
        let number = |text: &str| text.parse::<i64>().map_err(|_| BadCursor);
        Ok(Self { at: Timestamp::from_millis(number(at)?), id: number(id)? })
    }
}

impl HistoryQuery {
    /// Whether a row is one of those that are wanted, wherever the page begins.
    #[must_use]
    pub fn wants(&self, row: &HistoryRow) -> bool {
        self.receiver.as_ref().is_none_or(|receiver| row.receiver.as_ref() == Some(receiver))
            && (self.kinds.is_empty() || self.kinds.contains(&row.kind))
            && self.fingerprint.is_none_or(|fingerprint| row.concerns(fingerprint))
            && self.from.is_none_or(|from| row.at >= from)
            && self.to.is_none_or(|to| row.at <= to)
            && self.matchers.iter().all(|matcher| matcher.matches(&row.labels))
    }
}

/// Reads history off the async threads. Cheap to clone.
#[derive(Clone)]
pub struct History(Arc<dyn HistoryReader>);

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("History")
    }
}

impl History {
    /// Reads from `reader`.
    pub fn new(reader: impl HistoryReader + 'static) -> Self {
        Self(Arc::new(reader))
    }

    /// A page of the rows that are wanted.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn page(&self, query: HistoryQuery) -> Result<HistoryPage, StoreError> {
        let reader = Arc::clone(&self.0);
        let read = tokio::task::spawn_blocking(move || reader.read(&query)).await;
        read.unwrap_or_else(|died| Err(StoreError::Unavailable(died.to_string())))
    }
}
