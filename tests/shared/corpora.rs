//! Where the collected real files are, if they are there.

#![allow(dead_code, reason = "of the tests that include it, not all need all of it")]

use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder `name` of the corpora (all of them: nothing); none, and a line that says so, if it is not there.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SERENO_CORPORA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    say(&format!("not run on {}: the corpora are not there (set SERENO_CORPORA)", folder.display()));
    None
}

/// The files in the folder and below whose names end like one of these, with their texts, in order of their paths.
pub(crate) fn files(folder: &Path, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                let text = std::fs::read_to_string(&path).expect("a text");
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// Says something even if the test passes: what is printed with `eprintln!` is then thrown away.
pub(crate) fn say(text: &str) {
    // Without an output there is no one to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}
