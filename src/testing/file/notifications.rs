//! `silences` and `notification_test`: what people do and what they are told.

use super::{Expected, NotificationTest, Status, TestSilence, When};
use crate::config::yaml::{Node, Value};
use crate::config::{Fields, Reader, Shape};
use crate::model::Duration;

const SILENCE: Shape = Shape {
    what: "a silence",
    keys: &["at", "duration", "matchers", "created_by", "comment"],
    advice: &[
        ("starts_at", "the key is called `at`, the time since the start of the test"),
        ("ends_at", "write the `duration` of the silence"),
    ],
};

const NOTIFICATION: Shape = Shape {
    what: "a notification test",
    keys: &[
        "at",
        "between",
        "receiver",
        "integration",
        "status",
        "group_labels",
        "exp_alerts",
        "match",
        "subject",
        "body",
        "count",
        "none",
        "reason",
    ],
    advice: &[
        ("eval_time", "the key is called `at` here"),
        ("title", "the key is called `subject`"),
        ("text", "the key is called `body`"),
    ],
};

const STATUSES: &[(&str, Status)] = &[("firing", Status::Firing), ("resolved", Status::Resolved)];

impl Reader<'_> {
    pub(super) fn test_silence(&mut self, node: &Node) -> Option<TestSilence> {
        let fields = self.fields(node, &SILENCE)?;
        let at = self.length(&fields, "at").unwrap_or_default();
        let duration = self.length(&fields, "duration");
        if fields.get("duration").is_none() {
            self.error("missing-field", &fields.start(), "a silence needs a `duration`");
        }
        let mut matchers = Vec::new();
        if let Some(lines) = fields.get("matchers") {
            for line in self.list(lines, "matchers") {
                matchers.extend(self.matcher_line(line));
            }
        }
        if matchers.is_empty() && !self.has_error_in(&node.span) {
            let help = "name what it mutes: `matchers: ['team=\"db\"']`";
            self.error_help("missing-field", &fields.start(), "a silence needs `matchers`", help);
        }
        let created_by = self.plain(&fields, "created_by", "a name").unwrap_or_else(|| "test".into());
        let comment = self.plain(&fields, "comment", "a comment").unwrap_or_default();
        Some(TestSilence { span: node.span.clone(), at, duration: duration?, matchers, created_by, comment })
    }

    pub(super) fn notification_test(&mut self, node: &Node) -> Option<NotificationTest> {
        let fields = self.fields(node, &NOTIFICATION)?;
        let receiver = self.plain(&fields, "receiver", "a receiver's name").unwrap_or_default();
        if receiver.is_empty() {
            self.error("missing-field", &fields.start(), "a notification test needs a `receiver`");
        }
        let text = |reader: &mut Self, key: &'static str| -> Option<Expected> {
            fields.get(key).and_then(|node| reader.expected(node, key))
        };
        let test = NotificationTest {
            span: node.span.clone(),
            when: self.when(&fields),
            receiver,
            integration: self.plain(&fields, "integration", "the kind of an integration"),
            status: self.one_of(&fields, "status", STATUSES),
            group_labels: fields.get("group_labels").map(|node| self.expected_pairs(node, "group_labels")),
            exp_alerts: fields
                .get("exp_alerts")
                .map(|_| self.each(&fields, "exp_alerts", |reader, node| reader.expected_alert(node))),
            matching: self.matching(&fields),
            subject: text(self, "subject"),
            body: text(self, "body"),
            count: fields.get("count").and_then(|node| self.count(node, "count")),
            none: self.flag(&fields, "none").unwrap_or(false),
            reason: self.located(&fields, "reason", "why nothing is told"),
        };
        if test.reason.is_some() && !test.none {
            let help = "write `none: true` beside it, or remove it";
            let message = "`reason` says why nothing is told";
            self.error_help("bad-value", &fields.key_span("reason"), message, help);
        }
        if test.none && test.count.is_some_and(|count| count > 0) {
            let message = "`none: true` and a `count` contradict each other";
            self.error("bad-value", &fields.key_span("count"), message);
        }
        Some(test)
    }

    fn when(&mut self, fields: &Fields<'_>) -> Option<When> {
        let at = self.length(fields, "at").map(When::At);
        let Some(node) = fields.get("between") else { return at };
        if at.is_some() {
            let message = "only one of `at` and `between` may be set";
            self.error("bad-value", &fields.key_span("between"), message);
        }
        let ends: Vec<Option<Duration>> = match &node.value {
            Value::Sequence(items) => items.iter().map(|item| self.duration(item, "between")).collect(),
            Value::Scalar(_) | Value::Mapping(_) => Vec::new(),
        };
        match ends.as_slice() {
            [Some(from), Some(to)] if from <= to => Some(When::Between(*from, *to)),
            [Some(from), Some(to)] => {
                self.error("bad-value", &node.span, format!("{to} is before {from}"));
                None
            }
            [None, _] | [_, None] => None, // reported
            _ => {
                let help = "two times since the start of the test: `between: [2m, 3m]`";
                self.error_help("wrong-type", &node.span, "`between` has two times", help);
                None
            }
        }
    }
}
