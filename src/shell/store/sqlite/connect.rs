//! Connections to the file: for writing, for reading, and for reading where nothing can be written.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::is_damage;
use crate::shell::store::{StoreError, schema};

/// How long a statement waits for another connection to the same file.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// Key and record of a row.
pub(super) type RawRecord = (Vec<u8>, Vec<u8>);

/// Opens the file for writing; makes it if it is not there, and brings it up to our schema. `check`: looks
/// for damage in the records.
pub(super) fn for_writing(file: &Path, check: bool) -> Result<Connection, StoreError> {
    let cannot = |error| told("cannot open", file, &error);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags).map_err(cannot)?;
    connection.busy_timeout(BUSY).map_err(cannot)?;
    // First of all: a file of a newer version is left as it is.
    let is_new = schema::version(&connection, file)? == 0;
    set_up(&connection, is_new).map_err(cannot)?;
    schema::migrate(&mut connection, file)?;
    if connection.is_readonly("main").map_err(cannot)? {
        return Err(StoreError::Unavailable(format!("cannot write {}: it is read-only", file.display())));
    }
    if check {
        let sql = "PRAGMA quick_check('records')";
        let found: String = connection.query_row(sql, [], |row| row.get(0)).map_err(cannot)?;
        if found != "ok" {
            return Err(StoreError::Damaged(format!("{} is damaged: {found}", file.display())));
        }
    }
    Ok(connection)
}

/// The most memory for pages of the file, in KiB; it is taken as it is needed.
const CACHE_KIB: i64 = 32 * 1024;

/// How many pages the log has before it goes into the file: 16 MiB.
const LOG_PAGES: i64 = 4096;

fn set_up(connection: &Connection, is_new: bool) -> Result<(), rusqlite::Error> {
    if is_new {
        // Room that history leaves can be given back. It has no effect once there is a table.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What a large batch touches stays in memory until it is committed, instead of going to the disk twice.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // The log goes into the file less often: pages that are written again and again go once.
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    // A log that a large batch has blown up is cut down again.
    connection.pragma_update(None, "journal_size_limit", 32 * 1024 * 1024)
}

/// Opens the file for questions only.
pub(super) fn for_reading(file: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Shows each record to `see`, as long as they can be read.
pub(super) fn each_record(
    connection: &Connection,
    mut see: impl FnMut(&[u8], &[u8]),
) -> Result<(), rusqlite::Error> {
    let mut select = connection.prepare("SELECT key, record FROM records")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        see(row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
    }
    Ok(())
}

/// All records.
pub(super) fn records(connection: &Connection) -> Result<Vec<RawRecord>, rusqlite::Error> {
    let mut records = Vec::new();
    each_record(connection, |key, record| records.push((key.to_vec(), record.to_vec())))?;
    Ok(records)
}

/// How many records there are.
pub(super) fn count(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.query_row("SELECT count(*) FROM records", [], |row| row.get(0))
}

/// All records of a file on a disk that takes nothing; `None` if they cannot be had.
///
/// Reading needs a little room too, for the index of the log, unless one says that nobody else is there
/// (which our lock sees to) or that the log does not matter. So what loses nothing is tried first.
pub(super) fn records_of_unwritable(file: &Path) -> Option<Vec<RawRecord>> {
    let read_only = || for_reading(file);
    let alone = || {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        Ok(connection)
    };
    let without_log = || {
        let path = url::Url::from_file_path(std::path::absolute(file).unwrap_or_else(|_| file.to_owned()))
            .map_err(|()| rusqlite::Error::InvalidPath(file.to_owned()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Connection::open_with_flags(format!("{path}?immutable=1"), flags)
    };
    let ways: [&dyn Fn() -> Result<Connection, rusqlite::Error>; 3] = [&read_only, &alone, &without_log];
    ways.iter().find_map(|way| way().and_then(|connection| records(&connection)).ok())
}

/// What went wrong with the file, for people.
pub(in crate::shell::store) fn told(what: &str, file: &Path, error: &rusqlite::Error) -> StoreError {
    let text = format!("{what} {}: {error}", file.display());
    match error.sqlite_error_code() {
        Some(code) if is_damage(code) => StoreError::Damaged(text),
        Some(_) | None => StoreError::Unavailable(text),
    }
}
