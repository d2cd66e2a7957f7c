//! Discord: the webhook of a channel.

use serde::Deserialize;
use serde_json::json;

use super::{Fake, Reply, Request};

/// The path of the webhook.
pub(crate) const WEBHOOK: &str = "/api/webhooks/123/s3cret";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    content: String,
    embeds: Vec<Embed>,
    username: Option<String>,
    avatar_url: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Embed {
    title: String,
    description: String,
    color: u32,
}

pub(crate) async fn start() -> Fake {
    Fake::start(|request| match read(request) {
        _ if request.path != WEBHOOK => {
            Reply::json(404, json!({"message": "Unknown Webhook", "code": 10015}))
        }
        _ if request.method != "POST" => {
            Reply::json(405, json!({"message": "405: Method Not Allowed", "code": 0}))
        }
        Ok(()) => Reply::text(204, ""),
        Err(error) => Reply::json(
            400,
            json!({"message": "Invalid Form Body", "code": 50035, "errors": {"_errors": [error]}}),
        ),
    })
    .await
}

fn read(request: &Request) -> Result<(), String> {
    let message: Message = request.json()?;
    let length = |text: &str| text.chars().count();
    let in_embeds: usize =
        message.embeds.iter().map(|embed| length(&embed.title) + length(&embed.description)).sum();
    let is_blank = |text: &str| text.trim().is_empty();
    for (is_wrong, error) in [
        (length(&message.content) > 2000, "content: must be 2000 or fewer in length"),
        (is_blank(&message.content) && in_embeds == 0, "cannot send an empty message"),
        (message.embeds.len() > 10, "embeds: must be 10 or fewer in length"),
        (
            message.embeds.iter().any(|embed| length(&embed.title) > 256),
            "title: must be 256 or fewer in length",
        ),
        (
            message.embeds.iter().any(|embed| length(&embed.description) > 4096),
            "description: must be 4096 or fewer in length",
        ),
        (in_embeds > 6000, "embeds: must be 6000 or fewer in length"),
        (message.embeds.iter().any(|embed| embed.color > 0x00FF_FFFF), "color: must be at most 16777215"),
        (
            message.username.as_deref().is_some_and(|name| !(1..=80).contains(&length(name))),
            "username: must be between 1 and 80 in length",
        ),
        (
            message.avatar_url.as_deref().is_some_and(|url| !url.starts_with("http")),
            "avatar_url: not a well formed URL",
        ),
    ] {
        if is_wrong {
            return Err(error.to_owned());
        }
    }
    Ok(())
}
