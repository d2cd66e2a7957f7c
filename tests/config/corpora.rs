//! The collected real files that are YAML.

#[path = "../shared/corpora.rs"]
mod shared;

use std::path::Path;

pub(crate) use shared::folder;

/// The YAML files in the folder and below, with their texts, in order of their paths.
pub(crate) fn files(folder: &Path) -> Vec<(String, String)> {
    let files = shared::files(folder, &[".yml", ".yaml"]).into_iter();
    files.map(|(path, text)| (path.display().to_string(), text)).collect()
}
