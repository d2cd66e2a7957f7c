//! A file whose content is wrong is moved aside, never deleted, and a new one takes its place, with all
//! records that can still be read. History stays with the old one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tracing::error;

use super::connect::{self, RawRecord, told};
use super::{Open, SqliteStore, StoreError, records};

impl SqliteStore {
    /// Begins a new file in the place of the damaged one, and answers with the records that could be saved;
    /// with an error as well if there is no new file.
    pub(super) fn replace_damaged(
        &mut self,
        why: &str,
    ) -> Result<Vec<RawRecord>, (Vec<RawRecord>, StoreError)> {
        self.open = None;
        let file = self.settings.file();
        let (records, is_all) = salvage(&file);
        let fail = |trouble| Err((records.clone(), trouble));
        let aside = free_name(&file, &self.clock.now().rfc3339());
        if let Err(error) = move_aside(&file, &aside) {
            return fail(StoreError::Damaged(format!("{why}; and it cannot be moved aside: {error}")));
        }
        let fresh = connect::for_writing(&file, false);
        let filled = fresh.and_then(|mut connection| {
            records::fill(&mut connection, &records).map_err(|error| told("cannot write", &file, &error))?;
            Ok(connection)
        });
        let count = records.len();
        let saved = match is_all {
            true => format!("all {count} records are saved, without the history"),
            false => format!("{count} records could be saved, others are lost, and so is the history"),
        };
        let notice = format!("{why}; it was moved to {}, and a new one begun: {saved}", aside.display());
        error!(moved_to = %aside.display(), "{notice}");
        self.notices.push(notice);
        match filled {
            Ok(connection) => {
                self.open = Some(Open::new(connection, &file));
                Ok(records)
            }
            Err(trouble) => fail(trouble),
        }
    }
}

/// The records that can be read, and whether reading came to their end.
fn salvage(file: &Path) -> (Vec<RawRecord>, bool) {
    let mut records = Vec::new();
    let mut read = || {
        let connection = connect::for_reading(file)?;
        connect::each_record(&connection, |key, record| records.push((key.to_vec(), record.to_vec())))
    };
    let is_all = read().is_ok();
    (records, is_all)
}

/// `sereno.db.damaged-2026-01-02T03:04:05Z`, or the same with a number.
fn free_name(file: &Path, at: &str) -> PathBuf {
    let name = |suffix: &str| with_suffix(file, &format!(".damaged-{at}{suffix}"));
    let numbered = (2..).map(|number| name(&format!(".{number}")));
    std::iter::once(name("")).chain(numbered).find(|path| !path.exists()).expect("numbers do not end")
}

/// Moves the file with its log, so that it can be looked at as it was.
fn move_aside(file: &Path, aside: &Path) -> std::io::Result<()> {
    for suffix in ["-wal", "-shm"] {
        match std::fs::rename(with_suffix(file, suffix), with_suffix(aside, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    std::fs::rename(file, aside)
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    PathBuf::from(name)
}
