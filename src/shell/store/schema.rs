//! What the file looks like, and how a file of an older version becomes one of this: one step a version,
//! each in a transaction of its own. Steps are never changed once a version with them is out.

use std::path::Path;

use rusqlite::Connection;

use super::StoreError;
use super::sqlite::told;

/// The step at place *n* leads from version *n* to *n + 1*.
const STEPS: &[&str] = &[
    // Times are milliseconds since the epoch; a fingerprint's 64 bits are read as a signed number. `totals`
    // has the size of the history: to add it up would take as long as to read all of it. Whoever adds rows
    // adds their size, once for all of a transaction, as a trigger costs each row a savepoint of its own;
    // rows that are forgotten are subtracted by a trigger.
    "CREATE TABLE records (key BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
     CREATE TABLE history (
         id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, receiver TEXT,
         fingerprint INTEGER, alertname TEXT, labels TEXT NOT NULL, detail TEXT NOT NULL);
     CREATE INDEX history_by_time ON history (at);
     CREATE INDEX history_by_kind ON history (kind, at);
     CREATE INDEX history_by_receiver ON history (receiver, at) WHERE receiver IS NOT NULL;
     CREATE INDEX history_by_fingerprint ON history (fingerprint, at) WHERE fingerprint IS NOT NULL;
     CREATE INDEX history_by_alertname ON history (alertname, at) WHERE alertname IS NOT NULL;
     CREATE TABLE totals (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
     INSERT INTO totals VALUES ('history_bytes', 0);
     CREATE TRIGGER history_shrinks AFTER DELETE ON history BEGIN
         UPDATE totals SET value = value - 120 - octet_length(old.labels) - octet_length(old.detail)
             - 2 * ifnull(octet_length(old.receiver), 0) - 2 * ifnull(octet_length(old.alertname), 0)
             WHERE name = 'history_bytes';
     END;",
    // Records in the order in which they come, not by key, which has none (`sqlite/records.rs`). What finds
    // rows of history by alert and by name is written for many rows at a time (`sqlite/history.rs`): the rows
    // up to the number `history_found` are in `history_places`, whose `value` is a fingerprint, a number, or
    // a name, a text. Most rows are of alerts, and are found by their time.
    "ALTER TABLE records RENAME TO records_by_key;
     CREATE TABLE records (id INTEGER PRIMARY KEY, key BLOB NOT NULL, record BLOB NOT NULL);
     INSERT INTO records (key, record) SELECT key, record FROM records_by_key;
     DROP TABLE records_by_key;
     DROP INDEX history_by_fingerprint;
     DROP INDEX history_by_alertname;
     DROP INDEX history_by_kind;
     CREATE INDEX history_by_kind ON history (kind, at) WHERE kind <> 'alert';
     CREATE TABLE history_places (
         value NOT NULL, at INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (value, at, id)) WITHOUT ROWID;
     INSERT INTO history_places
         SELECT fingerprint, at, id FROM history WHERE fingerprint IS NOT NULL
         UNION ALL SELECT alertname, at, id FROM history WHERE alertname IS NOT NULL ORDER BY 1, 2, 3;
     INSERT INTO totals SELECT 'history_found', ifnull(max(id), 0) FROM history;
     CREATE TRIGGER history_is_forgotten AFTER DELETE ON history BEGIN
         DELETE FROM history_places
             WHERE value IN (old.fingerprint, old.alertname) AND at = old.at AND id = old.id;
     END;",
];

/// The version that this program reads and writes.
pub(super) const VERSION: i64 = STEPS.len() as i64;

/// The version of the file.
///
/// # Errors
/// It cannot be read, or it is newer than [`VERSION`].
pub(super) fn version(connection: &Connection, file: &Path) -> Result<i64, StoreError> {
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| told("cannot read", file, &error))?;
    match found {
        ..0 => Err(StoreError::Damaged(format!("{} has the schema version {found}", file.display()))),
        0..=VERSION => Ok(found),
        _ => Err(StoreError::NewerSchema { file: file.to_owned(), found, known: VERSION }),
    }
}

/// Brings the file up to [`VERSION`].
pub(super) fn migrate(connection: &mut Connection, file: &Path) -> Result<(), StoreError> {
    migrate_to(connection, file, VERSION)
}

/// Brings the file up to a version, which is not greater than [`VERSION`].
pub(super) fn migrate_to(connection: &mut Connection, file: &Path, to: i64) -> Result<(), StoreError> {
    let found = version(connection, file)?;
    for (step, after) in STEPS.iter().zip(1..=to).filter(|(_, after)| *after > found) {
        let run = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", after)?;
            transaction.commit()
        };
        run(connection).map_err(|error| told("cannot write", file, &error))?;
    }
    Ok(())
}
