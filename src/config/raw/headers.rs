//! HTTP headers in settings: what can be none is found here, and not only when somebody is to be told.

use super::{Fields, Reader};
use crate::config::yaml::Node;
use crate::model::Str;

/// What follows from a value of two lines, which people rarely see.
const ONE_LINE: &str = "write it in one line; `|` and `>` put a line feed at the end, `|-` and `>-` do not";

impl Reader<'_> {
    /// The name of a header.
    pub(super) fn header_name(&mut self, node: &Node, what: &str) -> Option<Str> {
        let name = self.text(node, what)?;
        if is_name(&name) {
            return Some(name);
        }
        let message = format!("{name:?} cannot be the name of a header");
        let help = "names are of letters, digits and hyphens, such as `X-Team`";
        self.error_help("bad-value", &node.span, message, help);
        None
    }

    /// The value of a header, which may be a secret.
    pub(super) fn header_value(&mut self, node: &Node, what: &str) -> Option<Str> {
        let value = self.text(node, what)?;
        self.check_header_value(node, &value);
        Some(value)
    }

    /// Looks at a key whose text becomes a part of a header.
    pub(super) fn check_in_header(&mut self, fields: &Fields<'_>, key: &str) {
        if let Some((node, scalar)) = fields.get(key).and_then(|node| Some((node, node.scalar()?))) {
            self.check_header_value(node, &scalar.text);
        }
    }

    fn check_header_value(&mut self, node: &Node, value: &str) {
        if !is_value(value) {
            let message = "the value of a header cannot have line feeds or other control characters";
            self.error_help("bad-value", &node.span, message, ONE_LINE);
        }
    }
}

/// A `token` of RFC 9110.
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// What Go's client and ours send.
fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || !byte.is_ascii_control())
}

/// As Go's `textproto` writes header names: `in-reply-to` → `In-Reply-To`.
pub(super) fn canonical(name: &str) -> String {
    let part = |part: &str| {
        let mut chars = part.chars();
        chars.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + &chars.as_str().to_ascii_lowercase()
        })
    };
    name.split('-').map(part).collect::<Vec<_>>().join("-")
}
