//! `silences`, `receivers_fail` and `notification_test`: what people do, and what they are told.

use super::{
    Expected, ExpectedAlert, ExpectedNotified, KeptBack, Matching, NotificationTest, Outage, Status,
    TestSilence, When,
};
use crate::config::yaml::{Node, Value};
use crate::config::{Fields, Reader, Shape};
use crate::model::{Duration, Str};

const SILENCE: Shape = Shape {
    what: "a silence",
    keys: &["at", "duration", "matchers", "created_by", "comment"],
    advice: &[
        ("starts_at", "the key is called `at`, the time since the start of the test"),
        ("ends_at", "write the `duration` of the silence"),
    ],
};

const OUTAGE: Shape = Shape {
    what: "a failing receiver",
    keys: &["receiver", "integration", "from", "until", "refuses"],
    advice: &[
        ("at", "the key is called `from`, the time since the start of the test"),
        ("duration", "write `until`, the time since the start of the test"),
        ("for", "write `until`, the time since the start of the test"),
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
        "alerts",
        "subject",
        "title",
        "body",
        "text",
        "texts",
        "count",
        "none",
        "reason",
    ],
    advice: &[
        ("eval_time", "the key is called `at` here"),
        ("exp_labels", "it belongs to an alert: `exp_alerts: [{exp_labels: {…}}]`"),
        ("exp_annotations", "it belongs to an alert: `exp_alerts: [{exp_annotations: {…}}]`"),
        ("description", "write `texts: {description: …}`, or `body`"),
        ("message", "write `texts: {message: …}`, or `body`"),
        ("html", "write `texts: {html: …}`"),
    ],
};

const ALERT: Shape = Shape {
    what: "an expected alert",
    keys: &["status", "exp_labels", "exp_annotations"],
    advice: &[
        ("labels", "the key is called `exp_labels`"),
        ("annotations", "the key is called `exp_annotations`"),
        ("state", "the key is called `status`: `firing` or `resolved`"),
    ],
};

const STATUSES: &[(&str, Status)] = &[("firing", Status::Firing), ("resolved", Status::Resolved)];

/// Keys that are texts of any integration.
const TEXTS: [&str; 4] = ["subject", "title", "body", "text"];

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

    pub(super) fn outage(&mut self, node: &Node) -> Option<Outage> {
        let fields = self.fields(node, &OUTAGE)?;
        let receiver = self.located(&fields, "receiver", "a receiver's name");
        if fields.get("receiver").is_none() {
            self.error("missing-field", &fields.start(), "who cannot be told? a `receiver` is missing");
        }
        let (from, until) = (self.length(&fields, "from").unwrap_or_default(), self.length(&fields, "until"));
        if let Some(until) = until.filter(|until| *until <= from) {
            let message = format!("it ends at {until}, which is not after its beginning at {from}");
            self.error("bad-value", &fields.key_span("until"), message);
        }
        Some(Outage {
            span: node.span.clone(),
            receiver: receiver?,
            integration: self.located(&fields, "integration", "the kind of an integration"),
            from,
            until,
            refuses: self.flag(&fields, "refuses").unwrap_or(false),
        })
    }

    pub(super) fn notification_test(&mut self, node: &Node) -> Option<NotificationTest> {
        let fields = self.fields(node, &NOTIFICATION)?;
        let matching = match fields.get("match") {
            Some(_) => self.matching(&fields),
            None => Matching::Subset,
        };
        let test = NotificationTest {
            span: node.span.clone(),
            when: self.when(&fields),
            receiver: self.located(&fields, "receiver", "a receiver's name"),
            integration: self.located(&fields, "integration", "the kind of an integration"),
            status: self.one_of(&fields, "status", STATUSES),
            group_labels: fields.get("group_labels").map(|node| self.expected_pairs(node, "group_labels")),
            exp_alerts: fields
                .get("exp_alerts")
                .map(|_| self.each(&fields, "exp_alerts", |reader, node| reader.expected_notified(node))),
            matching,
            alerts: fields.get("alerts").and_then(|node| self.count(node, "alerts")),
            texts: self.expected_texts(&fields),
            count: fields.get("count").and_then(|node| self.count(node, "count")),
            none: self.flag(&fields, "none").unwrap_or(false),
            reason: self.one_of(&fields, "reason", KeptBack::WORDS),
        };
        self.contradictions(&test, &fields);
        Some(test)
    }

    fn expected_notified(&mut self, node: &Node) -> Option<ExpectedNotified> {
        let fields = self.fields(node, &ALERT)?;
        let pairs = |reader: &mut Self, key: &'static str| {
            fields.get(key).map_or_else(Vec::new, |node| reader.expected_pairs(node, key))
        };
        let (labels, annotations) = (pairs(self, "exp_labels"), pairs(self, "exp_annotations"));
        let alert = ExpectedAlert { labels, annotations };
        Some(ExpectedNotified { alert, status: self.one_of(&fields, "status", STATUSES) })
    }

    fn expected_texts(&mut self, fields: &Fields<'_>) -> Vec<(Str, Expected)> {
        let mut texts = Vec::new();
        for key in TEXTS {
            let expected = fields.get(key).and_then(|node| self.expected(node, key));
            texts.extend(expected.map(|expected| (Str::from(key), expected)));
        }
        if let Some(node) = fields.get("texts") {
            texts.extend(self.expected_pairs(node, "texts by their keys"));
        }
        texts
    }

    fn contradictions(&mut self, test: &NotificationTest, fields: &Fields<'_>) {
        if test.reason.is_some() && !test.none {
            let help = "write `none: true` beside it, or remove it";
            let message = "`reason` says why nothing is told";
            self.error_help("bad-value", &fields.key_span("reason"), message, help);
        }
        if test.none && test.count.is_some_and(|count| count > 0) {
            let message = "`none: true` and a `count` contradict each other";
            self.error("bad-value", &fields.key_span("count"), message);
        }
        if test.integration.is_some() && test.receiver.is_none() {
            let help = "write the `receiver` beside it";
            let message = "an `integration` is one of a receiver";
            self.error_help("missing-field", &fields.key_span("integration"), message, help);
        }
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
