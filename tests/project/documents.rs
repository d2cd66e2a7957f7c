//! What the documents name is there: files, targets of `make`, benches and examples, routes of our API, and each
//! part of the source in the map of the architecture.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::layers::{self, LAYERS};
use crate::markdown::{Part, document, documents, links, parts, root, spans};

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    for (name, text) in documents() {
        let folder = root().join(&name).parent().expect("a file is in a folder").to_owned();
        let lost = links(&text).into_iter().filter(|target| !folder.join(target).exists());
        dead.extend(lost.map(|target| format!("{name}: {target}")));
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

/// Whether the code names a file or folder of the project: `router/tree.rs`, `src/check/`, `templates/*.hbs`.
fn is_path(code: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-*/".contains(c);
    let is_elsewhere = ["/", "*", "-", "../", "target/"].iter().any(|start| code.starts_with(start));
    let endings = ["/", ".rs", ".md", ".toml", ".yml", ".tsv", ".hbs"];
    let is_beneath = code.split_once('/').is_some_and(|(folder, _)| root().join(folder).is_dir());
    let is_ours = is_beneath || endings.iter().any(|ending| code.ends_with(ending));
    is_ours && !is_elsewhere && code.chars().all(is_plain)
}

/// Whether it is there; a star stands for at least one name.
fn exists(path: &str) -> bool {
    let path = root().join(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some((_, ending)) = name.split_once('*') else { return path.exists() };
    let folder = path.parent().and_then(|folder| fs::read_dir(folder).ok());
    let mut entries = folder.into_iter().flatten().filter_map(Result::ok);
    entries.any(|entry| entry.file_name().to_string_lossy().ends_with(ending))
}

/// In the map a path may be short: beside or beneath the one before it in the row, in the folder of the section,
/// or in `src`.
#[test]
fn the_files_that_are_named_are_there() {
    let mut missing = Vec::new();
    let mut count = 0;
    for name in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = document(name);
        let mut section = String::new();
        for part in parts(&text) {
            let Part::Text(text) = part else { continue };
            let mut places = vec![String::new(), "src".to_owned(), section.clone()];
            for path in spans(&text).into_iter().filter(|code| is_path(code)) {
                count += 1;
                let found = places.iter().map(|place| format!("{place}/{path}"));
                let found = found.map(|path| path.trim_matches('/').to_owned()).find(|path| exists(path));
                let Some(found) = found else {
                    missing.push(format!("{name}: {path}"));
                    continue;
                };
                if text.trim_start().starts_with("| **") {
                    section.clone_from(&found);
                    places[2].clone_from(&found);
                }
                places.push(found.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned()));
                places.push(found);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(count > 150, "only {count} names");
}

#[test]
fn each_part_of_the_source_is_in_the_map() {
    let text = document("ARCHITECTURE.md");
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("the library");
    let picture: Vec<&str> = library.lines().take_while(|line| line.starts_with("//!")).collect();
    let picture = picture.join("\n");
    for (part, _) in LAYERS {
        let path = format!("src/{part}");
        let named = spans(&text).into_iter().any(|code| {
            code.trim_end_matches('/') == path || code.strip_suffix(".rs").is_some_and(|code| code == path)
        });
        assert!(named, "{path} has no row in the table of ARCHITECTURE.md");
        assert!(words(&picture).contains(part), "{part} is not in the picture of src/lib.rs");
    }
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect()
}

/// `a, b ◄─ c ◄─ d`: `c` uses `a` and `b`, `d` uses `c`, and so on for each line.
#[test]
fn the_picture_of_the_layers_is_the_table_of_the_layers() {
    let text = document("ARCHITECTURE.md");
    let (_, section) = text.split_once("\n## Layers\n").expect("there is such a section");
    let parts = parts(section);
    let block = parts.iter().find_map(|part| match part {
        Part::Block { text, .. } => Some(text),
        Part::Text(_) => None,
    });
    let mut drawn: BTreeMap<&str, BTreeSet<&str>> =
        LAYERS.iter().map(|(name, _)| (*name, BTreeSet::new())).collect();
    let mut seen = BTreeSet::new();
    for line in block.expect("a picture").lines() {
        let groups: Vec<Vec<&str>> =
            line.split("◄─").map(|group| group.split(',').map(str::trim).collect()).collect();
        seen.extend(groups.iter().flatten().copied());
        for pair in groups.windows(2) {
            for user in &pair[1] {
                let uses = drawn.get_mut(user).unwrap_or_else(|| panic!("there is no part {user:?}"));
                uses.extend(pair[0].iter().copied());
            }
        }
    }
    for (name, uses) in LAYERS {
        assert!(seen.contains(name), "{name} is not in the picture");
        let uses: BTreeSet<&str> = uses.iter().copied().collect();
        let wrong: Vec<_> = drawn[name].difference(&uses).collect();
        assert!(wrong.is_empty(), "in the picture {name} uses {wrong:?}, in LAYERS it may not");
        let reached = reached(&drawn, name);
        let left_out: Vec<_> = uses.difference(&reached).collect();
        assert!(left_out.is_empty(), "{name} may use {left_out:?}, which the picture does not show");
    }
}

/// What a part uses, and what that uses, and so on.
fn reached<'a>(drawn: &BTreeMap<&'a str, BTreeSet<&'a str>>, name: &str) -> BTreeSet<&'a str> {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut next: Vec<&str> = drawn[name].iter().copied().collect();
    while let Some(one) = next.pop() {
        if reached.insert(one) {
            next.extend(&drawn[one]);
        }
    }
    reached
}

#[test]
fn what_make_and_cargo_are_asked_for_is_there() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("the Makefile");
    let mut asked = 0;
    for (name, text) in documents() {
        let parts = parts(&text);
        let lines = parts.iter().flat_map(|part| match part {
            Part::Text(text) => spans(text),
            Part::Block { text, .. } => {
                text.lines().map(|line| line.trim().trim_start_matches("$ ")).collect()
            }
        });
        for line in lines {
            let words: Vec<&str> = line.split_whitespace().collect();
            if let ["make", target, ..] = words.as_slice() {
                asked += 1;
                assert!(makefile.contains(&format!("\n{target}:")), "{name}: {line}");
            }
            for pair in words.windows(2) {
                let folder = match pair[0] {
                    "--bench" => "benches",
                    "--example" => "examples",
                    "--test" => "tests",
                    _ => continue,
                };
                asked += 1;
                let target = pair[1];
                let is_there =
                    exists(&format!("{folder}/{target}.rs")) || exists(&format!("{folder}/{target}/main.rs"));
                assert!(is_there, "{name}: {line}");
            }
        }
    }
    assert!(asked > 20, "only {asked} found");
}

/// The routes of `/api/sereno/v1` and the headings of its document are the same.
#[test]
fn our_own_api_is_described_route_by_route() {
    let routes = fs::read_to_string(root().join("src/api/mod.rs")).expect("the routes");
    let mut served = BTreeSet::new();
    for route in routes.split(".route(").skip(1) {
        let Some(path) = route.trim_start().strip_prefix("\"/api/sereno/v1") else { continue };
        let (path, handlers) = path.split_once('"').expect("the path ends");
        for method in ["get", "post", "put", "delete"] {
            if handlers.contains(&format!("{method}(")) {
                served.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let text = document("docs/api.md");
    let headings = text.lines().filter_map(|line| line.strip_prefix("## "));
    let described: BTreeSet<String> = headings.flat_map(spans).map(str::to_owned).collect();
    assert_eq!(described, served);
    assert!(served.len() > 8, "{served:?}");
}

/// A module that is declared and one that has a place among the layers are the same.
#[test]
fn the_layers_are_the_modules() {
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("the library");
    let declared: BTreeSet<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let placed: BTreeSet<&str> = LAYERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(placed, declared);
    let outer: Vec<_> =
        layers::OUTER.iter().filter(|name| **name != "main" && !placed.contains(*name)).collect();
    assert!(outer.is_empty(), "{outer:?}");
}
