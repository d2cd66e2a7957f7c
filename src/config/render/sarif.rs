//! SARIF 2.1.0, which code hosts and editors read.
//!
//! Columns are UTF-16 code units, SARIF's default, because some readers do not look which they are. A result
//! keeps its fingerprint when lines are added above it: it is made of check, file and the text at the place.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::plain_path;
use super::source::{Place, Source};
use crate::config::catalog;
use crate::config::problem::{Problem, Severity};
use crate::model::LabelSet;

/// The whole log.
pub(super) fn sarif(problems: &[(&Problem, Option<&Source<'_>>)]) -> Value {
    let mut rules: BTreeMap<&str, usize> = problems.iter().map(|(problem, _)| (problem.check, 0)).collect();
    for (at, index) in rules.values_mut().enumerate() {
        *index = at;
    }
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = problems
        .iter()
        .map(|(problem, source)| {
            let index = rules.get(problem.check).copied().unwrap_or_default();
            result(problem, *source, index, &fingerprints.next(problem, *source))
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "sereno",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.keys().map(|check| rule(check)).collect::<Vec<_>>(),
            }},
            "columnKind": "utf16CodeUnits",
            "results": results,
        }],
    })
}

fn rule(check: &str) -> Value {
    let entry = catalog::entry(check);
    let finds = entry.map_or(check, |entry| entry.finds);
    let mend = entry.map_or("", |entry| entry.mend);
    json!({
        "id": check,
        "shortDescription": {"text": finds},
        "fullDescription": {"text": finds},
        "help": {"text": format!("{finds} {mend}").trim_end()},
    })
}

fn result(problem: &Problem, source: Option<&Source<'_>>, rule_index: usize, fingerprint: &str) -> Value {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let message = match &problem.help {
        Some(help) => format!("{} ({help})", problem.message),
        None => problem.message.clone(),
    };
    let region = match Place::of(problem, source) {
        Some(Place { source, span, start, end }) => json!({
            "startLine": start.line,
            "startColumn": source.utf16_column(span.start),
            "endLine": end.line,
            "endColumn": source.utf16_column(span.end),
            "byteOffset": span.start,
            "byteLength": span.len(),
        }),
        // GitHub wants a line, also for what is about the whole file.
        None => json!({"startLine": 1}),
    };
    let location = json!({"artifactLocation": {"uri": uri(&problem.file)}, "region": region});
    json!({
        "ruleId": problem.check,
        "ruleIndex": rule_index,
        "level": level,
        "message": {"text": message},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"sereno/v1": fingerprint},
    })
}

/// A path as a URI: relative ones stay relative.
fn uri(path: &str) -> String {
    let path = plain_path(path);
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// Makes fingerprints, and knows how often there was one, as the same text may be wrong several times.
#[derive(Default)]
struct Fingerprints(BTreeMap<u64, usize>);

impl Fingerprints {
    fn next(&mut self, problem: &Problem, source: Option<&Source<'_>>) -> String {
        let at_fault = at_fault(problem, source).unwrap_or_default();
        let parts = [("check", problem.check), ("file", plain_path(&problem.file)), ("text", at_fault)];
        let hash = LabelSet::from_pairs(parts).fingerprint().0;
        let count = self.0.entry(hash).or_default();
        *count += 1;
        format!("{hash:016x}:{count}")
    }
}

/// The text at the place, unless it holds a secret, which could be guessed from a hash.
fn at_fault<'s>(problem: &Problem, source: Option<&'s Source<'_>>) -> Option<&'s str> {
    let (span, source) = (problem.span.as_ref()?, source?);
    let is_secret = source.secrets().iter().any(|mask| mask.start < span.end && span.start < mask.end);
    if is_secret { None } else { source.text.get(span.clone()) }
}
