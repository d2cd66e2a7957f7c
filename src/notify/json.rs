//! JSON bodies as Go's encoder writes them, and the request that most integrations make: a POST of one.

use serde::Serialize;
use serde_json::Value;

use super::{HttpAnswer, HttpRequest, Message, USER_AGENT, open};
use crate::config::setting::Secret;
use crate::model::Duration;

/// The document in one line, with a line feed at its end.
///
/// Types that are written must have no maps but those by string, and numbers only where JSON has them.
#[must_use]
pub(super) fn body(document: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_string(document).expect("strings, numbers and maps by string always serialise");
    let mut body = as_go_writes(&json).into_bytes();
    body.push(b'\n');
    body
}

/// A POST of the document to `url`, without a time limit of its own.
#[must_use]
pub(super) fn post(message: &Message<'_>, url: Secret, document: &impl Serialize) -> HttpRequest {
    post_body(message, url, body(document))
}

/// A POST of a document that is written already.
#[must_use]
pub(super) fn post_body(message: &Message<'_>, url: Secret, body: Vec<u8>) -> HttpRequest {
    HttpRequest {
        method: "POST",
        url,
        headers: vec![("Content-Type", open("application/json")), ("User-Agent", open(USER_AGENT))],
        body,
        timeout: Duration::ZERO,
        http: message.http(),
    }
}

/// The answer's body, if it is a JSON document.
#[must_use]
pub(super) fn read(answer: &HttpAnswer) -> Option<Value> {
    serde_json::from_slice(&answer.body).ok()
}

/// Go's encoder also escapes what could end a script or a line in HTML and JavaScript. These characters
/// occur in JSON only inside strings, so they can be replaced in the finished text.
#[must_use]
pub(super) fn as_go_writes(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_body_is_as_go_writes_it() {
        let document = serde_json::json!({"a": "<b> & \u{2028}\u{2029}\u{8}\u{c}\u{1}\u{7f}é\"\\\n"});
        let want =
            concat!(r#"{"a":"\u003cb\u003e \u0026 \u2028\u2029\b\f\u0001"#, "\u{7f}", r#"é\"\\\n"}"#, "\n");
        assert_eq!(String::from_utf8(super::body(&document)).expect("UTF-8"), want);
    }
}
