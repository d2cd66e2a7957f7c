//! The text of a recorded test file: promtool's keys and no others.

use super::replay::{Replay, State, Step};
use crate::model::labels::{ALERT_NAME, METRIC_NAME};
use crate::model::quote::GoQuoted;
use crate::model::{Duration, LabelSet, Str, Timestamp};
use crate::testing::alerts::FoundAlert;

/// The most characters in a line of values.
const WIDTH: usize = 110;

/// The most alerts that a comment names.
const NAMED: usize = 5;

/// A test file with one test.
#[derive(Clone, Debug)]
pub struct Document {
    /// Lines at its top.
    pub comments: Vec<String>,
    /// Rule files, as seen from it.
    pub rule_files: Vec<String>,
    /// How often rules are evaluated.
    pub evaluation_interval: Duration,
    /// The groups, if their order matters.
    pub group_eval_order: Vec<Str>,
    /// The name of its test.
    pub name: String,
    /// The time between two values.
    pub interval: Duration,
    /// The time of the first values.
    pub start: Timestamp,
    /// Whether it matters what time it is; older promtools do not know `start_timestamp`.
    pub reads_clock: bool,
    /// What templates see as `$externalLabels`.
    pub external_labels: LabelSet,
    /// What templates see as `$externalURL`; empty if none reads it.
    pub external_url: String,
    /// The series and their values.
    pub series: Vec<(LabelSet, Vec<String>)>,
}

/// What is to be asserted.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// When, since the start.
    pub at: Duration,
    /// What happens then.
    pub comment: String,
    /// The alerts that fire.
    pub firing: Vec<FoundAlert>,
}

/// What a replay gave at each change since `from`, at the evaluation before the first alert fires, and at the end; at
/// most `most` assertions, and whether those are all.
#[must_use]
pub fn assertions(
    replay: &Replay,
    from: Duration,
    evaluation: Duration,
    most: usize,
) -> (Vec<Assertion>, bool) {
    let mut all: Vec<Assertion> = Vec::new();
    let of = |step: &Step, what: &str| {
        let firing: Vec<FoundAlert> = step.in_state(State::Firing).cloned().collect();
        let pending: Vec<&FoundAlert> = step.in_state(State::Pending).collect();
        let state = match (firing.len(), pending.len()) {
            (0, 0) => "nothing is pending or firing".to_owned(),
            (firing, 0) => format!("{firing} firing"),
            (0, _) => format!("pending: {}", named(&pending)),
            (firing, _) => format!("{firing} firing, pending: {}", named(&pending)),
        };
        Assertion { at: step.at, comment: format!("{what}{state}"), firing }
    };
    for step in replay.changes.iter().filter(|step| step.at >= from) {
        let what = if all.is_empty() { "at the start of the window: " } else { "" };
        let next = of(step, what);
        let before = Duration::from_millis(step.at.millis() - evaluation.millis());
        let fires_first = !next.firing.is_empty()
            && all.last().is_some_and(|last| last.firing.is_empty() && last.at < before);
        if fires_first {
            let comment = "the last evaluation before it fires".to_owned();
            all.push(Assertion { at: before, comment, firing: Vec::new() });
        }
        all.push(next);
    }
    if all.last().is_none_or(|last| last.at < replay.last.at) {
        all.push(of(&replay.last, "at the end of the window: "));
    }
    let whole = all.len() <= most;
    all.truncate(most);
    (all, whole)
}

fn named(alerts: &[&FoundAlert]) -> String {
    let mut names: Vec<String> =
        alerts.iter().take(NAMED).map(|alert| alert.labels.without(ALERT_NAME).to_string()).collect();
    if alerts.len() > NAMED {
        names.push(format!("{} more", alerts.len() - NAMED));
    }
    names.join(", ")
}

