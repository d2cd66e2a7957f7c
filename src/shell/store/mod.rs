//! What outlives the process: the core's records, and what happened.
//!
//! [`Store`] is all that the rest of the shell knows of it. SQLite in a folder is the implementation that the
//! server uses, memory the one for tests; a database that several replicas share can be another. Nothing of
//! this waits: the [`writer`] thread drives the store, and the run loop holds back what relies on a record
//! until that is kept ([`gate`]).

pub mod batch;
mod folder;
pub mod gate;
pub mod history;
pub mod memory;
pub mod metrics;
mod record;
mod schema;
pub mod sqlite;
#[cfg(test)]
mod tests;
pub mod writer;

pub use batch::{Batch, Key};
pub use history::{History, HistoryCursor, HistoryPage, HistoryQuery, HistoryReader};
pub use memory::MemoryStore;
pub use sqlite::SqliteStore;

use std::path::PathBuf;

use crate::core::Entry;
use crate::model::Timestamp;

/// Keeps records and history. Calls may block; only one thread makes them.
pub trait Store: Send {
    /// What an earlier run kept. Called once, before anything else.
    ///
    /// # Errors
    /// Only those that forbid to start ([`StoreError::forbids_start`]); others are told with what could be had
    /// in spite of them.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// Keeps all of the batch, or nothing of it. When it returns, the batch survives `kill -9` and a power
    /// cut. Answers how many bytes of records and history it was.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing of the batch is kept then, and it may be tried again.
    fn commit(&mut self, batch: &Batch) -> Result<u64, StoreError>;

    /// Whether there is a record with this key.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn is_kept(&mut self, key: &Key) -> Result<bool, StoreError>;

    /// One small step of housekeeping: forgets history that is too old or too much. Answers whether there is
    /// more to do at once.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn maintain(&mut self, now: Timestamp) -> Result<bool, StoreError>;

    /// What went wrong at the start or since and does not mend itself, as sentences for people.
    fn notices(&self) -> Vec<String>;
}

/// What an earlier run kept.
#[derive(Debug, Default)]
pub struct Loaded {
    /// All records that can be read, for [`crate::core::Core::restore`].
    pub entries: Vec<Entry>,
    /// Why nothing can be written at the moment, and perhaps nothing could be read.
    pub trouble: Option<StoreError>,
}

/// The store does not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process uses the folder.
    #[error(
        "the folder {} is used by another sereno{}: stop that one, or give this one a --data-dir of its own",
        .folder.display(),
        .process.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The other process, if it left its name.
        process: Option<u32>,
    },
    /// A newer version wrote the file.
    #[error(
        "{} was written by a newer sereno (its schema has version {found}, this one knows versions up to \
         {known}): start the newer sereno, or give this one another --data-dir",
        .file.display()
    )]
    NewerSchema {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that we know.
        known: i64,
    },
    /// What is in the file is not what was written.
    #[error("{0}")]
    Damaged(String),
    /// It cannot be read or written now: the disk is full, read-only, broken or not there.
    #[error("{0}")]
    Unavailable(String),
}

impl StoreError {
    /// Whether it is wrong to go on without the store: somebody else relies on what is in it.
    #[must_use]
    pub fn forbids_start(&self) -> bool {
        match self {
            Self::InUse { .. } | Self::NewerSchema { .. } => true,
            Self::Damaged(_) | Self::Unavailable(_) => false,
        }
    }
}
