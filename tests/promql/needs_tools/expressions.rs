//! All expressions of the corpora: of rules, of documents, of Prometheus' own cases.

use std::collections::BTreeSet;

use sereno::config::read_rule_file;
use sereno::promql::parser::{self, Features};

use crate::corpora;

/// Some that are always there.
const OWN: &[&str] = &[
    "sum by (job) (rate(requests_total{code=~\"5..\"}[5m])) / sum by (job) (rate(requests_total[5m])) > 0.01",
    "histogram_quantile(0.9, sum by (le, job) (rate(latency_seconds_bucket[5m])))",
    "max_over_time(rate(requests_total[2m])[30m:1m])",
    "avg_over_time(temperature[10m] offset 10m) - temperature",
    "label_replace(temperature, \"place\", \"$1\", \"instance\", \"(.*):.*\") unless on (job) up",
    "topk(2, temperature) or bottomk(2, temperature)",
    "count_values(\"value\", up) + on () group_left () vector(1)",
    "quantile_over_time(0.5, temperature[1h]) > bool 20",
    "absent(nothing{job=\"x\"})",
    "predict_linear(temperature[30m], 3600)",
];

/// The expressions, each once, sorted; only those that parse without features.
pub(super) fn all() -> Vec<String> {
    let mut found: BTreeSet<String> = OWN.iter().map(|&text| text.to_owned()).collect();
    if let Some(folder) = corpora::folder("rules") {
        found.extend(corpora::files(&folder, &[".yml", ".yaml"]).iter().flat_map(|(path, text)| {
            let (file, _) = read_rule_file(&path.display().to_string(), text);
            let groups = file.map(|file| file.groups).unwrap_or_default();
            let rules = groups.iter().flat_map(|group| &group.rules);
            rules.map(|rule| rule.expr.to_string()).collect::<Vec<_>>()
        }));
    }
    if let Some(folder) = corpora::folder("seeds") {
        found.extend(
            corpora::files(&folder, &["promql-blocks.txt"]).iter().flat_map(|(_, text)| blocks(text)),
        );
    }
    if let Some(folder) = corpora::folder("promqltest") {
        found.extend(corpora::files(&folder, &[".test"]).iter().flat_map(|(_, text)| evaluated(text)));
    }
    found.into_iter().filter(|text| parser::parse(text, Features::default()).is_ok()).collect()
}

/// The expressions of a text with comments between them: paragraphs, or their lines where these are no expression.
fn blocks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for paragraph in text.split("\n\n") {
        let lines: Vec<&str> = paragraph.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let whole = lines.join("\n");
        if parser::parse(&whole, Features::default()).is_ok() {
            found.push(whole.trim().to_owned());
        } else {
            found.extend(lines.into_iter().map(|line| line.trim().to_owned()));
        }
    }
    found
}

/// The queries of a test file.
fn evaluated(text: &str) -> Vec<String> {
    let query = |line: &str| {
        let line = line.trim();
        let words = if line.starts_with("eval instant at ") {
            4
        } else if line.starts_with("eval range from ") {
            8
        } else {
            return None;
        };
        let mut rest = line;
        for _ in 0..words {
            rest = rest.split_once(char::is_whitespace)?.1.trim_start();
        }
        Some(rest.to_owned())
    };
    text.lines().filter_map(query).collect()
}
