//! Somebody removed or replaced the file while it is open. The system lets us write on into the old one, which
//! no later start would ever see: so we look each time whether the file is still where it was.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tracing::error;

use super::connect::{self, told};
use super::{SqliteStore, StoreError, records};

/// What tells a file from another that takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(file: &Path) -> std::io::Result<Self> {
        std::fs::metadata(file).map(|file| Self { device: file.dev(), inode: file.ino() })
    }
}

impl SqliteStore {
    /// Whether the open file is no longer the one that a later start would find.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.open.as_ref().is_some_and(|open| match Identity::of(&self.settings.file()) {
            Ok(found) => open.identity != Some(found),
            Err(error) => matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory),
        })
    }

    /// Puts a new file where the old one was, with all of its records. If there is another one already, it is
    /// left alone: whoever put it there wants it, and gets it with the next start.
    pub(super) fn begin_anew(&mut self) -> Result<(), StoreError> {
        let file = self.settings.file();
        if file.exists() {
            return Err(StoreError::Unavailable(format!(
                "{} was replaced while in use; restart to go on with what is in it now",
                file.display()
            )));
        }
        let Some(old) = self.open.take() else { return Ok(()) };
        let folder = self.folder.take();
        let opened = connect::records(&old.connection)
            .map_err(|error| told("cannot read", &file, &error))
            .and_then(|all| {
                let fresh = &mut self.open()?.connection;
                records::fill(fresh, &all).map_err(|error| told("cannot write", &file, &error))?;
                Ok(all.len())
            });
        match opened {
            Ok(count) => {
                let notice = format!(
                    "{} was removed while in use; a new one has all {count} records, but not the history",
                    file.display()
                );
                error!("{notice}");
                self.notices.push(notice);
                Ok(())
            }
            Err(trouble) => {
                // The old one still has everything; there may be a place for it later.
                (self.open, self.folder) = (Some(old), folder);
                Err(trouble)
            }
        }
    }
}
