//! Imports go one way. Each part of `src/` may use the parts that stand beneath it and no others, only the
//! outer parts do I/O, and one file reads the clock. Code under `#[cfg(test)]` may use what it likes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::source::{self, Named, Source};

/// The parts, from the bottom up, each with all the parts that it uses.
pub(crate) const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("promql", &["model"]),
    ("demo", &["model"]),
    ("template", &["model"]),
    ("config", &["model", "promql", "template"]),
    ("check", &["model", "promql", "template", "config"]),
    ("rules", &["model", "template", "config"]),
    ("router", &["model", "template", "config"]),
    ("core", &["model", "config", "rules", "router"]),
    ("notify", &["model", "template", "config", "router"]),
    ("sim", &["model", "rules", "router", "core"]),
    ("testing", &["model", "promql", "config", "rules", "router", "notify"]),
    ("shell", &["model", "config", "rules", "router", "core", "notify"]),
    ("api", &["model", "promql", "template", "config", "rules", "router", "core", "shell"]),
    (
        "cmd",
        &[
            "model", "promql", "demo", "config", "check", "rules", "router", "core", "notify", "testing",
            "shell", "api",
        ],
    ),
];

/// The parts that may do I/O. Everything else is told what it needs and answers with effects.
pub(crate) const OUTER: &[&str] = &["shell", "api", "cmd", "main"];

/// What only the outer parts may name.
const IO: &[&str] = &[
    "tokio",
    "axum",
    "tower_http",
    "hyper",
    "reqwest",
    "rustls",
    "lettre",
    "rusqlite",
    "std::fs",
    "std::process",
    "std::thread",
    "std::env",
];

/// The one file that may read a clock, and how clocks are read.
const CLOCK: &str = "shell/clock.rs";
const CLOCK_READS: &[&str] = &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"];

/// The files of `src`: reading all of them takes a while.
static SOURCES: LazyLock<Vec<(String, Source)>> =
    LazyLock::new(|| read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));

#[test]
fn imports_go_one_way() {
    assert!(SOURCES.len() > 5, "found only {} files", SOURCES.len());
    let offences: Vec<String> = SOURCES.iter().flat_map(|(file, source)| offences(file, source)).collect();
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// So that the table says what is, not what once was.
#[test]
fn what_a_part_may_use_it_uses() {
    for (part, allowed) in LAYERS {
        let of_part =
            SOURCES.iter().filter(|(file, _)| module_of(file).first().is_some_and(|first| first == part));
        let paths: Vec<&Vec<String>> =
            of_part.flat_map(|(_, source)| &source.named).map(|named| &named.path).collect();
        let uses = |other: &str| {
            paths
                .iter()
                .any(|path| matches!(path.as_slice(), [root, used, ..] if root == "crate" && used == other))
        };
        let unused: Vec<_> = allowed.iter().filter(|other| !uses(other)).collect();
        assert!(unused.is_empty(), "`{part}` uses none of {unused:?}; take them out of LAYERS");
    }
}

/// Every Rust file beneath `root` except the files of `#[cfg(test)] mod name;`.
fn read_all(root: &Path) -> Vec<(String, Source)> {
    let mut files = Vec::new();
    list(root, &mut files);
    files.sort();
    let mut sources = Vec::new();
    let mut tests: Vec<Vec<String>> = Vec::new();
    for path in &files {
        let file =
            path.strip_prefix(root).expect("listed beneath the root").to_string_lossy().replace('\\', "/");
        let module = module_of(&file);
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("src/{file}: {e}"));
        let source = source::read(&module, &text).unwrap_or_else(|e| panic!("src/{file}: {e}"));
        tests.extend(
            source.test_modules.iter().map(|name| [module.as_slice(), std::slice::from_ref(name)].concat()),
        );
        sources.push((file, source));
    }
    sources.retain(|(file, _)| !tests.iter().any(|test| module_of(file).starts_with(test)));
    sources
}

