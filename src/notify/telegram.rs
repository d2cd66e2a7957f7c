//! Telegram: `sendMessage` of a bot. The token is part of the URL, which is never shown.
//!
//! As in Alertmanager every failure is tried again, and HTML that is too long is replaced: it cannot be cut
//! without being broken. Unlike Alertmanager we obey `retry_after`, count as Telegram does (in UTF-16), and send
//! a text whose markup Telegram cannot read a second time as it is, without markup (not with
//! `compat: strict`).

use serde::Serialize;
use serde_json::Value;

use super::message::summary;
use super::{HttpAnswer, HttpRequest, Message, Step, Trouble, address, json, outcome, truncate};
use crate::config::setting::Secret;
use crate::model::{Duration, Timestamp};
use crate::router::{Failure, Outcome};
use crate::template::handlebars::Escape;

/// The most characters of a message.
const LIMIT: usize = 4096;

/// The parameters, all as text, sorted by name as Alertmanager writes them.
#[derive(Clone, Debug, Serialize)]
struct Document {
    chat_id: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    disable_notification: &'static str,
    disable_web_page_preview: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    message_thread_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    parse_mode: String,
    text: String,
}

/// The request that tells it.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let thread = message.integer("message_thread_id");
    let document = Document {
        chat_id: chat_id(message)?,
        disable_notification: if message.flag("disable_notifications") { "true" } else { "" },
        disable_web_page_preview: "true",
        message_thread_id: if thread == 0 { String::new() } else { thread.to_string() },
        parse_mode: message.raw("parse_mode").to_owned(),
        text: text(message)?,
    };
    let request = request(message, &document)?;
    Ok(Step::then(request, |message, answer| match read(message, &answer) {
        Said::Unreadable(_) if !message.attempt.notification.strict && !document.parse_mode.is_empty() => {
            plainly(message, document).unwrap_or_else(Step::from)
        }
        Said::Unreadable(outcome) | Said::Other(outcome) => Step::done(outcome),
    }))
}

/// The same without markup.
fn plainly(message: &Message<'_>, mut document: Document) -> Result<Step, Trouble> {
    document.parse_mode.clear();
    Ok(Step::then(request(message, &document)?, |message, answer| match read(message, &answer) {
        Said::Unreadable(outcome) | Said::Other(outcome) => Step::done(outcome),
    }))
}

fn request(message: &Message<'_>, document: &Document) -> Result<HttpRequest, Trouble> {
    let token = message.secret("bot_token")?;
    let url = address::endpoint(message.raw("api_url"), &format!("bot{}/sendMessage", token.reveal()), &[]);
    Ok(json::post(message, Secret::new(url.into()), document))
}

fn chat_id(message: &Message<'_>) -> Result<String, Trouble> {
    let path = message.raw("chat_id_file");
    if path.is_empty() {
        return Ok(message.integer("chat_id").to_string());
    }
    let id = message.file(path)?;
    let parsed = id.reveal().parse::<i64>().map(|id| id.to_string());
    // It may be right the next time: it is read anew then.
    parsed.map_err(|_| Trouble::File { path: path.into(), reason: "it does not hold a chat_id".to_owned() })
}

fn text(message: &Message<'_>) -> Result<String, Trouble> {
    if message.raw("parse_mode") != "HTML" {
        let text = message.text("message")?;
        return Ok(match message.attempt.notification.strict {
            true => truncate::in_runes(text, LIMIT),
            false => truncate::in_utf16(text, LIMIT),
        });
    }
    let html = message.html("message")?;
    if truncate::in_utf16(html.clone(), LIMIT) == html {
        return Ok(html);
    }
    let instead = format!(
        "{}\nThe message is longer than Telegram takes ({LIMIT} characters), and HTML cannot be cut: its template \
         should say less. What fires: {}/#/alerts",
        summary(&message.data),
        message.data.external_url
    );
    Ok(Escape::Html.apply(&truncate::in_utf16(instead, LIMIT / 8)))
}

/// How Telegram answered.
enum Said {
    /// It cannot read the markup.
    Unreadable(Outcome),
    /// Anything else.
    Other(Outcome),
}

/// Reads an answer: `ok` counts, and `error_code` takes the status's place where there is one.
fn read(message: &Message<'_>, answer: &HttpAnswer) -> Said {
    let Some(said) = json::read(answer).filter(|said| said["ok"].is_boolean()) else {
        let by_status = outcome::of_answer(answer, message.now);
        let is_garbage = by_status == Outcome::Delivered;
        return Said::Other(if is_garbage { outcome::of_garbage(answer) } else { worth_another(by_status) });
    };
    if said["ok"] == true {
        return Said::Other(Outcome::Delivered);
    }
    let description = said["description"].as_str().unwrap_or_default();
    let outcome = failed(&said, description, answer, message.now);
    if description.contains("can't parse entities") {
        Said::Unreadable(outcome)
    } else {
        Said::Other(outcome)
    }
}

fn failed(said: &Value, description: &str, answer: &HttpAnswer, now: Timestamp) -> Outcome {
    let code = said["error_code"].as_u64().and_then(|code| u16::try_from(code).ok());
    let code = code.filter(|code| *code >= 300).unwrap_or(answer.status);
    let by_code = outcome::of_response(code, answer.retry_after.as_deref(), description, now);
    let asked = said["parameters"]["retry_after"].as_u64().and_then(|seconds| i64::try_from(seconds).ok());
    match worth_another(by_code) {
        Outcome::Retryable { failure, message, retry_after, maybe_taken } => {
            let retry_after = asked.map(Duration::from_secs).or(retry_after);
            Outcome::Retryable { failure, message, retry_after, maybe_taken }
        }
        // It said that it is not ok, whatever the status.
        Outcome::Delivered | Outcome::Refused { .. } => {
            let message = format!("error response from Telegram: {description}");
            worth_another(outcome::of_failure(Failure::Other, message, None))
        }
    }
}

/// A refusal as a failure that is tried again.
fn worth_another(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused { failure, message } => {
            Outcome::Retryable { failure, message, retry_after: None, maybe_taken: false }
        }
        Outcome::Delivered | Outcome::Retryable { .. } => outcome,
    }
}
