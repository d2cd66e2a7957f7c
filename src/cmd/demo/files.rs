//! Rules and routes of the demo, which are part of the program, in a folder where they can be read and
//! edited.

use std::fs;
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

/// The folder; it is removed with this value.
#[derive(Debug)]
pub(super) struct Files(PathBuf);

impl Files {
    /// Writes them into a new folder that only this user can read.
    ///
    /// # Errors
    /// The text says what could not be written.
    pub(super) fn write() -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("sereno-demo-{}", std::process::id()));
        let cannot = |path: &Path, error| format!("cannot write {}: {error}", path.display());
        fs::DirBuilder::new().mode(0o700).create(&folder).map_err(|error| cannot(&folder, error))?;
        let files = Self(folder);
        let rules = files.0.join("rules");
        fs::create_dir(&rules).map_err(|error| cannot(&rules, error))?;
        let paths = RULES.iter().map(|(name, text)| (rules.join(name), *text));
        for (path, text) in paths.chain([(files.0.join("routes.yml"), ROUTES)]) {
            fs::write(&path, text).map_err(|error| cannot(&path, error))?;
        }
        Ok(files)
    }

    /// The pattern of the rule files.
    pub(super) fn rules(&self) -> String {
        self.0.join("rules/*.yml").display().to_string()
    }

    /// The path of the routing file.
    pub(super) fn routes(&self) -> String {
        self.0.join("routes.yml").display().to_string()
    }

    /// A folder for data, which nothing is written to: the demo keeps it in memory.
    pub(super) fn data_folder(&self) -> String {
        self.0.join("data").display().to_string()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // a temporary folder: the system tidies up at last
    }
}

#[cfg(test)]
mod tests {
    use super::{ROUTES, RULES};
    use crate::config::{read_routing, read_rule_file};

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
