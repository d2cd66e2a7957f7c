//! The thread that drives the store: everything that waits is written in one transaction.
//!
//! The run loop never waits for the disk. It hands over batches, which become one until the thread has time
//! for it; of each key only the latest record is kept, so that what waits is never larger than the state,
//! however long the disk takes. That is why nothing has to hold the loop's inputs back: who asks for a change
//! waits for the answer anyway, which comes after the commit, and a slow disk makes larger transactions.
//!
//! If a commit fails, its batch stays and is tried again every few seconds together with what came since.
//! Log, `/health` and metrics say so from when it begins to when it ends.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tracing::{error, info, warn};

use super::{Batch, Store, StoreError};
use crate::core::Entry;
use crate::model::{self, Str};
use crate::shell::clock::{Clock, Stopwatch};
use crate::shell::history::HistoryRow;
use crate::shell::metrics::Metrics;
use crate::shell::status::{Status, Trouble};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long after a failed commit the next is tried.
    pub retry: model::Duration,
    /// How long a commit may take before the loop goes on as if it had failed: a disk may also hang.
    pub patience: model::Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { retry: model::Duration::from_secs(5), patience: model::Duration::from_secs(10) }
    }
}

/// How long history waits for records to be written with: on its own it needs no haste.
const HISTORY_WAITS: Duration = Duration::from_millis(500);

/// How often the store is kept in order.
const MAINTENANCE: Duration = Duration::from_secs(60);

/// How a commit went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// All batches up to this one are kept.
    Kept {
        /// The batch's number.
        batch: u64,
    },
    /// Nothing can be kept at the moment.
    Failed {
        /// Why.
        why: Str,
    },
}

/// Whom the thread tells how it goes.
#[derive(Clone, Debug)]
pub struct Reporter {
    /// The time.
    pub clock: Arc<Clock>,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// What `/health` shows.
    pub status: Arc<Status>,
}

/// Hands batches to the thread. Dropped, it lets the thread finish.
#[derive(Debug)]
pub struct Writer {
    queue: Arc<Queue>,
    done: mpsc::UnboundedReceiver<Done>,
    /// Why nothing could be kept from the start.
    pub(in crate::shell) trouble: Option<Str>,
    pub(in crate::shell) pace: Pace,
}

