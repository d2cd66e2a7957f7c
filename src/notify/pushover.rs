//! Pushover. As in Alertmanager the message is in the query of the URL, so the URL is a secret.

use super::truncate::in_runes;
use super::{HttpRequest, Message, Step, Trouble, USER_AGENT, address, open};
use crate::config::setting::Secret;
use crate::model::Duration;

/// Where messages go.
const URL: &str = "https://api.pushover.net/1/messages.json";

// The most characters of its fields.
const TITLE_LIMIT: usize = 250;
const MESSAGE_LIMIT: usize = 1024;
const URL_LIMIT: usize = 512;

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let mut parameters = parameters(message)?;
    parameters.sort(); // as Go writes a query
    let pairs = parameters.iter().map(|(name, value)| (*name, &**value));
    let url = format!("{URL}?{}", address::form(pairs));
    Ok(Step::request(HttpRequest {
        method: "POST",
        url: Secret::new(url.into()),
        headers: vec![("Content-Type", open("text/plain")), ("User-Agent", open(USER_AGENT))],
        body: Vec::new(),
        timeout: Duration::ZERO,
        http: message.http(),
    }))
}

fn parameters(message: &Message<'_>) -> Result<Vec<(&'static str, String)>, Trouble> {
    let seconds = |key| (message.duration(key).millis() / 1000).to_string();
    let mut parameters = vec![
        ("token", message.secret_word("token")?),
        ("user", message.secret_word("user_key")?),
        ("title", in_runes(message.text("title")?, TITLE_LIMIT)),
        ("message", text(message)?),
        ("url", in_runes(message.word("url")?, URL_LIMIT)),
        ("url_title", message.text("url_title")?),
        ("priority", message.word("priority")?),
        ("retry", seconds("retry")),
        ("expire", seconds("expire")),
        ("device", message.word("device")?),
        ("sound", message.word("sound")?),
    ];
    if message.duration("ttl") >= Duration::from_secs(1) {
        parameters.push(("ttl", seconds("ttl")));
    }
    let flags = ["html", "monospace"].into_iter().filter(|flag| message.flag(flag));
    parameters.extend(flags.map(|flag| (flag, "1".to_owned())));
    Ok(parameters)
}

/// Pushover takes no empty message.
fn text(message: &Message<'_>) -> Result<String, Trouble> {
    let text = if message.flag("html") { message.html("message")? } else { message.text("message")? };
    Ok(match in_runes(text, MESSAGE_LIMIT).trim() {
        "" => "(no details)".to_owned(),
        text => text.to_owned(),
    })
}