pub(crate) fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// `router/tree.rs` is the module `router::tree`, `router/mod.rs` is `router`, `lib.rs` is the root.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// What `file` names and may not, one line each: where, what, and why not.
fn offences(file: &str, source: &Source) -> Vec<String> {
    let module = module_of(file);
    let Some(part) = module.first() else {
        return Vec::new(); // lib.rs names every part in order to declare it
    };
    let Some(allowed) = allowed(part) else {
        return vec![format!("src/{file}:1: `{part}` has no place among the layers; give it one in LAYERS")];
    };
    let mut found = Vec::new();
    for Named { path, line } in &source.named {
        let mut offence = |why: String| found.push(format!("src/{file}:{line}: {}: {why}", path.join("::")));
        if let [root, used, ..] = path.as_slice()
            && matches!(root.as_str(), "crate" | "sereno")
            && LAYERS.iter().any(|(name, _)| name == used)
            && used != part
            && !allowed.contains(&used.as_str())
        {
            offence(format!("`{part}` may not use `{used}` (it may use: {})", allowed.join(", ")));
        }
        if !OUTER.contains(&part.as_str()) && IO.iter().any(|io| starts_with(path, io)) {
            offence(format!("`{part}` does no I/O; only {} may", OUTER.join(", ")));
        }
        if file != CLOCK && CLOCK_READS.iter().any(|read| ends_with(path, read)) {
            offence(format!("only src/{CLOCK} reads a clock; take the time as an argument"));
        }
    }
    found
}

/// The parts that `part` may use; all of them for `main`.
fn allowed(part: &str) -> Option<Vec<&'static str>> {
    if part == "main" {
        return Some(LAYERS.iter().map(|(name, _)| *name).collect());
    }
    LAYERS.iter().find(|(name, _)| *name == part).map(|(_, uses)| uses.to_vec())
}

fn starts_with(path: &[String], prefix: &str) -> bool {
    let prefix: Vec<&str> = prefix.split("::").collect();
    // A lone `tokio` may be a local name; `use tokio;` and `tokio::…` both have more after them in practice.
    path.len() >= prefix.len().max(2) && path.iter().zip(prefix).all(|(one, other)| one == other)
}

fn ends_with(path: &[String], suffix: &str) -> bool {
    let suffix: Vec<&str> = suffix.split("::").collect();
    path.len() >= suffix.len()
        && path[path.len() - suffix.len()..].iter().zip(suffix).all(|(one, other)| one == other)
}

#[test]
fn a_wrong_import_is_found_with_its_place() {
    for (file, text, want) in [
        (
            "model/alert.rs",
            "\nuse crate::config::Rule;",
            "src/model/alert.rs:2: crate::config::Rule: `model` may not use `config` (it may use: )",
        ),
        (
            "router/tree.rs",
            "use crate::{model::Alert, shell::clock};",
            "src/router/tree.rs:1: crate::shell::clock: `router` may not use `shell` \
             (it may use: model, template, config)",
        ),
        (
            "rules/engine.rs",
            "use super::super::router;",
            "src/rules/engine.rs:1: crate::router: `rules` may not use `router` \
             (it may use: model, template, config)",
        ),
        (
            "core.rs",
            "fn f() { let _ = std::fs::read(\"x\"); }",
            "src/core.rs:1: std::fs::read: `core` does no I/O; only shell, api, cmd, main may",
        ),
        (
            "notify/webhook.rs",
            "fn f() {}\n#[tokio::main]\nfn g() {}",
            "src/notify/webhook.rs:2: tokio::main: `notify` does no I/O; only shell, api, cmd, main may",
        ),
        (
            "shell/run.rs",
            "fn f() { std::time::Instant::now(); }",
            "src/shell/run.rs:1: std::time::Instant::now: only src/shell/clock.rs reads a clock; \
             take the time as an argument",
        ),
        (
            "extra/mod.rs",
            "",
            "src/extra/mod.rs:1: `extra` has no place among the layers; give it one in LAYERS",
        ),
        ("router/mod.rs", "use crate::model; use super::config; use std::io;", ""),
        ("shell/clock.rs", "fn f() { std::time::SystemTime::now(); tokio::spawn(g()); }", ""),
        ("model/time.rs", "#[cfg(test)] mod tests { use std::fs; use crate::sim; }", ""),
    ] {
        let source = source::read(&module_of(file), text).expect("the text is Rust");
        assert_eq!(offences(file, &source).join("\n"), want, "{file}");
    }
}
