//! The store of the server: one SQLite file in a folder.
//!
//! It has a write-ahead log and every transaction is synchronised, so that what is committed survives a power
//! cut. A file that cannot be opened now is tried again at each commit; one that is damaged is moved aside
//! (`damage.rs`), with what could still be read of it in the new one.

mod connect;
mod damage;
mod elsewhere;
mod history;

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};

use super::folder::Folder;
use super::record::{decode, encode, encode_router_key, encode_rules_key};
use super::{Batch, Key, Loaded, Store, StoreError};
use crate::core::Entry;
use crate::model::{Duration, Timestamp};
use crate::shell::clock::Clock;
pub(super) use connect::told;
use elsewhere::Identity;
pub use history::SqliteHistory;

/// The file in the folder.
const FILE: &str = "sereno.db";

/// Where to keep things, and for how long.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder. It is made if it is not there.
    pub folder: PathBuf,
    /// How old history gets.
    pub history_retention: Duration,
    /// How large history gets, in bytes, roughly: the oldest gives way.
    pub history_max_size: u64,
}

impl Settings {
    /// The file.
    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }
}

/// Keeps everything in one file.
#[derive(Debug)]
pub struct SqliteStore {
    settings: Settings,
    /// Says when a damaged file was moved aside.
    clock: Arc<Clock>,
    folder: Option<Folder>,
    /// `None`: not opened yet, or to be opened anew.
    connection: Option<Connection>,
    /// The file that is open.
    opened: Option<Identity>,
    /// Whether the core has been given what is in the file.
    is_loaded: bool,
    notices: Vec<String>,
}

impl SqliteStore {
    /// A store that opens its file when it is first used.
    #[must_use]
    pub fn new(settings: Settings, clock: Arc<Clock>) -> Self {
        Self {
            settings,
            clock,
            folder: None,
            connection: None,
            opened: None,
            is_loaded: false,
            notices: Vec::new(),
        }
    }

    /// Answers questions about the history in this store, also while it writes.
    #[must_use]
    pub fn history(&self) -> SqliteHistory {
        SqliteHistory::new(self.settings.file())
    }

    /// The connection; opens the file if need be.
    fn open(&mut self) -> Result<&mut Connection, StoreError> {
        if self.connection.is_none() {
            if self.folder.is_none() {
                self.folder = Some(Folder::take(&self.settings.folder)?);
            }
            let file = self.settings.file();
            // Damage is looked for when the file is opened for the first time: that takes a while.
            self.connection = Some(connect::for_writing(&file, !self.is_loaded)?);
            self.opened = Identity::of(&file).ok();
        }
        Ok(self.connection.as_mut().expect("just opened"))
    }

    /// Lets the file grow no more, as on a full disk.
    #[cfg(test)]
    pub(super) fn limit_pages(&mut self) {
        let connection = self.open().expect("it is open");
        connection.pragma_update_and_check(None, "max_page_count", 1, |_| Ok(())).expect("limited");
    }

    fn try_load(&mut self) -> Result<Vec<Entry>, StoreError> {
        let file = self.settings.file();
        let (mut entries, mut unreadable) = (Vec::new(), 0);
        let see = |key: &[u8], record: &[u8]| match decode(key, record) {
            Some(entry) => entries.push(entry),
            None => unreadable += 1,
        };
        connect::each_record(self.open()?, see).map_err(|error| told("cannot read", &file, &error))?;
        self.is_loaded = true;
        self.tell_unreadable(unreadable, entries.len() + unreadable);
        Ok(entries)
    }

    /// Says so if the file has records that the core does not know, because it could not be read at the
    /// start.
    fn own_up(&mut self) -> Result<(), StoreError> {
        let file = self.settings.file();
        let count = connect::count(self.open()?).map_err(|error| told("cannot read", &file, &error))?;
        self.is_loaded = true;
        if count > 0 {
            self.notices.push(format!(
                "{} could not be read at the start, and has {count} records of an earlier run: they are in \
                 force again after a restart",
                file.display()
            ));
        }
        Ok(())
    }

