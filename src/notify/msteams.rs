//! Microsoft Teams by a connector's webhook: a message card.
//!
//! Unlike Alertmanager we see that Teams refused a message where the connector says so in a 200, and cut the
//! text so that the message is no larger than Teams takes (both not with `compat: strict`).

use serde::Serialize;

use super::{HttpAnswer, Message, Step, Trouble, json, outcome, truncate};
use crate::router::Outcome;

/// The most bytes of a message, 28 KB. All but the texts is ASCII.
pub(super) const LIMIT: usize = 28_000;

const RED: &str = "8C1A1A";
const GREEN: &str = "2DC72D";

/// How a connector begins when it took a message that Teams then refused. The status follows later in the text.
const FAILED: &str = "Webhook message delivery failed";
/// What comes before that status.
const STATUS: &str = "HTTP error ";

/// The fields in Alertmanager's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    r#type: &'static str,
    title: &'a str,
    summary: &'a str,
    text: &'a str,
    theme_color: &'static str,
}

/// The request that tells it.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let (title, summary) = (message.text("title")?, message.text("summary")?);
    let document = |text: &str| {
        json::body(&Document {
            context: "http://schema.org/extensions",
            r#type: "MessageCard",
            title: &title,
            summary: &summary,
            text,
            theme_color: if message.data.is_firing { RED } else { GREEN },
        })
    };
    send(message, message.text("text")?, document)
}

/// Posts the document with as much of the text as Teams takes.
pub(super) fn send(
    message: &Message<'_>,
    text: String,
    document: impl Fn(&str) -> Vec<u8>,
) -> Result<Step, Trouble> {
    let strict = message.attempt.notification.strict;
    let text = truncate::to_fit(text, |text| strict || document(text).len() <= LIMIT);
    let request = json::post_body(message, message.secret("webhook_url")?, document(&text));
    if strict {
        return Ok(Step::request(request));
    }
    Ok(Step::then(request, |message, answer| Step::done(read(message, &answer))))
}

fn read(message: &Message<'_>, answer: &HttpAnswer) -> Outcome {
    let text = String::from_utf8_lossy(&answer.body);
    let refused = text.trim_start().strip_prefix(FAILED).and_then(|rest| rest.split_once(STATUS));
    let digits = |text: &str| text.get(..3).and_then(|digits| digits.parse().ok());
    match refused.and_then(|(_, rest)| digits(rest)).filter(|status| *status >= 300) {
        Some(status) if answer.status < 300 => {
            outcome::of_response(status, answer.retry_after.as_deref(), &text, message.now)
        }
        Some(_) | None => outcome::of_answer(answer, message.now),
    }
}
