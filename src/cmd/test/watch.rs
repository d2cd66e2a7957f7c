//! `--watch`: the tests again, whenever a file that they read changes.

use std::process::ExitCode;
use std::time::SystemTime;

use super::{Read, TestArguments, once, paths};
use crate::cmd::output::note;
use crate::model::{Duration, Str};
use crate::shell::clock::pause;
use crate::shell::glob;

/// How often files are looked at. Nothing tells us: a poll works in every file system and container.
const POLL: Duration = Duration::from_millis(300);

/// Runs until somebody ends it.
///
/// # Errors
/// The first run could not be made; later ones say why and wait for the next change.
pub(super) fn run(arguments: &TestArguments) -> Result<ExitCode, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot wait for changes: {error}"))?;
    let (_, mut read) = once(arguments)?;
    loop {
        note("waiting for changes; Ctrl-C ends");
        let before = state(arguments, &read);
        // What changed while the tests ran is not in `before`: only what was read can tell.
        if !has_changed(&read) {
            while state(arguments, &read) == before {
                runtime.block_on(pause(POLL));
            }
        }
        match once(arguments) {
            Ok((_, now)) => read = now,
            // A file that is being written may be gone for a moment.
            Err(reason) => {
                note(&format!("error: {reason}"));
                runtime.block_on(pause(POLL));
            }
        }
    }
}

/// Whether a file holds something else than what was read, or a pattern names other files.
fn has_changed(read: &Read) -> bool {
    let differs = |(path, text): (&Str, &Str)| std::fs::read(&**path).is_ok_and(|now| now != text.as_bytes());
    let others =
        |(pattern, files): &(String, Vec<String>)| glob::files(pattern).is_ok_and(|now| now != *files);
    read.texts.iter().any(differs) || read.named.iter().any(others)
}

/// What tells that something has changed: which test files and files that they name there are, and each file's time
/// and size.
fn state(arguments: &TestArguments, read: &Read) -> Vec<(String, Option<(SystemTime, u64)>)> {
    let mut files = paths(&arguments.files).unwrap_or_default();
    files.extend(read.named.iter().flat_map(|(pattern, _)| glob::files(pattern).unwrap_or_default()));
    files.extend(read.texts.keys().map(ToString::to_string));
    let stamp = |path: &String| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.into_iter().map(|path| (path.clone(), stamp(&path))).collect()
}
