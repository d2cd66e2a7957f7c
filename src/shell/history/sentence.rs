//! A row as people read it: one sentence, without the time, the kind and the labels that stand beside it.

use serde_json::Value;

use super::{HistoryKind, HistoryRow};
use crate::model::Duration;
use crate::router::span;

impl HistoryRow {
    /// What happened, in one sentence without its end.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.kind {
            HistoryKind::Alert => self.alert_sentence(),
            HistoryKind::Notification if self.detail.contains_key("test") => self.drill_sentence(),
            HistoryKind::Notification => self.notification_sentence(),
            HistoryKind::NotTold => {
                format!("{} is not told: {}", self.text("integration"), self.text("text"))
            }
            HistoryKind::Silence => self.silence_sentence(),
            HistoryKind::Reload => self.reload_sentence(),
            HistoryKind::Endpoint => self.endpoint_sentence(),
        }
    }

    fn alert_sentence(&self) -> String {
        let change = match self.text("change") {
            "pending" => "is pending",
            "firing" | "began" => "fires",
            "refired" => "fires again",
            "keep_firing" => "is kept firing although its expression ended",
            "recovered" => "fires on: its expression holds again",
            "resolved" | "ended" => "is resolved",
            "inactive" => "is over before it fired",
            "demoted" => "is pending again: its rule demands more time now",
            "over_limit" => "is dropped: its rule found more than its limit allows",
            "rule_gone" => "is dropped: its rule is gone",
            other => other,
        };
        match (self.text("rule"), self.detail.get("value")) {
            ("", _) => change.to_owned(),
            (rule, None) => format!("{change} (rule {rule})"),
            (rule, Some(value)) => {
                // What JSON cannot hold as a number, such as NaN, is a text in it.
                let shown = value.as_f64().map(|number| number.to_string());
                let shown = shown.unwrap_or_else(|| value.as_str().unwrap_or_default().to_owned());
                format!("{change} (rule {rule}, value {shown})")
            }
        }
    }

    fn notification_sentence(&self) -> String {
        let (who, reason) = (self.text("integration"), self.text("reason"));
        let number = self.number("attempt");
        let latency = span(Duration::from_millis(self.number("latency_ms")));
        let counts = format!("{} firing, {} resolved", self.number("firing"), self.number("resolved"));
        match self.text("outcome") {
            "delivered" if number <= 1 => format!("{who} was told: {reason}; {counts} (took {latency})"),
            "delivered" => {
                format!("{who} was told at attempt {number}: {reason}; {counts} (took {latency})")
            }
            "failed" => format!(
                "{who} was not reached, attempt {number}: {} ({}, took {latency}); {reason}",
                self.text("error"),
                self.text("failure")
            ),
            "refused" => format!(
                "{who} refused, attempt {number}: {} ({}, took {latency}); {reason}",
                self.text("error"),
                self.text("failure")
            ),
            "superseded" => match self.text("newer_reason") {
                "" => format!("{who} has nothing to be told any more: {reason}"),
                newer => format!("{who} is to be told something newer: {newer} instead of {reason}"),
            },
            "dead_letter" => self.dead_letter_sentence(),
            other => format!("{who}: {other}"),
        }
    }

    fn drill_sentence(&self) -> String {
        let who = self.text("integration");
        let by = match self.text("by") {
            "" => String::new(),
            by => format!(" by {by}"),
        };
        let latency = span(Duration::from_millis(self.number("latency_ms")));
        match self.text("outcome") {
            "delivered" => format!("test{by}: {who} took it (took {latency})"),
            _ => format!("test{by}: {who} did not take it: {} (took {latency})", self.text("error")),
        }
    }

    fn endpoint_sentence(&self) -> String {
        let endpoint = self.text("endpoint");
        match self.text("change") {
            "opened" => format!("{endpoint} does not answer: {}; attempts wait", self.text("error")),
            "closed" => {
                format!("{endpoint} answers again; {} go on", self.counted("waiting", "notification"))
            }
            other => format!("{endpoint} {other}"),
        }
    }

    fn dead_letter_sentence(&self) -> String {
        let (who, id, reason) = (self.text("integration"), self.text("id"), self.text("reason"));
        match self.text("change") {
            change @ ("refused" | "too_old") => {
                let why = if change == "refused" { "refused" } else { "not delivered for too long" };
                format!("{who}: dead letter {id} ({why}: {}); {reason}", self.text("error"))
            }
            "settled" => format!("{who}: dead letter {id} is settled by a later delivery"),
            "resent" => format!("{who}: dead letter {id} is sent again"),
            "dropped" => format!("{who}: dead letter {id} was dropped"),
            "forgotten" => format!("{who}: dead letter {id} is forgotten, because of its age or number"),
            other => format!("{who}: dead letter {id} {other}"),
        }
    }

    fn silence_sentence(&self) -> String {
        let kind = match self.text("kind") {
            "ack" => "acknowledgement",
            "until_resolved" => "snooze until resolved",
            _ => "silence",
        };
        let of = match self.text("created_by") {
            "" => String::new(),
            by => format!(" of {by}"),
        };
        let comment = match self.text("comment") {
            "" => String::new(),
            comment => format!(": {comment:?}"),
        };
        let matchers = self.detail.get("matchers").and_then(Value::as_array);
        let matchers: Vec<&str> = matchers.into_iter().flatten().filter_map(Value::as_str).collect();
        let what = match self.text("change") {
            "ended" => "has ended".to_owned(),
            change => format!("was {change}, until {}", self.text("ends_at")),
        };
        format!("{kind} {}{of} for {{{}}} {what}{comment}", self.text("id"), matchers.join(","))
    }

    fn reload_sentence(&self) -> String {
        match self.text("what") {
            "rules" => format!(
                "loaded {} in {} ({} as before)",
                self.counted("rules", "rule"),
                self.counted("groups", "group"),
                self.number("unchanged")
            ),
            "routes" => format!(
                "loaded routes: {} kept, {} new, {} gone",
                self.counted("groups_kept", "alert group"),
                self.number("groups_created"),
                self.number("groups_dropped")
            ),
            "files" => format!(
                "could not load the files, the ones before stay in force: {}",
                self.text("error").replace('\n', "; ")
            ),
            other => format!("loaded {other}"),
        }
    }

    /// `1 rule`, `2 rules`.
    fn counted(&self, name: &str, word: &str) -> String {
        match self.number(name) {
            1 => format!("1 {word}"),
            number => format!("{number} {word}s"),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.detail.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, name: &str) -> i64 {
        self.detail.get(name).and_then(Value::as_i64).unwrap_or_default()
    }
}
