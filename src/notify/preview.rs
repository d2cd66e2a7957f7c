//! What a message would be, without sending it: each text of an integration, rendered.

use serde_json::Value;

use super::{Message, console, webhook};
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

/// The texts of a message that come from templates, in the order of their keys. Those that are secrets are
/// not among them. A webhook has its document, the console its lines.
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
        }
    }
    found
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
    use crate::config::setting::Setting;
    use crate::notify::testing::{alert, attempt, keys, message, notification};

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