#[derive(Debug, Default)]
struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    batch: Batch,
    number: u64,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there are records to write, the end has come, or that much time has passed.
    fn wait(&self, time: Duration) -> MutexGuard<'_, Inner> {
        let idle = |inner: &mut Inner| inner.batch.records() == 0 && !inner.is_closed;
        let waited = self.changed.wait_timeout_while(self.lock(), time, idle);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Writer {
    /// Starts the thread. `trouble` is why nothing can be written for now.
    ///
    /// # Errors
    /// The system has no room for a thread.
    pub fn start(
        store: impl Store + 'static,
        trouble: Option<StoreError>,
        pace: Pace,
        reporter: Reporter,
    ) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let (tell, done) = mpsc::unbounded_channel();
        let why = trouble.map(|trouble| Str::from(trouble.to_string()));
        let mut thread = Thread {
            store,
            queue: Arc::clone(&queue),
            tell,
            retry: pace.retry.to_std(),
            reporter,
            unsaved: Batch::default(),
            trouble: None,
        };
        let first = why.clone();
        std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            if let Some(why) = first {
                thread.in_trouble(why);
            }
            thread.run();
        })?;
        Ok(Self { queue, done, trouble: why, pace })
    }

    /// Hands over what is to be written in one piece; answers with the number that [`Done`] will name.
    pub fn hand_over(&mut self, entries: Vec<Entry>, rows: Vec<HistoryRow>) -> u64 {
        let mut inner = self.queue.lock();
        inner.number += u64::from(!entries.is_empty());
        let is_urgent = !entries.is_empty();
        entries.into_iter().for_each(|entry| inner.batch.keep(entry));
        rows.into_iter().for_each(|row| inner.batch.remember(row));
        let number = inner.number;
        drop(inner);
        if is_urgent {
            self.queue.changed.notify_one();
        }
        number
    }

    /// How the next commit went; `None` once the thread has ended.
    pub async fn done(&mut self) -> Option<Done> {
        self.done.recv().await
    }

    /// How a commit went that has ended but was not asked for with [`Self::done`] yet.
    pub fn done_already(&mut self) -> Option<Done> {
        self.done.try_recv().ok()
    }

    /// Lets the thread write what there is and end; [`Self::done`] tells when it has.
    pub fn close(&self) {
        self.queue.lock().is_closed = true;
        self.queue.changed.notify_one();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

struct Thread<S> {
    store: S,
    queue: Arc<Queue>,
    tell: mpsc::UnboundedSender<Done>,
    retry: Duration,
    reporter: Reporter,
    /// What could not be written yet.
    unsaved: Batch,
    trouble: Option<Str>,
}

impl<S: Store> Thread<S> {
    fn run(&mut self) {
        let mut maintained = Stopwatch::start();
        loop {
            let (number, is_last) = self.gather();
            if !self.unsaved.is_empty() || self.trouble.is_some() {
                self.commit(number);
            }
            if is_last {
                return self.end();
            }
            if self.trouble.is_none() && maintained.elapsed() >= MAINTENANCE {
                // One step at a time: commits go first.
                let is_more = self.maintain();
                maintained = if is_more { maintained } else { Stopwatch::start() };
            }
        }
    }

    /// Waits until something is to be written, and takes it; while nothing can be, until it is time to try
    /// again. Answers with the number of the last batch, and whether it was the last of all.
    fn gather(&mut self) -> (u64, bool) {
        let time = if self.trouble.is_some() { self.retry } else { HISTORY_WAITS };
        let waiting = Stopwatch::start();
        loop {
            let mut inner = self.queue.wait(time.saturating_sub(waiting.elapsed()));
            let (batch, number, is_last) = (std::mem::take(&mut inner.batch), inner.number, inner.is_closed);
            drop(inner);
            self.unsaved.append(batch);
            if self.trouble.is_none() || is_last || waiting.elapsed() >= time {
                return (number, is_last);
            }
            self.show_unsaved();
        }
    }

    fn show_unsaved(&self) {
        let records = self.unsaved.records();
        self.reporter.metrics.store.unsaved.set(i64::try_from(records).unwrap_or(i64::MAX));
        self.reporter.status.update(|known| known.store.unsaved_records = records);
    }

    fn commit(&mut self, number: u64) {
        let metrics = &self.reporter.metrics.store;
        let started = Stopwatch::start();
        let result = self.store.commit(&self.unsaved);
        match result {
            Ok(bytes) => {
                metrics.duration.observe(started.elapsed().as_secs_f64());
                metrics.commits.inc();
                metrics.bytes.inc_by(bytes);
                metrics.history_rows.inc_by(self.unsaved.history().count() as u64);
                metrics.history_lost.inc_by(self.unsaved.history_lost());
                self.unsaved = Batch::default();
                self.show_unsaved();
                // First the loop, then `/health`: who reads there that all is well must not be refused after.
                self.note(Done::Kept { batch: number });
                self.out_of_trouble();
            }
            Err(error) => {
                metrics.failures.inc();
                let store = &mut self.store;
                // What cannot be looked up stays: to forget it twice does no harm.
                self.unsaved.retain_known(|key| store.is_kept(key).unwrap_or(true));
                self.in_trouble(error.to_string().into());
            }
        }
    }

    fn in_trouble(&mut self, why: Str) {
        let Reporter { clock, metrics, status } = &self.reporter;
        metrics.store.degraded.set(1);
        let at = clock.now();
        status.update(|known| {
            let since = known.store.trouble.as_ref().map_or(at, |trouble| trouble.at);
            known.store.trouble = Some(Trouble { at: since, message: why.to_string() });
        });
        self.show_unsaved();
        if self.trouble.is_none() {
            error!(
                error = %why,
                "{why}; until that works, what happens is kept in memory only and would be lost with this \
                 process. Notifications go on"
            );
        }
        self.trouble = Some(Str::clone(&why));
        self.note(Done::Failed { why });
    }

    fn out_of_trouble(&mut self) {
        let Reporter { metrics, status, .. } = &self.reporter;
        let notices = self.store.notices();
        status.update(|known| {
            known.store.trouble = None;
            if known.store.notices.len() != notices.len() {
                known.store.notices = notices;
            }
        });
        metrics.store.degraded.set(0);
        if self.trouble.take().is_some() {
            info!("everything is written to disk again");
        }
    }

    fn maintain(&mut self) -> bool {
        match self.store.maintain(self.reporter.clock.now()) {
            Ok(is_more) => is_more,
            Err(error) => {
                warn!(%error, "cannot forget old history: {error}");
                false
            }
        }
    }

    fn end(&mut self) {
        let left = self.unsaved.records();
        if left > 0 {
            error!(left, "stopping with {left} records that could not be written to disk: they are lost");
        }
    }

    fn note(&self, done: Done) {
        let _ = self.tell.send(done); // an error: nobody waits any more
    }
}
