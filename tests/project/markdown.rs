//! The documents of the project, taken apart as far as their tests need it: code in the text, and blocks of code.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the project is.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The documents that are true of the project as it is: what has changed is another matter.
pub(crate) fn documents() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root().join(name)).into();
    for entry in fs::read_dir(root().join("docs")).expect("the folder is part of the project") {
        paths.push(entry.expect("a readable entry").path());
    }
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root()).expect("it is in the project").display().to_string();
        (name, fs::read_to_string(&path).expect("a text"))
    };
    paths.into_iter().map(read).collect()
}

/// One document: `ARCHITECTURE.md`.
pub(crate) fn document(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A part of a document.
#[derive(Debug, PartialEq)]
pub(crate) enum Part {
    /// Lines that belong together outside of blocks of code: a paragraph, or a row of a table.
    Text(String),
    /// A block of code, with what stands behind its first fence.
    Block { language: String, text: String },
}

/// All parts of a document, in order.
pub(crate) fn parts(document: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if let Some(language) = trimmed.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            parts.push(Part::Text(std::mem::take(&mut text)));
            parts.push(Part::Block { language: language.to_owned(), text: block.join("\n") });
            continue;
        }
        if trimmed.is_empty() || trimmed.starts_with(['|', '#', '-']) {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        text = format!("{text} {trimmed}");
    }
    parts.push(Part::Text(text));
    parts.retain(|part| !matches!(part, Part::Text(text) if text.trim().is_empty()));
    parts
}

/// What stands between single backquotes.
pub(crate) fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The targets of links within the project, without their anchors.
pub(crate) fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let here = targets.map(|target| target.split('#').next().unwrap_or_default());
    here.filter(|target| !target.is_empty() && !target.contains("://")).collect()
}

#[test]
fn documents_are_taken_apart() {
    let text = "# Title\n\nSome `code` and\n`more\ncode`.\n| a | `b` |\n| c | [d](e.md#f) |\n```sh\n$ x\n\n$ y\n```\n";
    let text_of = |text: &str| Part::Text(text.to_owned());
    assert_eq!(
        parts(text),
        [
            text_of(" # Title"),
            text_of("  Some `code` and `more code`."),
            text_of(" | a | `b` |"),
            text_of(" | c | [d](e.md#f) |"),
            Part::Block { language: "sh".to_owned(), text: "$ x\n\n$ y".to_owned() },
        ]
    );
    assert_eq!(spans("Some `code` and `more code`."), ["code", "more code"]);
    assert_eq!(links("[d](e.md#f) [g](https://h) [i](#j)"), ["e.md"]);
}
