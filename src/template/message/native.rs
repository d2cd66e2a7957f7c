//! The handlebars half of a renderer: the templates that come with the binary, those of files, and inline
//! texts of a routing file whose language is handlebars.
//!
//! Every `*.hbs` is a partial for all others and for inline texts, by its file name; a file with the name of
//! one that comes with the binary replaces it. What a value becomes where it stands follows from the name:
//! in `*.html.hbs` it is escaped for HTML, in `slack.*.hbs` for Slack, elsewhere it stays as it is. The line
//! feed at the end of a file is not part of its template, so that one can stand within a line.

use std::collections::BTreeMap;

use super::{Data, Pairs};
use crate::model::{Str, Timestamp};
use crate::template::handlebars::{Escape, HandlebarsError, Templates};

/// The files of `templates/` that are for messages.
pub const EMBEDDED: [(&str, &str); 12] = [
    ("email.html.hbs", include_str!("../../../templates/email.html.hbs")),
    ("email.subject.hbs", include_str!("../../../templates/email.subject.hbs")),
    ("email.text.hbs", include_str!("../../../templates/email.text.hbs")),
    ("heading.hbs", include_str!("../../../templates/heading.hbs")),
    ("sender.hbs", include_str!("../../../templates/sender.hbs")),
    ("silence.hbs", include_str!("../../../templates/silence.hbs")),
    ("slack.fallback.hbs", include_str!("../../../templates/slack.fallback.hbs")),
    ("slack.text.hbs", include_str!("../../../templates/slack.text.hbs")),
    ("slack.title.hbs", include_str!("../../../templates/slack.title.hbs")),
    ("text.hbs", include_str!("../../../templates/text.hbs")),
    ("title.hbs", include_str!("../../../templates/title.hbs")),
    ("webhook.title.hbs", include_str!("../../../templates/webhook.title.hbs")),
];

/// Default texts of keys that have no file of their own, and the one that stands for them. Others keep the
/// text that they have with Go templates: what they say is no prose, or is in a format of its own.
const SHARED: [(&str, &str); 24] = [
    ("discord.default.message", "text.hbs"),
    ("discord.default.title", "title.hbs"),
    ("mattermost.default.fallback", "title.hbs"),
    ("mattermost.default.username", "sender.hbs"),
    ("mattermost.default.title", "title.hbs"),
    ("msteams.default.summary", "title.hbs"),
    ("msteams.default.title", "title.hbs"),
    ("opsgenie.default.description", "text.hbs"),
    ("opsgenie.default.message", "title.hbs"),
    ("pagerduty.default.client", "sender.hbs"),
    ("pagerduty.default.description", "title.hbs"),
    ("pushover.default.message", "text.hbs"),
    ("pushover.default.title", "title.hbs"),
    ("rocketchat.default.alias", "sender.hbs"),
    ("rocketchat.default.text", "text.hbs"),
    ("rocketchat.default.title", "title.hbs"),
    ("slack.default.username", "sender.hbs"),
    ("sns.default.message", "text.hbs"),
    ("sns.default.subject", "title.hbs"),
    ("victorops.default.entity_display_name", "title.hbs"),
    ("victorops.default.state_message", "text.hbs"),
    ("webex.default.message", "text.hbs"),
    ("wechat.default.message", "text.hbs"),
    ("jira.default.summary", "title.hbs"),
];

/// The ways in which a text may be escaped. All templates exist in each, as partials for the others.
const ESCAPES: [Escape; 3] = [Escape::Nothing, Escape::Html, Escape::Slack];

/// The name that an inline text has in messages.
const INLINE: &str = "text";

/// All handlebars templates of a configuration, compiled.
#[derive(Debug, Default)]
pub(super) struct NativeTemplates {
    by_escape: BTreeMap<Escape, Templates>,
}

