//! SARIF 2.1.0, which code hosts and editors read.
//!
//! Columns are UTF-16 code units, SARIF's default, because some readers do not look which they are. A result
//! keeps its fingerprint when lines are added above it: it is made of check, file and the text at the place.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};

use super::{mask, place};
use crate::config::catalog;
use crate::config::problem::{Problem, Severity};
use crate::model::LabelSet;

/// The whole log.
pub(super) fn sarif<'t>(problems: &[Problem], text_of: &impl Fn(&str) -> Option<&'t str>) -> Value {
    let mut rules: BTreeMap<&str, usize> = problems.iter().map(|problem| (problem.check, 0)).collect();
    for (at, index) in rules.values_mut().enumerate() {
        *index = at;
    }
    let mut fingerprints = Fingerprints::default();
    let results: Vec<Value> = problems
        .iter()
        .map(|problem| {
            let text = text_of(&problem.file);
            let index = rules.get(problem.check).copied().unwrap_or_default();
            result(problem, text, index, &fingerprints.next(problem, text))
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
        "help": {"text": format!("{finds} {mend}").trim_end()},
    })
}

fn result(problem: &Problem, text: Option<&str>, rule_index: usize, fingerprint: &str) -> Value {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let message = match &problem.help {
        Some(help) => format!("{} ({help})", problem.message),
        None => problem.message.clone(),
    };
    let mut location = json!({"artifactLocation": {"uri": uri(&problem.file)}});
    if let Some((text, span, start, end)) = place::of(problem, text) {
        location["region"] = json!({
            "startLine": start.line,
            "startColumn": place::utf16_column(text, span.start),
            "endLine": end.line,
            "endColumn": place::utf16_column(text, span.end),
            "byteOffset": span.start,
            "byteLength": span.len(),
        });
    }
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
    let path = path.strip_prefix("./").unwrap_or(path);
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

/// Makes fingerprints, and knows those before, as the same text may be wrong several times.
#[derive(Default)]
struct Fingerprints {
    seen: BTreeMap<u64, usize>,
    masks: BTreeMap<String, Vec<Range<usize>>>,
}

impl Fingerprints {
    fn next(&mut self, problem: &Problem, text: Option<&str>) -> String {
        let at_fault = self.at_fault(problem, text).unwrap_or_default();
        let parts = [("check", problem.check), ("file", &*problem.file), ("text", at_fault)];
        let hash = LabelSet::from_pairs(parts).fingerprint().0;
        let count = self.seen.entry(hash).or_default();
        *count += 1;
        format!("{hash:016x}:{count}")
    }

    /// The text at the place, unless it holds a secret, which could be guessed from a hash.
    fn at_fault<'t>(&mut self, problem: &Problem, text: Option<&'t str>) -> Option<&'t str> {
        let (span, text) = (problem.span.as_ref()?, text?);
        let masks = self.masks.entry(problem.file.to_string()).or_insert_with(|| mask::secrets(text));
        let is_secret = masks.iter().any(|mask| mask.start < span.end && span.start < mask.end);
        if is_secret { None } else { text.get(span.clone()) }
    }
}
