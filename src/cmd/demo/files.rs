//! Rules and routes of the demo, which are part of the program, in a folder where they can be read and
//! edited. The folder goes with the demo; what a demo left that was killed, the next one tidies up.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The examples in `rules/`, and what the demo adds. Recorded series would need somebody to keep them.
const RULES: [(&str, &str); 5] = [
    ("availability.yml", include_str!("../../../rules/availability.yml")),
    ("demo.yml", include_str!("../../../demo/rules.yml")),
    ("http.yml", include_str!("../../../rules/http.yml")),
    ("node.yml", include_str!("../../../rules/node.yml")),
    ("redis.yml", include_str!("../../../rules/redis.yml")),
];

const ROUTES: &str = include_str!("../../../demo/routes.yml");

/// How the names of the demos' folders begin.
const PREFIX: &str = "sereno-demo-";

/// A file in the folder that is locked as long as its demo runs, however that ends.
const LOCK: &str = "running";

/// How many names are tried for the folder.
const NAMES: u32 = 1000;

/// The folder; it is removed with this value.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    _lock: File,
}

impl Files {
    /// Writes them into a new folder that only this user can read.
    ///
    /// # Errors
    /// The text says what could not be written.
    pub(super) fn write() -> Result<Self, String> {
        Self::write_in(&std::env::temp_dir())
    }

    fn write_in(parent: &Path) -> Result<Self, String> {
        tidy_up(parent);
        let folder = new_folder(parent)?;
        let cannot = |path: &Path, error| format!("cannot write {}: {error}", path.display());
        let lock = folder.join(LOCK);
        let file = File::create(&lock).map_err(|error| cannot(&lock, error))?;
        file.lock().map_err(|error| format!("cannot lock {}: {error}", lock.display()))?;
        let files = Self { folder, _lock: file };
        let rules = files.folder.join("rules");
        fs::create_dir(&rules).map_err(|error| cannot(&rules, error))?;
        let paths = RULES.iter().map(|(name, text)| (rules.join(name), *text));
        for (path, text) in paths.chain([(files.folder.join("routes.yml"), ROUTES)]) {
            fs::write(&path, text).map_err(|error| cannot(&path, error))?;
        }
        Ok(files)
    }

    /// The pattern of the rule files.
    pub(super) fn rules(&self) -> String {
        self.folder.join("rules/*.yml").display().to_string()
    }

    /// The path of the routing file.
    pub(super) fn routes(&self) -> String {
        self.folder.join("routes.yml").display().to_string()
    }

    /// A folder for data, which nothing is written to: the demo keeps it in memory.
    pub(super) fn data_folder(&self) -> String {
        self.folder.join("data").display().to_string()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // the next demo tries again
    }
}

/// Makes a folder of a name that is not taken: the process's number may have been another demo's, in another
/// container with the same temporary folder.
fn new_folder(parent: &Path) -> Result<PathBuf, String> {
    let mut folder = parent.join(format!("{PREFIX}{}", std::process::id()));
    for number in 2..NAMES {
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                folder = parent.join(format!("{PREFIX}{}-{number}", std::process::id()));
            }
            Err(error) => return Err(format!("cannot make the folder {}: {error}", folder.display())),
        }
    }
    Err(format!("{} is full of {PREFIX}… folders; remove them", parent.display()))
}

/// Removes the folders of demos that no longer run. What cannot be removed, such as other users' folders, stays.
fn tidy_up(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if !is_folder || !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        // Without the file it is younger than its lock, or not ours.
        if let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Files, LOCK, PREFIX, ROUTES, RULES};
    use crate::config::{read_routing, read_rule_file};

    #[test]
    fn folders_of_demos_that_were_killed_are_removed_by_the_next_one() {
        let parent = tempfile::tempdir().expect("a folder");
        let make = |name: &str, files: &[&str]| {
            let folder = parent.path().join(name);
            fs::create_dir_all(folder.join("rules")).expect("made");
            files.iter().for_each(|file| fs::write(folder.join(file), "").expect("written"));
        };
        make(&format!("{PREFIX}1"), &[LOCK, "rules/a.yml"]);
        make(&format!("{PREFIX}of-somebody"), &["rules/a.yml"]);
        make("other", &[LOCK]);
        // One of our own number: this process has the number of one that is dead, or is in another container.
        make(&format!("{PREFIX}{}", std::process::id()), &[]);
        let here = || {
            let names = fs::read_dir(parent.path()).expect("a folder").map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .replace(&std::process::id().to_string(), "N")
            });
            let mut names: Vec<String> = names.collect();
            names.sort();
            names.join(" ")
        };
        let one = Files::write_in(parent.path()).expect("written");
        assert_eq!(here(), "other sereno-demo-N sereno-demo-N-2 sereno-demo-of-somebody");
        let two = Files::write_in(parent.path()).expect("written");
        assert_eq!(here(), "other sereno-demo-N sereno-demo-N-2 sereno-demo-N-3 sereno-demo-of-somebody");
        drop(one);
        drop(two);
        assert_eq!(here(), "other sereno-demo-N sereno-demo-of-somebody");
    }

    #[test]
    fn there_is_nothing_to_say_about_the_files_of_the_demo() {
        for (name, text) in RULES {
            assert_eq!(read_rule_file(name, text).1, [], "{name}");
        }
        assert_eq!(read_routing("routes.yml", ROUTES).1, []);
    }

    #[test]
    fn every_example_is_part_of_the_demo_or_left_out_on_purpose() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let names =
            std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
        names.extend(["demo.yml".to_owned()]);
        names.retain(|name| name != "recording.yml");
        names.sort();
        assert_eq!(RULES.map(|(name, _)| name).to_vec(), names);
    }
}
