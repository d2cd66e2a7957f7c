//! What a value becomes before it stands in a rendered text.

/// What `{{value}}` does to a value, so that it cannot be taken for a part of the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Escape {
    /// Nothing: plain text, or a subject.
    Nothing,
    /// What means something in HTML is replaced by its entity.
    Html,
    /// What means something to Slack is replaced: no value can call `@channel` or pass for a link.
    Slack,
    /// Control characters are replaced: no value can drive the terminal, or pass for a line of its own.
    Terminal,
}

impl Escape {
    /// `text` as a template with this escape writes it.
    #[must_use]
    pub fn apply(self, text: &str) -> String {
        match self {
            Self::Nothing => text.to_owned(),
            Self::Html => handlebars::html_escape(text),
            Self::Slack => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            Self::Terminal => text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
        }
    }
}
