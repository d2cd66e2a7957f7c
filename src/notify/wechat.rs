//! WeChat Work: a token for the app first, then the message.
//!
//! The token is kept as long as WeChat says that it lasts, for all groups and integrations of the app; one that is
//! refused is replaced once. Unlike Alertmanager we cut the text to what WeChat takes, and try again when it says that
//! it is busy or that there were too many requests.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::{
    GivenToken, HttpAnswer, HttpRequest, Message, Step, TokenCall, Trouble, USER_AGENT, WantedToken, address,
    json, open, outcome, truncate,
};
use crate::config::setting::Secret;
use crate::model::{Duration, Timestamp};
use crate::router::{Failure, Outcome};

/// The most bytes of a text.
const LIMIT: usize = 2048;

/// The longest time in seconds that a token is taken to last: a day, whatever WeChat says.
const LONGEST: i64 = 24 * 60 * 60;

/// The fields in Alertmanager's order. It always writes both contents, an empty one for the other type.
#[derive(Serialize)]
struct Document {
    text: Content,
    #[serde(skip_serializing_if = "String::is_empty")]
    touser: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    toparty: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    totag: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    agentid: String,
    safe: &'static str,
    msgtype: &'static str,
    markdown: Content,
}

#[derive(Default, Serialize)]
struct Content {
    content: String,
}

/// Gets the token; the message follows.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let document = Document::new(message)?;
    let secret = message.secret_word("api_secret")?;
    let corporation = message.word("corp_id")?;
    let query = [("corpid", corporation.as_str()), ("corpsecret", secret.as_str())];
    let request = HttpRequest {
        method: "GET",
        url: url(message, "gettoken", &query),
        headers: vec![("User-Agent", open(USER_AGENT))],
        body: Vec::new(),
        timeout: Duration::ZERO,
        http: message.http(),
    };
    let read = Arc::new(move |answer: &HttpAnswer, now| token(answer, &corporation, now));
    Ok(with_token(WantedToken { request, read, refused: None }, document))
}

fn with_token(wanted: WantedToken, document: Document) -> Step {
    let next = wanted.clone();
    let then = move |message: &Message<'_>, token| send(message, document, token, next);
    Step::Token(Box::new(TokenCall { wanted, then: Box::new(then) }))
}

fn send(message: &Message<'_>, document: Document, token: Secret, mut wanted: WantedToken) -> Step {
    let url = url(message, "message/send", &[("access_token", token.reveal())]);
    message.learn(token.clone());
    let request = json::post(message, url, &document);
    Step::then(request, move |message, answer| match said(&answer, message.now) {
        Ok(_) => Step::done(Outcome::Delivered),
        // Once: if another token does not help either, it is something else.
        Err(Said { code: 40014 | 42001, .. }) if wanted.refused.is_none() => {
            wanted.refused = Some(token);
            with_token(wanted, document)
        }
        Err(Said { outcome, .. }) => Step::done(outcome),
    })
}

/// The API's URL with `path` at its end and these parameters.
fn url(message: &Message<'_>, path: &str, query: &[(&str, &str)]) -> Secret {
    Secret::new(address::endpoint(message.raw("api_url"), path, query).into())
}

impl Document {
    fn new(message: &Message<'_>) -> Result<Self, Trouble> {
        let content = message.text("message")?;
        let strict = message.attempt.notification.strict;
        let content = Content { content: if strict { content } else { truncate::in_bytes(content, LIMIT) } };
        let is_markdown = message.raw("message_type") == "markdown";
        let (text, markdown) =
            if is_markdown { (Content::default(), content) } else { (content, Content::default()) };
        Ok(Self {
            text,
            touser: message.word("to_user")?,
            toparty: message.word("to_party")?,
            totag: message.word("to_tag")?,
            agentid: message.word("agent_id")?,
            safe: "0",
            msgtype: if is_markdown { "markdown" } else { "text" },
            markdown,
        })
    }
}

/// The token, or why there is none.
fn token(answer: &HttpAnswer, corporation: &str, now: Timestamp) -> Result<GivenToken, Outcome> {
    let said = said(answer, now).map_err(|said| outcome::of_question(said.outcome))?;
    let token = said["access_token"].as_str().filter(|token| !token.is_empty());
    let lasts = said["expires_in"].as_i64().unwrap_or_default().clamp(0, LONGEST);
    let given =
        |token: &str| GivenToken { token: Secret::new(token.into()), lasts: Duration::from_secs(lasts) };
    token.map(given).ok_or_else(|| Outcome::Refused {
        failure: Failure::AuthError,
        message: format!("invalid api_secret for corp_id {corporation}"),
    })
}

/// A failure, as WeChat says it.
struct Said {
    /// WeChat's number for it; 0 if there is none.
    code: i64,
    outcome: Outcome,
}

impl From<Outcome> for Said {
    fn from(outcome: Outcome) -> Self {
        Self { code: 0, outcome }
    }
}

/// What WeChat says if all is well, or the failure. As in Alertmanager any status but 200 is tried again.
fn said(answer: &HttpAnswer, now: Timestamp) -> Result<Value, Said> {
    if answer.status != 200 {
        return Err(match outcome::of_answer(answer, now) {
            Outcome::Delivered => outcome::of_garbage(answer),
            Outcome::Refused { failure, message } => {
                Outcome::Retryable { failure, message, retry_after: None, maybe_taken: false }
            }
            retryable @ Outcome::Retryable { .. } => retryable,
        }
        .into());
    }
    let said = json::read(answer).filter(Value::is_object).ok_or_else(|| outcome::of_garbage(answer))?;
    let code = said["errcode"].as_i64().unwrap_or_default();
    let failure = match code {
        0 => return Ok(said),
        // Busy; a token that is over: the next attempt gets a new one.
        -1 | 40014 | 42001 => Failure::ServerError,
        40001 | 40013 | 40082 | 41002 | 41004 | 48002 | 60020 => Failure::AuthError,
        45009 | 45033 | 45047 => Failure::RateLimited,
        _ => Failure::ClientError,
    };
    let message = format!("error {code} from WeChat: {}", said["errmsg"].as_str().unwrap_or_default());
    Err(Said { code, outcome: outcome::of_failure(failure, message, None) })
}
