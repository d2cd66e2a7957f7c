//! Microsoft Teams: a connector, which takes message cards, and a workflow, which takes adaptive cards.

use serde::Deserialize;

use super::{Fake, Reply, Request};

/// The path of the connector.
pub(crate) const CONNECTOR: &str = "/webhookb2/1/IncomingWebhook/s3cret";
/// The path of the workflow.
pub(crate) const WORKFLOW: &str = "/workflows/1/triggers/manual/paths/invoke";
/// Its query.
pub(crate) const SIGNATURE: &str = "api-version=2016-06-01&sig=s3cret";

/// The most bytes of a message.
const LIMIT: usize = 28 * 1024;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct MessageCard {
    #[serde(rename = "@context")]
    context: String,
    r#type: String,
    title: String,
    summary: String,
    text: String,
    theme_color: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    r#type: String,
    attachments: Vec<Attachment>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Attachment {
    content_type: String,
    content_url: serde_json::Value,
    content: Card,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    #[serde(rename = "$schema")]
    schema: String,
    r#type: String,
    version: String,
    body: Vec<Block>,
    msteams: Layout,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    r#type: String,
    text: String,
    weight: Option<String>,
    size: Option<String>,
    wrap: bool,
    style: Option<String>,
    color: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout {
    width: String,
}

/// Both.
pub(crate) async fn start() -> Fake {
    Fake::start(|request| match request.path.as_str() {
        _ if request.method != "POST" => Reply::text(405, ""),
        CONNECTOR => connector(request),
        WORKFLOW if request.query == SIGNATURE => workflow(request),
        WORKFLOW => Reply::text(401, "The request signature is wrong."),
        _ => Reply::text(404, "Invalid webhook URL"),
    })
    .await
}

/// Says in a 200 what Teams itself refuses.
fn connector(request: &Request) -> Reply {
    match request.json() {
        Err(error) => Reply::text(400, format!("Bad payload received by generic incoming webhook: {error}")),
        Ok(MessageCard { context, r#type, title, summary, text, theme_color }) => {
            let is_color = theme_color.len() == 6 && theme_color.bytes().all(|byte| byte.is_ascii_hexdigit());
            if (context.as_str(), r#type.as_str()) != ("http://schema.org/extensions", "MessageCard")
                || !is_color
            {
                Reply::text(400, "Bad payload received by generic incoming webhook.")
            } else if title.is_empty() || summary.is_empty() && text.is_empty() {
                Reply::text(400, "Summary or Text is required.")
            } else if request.body.len() > LIMIT {
                Reply::text(200, failed(413))
            } else {
                Reply::text(200, "1")
            }
        }
    }
}

/// What the connector says when Teams answered so.
pub(crate) fn failed(status: u16) -> String {
    format!(
        "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error {status} with \
         ContextId tcid=0,server=XX1PEPF00000001,cv=abc.0.."
    )
}

fn workflow(request: &Request) -> Reply {
    match request.json() {
        _ if request.body.len() > LIMIT => Reply::text(413, ""),
        Err(error) => Reply::text(400, error),
        Ok(message) if !is_card(&message) => Reply::text(400, "The card is not valid."),
        Ok(_) => Reply::text(202, ""),
    }
}

fn is_card(message: &Message) -> bool {
    let [Attachment { content_type, content_url, content }] = message.attachments.as_slice() else {
        return false;
    };
    let is_one_of =
        |value: &Option<String>, known: &[&str]| value.as_deref().is_none_or(|value| known.contains(&value));
    message.r#type == "message"
        && content_type == "application/vnd.microsoft.card.adaptive"
        && content_url.is_null()
        && content.schema == "http://adaptivecards.io/schemas/adaptive-card.json"
        && (content.r#type.as_str(), content.version.as_str()) == ("AdaptiveCard", "1.2")
        && content.msteams.width == "full"
        && content.body.len() == 2
        && content.body.iter().all(|block| {
            block.r#type == "TextBlock"
                && block.wrap
                && !block.text.is_empty()
                && is_one_of(&block.weight, &["Bolder", "Default", "Lighter"])
                && is_one_of(&block.size, &["Small", "Default", "Medium", "Large", "ExtraLarge"])
                && is_one_of(&block.style, &["default", "heading"])
                && is_one_of(&block.color, &["Attention", "Good", "Warning"])
        })
}
