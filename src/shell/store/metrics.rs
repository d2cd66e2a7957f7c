//! What `/metrics` shows of the store.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::shell::metrics::Registrar;

/// Counts of the store.
#[derive(Debug)]
pub struct StoreMetrics {
    pub(super) commits: Counter,
    pub(super) failures: Counter,
    pub(super) duration: Histogram,
    pub(super) bytes: Counter,
    pub(super) history_rows: Counter,
    pub(super) history_lost: Counter,
    pub(super) unsaved: Gauge,
    pub(super) degraded: Gauge,
}

impl StoreMetrics {
    /// Registers all of them.
    pub(in crate::shell) fn new(add: &mut Registrar) -> Self {
        Self {
            commits: add.make("sereno_store_commits", "Transactions that were written to disk"),
            failures: add.make("sereno_store_commit_failures", "Transactions that could not be written"),
            duration: add.with(
                "sereno_store_commit_duration_seconds",
                "How long transactions took, until the disk had them",
                Histogram::new([
                    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
                ]),
            ),
            bytes: add.make("sereno_store_written_bytes", "Bytes of records and history written to disk"),
            history_rows: add.make("sereno_store_history_rows", "Rows of history written to disk"),
            history_lost: add.make(
                "sereno_store_history_rows_lost",
                "Rows of history that were dropped because they could not be written for too long",
            ),
            unsaved: add.make(
                "sereno_store_unsaved_records",
                "Records in force that could not be written to disk yet",
            ),
            degraded: add.make(
                "sereno_store_degraded",
                "Whether nothing can be written to disk: a restart would lose what happened since",
            ),
        }
    }

    /// The disk does not answer.
    pub(in crate::shell) fn hangs(&self) {
        self.degraded.set(1);
    }
}
