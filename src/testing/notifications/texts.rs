//! What a notification says, as its reader sees it: rendered by the code that sends it.

use crate::config::setting::Secret;
use crate::model::{Str, Timestamp};
use crate::notify::email::mail::HeaderText;
use crate::notify::{self, Files, Message, Step, preview};
use crate::router::Attempt;

/// The texts of one notification by their places in the settings of its integration.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    kind: &'static str,
    parts: Vec<(String, Result<String, String>)>,
}

/// Which texts are the headline, by kind of integration; elsewhere they are called `title`, `subject`, ….
const HEADLINES: &[(&str, &str)] = &[
    ("email", "headers.Subject"),
    ("jira", "summary"),
    ("opsgenie", "message"),
    ("pagerduty", "description"),
    ("victorops", "entity_display_name"),
];

/// Which texts are the body, by kind of integration; elsewhere they are called `text`, `message`, ….
const BODIES: &[(&str, &str)] =
    &[("jira", "description"), ("opsgenie", "description"), ("victorops", "state_message")];

impl Texts {
    /// What an attempt says.
    pub(super) fn of(attempt: &Attempt, external_url: &str, at: Timestamp) -> Self {
        // Nothing is sent, so secrets may be anything; only their files must not be missed.
        let secret = |path: Str| (path, Ok(Secret::new("secret".into())));
        let files: Files = notify::files(&attempt.integration).into_iter().map(secret).collect();
        let message = Message::new(attempt, &files, external_url, at);
        let kind = attempt.integration.kind;
        let parts = match notify::begin(&message) {
            Step::Mail(call) if kind == "email" => {
                let headers = call.mail.headers.iter().filter_map(|(name, text)| match text {
                    HeaderText::Text(text) => Some((format!("headers.{name}"), Ok(text.clone()))),
                    HeaderText::Addresses(_) => None,
                });
                let mut parts: Vec<_> = headers.collect();
                parts.push(("text".to_owned(), Ok(call.mail.text)));
                parts.push(("html".to_owned(), Ok(call.mail.html)));
                parts
            }
            Step::Http(_)
            | Step::Mail(_)
            | Step::Aws(_)
            | Step::Token(_)
            | Step::Print(_)
            | Step::Done { .. } => {
                let parts = preview(&message).into_iter();
                let mut parts: Vec<_> =
                    parts.map(|part| (part.path, part.text.map_err(|error| error.to_string()))).collect();
                // What is no template says always the same.
                for (key, value) in message.values() {
                    if let Some(text) = value.reveal()
                        && !parts.iter().any(|(known, _)| *known == **key)
                    {
                        parts.push((key.to_string(), Ok(text.to_string())));
                    }
                }
                parts
            }
        };
        Self { kind, parts }
    }

    /// The text that a test calls `key`: `subject` or `title`, `body` or `text`, or its place in the settings.
    pub(super) fn get(&self, key: &str) -> Option<Result<String, String>> {
        let found = match key {
            "subject" | "title" => self.first(HEADLINES, &["title", "subject"]),
            "body" | "text" => self.first(BODIES, &["body", "text", "message", "description", "html"]),
            place => self.part(place),
        };
        found.map(|text| text.as_deref().map(tidy).map_err(Clone::clone))
    }

    /// One line that says what it is about.
    pub(super) fn headline(&self) -> Option<String> {
        let text = self.get("subject").or_else(|| self.get("body"))?.ok()?;
        text.lines().next().map(str::to_owned)
    }

    fn first(&self, own: &[(&str, &str)], usual: &[&str]) -> Option<&Result<String, String>> {
        let own = own.iter().find(|(kind, _)| *kind == self.kind).map(|(_, key)| *key);
        own.iter().chain(usual).find_map(|key| self.part(key))
    }

    /// A part that says something.
    fn part(&self, key: &str) -> Option<&Result<String, String>> {
        let found = self.parts.iter().find(|(known, _)| known == key).map(|(_, text)| text);
        found.filter(|text| !matches!(text, Ok(text) if text.trim().is_empty()))
    }
}

/// The text without white space that nobody sees: at the ends of lines and of the whole.
pub(super) fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    lines[first..].join("\n")
}
