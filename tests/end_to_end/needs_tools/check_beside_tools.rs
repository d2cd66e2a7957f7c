//! `sereno check` beside `promtool check rules` and `amtool check-config`: what they refuse, we refuse, on many
//! broken copies of real files. The other way round may differ: we find more, and know what is newer.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use super::corpora;
use crate::harness::tool;

mod mutation;

use mutation::{Random, mutate};

/// Words of refusals that come from the age of Debian's tools (Prometheus 2.42, Alertmanager 0.25), which do not
/// know what is newer and which we, as Prometheus 3.14 and Alertmanager 0.34, accept.
const TOO_OLD: &[(&str, &str)] = &[
    ("field keep_firing_for not found", "since Prometheus 2.43"),
    ("field query_offset not found", "since Prometheus 2.53"),
    ("field labels not found in type rulefmt.RuleGroup", "since Prometheus 3.0"),
    ("is not a valid label name", "UTF-8 names since Prometheus 3.0"),
    ("invalid label name", "UTF-8 names since Prometheus 3.0 and Alertmanager 0.27"),
    ("invalid annotation name", "UTF-8 names since Prometheus 3.0"),
    ("invalid recording rule name", "UTF-8 names since Prometheus 3.0"),
];

#[test]
fn what_promtool_refuses_we_refuse() {
    let Some(folder) = corpora::folder("rules") else { return };
    let files: Vec<_> = corpora::files(&folder)
        .into_iter()
        .filter(|(path, text)| !path.contains("/tests/") && text.len() < 60_000)
        .collect();
    let verdicts = compare(&files, 6, &["check", "rules"], "promtool");
    assert!(verdicts.refused > 150 && verdicts.accepted > 50, "too few mutants of one kind: {verdicts:?}");
}

#[test]
fn what_amtool_refuses_we_refuse() {
    let Some(folder) = corpora::folder("alertmanager-config") else { return };
    let verdicts = compare(&corpora::files(&folder), 30, &["check-config"], "amtool");
    assert!(verdicts.refused > 150 && verdicts.accepted > 50, "too few mutants of one kind: {verdicts:?}");
}

#[derive(Debug, Default)]
struct Verdicts {
    refused: usize,
    accepted: usize,
}

/// Breaks each file several times and compares the verdicts. Files that the tool refuses as they are have what is
/// newer than it, or are broken already: they teach nothing.
fn compare(files: &[(String, String)], each: usize, arguments: &[&str], name: &str) -> Verdicts {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = Random::new(20_261_121);
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let originals: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    let accepted = they_say(name, arguments, &originals).into_iter().filter(|(_, reason)| reason.is_none());
    let accepted: BTreeSet<String> = accepted.map(|(path, _)| path).collect();
    for (at, (original, text)) in files.iter().filter(|(path, _)| accepted.contains(path)).enumerate() {
        for number in 1..=each {
            let mutant = mutate(text, &mut random);
            let path = folder.path().join(format!("{at:03}-{number:02}.yml")).display().to_string();
            std::fs::write(&path, &mutant).expect("written");
            texts.insert(path, format!("{original}, mutant {number}:\n{}", difference(text, &mutant)));
        }
    }
    let paths: Vec<&str> = texts.keys().map(String::as_str).collect();
    let ours = we_refuse(&paths);
    let (mut verdicts, mut wrong) = (Verdicts::default(), Vec::new());
    for (path, reason) in they_say(name, arguments, &paths) {
        match reason {
            None => verdicts.accepted += 1,
            Some(reason) => {
                verdicts.refused += 1;
                let is_new = TOO_OLD.iter().any(|(words, _)| reason.contains(words));
                if !ours.contains(&path) && !is_new {
                    wrong.push(format!("{} {name} says: {reason}", texts[&path]));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} files that {name} refuses and we accept:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    verdicts
}

/// The files in which we find an error.
fn we_refuse(paths: &[&str]) -> BTreeSet<String> {
    let run =
        Command::new(env!("CARGO_BIN_EXE_sereno")).args(["check", "--format", "json"]).args(paths).output();
    let output = run.expect("it runs").stdout;
    let problems: Vec<serde_json::Value> = serde_json::from_slice(&output).expect("JSON");
    let errors = problems.iter().filter(|problem| problem["severity"] == "error");
    errors.map(|problem| problem["file"].as_str().expect("a path").to_owned()).collect()
}

/// What a tool says of each file: why it refuses it, or nothing.
fn they_say(name: &str, arguments: &[&str], paths: &[&str]) -> Vec<(String, Option<String>)> {
    let one = |path: &&str| {
        let output = Command::new(tool(name)).args(arguments).arg(path).output().expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        (path.to_string(), (!output.status.success()).then_some(text))
    };
    paths.iter().map(one).collect()
}

/// The lines that are not in both.
fn difference(one: &str, other: &str) -> String {
    let (ones, others): (Vec<&str>, Vec<&str>) = (one.lines().collect(), other.lines().collect());
    let start = ones.iter().zip(&others).take_while(|(one, other)| one == other).count();
    let shown = |lines: &[&str], sign: &str| -> String {
        lines.iter().skip(start).take(3).map(|line| format!("  {sign}{}: {line}\n", start + 1)).collect()
    };
    shown(&ones, "-") + &shown(&others, "+")
}
