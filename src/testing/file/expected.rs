//! What labels, annotations and texts are expected to be: a text, or a condition on it.

use super::{Expected, ExpectedAlert};
use crate::config::yaml::{Node, Value};
use crate::config::{Reader, Shape};
use crate::model::Str;
use crate::model::regex::AnchoredRegex;

const CONDITION: Shape = Shape {
    what: "a condition on a text",
    keys: &["equals", "regex", "contains", "absent"],
    advice: &[("matches", "did you mean `regex`?"), ("equal", "did you mean `equals`?")],
};

const ALERT: Shape = Shape {
    what: "an expected alert",
    keys: &["exp_labels", "exp_annotations"],
    advice: &[
        ("labels", "the key is called `exp_labels`"),
        ("annotations", "the key is called `exp_annotations`"),
    ],
};

impl Reader<'_> {
    /// An alert of `exp_alerts`.
    pub(super) fn expected_alert(&mut self, node: &Node) -> Option<ExpectedAlert> {
        let fields = self.fields(node, &ALERT)?;
        let pairs = |reader: &mut Self, key: &'static str| {
            fields.get(key).map_or_else(Vec::new, |node| reader.expected_pairs(node, key))
        };
        let (labels, annotations) = (pairs(self, "exp_labels"), pairs(self, "exp_annotations"));
        Some(ExpectedAlert { labels, annotations })
    }

    /// A mapping of names to what they are expected to be, sorted by name.
    pub(super) fn expected_pairs(&mut self, node: &Node, what: &str) -> Vec<(Str, Expected)> {
        let Some(pairs) = self.mapping(node, what) else { return Vec::new() };
        let mut read = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            if let (Some(name), Some(expected)) = (self.text(key, "a name"), self.expected(value, what)) {
                read.push((name, expected));
            }
        }
        read.sort_by(|(one, _), (other, _)| one.cmp(other));
        read
    }

    /// A text, or one of the conditions `{regex: …}`, `{contains: …}`, `{absent: true}`.
    pub(super) fn expected(&mut self, node: &Node, what: &str) -> Option<Expected> {
        match &node.value {
            Value::Scalar(_) => return self.text(node, what).map(Expected::Equal),
            Value::Sequence(_) => {
                self.wrong_type(
                    node,
                    what,
                    "a text, or one of `{regex: …}`, `{contains: …}`, `{absent: true}`",
                );
                return None;
            }
            Value::Mapping(_) => {}
        }
        let fields = self.fields(node, &CONDITION)?;
        let given = ["equals", "regex", "contains", "absent"].map(|key| fields.get(key));
        match given {
            [Some(text), None, None, None] => self.text(text, what).map(Expected::Equal),
            [None, Some(regex), None, None] => self.expected_regex(regex),
            [None, None, Some(part), None] => self.text(part, what).map(Expected::Contains),
            [None, None, None, Some(absent)] => match self.boolean(absent, "absent")? {
                true => Some(Expected::Absent),
                false => self.expected_regex_text(".+", absent), // it is there
            },
            _ => {
                let message =
                    "a condition on a text has exactly one of `equals`, `regex`, `contains` and `absent`";
                self.error("bad-condition", &node.span, message);
                None
            }
        }
    }

    fn expected_regex(&mut self, node: &Node) -> Option<Expected> {
        let text = self.text(node, "a regular expression")?;
        self.expected_regex_text(&text, node)
    }

    fn expected_regex_text(&mut self, text: &str, node: &Node) -> Option<Expected> {
        match AnchoredRegex::new(text) {
            Ok(regex) => Some(Expected::Regex(regex)),
            Err(error) => {
                self.bad_regex(node, &error);
                None
            }
        }
    }
}
