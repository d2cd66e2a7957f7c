//! Tells what happens in the first minutes, line by line, between the messages that receivers print.

use std::sync::Arc;

use super::guide::{Guide, grey, say};
use crate::demo::Outage;
use crate::model::{Duration, Timestamp};
use crate::router::NotTold;
use crate::shell::clock::{self, Clock};
use crate::shell::history::{HistoryKind, HistoryRow};
use crate::shell::store::{History, HistoryCursor, HistoryQuery};

/// How often it is looked for something new.
const GLANCE: Duration = Duration::from_millis(250);

/// How long the story goes on after the outage: until everything is resolved and told.
const AFTERMATH: Duration = Duration::from_secs(30);

/// How many rows are read at once: more than happen between two glances.
const PAGE: usize = 200;

/// The story of the first outage.
#[derive(Debug)]
pub(super) struct Story {
    start: Timestamp,
    ends: Timestamp,
    /// What to say after the first message. Taken when it was said.
    first_message: Option<String>,
    /// What to say at the end.
    last_message: String,
    history: History,
    /// How many rows were told.
    told: usize,
}

impl Story {
    /// The story of this outage, with what the guide says in it.
    pub(super) fn new(start: Timestamp, outage: Outage, guide: &Guide<'_>, history: History) -> Self {
        let ends = Timestamp::from_millis(outage.ends()) + AFTERMATH;
        let (first_message, last_message) = (Some(guide.first_message()), guide.last_message());
        Self { start, ends, first_message, last_message, history, told: 0 }
    }

    /// Tells it until its end.
    pub(super) async fn tell(mut self, clock: Arc<Clock>) {
        while clock.now() < self.ends {
            clock::pause(GLANCE).await;
            for row in self.new_rows().await {
                self.tell_row(&row);
            }
        }
        say(&self.last_message);
    }

    /// What happened since the last look, the earliest first.
    async fn new_rows(&mut self) -> Vec<HistoryRow> {
        let mut rows = Vec::new();
        let mut before: Option<HistoryCursor> = None;
        loop {
            let query = HistoryQuery { before, limit: PAGE, ..HistoryQuery::default() };
            // Without an answer the story has a gap, and no more harm is done.
            let Ok(page) = self.history.page(query).await else { return Vec::new() };
            rows.extend(page.rows);
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        rows.reverse();
        let new = rows.split_off(self.told.min(rows.len()));
        self.told += new.len();
        new
    }

    fn tell_row(&mut self, row: &HistoryRow) {
        if row.detail.get("why").is_some_and(|why| why == NotTold::Unchanged.code()) {
            return; // every few seconds, of every group: no news
        }
        let since = row.at.since(self.start).millis().max(0) / 1000;
        let (minutes, seconds) = (since / 60, since % 60);
        let line = format!("{minutes}:{seconds:02}  {}{}\n", subject(row), row.sentence());
        say(&grey(&line));
        let is_told = row.kind == HistoryKind::Notification;
        if is_told && let Some(text) = self.first_message.take() {
            say(&text);
        }
    }
}

/// What a row is about: the alert's name and where it is. Nothing, if it is about no alert.
fn subject(row: &HistoryRow) -> String {
    let names = ["alertname", "job", "zone", "instance", "mountpoint"];
    let has_instance = row.labels.get("instance").is_some();
    let shown = names.into_iter().filter(|name| !(has_instance && matches!(*name, "job" | "zone")));
    let values: Vec<&str> = shown.filter_map(|name| row.labels.get(name)).collect();
    if values.is_empty() { String::new() } else { values.join(" ") + ": " }
}
