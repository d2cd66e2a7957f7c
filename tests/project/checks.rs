//! Every check that the source reports is in the catalogue, which says what it is about.

use std::collections::BTreeSet;
use std::path::Path;

use sereno::config::catalog;

use crate::layers;

/// What stands before the name of a check where something is reported.
const BEFORE: &[&str] =
    &["check: ", "error(", "error_help(", "report(Severity::Warning, ", "report(Severity::Info, "];

#[test]
fn each_check_is_in_the_catalogue() {
    let mut names = BTreeSet::new();
    let mut files = Vec::new();
    for folder in ["src/config", "src/check"] {
        layers::list(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        // Calls may be over several lines.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
        for before in BEFORE {
            let found =
                text.split(before).skip(1).filter_map(|rest| rest.strip_prefix('"')?.split('"').next());
            names.extend(found.filter(|name| is_name(name)).map(str::to_owned));
        }
    }
    assert!(names.len() > 40, "only {} checks found: {names:?}", names.len());
    let missing: Vec<&String> = names.iter().filter(|name| catalog::entry(name).is_none()).collect();
    assert!(missing.is_empty(), "not in src/config/catalog.rs: {missing:?}");
}

fn is_name(text: &str) -> bool {
    text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}
