//! The store of the server: one SQLite file in a folder.
//!
//! It has a write-ahead log and every transaction is synchronised, so that what is committed survives a power
//! cut. A file that cannot be opened now is tried again at each commit; one that is damaged is moved aside
//! (`damage.rs`), with what could still be read of it in the new one.

mod connect;
mod damage;
mod elsewhere;
mod history;
mod records;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use super::folder::Folder;
use super::record::{decode, encode, encode_router_key, encode_rules_key};
use super::{Batch, Key, Loaded, Store, StoreError};
use crate::core::Entry;
use crate::model::{Duration, Timestamp};
use crate::shell::clock::Clock;
pub(super) use connect::told;
use elsewhere::Identity;
pub use history::SqliteHistory;
use records::{Changes, Places};

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
    open: Option<Open>,
    /// Whether the core has been given what is in the file.
    is_loaded: bool,
    notices: Vec<String>,
}

/// A file that is open.
#[derive(Debug)]
struct Open {
    connection: Connection,
    /// Which file it is.
    identity: Option<Identity>,
    /// Where its records are; `None`: not read yet.
    places: Option<Places>,
}

impl Open {
    fn new(connection: Connection, file: &Path) -> Self {
        Self { connection, identity: Identity::of(file).ok(), places: None }
    }

    /// The connection, and where the records are.
    fn parts(&mut self) -> Result<(&mut Connection, &mut Places), rusqlite::Error> {
        let places = match self.places.take() {
            Some(places) => places,
            None => Places::read(&self.connection, |_, _| {})?,
        };
        Ok((&mut self.connection, self.places.insert(places)))
    }

    fn write(&mut self, batch: &Batch) -> Result<u64, rusqlite::Error> {
        let (connection, places) = self.parts()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut bytes, mut changes) = (0, Changes::default());
        for entry in batch.entries() {
            let (key, record) = encode(&entry).map_err(|error| unwritable(error.into()))?;
            bytes += key.len() + record.as_ref().map_or(0, Vec::len);
            records::write(&transaction, places, &mut changes, &key, record.as_deref())?;
        }
        bytes += history::add_all(&transaction, batch.history())?;
        transaction.commit()?;
        places.apply(changes);
        Ok(bytes as u64)
    }
}

impl SqliteStore {
    /// A store that opens its file when it is first used.
    #[must_use]
    pub fn new(settings: Settings, clock: Arc<Clock>) -> Self {
        Self { settings, clock, folder: None, open: None, is_loaded: false, notices: Vec::new() }
    }

    /// Answers questions about the history in this store, also while it writes.
    #[must_use]
    pub fn history(&self) -> SqliteHistory {
        SqliteHistory::new(self.settings.file())
    }

    /// The file, opened if need be.
    fn open(&mut self) -> Result<&mut Open, StoreError> {
        if self.open.is_none() {
            if self.folder.is_none() {
                self.folder = Some(Folder::take(&self.settings.folder)?);
            }
            let file = self.settings.file();
            // Damage is looked for when the file is opened for the first time: that takes a while.
            self.open = Some(Open::new(connect::for_writing(&file, !self.is_loaded)?, &file));
        }
        Ok(self.open.as_mut().expect("just opened"))
    }

    /// Lets the file grow no more, as on a full disk.
    #[cfg(test)]
    pub(super) fn limit_pages(&mut self) {
        let connection = &self.open().expect("it is open").connection;
        connection.pragma_update_and_check(None, "max_page_count", 1, |_| Ok(())).expect("limited");
    }

    fn try_load(&mut self) -> Result<Vec<Entry>, StoreError> {
        let file = self.settings.file();
        let (mut entries, mut unreadable) = (Vec::new(), 0);
        let see = |key: &[u8], record: &[u8]| match decode(key, record) {
            Some(entry) => entries.push(entry),
            None => unreadable += 1,
        };
        let open = self.open()?;
        let places =
            Places::read(&open.connection, see).map_err(|error| told("cannot read", &file, &error))?;
        open.places = Some(places);
        self.is_loaded = true;
        self.tell_unreadable(unreadable, entries.len() + unreadable);
        Ok(entries)
    }

    /// Says so if the file has records that the core does not know, because it could not be read at the
    /// start.
    fn own_up(&mut self) -> Result<(), StoreError> {
        let file = self.settings.file();
        let count =
            connect::count(&self.open()?.connection).map_err(|error| told("cannot read", &file, &error))?;
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
        self.open()?.write(batch).map_err(|error| told("cannot write", &file, &error))
    }
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
                self.open = None;
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
            self.open = None;
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
        let parts = self.open()?.parts();
        let found = parts.and_then(|(connection, places)| places.is_kept(connection, &bytes));
        found.map_err(|error| told("cannot read", &file, &error))
    }

    fn maintain(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let Some(open) = &mut self.open else { return Ok(false) };
        let step = history::forget_some(&mut open.connection, now, &self.settings);
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
