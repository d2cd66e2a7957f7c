//! The folder of the store: made if it is not there, and locked, so that two processes never share it.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::StoreError;

/// The file whose lock says that the folder is in use. It is left behind: only the lock counts, and the
/// system gives that back however the process ends.
const LOCK: &str = "lock";

/// A folder that is ours for as long as this lives.
#[derive(Debug)]
pub(super) struct Folder {
    _lock: File,
}

impl Folder {
    /// Makes the folder if need be, and takes it.
    pub(super) fn take(path: &Path) -> Result<Self, StoreError> {
        let folder = path.display();
        std::fs::create_dir_all(path)
            .map_err(|error| StoreError::Unavailable(format!("cannot make the folder {folder}: {error}")))?;
        let name = path.join(LOCK);
        let cannot =
            |error| StoreError::Unavailable(format!("cannot lock the folder {folder}: {LOCK}: {error}"));
        let file = File::options().create(true).read(true).write(true).truncate(false).open(&name);
        let mut file = file.map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {
                // Only a help for whoever meets the lock: on a full disk we go on without.
                let _ = leave_name(&mut file);
                Ok(Self { _lock: file })
            }
            Err(TryLockError::WouldBlock) => Err(in_use(path, &mut file)),
            Err(TryLockError::Error(error)) => Err(cannot(error)),
        }
    }
}

fn leave_name(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn in_use(folder: &Path, file: &mut File) -> StoreError {
    let mut text = String::new();
    // Without the other's name the message is a little poorer.
    let _ = file.read_to_string(&mut text);
    StoreError::InUse { folder: PathBuf::from(folder), process: text.trim().parse().ok() }
}
