//! What a message would be, without sending it: each text of an integration, rendered.

use serde_json::Value;

use super::{Message, Step, begin, console, webhook};
use crate::config::routes::Settings;
use crate::config::setting::Setting;
use crate::template::message::RenderError;

/// A text of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// Where it stands in the settings: `headers.Subject`, `fields[0].title`; `body` for all of a document.
    pub path: String,
    /// Whether it is HTML.
    pub is_html: bool,
    /// The text, or why there is none.
    pub text: Result<String, RenderError>,
}

/// Where the first request of an integration holds the texts that it may cut, as JSON pointers. Jira, SNS and WeChat
/// send theirs later.
const SENT: &[(&str, &[(&str, &str)])] = &[
    (
        "discord",
        &[("content", "/content"), ("message", "/embeds/0/description"), ("title", "/embeds/0/title")],
    ),
    ("mattermost", &[("text", "/text")]),
    ("msteams", &[("text", "/text")]),
    ("msteamsv2", &[("text", "/attachments/0/content/body/1/text")]),
    (
        "opsgenie",
        &[
            ("description", "/description"),
            ("entity", "/entity"),
            ("message", "/message"),
            ("note", "/note"),
            ("source", "/source"),
        ],
    ),
    ("pagerduty", &[("description", "/description"), ("description", "/payload/summary")]),
    ("rocketchat", &[("title", "/attachments/0/title")]),
    (
        "slack",
        &[
            ("fallback", "/attachments/0/fallback"),
            ("footer", "/attachments/0/footer"),
            ("message_text", "/text"),
            ("pretext", "/attachments/0/pretext"),
            ("text", "/attachments/0/text"),
            ("title", "/attachments/0/title"),
        ],
    ),
    ("telegram", &[("message", "/text")]),
    ("victorops", &[("state_message", "/state_message")]),
    ("webex", &[("message", "/markdown")]),
];

/// The texts of a message that come from templates, in the order of their keys, cut as they are sent. Those that are
/// secrets are not among them. A webhook has its document, the console its lines.
#[must_use]
pub fn preview(message: &Message<'_>) -> Vec<Preview> {
    let mut found = Vec::new();
    let kind = message.integration().kind;
    match &message.integration().settings {
        Settings::Console => {
            let text = console::text(&message.attempt.notification, false);
            found.push(Preview { path: "body".to_owned(), is_html: false, text: Ok(text) });
        }
        Settings::Keys { values, .. } => {
            for (key, value) in values.iter().filter(|(key, _)| &***key != "http_config") {
                let is_html = kind == "email" && &**key == "html";
                of_setting(message, key, is_html, value, &mut found);
            }
            if kind == "webhook"
                && let Ok(body) = webhook::document(message)
            {
                found.retain(|part| !part.path.starts_with("payload"));
                let text = String::from_utf8_lossy(&body).into_owned();
                let text = serde_json::from_str(&text)
                    .and_then(|json: Value| serde_json::to_string_pretty(&json))
                    .unwrap_or(text);
                found.push(Preview { path: "body".to_owned(), is_html: false, text: Ok(text) });
            }
            cut(message, &mut found);
        }
    }
    found
}

/// Puts what is sent in the place of texts that are longer than their integration sends them.
fn cut(message: &Message<'_>, found: &mut [Preview]) {
    let kind = message.integration().kind;
    let Some((_, places)) = SENT.iter().find(|(known, _)| *known == kind) else { return };
    let Step::Http(call) = begin(message) else { return };
    let Ok(sent) = serde_json::from_slice::<Value>(&call.request.body) else { return };
    for (key, pointer) in *places {
        let part = found.iter_mut().find(|part| part.path == *key).map(|part| &mut part.text);
        if let (Some(Ok(text)), Some(sent)) = (part, sent.pointer(pointer).and_then(Value::as_str)) {
            sent.clone_into(text);
        }
    }
}

fn of_setting(message: &Message<'_>, path: &str, is_html: bool, setting: &Setting, found: &mut Vec<Preview>) {
    match setting {
        Setting::Text(text) => of_text(message, path, is_html, text, found),
        Setting::List(items) => {
            for (at, item) in items.iter().enumerate() {
                of_setting(message, &format!("{path}[{at}]"), is_html, item, found);
            }
        }
        Setting::Map(map) => {
            for (key, value) in map {
                of_setting(message, &format!("{path}.{key}"), is_html, value, found);
            }
        }
        Setting::Any(value) => of_json(message, path, value, found),
        Setting::Bool(_)
        | Setting::Integer(_)
        | Setting::Float(_)
        | Setting::Secret(_)
        | Setting::Address(_) => {}
    }
}

