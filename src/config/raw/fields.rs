//! Mappings with known keys.

use std::ops::Range;

use super::{Reader, did_you_mean};
use crate::config::yaml::{Node, Value};

/// What a mapping may hold.
pub(crate) struct Shape {
    /// What the mapping is, as in "field X not found in …".
    pub(crate) what: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [&'static str],
    /// What to do instead of keys that people write here but that do not exist.
    pub(crate) advice: &'static [(&'static str, &'static str)],
}

/// A mapping whose keys have been checked.
pub(crate) struct Fields<'n> {
    pairs: &'n [(Node, Node)],
    /// Where the mapping stands.
    pub(crate) span: Range<usize>,
}

impl<'n> Fields<'n> {
    pub(crate) fn new(pairs: &'n [(Node, Node)], span: Range<usize>) -> Self {
        Self { pairs, span }
    }

    /// Where something is missing: the first key, or the mapping if it has none.
    pub(crate) fn start(&self) -> Range<usize> {
        self.pairs.first().map_or_else(|| self.span.clone(), |(key, _)| key.span.clone())
    }

    /// The value at `key`; none if it is missing or null.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.pair(key).map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// Where the key `key` stands, or the mapping if it has no such key.
    pub(crate) fn key_span(&self, key: &str) -> Range<usize> {
        self.pair(key).map_or_else(|| self.span.clone(), |(key, _)| key.span.clone())
    }

    fn pair(&self, key: &str) -> Option<&'n (Node, Node)> {
        self.pairs.iter().find(|(name, _)| name.scalar().is_some_and(|name| &*name.text == key))
    }
}

impl Reader<'_> {
    /// Opens a mapping: unknown keys are reported. A null is a mapping without keys, as in Go.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, shape: &Shape) -> Option<Fields<'n>> {
        let pairs = self.mapping(node, shape.what)?;
        self.unknown_keys(pairs, shape.what, shape.keys, shape.advice);
        Some(Fields::new(pairs, node.span.clone()))
    }

    /// Reports the keys that a mapping has and may not have.
    pub(crate) fn unknown_keys(
        &mut self,
        pairs: &[(Node, Node)],
        what: &str,
        keys: &[&str],
        advice: &[(&str, &str)],
    ) {
        // The known key above, if it has no value: what stands below it may have slipped out of it.
        let mut open = None;
        for (key, value) in pairs {
            let name = key.scalar().map_or("", |name| &name.text);
            if keys.contains(&name) {
                open = value.is_null().then_some(name);
                continue;
            }
            let message = format!("field {name} not found in {what}");
            let advice =
                advice.iter().find(|(word, _)| *word == name).map(|(_, advice)| (*advice).to_owned());
            let close =
                || did_you_mean(name, keys.iter().copied()).map(|close| format!("did you mean `{close}`?"));
            let outside = || open.map(|above| format!("indent it further if it belongs to `{above}`"));
            match advice.or_else(close).or_else(outside) {
                Some(help) => self.error_help("unknown-field", &key.span, message, help),
                None => self.error("unknown-field", &key.span, message),
            }
        }
    }

    /// The pairs of a mapping with free keys.
    pub(crate) fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Node, Node)]> {
        match &node.value {
            Value::Mapping(pairs) => Some(pairs),
            Value::Scalar(_) if node.is_null() => Some(&[]),
            Value::Scalar(_) | Value::Sequence(_) => {
                self.wrong_shape(node, what, "a mapping (`key: value`)");
                None
            }
        }
    }

    /// The items of a list; a null is an empty one.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        match &node.value {
            Value::Sequence(items) => items,
            Value::Scalar(_) if node.is_null() => &[],
            Value::Scalar(_) | Value::Mapping(_) => {
                self.wrong_shape(node, what, "a list (`- …`)");
                &[]
            }
        }
    }

    /// Something else where a scalar belongs; what was written is shown, so it must be no secret.
    pub(crate) fn wrong_type(&mut self, node: &Node, what: &str, wanted: &str) {
        let text = node.scalar().map_or_else(String::new, |scalar| format!(" `{}`", scalar.text));
        self.wrong_kind(node, &text, what, wanted);
    }

    /// Something else where a collection belongs. What was written is not shown: `basic_auth: PASSWORD`.
    fn wrong_shape(&mut self, node: &Node, what: &str, wanted: &str) {
        self.wrong_kind(node, "", what, wanted);
    }

    fn wrong_kind(&mut self, node: &Node, text: &str, what: &str, wanted: &str) {
        // The first line is enough to see where a collection starts.
        let message = format!("cannot unmarshal {}{text} into {what}", node.tag());
        let span = match &node.value {
            Value::Scalar(_) => node.span.clone(),
            Value::Sequence(_) | Value::Mapping(_) => {
                let line = self.text[node.span.clone()].lines().next().map_or(0, str::len);
                node.span.start..node.span.start + line
            }
        };
        self.error_help("wrong-type", &span, message, format!("{wanted} belongs here"));
    }
}
