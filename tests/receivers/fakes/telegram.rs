//! Telegram: `sendMessage` of a bot.

use serde::Deserialize;
use serde_json::json;

use super::{Fake, Reply, Request};

/// The bot's token.
pub(crate) const TOKEN: &str = "123:s3cret";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    chat_id: String,
    disable_notification: Option<String>,
    disable_web_page_preview: Option<String>,
    message_thread_id: Option<String>,
    parse_mode: Option<String>,
    text: String,
}

pub(crate) async fn start() -> Fake {
    Fake::start(|request| {
        let Some(method) = request.path.strip_prefix(&format!("/bot{TOKEN}/")) else {
            return failed(401, "Unauthorized");
        };
        match read(request) {
            _ if method != "sendMessage" => failed(404, "Not Found"),
            _ if request.method != "POST" => failed(404, "Not Found"),
            Err(error) => failed(400, &format!("Bad Request: {error}")),
            Ok(()) => {
                Reply::json(200, json!({"ok": true, "result": {"message_id": 1, "chat": {"id": -100}}}))
            }
        }
    })
    .await
}

pub(crate) fn failed(code: u16, description: &str) -> Reply {
    Reply::json(code, json!({"ok": false, "error_code": code, "description": description}))
}

fn read(request: &Request) -> Result<(), String> {
    let message: Message = request.json()?;
    let is_true = |flag: &Option<String>| flag.as_deref().is_none_or(|flag| flag == "true");
    if !is_true(&message.disable_notification) || !is_true(&message.disable_web_page_preview) {
        return Err("a flag is true or missing".to_owned());
    }
    if message.chat_id != "-100" {
        return Err("chat not found".to_owned());
    }
    if message.message_thread_id.as_deref().is_some_and(|thread| thread != "7") {
        return Err("message thread not found".to_owned());
    }
    let text = match message.parse_mode.as_deref() {
        None => message.text,
        Some("HTML") => without_tags(&message.text)?,
        Some("Markdown") => message.text,
        Some("MarkdownV2") => without_marks(&message.text)?,
        Some(_) => return Err("unsupported parse_mode".to_owned()),
    };
    if text.trim().is_empty() {
        return Err("message text is empty".to_owned());
    }
    if text.encode_utf16().count() > 4096 {
        return Err("message is too long".to_owned());
    }
    Ok(())
}

/// The text of HTML: tags must be known and closed, `&` must begin an entity.
fn without_tags(html: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        text.push_str(&rest[..at]);
        let end = if rest[at..].starts_with('<') { '>' } else { ';' };
        let length = rest[at..].find(end).ok_or("can't parse entities: unclosed tag or entity")?;
        let inside = &rest[at + 1..at + length];
        let name = inside.split(' ').next().unwrap_or_default();
        match (end, name.strip_prefix('/')) {
            (';', _) => text.push('&'),
            (_, Some(name)) if open.pop() == Some(name) => {}
            (_, None) if ["a", "b", "code", "i", "pre", "s", "u"].contains(&name) => open.push(name),
            (_, _) => return Err(format!("can't parse entities: Unsupported start tag \"{name}\"")),
        }
        rest = &rest[at + length + 1..];
    }
    text.push_str(rest);
    if open.is_empty() { Ok(text) } else { Err("can't parse entities: Can't find end tag".to_owned()) }
}

/// The text of `MarkdownV2`: what is reserved must be escaped or open and close something.
fn without_marks(marked: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut chars = marked.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            '*' | '_' => {}
            c if "[]()~`>#+-=|{}.!".contains(c) => {
                return Err(format!("can't parse entities: Character '{c}' is reserved and must be escaped"));
            }
            c => text.push(c),
        }
    }
    Ok(text)
}