    /// The entries with these bytes; those that cannot be read are told of, and stay where they are.
    fn entries(&mut self, records: &[connect::RawRecord]) -> Vec<Entry> {
        let entries: Vec<_> = records.iter().filter_map(|(key, record)| decode(key, record)).collect();
        self.tell_unreadable(records.len() - entries.len(), records.len());
        entries
    }

    fn tell_unreadable(&mut self, count: usize, of: usize) {
        if count > 0 {
            let file = self.settings.file();
            self.notices.push(format!(
                "{count} of the {of} records in {} cannot be read and are left out",
                file.display()
            ));
        }
    }

    fn try_commit(&mut self, batch: &Batch) -> Result<u64, StoreError> {
        let file = self.settings.file();
        if !self.is_loaded {
            self.own_up()?;
        }
        if self.is_elsewhere() {
            self.begin_anew()?;
        }
        let connection = self.open()?;
        write(connection, batch).map_err(|error| told("cannot write", &file, &error))
    }
}

fn write(connection: &mut Connection, batch: &Batch) -> Result<u64, rusqlite::Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut bytes = 0;
    {
        let sql = "INSERT INTO records VALUES (?1, ?2) ON CONFLICT DO UPDATE SET record = excluded.record";
        let mut keep = transaction.prepare_cached(sql)?;
        let mut forget = transaction.prepare_cached("DELETE FROM records WHERE key = ?1")?;
        for entry in batch.entries() {
            let (key, record) = encode(&entry).map_err(|error| unwritable(error.into()))?;
            bytes += key.len() + record.as_ref().map_or(0, Vec::len);
            match record {
                Some(record) => keep.execute((key, record))?,
                None => forget.execute([key])?,
            };
        }
    }
    bytes += history::add_all(&transaction, batch.history())?;
    transaction.commit()?;
    Ok(bytes as u64)
}

fn unwritable(error: Box<dyn std::error::Error + Send + Sync>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error)
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        match self.try_load() {
            Ok(entries) => Ok(Loaded { entries, trouble: None }),
            Err(refused) if refused.forbids_start() => Err(refused),
            Err(StoreError::Damaged(why)) => {
                let saved = self.replace_damaged(&why);
                self.is_loaded = true;
                let (records, trouble) = match saved {
                    Ok(records) => (records, None),
                    Err((records, trouble)) => (records, Some(trouble)),
                };
                Ok(Loaded { entries: self.entries(&records), trouble })
            }
            Err(trouble) => {
                self.connection = None;
                let read = connect::records_of_unwritable(&self.settings.file());
                self.is_loaded = read.is_some();
                Ok(Loaded { entries: self.entries(&read.unwrap_or_default()), trouble: Some(trouble) })
            }
        }
    }

    fn commit(&mut self, batch: &Batch) -> Result<u64, StoreError> {
        let result = match self.try_commit(batch) {
            Err(StoreError::Damaged(why)) => match self.replace_damaged(&why) {
                Ok(_) => self.try_commit(batch),
                Err((_, trouble)) => Err(trouble),
            },
            other => other,
        };
        if result.is_err() && !self.is_elsewhere() {
            // Opened anew, it may work: the disk may be another one by then.
            self.connection = None;
        }
        result
    }

    fn is_kept(&mut self, key: &Key) -> Result<bool, StoreError> {
        let file = self.settings.file();
        let bytes = match key {
            Key::Rules(key) => encode_rules_key(key),
            Key::Router(key) => encode_router_key(key),
        };
        let bytes = bytes.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let found = self
            .open()?
            .prepare_cached("SELECT 1 FROM records WHERE key = ?1")
            .and_then(|mut find| find.query_row([bytes], |_| Ok(())).optional());
        Ok(found.map_err(|error| told("cannot read", &file, &error))?.is_some())
    }

    fn maintain(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let Some(connection) = &mut self.connection else { return Ok(false) };
        let step = history::forget_some(connection, now, &self.settings);
        step.map_err(|error| told("cannot write", &self.settings.file(), &error))
    }

    fn notices(&self) -> Vec<String> {
        self.notices.clone()
    }
}

/// Whether the file's content is wrong, rather than the disk.
fn is_damage(code: ErrorCode) -> bool {
    // `Unknown` is what a statement gets that does not fit the tables: they are not what we made.
    matches!(code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
}