fn of_json(message: &Message<'_>, path: &str, value: &Value, found: &mut Vec<Preview>) {
    match value {
        Value::String(text) => of_text(message, path, false, text, found),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                of_json(message, &format!("{path}[{at}]"), item, found);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                of_json(message, &format!("{path}.{key}"), value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn of_text(message: &Message<'_>, path: &str, is_html: bool, text: &str, found: &mut Vec<Preview>) {
    if text.contains("{{") {
        let (renderer, data) = (&message.attempt.renderer, &message.data);
        let text = match is_html {
            true => renderer.html(text, data, message.now),
            false => renderer.text(text, data, message.now),
        };
        found.push(Preview { path: path.to_owned(), is_html, text });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::preview;
    use crate::config::setting::Secret;
    use crate::config::setting::Setting;
    use crate::notify::testing::{alert, attempt, keys, message, notification};

    /// What a reader sees of the text at `key` if the alert's name makes up all of it.
    fn seen(kind: &'static str, key: &str, name: &str) -> String {
        let secret = |text: &str| Setting::Secret(Secret::new(text.into()));
        let mut values = BTreeMap::from([(key.into(), Setting::text("{{ .CommonLabels.alertname }}"))]);
        for (name, text) in [("api_url", "https://x/"), ("webhook_url", "https://x/"), ("routing_key", "k")] {
            values.insert(name.into(), secret(text));
        }
        let alerts = vec![alert(&format!("alertname={name}"), &[], None)];
        let attempt = attempt(kind, keys(values), notification(alerts));
        let shown = message(&attempt, &[], preview);
        let part = shown.into_iter().find(|part| part.path == key);
        part.expect("it has the text").text.expect("it can be rendered")
    }

    #[test]
    fn texts_are_cut_as_they_are_sent() {
        for (kind, key, most) in [
            ("discord", "content", 2000),
            ("discord", "message", 4096),
            ("discord", "title", 256),
            ("mattermost", "text", 90_000), // its attachment is not cut
            ("msteams", "text", 27_877),
            ("msteamsv2", "text", 27_580),
            ("opsgenie", "description", 15_000),
            ("opsgenie", "entity", 512),
            ("opsgenie", "message", 130),
            ("opsgenie", "note", 25_000),
            ("opsgenie", "source", 100),
            ("pagerduty", "description", 1024),
            ("rocketchat", "title", 1024),
            ("slack", "fallback", 8_000),
            ("slack", "footer", 300),
            ("slack", "message_text", 40_000),
            ("slack", "pretext", 8_000),
            ("slack", "text", 8_000),
            ("slack", "title", 1024),
            ("telegram", "message", 4096),
            ("victorops", "state_message", 20_480),
            ("webex", "message", 7437), // 7439 bytes, three of them the ellipsis
        ] {
            assert_eq!(seen(kind, key, "Short"), "Short", "{kind} {key}");
            let long = seen(kind, key, &"x".repeat(90_000)).chars().count();
            assert_eq!(long, most, "{kind} {key}");
        }
    }

    #[test]
    fn a_webhook_shows_its_document_also_without_the_files_of_its_secrets() {
        let payload = serde_json::json!({"text": "{{ .CommonLabels.alertname }}"});
        let hmac = BTreeMap::from([("secret_file".into(), Setting::text("/run/hmac"))]);
        let values = BTreeMap::from([
            ("url_file".into(), Setting::text("/run/url")),
            ("hmac".into(), Setting::Map(hmac)),
            ("payload".into(), Setting::Any(payload)),
        ]);
        let attempt =
            attempt("webhook", keys(values), notification(vec![alert("alertname=Down", &[], None)]));
        let shown = message(&attempt, &[], preview);
        let shown: Vec<_> = shown.iter().map(|part| (part.path.as_str(), part.text.as_deref())).collect();
        assert_eq!(shown, [("body", Ok("{\n  \"text\": \"Down\"\n}"))]);
    }
}