/// The file's text.
#[must_use]
pub fn text(document: &Document, alert: &str, assertions: &[Assertion]) -> String {
    let mut text = String::new();
    for line in &document.comments {
        text.push_str(&format!("# {}\n", line.replace(['\n', '\r'], " ")));
    }
    let files: Vec<String> = document.rule_files.iter().map(|file| quoted(file)).collect();
    text.push_str(&format!("rule_files: [{}]\n", files.join(", ")));
    text.push_str(&format!("evaluation_interval: {}\n", document.evaluation_interval));
    if document.group_eval_order.len() > 1 {
        let groups: Vec<String> = document.group_eval_order.iter().map(|group| quoted(group)).collect();
        text.push_str(&format!("group_eval_order: [{}]\n", groups.join(", ")));
    }
    text.push_str(&format!(
        "tests:\n- name: {}\n  interval: {}\n",
        quoted(&document.name),
        document.interval
    ));
    let start = document.start.rfc3339();
    match document.reads_clock {
        true => text.push_str(&format!("  start_timestamp: {start}\n")),
        false => text.push_str(&format!("  # Times are since {start}; no rule here asks what time it is.\n")),
    }
    if !document.external_labels.is_empty() {
        let labels: Vec<(&str, &str)> = document.external_labels.iter().collect();
        push_map(&mut text, "  external_labels:", 4, &labels);
    }
    if !document.external_url.is_empty() {
        text.push_str(&format!("  external_url: {}\n", quoted(&document.external_url)));
    }
    text.push_str(if document.series.is_empty() { "  input_series: []\n" } else { "  input_series:\n" });
    for (labels, values) in &document.series {
        text.push_str(&format!("  - series: {}\n    values: {}\n", quoted(&metric(labels)), folded(values)));
    }
    text.push_str("  alert_rule_test:\n");
    for assertion in assertions {
        push_assertion(&mut text, alert, assertion);
    }
    text
}

fn push_assertion(text: &mut String, alert: &str, assertion: &Assertion) {
    let comment = assertion.comment.replace(['\n', '\r'], " ");
    text.push_str(&format!(
        "  # {comment}\n  - eval_time: {}\n    alertname: {}\n",
        assertion.at,
        quoted(alert)
    ));
    if assertion.firing.is_empty() {
        text.push_str("    exp_alerts: []\n");
        return;
    }
    text.push_str("    exp_alerts:\n");
    for found in &assertion.firing {
        let labels: Vec<(&str, &str)> = found.labels.iter().filter(|(name, _)| *name != ALERT_NAME).collect();
        let annotations: Vec<(&str, &str)> = found.annotations.iter().collect();
        push_map(text, "    - exp_labels:", 8, &labels);
        push_map(text, "      exp_annotations:", 8, &annotations);
    }
}

fn push_map(text: &mut String, key: &str, indent: usize, pairs: &[(&str, &str)]) {
    text.push_str(key);
    if pairs.is_empty() {
        text.push_str(" {}\n");
        return;
    }
    text.push('\n');
    for (name, value) in pairs {
        text.push_str(&format!("{:indent$}{}: {}\n", "", key_text(name), quoted(value)));
    }
}

/// A key as it is if no reader takes it for something else.
fn key_text(name: &str) -> String {
    let is_plain = is_word(name)
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&&*name.to_lowercase());
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// A YAML text in quotes.
#[must_use]
pub fn quoted(text: &str) -> String {
    if text.chars().any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')) {
        // JSON's strings are YAML's; serializing a text cannot fail.
        let json = serde_json::to_string(text).unwrap_or_default();
        let escape = |c: char| match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        };
        return json.chars().map(escape).collect();
    }
    format!("'{}'", text.replace('\'', "''"))
}

/// Values in one quoted text, over several lines if they are many: YAML makes spaces of them.
fn folded(words: &[String]) -> String {
    let mut text = String::from("'");
    let mut width = "    values: ".len();
    for (at, word) in words.iter().enumerate() {
        if at > 0 && width + word.len() + 1 > WIDTH {
            text.push_str("\n      ");
            width = 6;
        } else if at > 0 {
            text.push(' ');
        }
        text.push_str(word);
        width += word.len() + 1;
    }
    text + "'"
}

/// A series in PromQL's notation.
fn metric(labels: &LabelSet) -> String {
    let name = labels.value(METRIC_NAME);
    let plain = |name: &str| if is_word(name) { name.to_owned() } else { GoQuoted(name).to_string() };
    let is_metric = is_word(&name.replace(':', "_"));
    let mut parts: Vec<String> = Vec::new();
    if !name.is_empty() && !is_metric {
        parts.push(GoQuoted(name).to_string());
    }
    let others = labels.iter().filter(|(name, _)| *name != METRIC_NAME);
    parts.extend(others.map(|(name, value)| format!("{}={}", plain(name), GoQuoted(value))));
    let shown = if is_metric { name } else { "" };
    if parts.is_empty() && is_metric { shown.to_owned() } else { format!("{shown}{{{}}}", parts.join(",")) }
}

fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