impl NativeTemplates {
    /// The templates of the binary, and those of files by path and text; later ones win.
    ///
    /// # Errors
    /// What is wrong with each file that is not a template, by its path.
    pub(super) fn new<'a>(
        files: impl Iterator<Item = &'a (Str, Str)>,
    ) -> Result<Self, Vec<(Str, HandlebarsError)>> {
        let mut texts: BTreeMap<&str, (&str, &str)> =
            EMBEDDED.into_iter().map(|(name, text)| (name, (name, text))).collect();
        for (path, text) in files {
            let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
            texts.insert(name, (path, text));
        }
        let sources = texts.iter().map(|(name, (_, text))| {
            let text = text.strip_suffix('\n').unwrap_or(text);
            (*name, text.strip_suffix('\r').unwrap_or(text))
        });
        let by_escape = Templates::compile_with(&ESCAPES, sources).map_err(|error| {
            let path = texts.get(error.template()).map_or(error.template(), |(path, _)| path);
            vec![(Str::from(path), error)]
        })?;
        Ok(Self { by_escape })
    }

    /// The text as it is rendered by handlebars; `None` if it is a default that only Go templates have.
    pub(super) fn render(
        &self,
        is_html: bool,
        text: &str,
        data: &Data,
        now: Timestamp,
    ) -> Option<Result<String, HandlebarsError>> {
        if let Some(default) = default_name(text) {
            return self.file_of(default).map(|name| self.file(name, data, now));
        }
        if is_go(text) {
            return None;
        }
        let escape = if is_html { Escape::Html } else { Escape::Nothing };
        let templates = self.by_escape.get(&escape)?;
        Some(seen(data, now).and_then(|data| templates.render_text(INLINE, escape, text, &data)))
    }

    fn file(&self, name: &str, data: &Data, now: Timestamp) -> Result<String, HandlebarsError> {
        let data = seen(data, now)?;
        match self.by_escape.get(&escape_of(name)) {
            Some(templates) => templates.render(name, &data),
            None => Err(failed("there are no templates".to_owned())),
        }
    }

    /// The file that stands for a default: `slack.default.title` is `slack.title.hbs`.
    fn file_of(&self, default: &str) -> Option<&str> {
        let own = default.replacen(".default.", ".", 1) + ".hbs";
        let shared = || SHARED.iter().find(|(name, _)| *name == default).map(|(_, file)| *file);
        self.by_escape.get(&Escape::Nothing)?.name(&own).or_else(shared)
    }

    /// The labels of a route, each rendered; those that fail come back with why.
    pub(super) fn route_labels(
        &self,
        labels: &Pairs,
        data: &Data,
        now: Timestamp,
    ) -> (Pairs, Vec<(Str, HandlebarsError)>) {
        let (mut rendered, mut wrong) = (Pairs::new(), Vec::new());
        for (name, text) in labels {
            match self.render(false, text, data, now) {
                Some(Ok(text)) => drop(rendered.insert(name.clone(), text.into())),
                Some(Err(error)) => wrong.push((name.clone(), error)),
                None => drop(rendered.insert(name.clone(), text.clone())),
            }
        }
        (rendered, wrong)
    }
}

/// What `{{value}}` does in a file with this name.
fn escape_of(name: &str) -> Escape {
    match name {
        name if name.ends_with(".html.hbs") => Escape::Html,
        name if name.starts_with("slack.") => Escape::Slack,
        _ => Escape::Nothing,
    }
}

/// What templates see: the data as JSON, the time, and how many alerts fire and are resolved: counting them by
/// helpers copies them.
fn seen(data: &Data, now: Timestamp) -> Result<serde_json::Value, HandlebarsError> {
    let mut value = serde_json::to_value(data).map_err(|error| failed(error.to_string()))?;
    let firing = data.alerts.iter().filter(|alert| alert.is_firing).count();
    value["now"] = now.rfc3339().into();
    value["numFiring"] = firing.into();
    value["numResolved"] = (data.alerts.len() - firing).into();
    Ok(value)
}

fn failed(message: String) -> HandlebarsError {
    HandlebarsError::Render { template: INLINE.to_owned(), message }
}

/// The name in `{{ template "NAME" . }}`, if the text is nothing else.
fn default_name(text: &str) -> Option<&str> {
    let inside = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let name = inside.strip_prefix("template")?.trim().strip_suffix('.')?.trim();
    name.strip_prefix('"')?.strip_suffix('"').filter(|name| !name.contains('"'))
}

/// Whether a text has something that only Go templates have. A file that mixes the languages is refused when
/// it is read, so with handlebars this is a default of a key.
fn is_go(text: &str) -> bool {
    text.split("{{").skip(1).any(|inside| {
        let inside = inside.trim_start_matches('-').trim_start();
        let field = inside.strip_prefix('.').and_then(|rest| rest.chars().next());
        let word = inside.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        field.is_some_and(|first| first.is_ascii_alphabetic())
            || inside.starts_with('$')
            || matches!(word, "if" | "range" | "with" | "template" | "define" | "block")
                && inside.len() > word.len()
                && inside[word.len()..].starts_with(' ')
    })
}

#[cfg(test)]
mod tests;
