//! Slack: by incoming webhook or with a bot's token. `document` is what is sent, this is how.
//!
//! With `update_message` the later notifications of a group change its first message, with `thread_replies`
//! they answer it; `memory` keeps which message that is. One that is gone is replaced by a new one, and so is
//! one in another channel than the one that the notification is for: nobody would see it there.
//!
//! Unlike Alertmanager, an error in a 200 is tried again if Slack says that it is its own or that there are too
//! many requests, and so is an answer that is not Slack's at all.

mod document;

use serde_json::Value;

use self::document::{Document, Place};
use super::{HttpAnswer, HttpRequest, Message, Step, Trouble, json, outcome};
use crate::config::routes::{HttpAuth, SecretSource};
use crate::config::setting::Secret;
use crate::model::Str;
use crate::router::{Failure, Memory, Outcome, Reason};

/// What is remembered: the first message's time stamp, which is its id, …
const TS: &str = "threadTs";
/// … the id of its channel …
const CHANNEL_ID: &str = "channelId";
/// … and the channel as the settings name it.
const CHANNEL: &str = "channel";

/// Errors that say that the message is not there to be changed or answered.
const GONE: &[&str] = &[
    "cannot_reply_to_message",
    "cant_update_message",
    "edit_window_closed",
    "message_not_found",
    "thread_locked",
    "thread_not_found",
];

/// The request that tells it: a new message, or one that changes or answers the group's first.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let document = Document::new(message)?;
    let place = known_message(message, &document);
    let url = message.secret("api_url")?;
    let Some(place) = place else { return post(message, url, document) };
    let (url, again) =
        (if message.flag("update_message") { method(&url, "chat.update") } else { url.clone() }, url);
    let placed = document.clone().at(place);
    let request = request(message, url, &placed)?;
    Ok(Step::then(request, move |message, answer| match read(message, &answer) {
        Ok(_) => Step::done(Outcome::Delivered),
        Err(Problem { error, .. }) if GONE.contains(&error.as_str()) => {
            post(message, again, document).unwrap_or_else(Step::from)
        }
        Err(problem) => Step::done(problem.about(&placed)),
    }))
}

/// A new message. Its id is remembered if later ones are to find it.
fn post(message: &Message<'_>, url: Secret, document: Document) -> Result<Step, Trouble> {
    let request = request(message, url, &document)?;
    Ok(Step::then(request, move |message, answer| match read(message, &answer) {
        Ok(sent) => Step::Done { outcome: Outcome::Delivered, memory: remembered(message, &document, &sent) },
        Err(problem) => Step::done(problem.about(&document)),
    }))
}

fn request(message: &Message<'_>, url: Secret, document: &Document) -> Result<HttpRequest, Trouble> {
    let mut request = json::post(message, url, document);
    request.timeout = message.duration("timeout");
    let token = message.secret("app_token")?;
    if !token.reveal().is_empty() {
        let credentials = SecretSource::Inline(token.reveal().clone());
        request.http.auth = HttpAuth::Authorization { scheme: "Bearer".into(), credentials };
    }
    Ok(request)
}

/// The URL of another method of the same API.
fn method(url: &Secret, name: &str) -> Secret {
    let url = url.reveal();
    let folder = url.rfind('/').map_or(&url[..], |slash| &url[..=slash]);
    Secret::new(format!("{folder}{name}").into())
}

fn follows_up(message: &Message<'_>) -> bool {
    message.flag("update_message") || message.flag("thread_replies")
}

/// The group's first message, if this notification is not the first and is for the same channel.
fn known_message(message: &Message<'_>, document: &Document) -> Option<Place> {
    let is_first = message.attempt.notification.reason == Reason::First;
    let memory = Some(message.memory()).filter(|_| follows_up(message) && !is_first)?;
    let (ts, channel) = (memory.get(TS)?.to_string(), memory.get(CHANNEL_ID)?.to_string());
    if memory.get(CHANNEL).is_some_and(|known| **known != *document.channel) {
        return None;
    }
    Some(if message.flag("update_message") {
        Place::Change { channel, ts }
    } else {
        Place::Answer { channel, ts }
    })
}

fn remembered(message: &Message<'_>, document: &Document, sent: &Value) -> Option<Memory> {
    let text = |key: &str| sent[key].as_str().filter(|text| !text.is_empty()).map(Str::from);
    let (ts, id) = (text("ts")?, text("channel")?);
    let channel = Str::from(document.channel.as_str());
    let memory = [(TS.into(), ts), (CHANNEL_ID.into(), id), (CHANNEL.into(), channel)];
    follows_up(message).then(|| memory.into())
}

/// What went wrong, with Slack's word for it, if it has one.
struct Problem {
    error: String,
    outcome: Outcome,
}

impl Problem {
    fn about(self, document: &Document) -> Outcome {
        outcome::about(&format!("channel {:?}", document.channel), self.outcome)
    }
}

/// What Slack says to a message that it took, or what went wrong. Webhooks answer in plain text, methods of the
/// API in JSON, where `ok` counts and not the status.
fn read(message: &Message<'_>, answer: &HttpAnswer) -> Result<Value, Problem> {
    let by_status = outcome::of_answer(answer, message.now);
    if by_status != Outcome::Delivered {
        return Err(Problem { error: String::new(), outcome: by_status });
    }
    let error = match json::read(answer) {
        Some(said) if said["ok"] == true => return Ok(said),
        Some(said) => said["error"].as_str().map(str::to_owned),
        None => match str::from_utf8(&answer.body).unwrap_or_default().trim() {
            "ok" => return Ok(Value::Null),
            text => is_word(text).then(|| text.to_owned()),
        },
    };
    let Some(error) = error else {
        return Err(Problem { error: String::new(), outcome: outcome::of_garbage(answer) });
    };
    let wait = outcome::retry_after(answer, message.now);
    let outcome = outcome::of_failure(kind(&error), format!("error response from Slack: {error}"), wait);
    Err(Problem { error, outcome })
}

/// Whether it is an error as Slack writes them, such as `channel_not_found`.
fn is_word(text: &str) -> bool {
    (1..=80).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn kind(error: &str) -> Failure {
    match error {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" | "rollup_error" => Failure::RateLimited,
        "fatal_error"
        | "internal_error"
        | "request_timeout"
        | "service_unavailable"
        | "team_added_to_org"
        | "server_error" => Failure::ServerError,
        "access_denied"
        | "account_inactive"
        | "action_prohibited"
        | "ekm_access_denied"
        | "invalid_auth"
        | "invalid_token"
        | "missing_scope"
        | "no_permission"
        | "not_allowed_token_type"
        | "not_authed"
        | "org_login_required"
        | "token_expired"
        | "token_revoked" => Failure::AuthError,
        _ => Failure::ClientError,
    }
}
