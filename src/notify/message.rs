//! What every integration works with: the attempt, the settings, rendered texts, secrets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

use super::truncate;
use crate::config::routes::{HttpSettings, Integration, Settings};
use crate::config::setting::{Secret, Setting};
use crate::model::{Duration, Str, Timestamp};
use crate::router::{Attempt, Failure, Memory, Outcome};
use crate::template::message::{Data, RenderError, Renderer};

/// Texts of files by path, without white space around them, or why one cannot be read.
pub type Files = BTreeMap<Str, Result<Secret, String>>;

/// Why an integration cannot say what is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// A text that must be right (a channel, a key, an address) cannot be rendered.
    #[error("cannot render {key}: {error}")]
    Template {
        /// Its key.
        key: Str,
        /// Why not.
        error: RenderError,
    },
    /// A secret's file cannot be read.
    #[error("cannot read the secret in {path}: {reason}")]
    File {
        /// Its path.
        path: Str,
        /// Why not.
        reason: String,
    },
    /// A setting is of no use as it is, or as it was rendered. Names no secret.
    #[error("{0}")]
    Setting(String),
}

impl From<Trouble> for Outcome {
    /// A file may be there later; nothing else mends itself.
    fn from(trouble: Trouble) -> Self {
        let message = trouble.to_string();
        match trouble {
            Trouble::File { .. } => {
                Self::Retryable { failure: Failure::Other, message, retry_after: None, maybe_taken: false }
            }
            Trouble::Template { .. } | Trouble::Setting(_) => {
                Self::Refused { failure: Failure::Other, message }
            }
        }
    }
}

/// An attempt with all that is needed to say what is sent.
#[derive(Debug)]
pub struct Message<'a> {
    /// The attempt.
    pub attempt: &'a Attempt,
    /// What templates see.
    pub data: Data,
    /// The texts of the files that [`super::files`] names.
    pub files: &'a Files,
    /// The time.
    pub now: Timestamp,
    /// Templates that failed, and were replaced by a plain text.
    failures: RefCell<Vec<(Str, RenderError)>>,
    /// What somebody should know although the notification went out.
    remarks: RefCell<Vec<String>>,
    /// Secrets that are in no setting and no file: rendered ones, and those that servers give.
    learned: RefCell<Vec<Secret>>,
}

impl<'a> Message<'a> {
    /// Puts them together; `external_url` is where people reach us.
    #[must_use]
    pub fn new(attempt: &'a Attempt, files: &'a Files, external_url: &str, now: Timestamp) -> Self {
        let data = attempt.notification.data(external_url);
        let (failures, remarks, learned) = Default::default();
        Self { attempt, data, files, now, failures, remarks, learned }
    }

    /// Who is told.
    #[must_use]
    pub fn integration(&self) -> &'a Integration {
        &self.attempt.integration
    }

    fn renderer(&self) -> &'a Renderer {
        &self.attempt.renderer
    }

    /// The keys of the settings.
    #[must_use]
    pub fn values(&self) -> &'a BTreeMap<Str, Setting> {
        static NONE: BTreeMap<Str, Setting> = BTreeMap::new();
        match &self.integration().settings {
            Settings::Keys { values, .. } => values,
            Settings::Console => &NONE,
        }
    }

    /// How to connect.
    #[must_use]
    pub fn http(&self) -> HttpSettings {
        match &self.integration().settings {
            Settings::Keys { http, .. } => http.clone(),
            Settings::Console => HttpSettings::default(),
        }
    }

    /// What was remembered of this group when the integration was last told.
    #[must_use]
    pub fn memory(&self) -> &'a Memory {
        &self.attempt.memory
    }

    /// The value of a key, as it stands in the file; empty if there is none.
    #[must_use]
    pub fn raw(&self, key: &str) -> &'a str {
        self.values().get(key).and_then(Setting::reveal).map_or("", |text| &**text)
    }

    /// The items of a list; none if there is none.
    #[must_use]
    pub fn items(&self, key: &str) -> &'a [Setting] {
        self.values().get(key).map_or(&[], Setting::items)
    }

    /// The names and texts of a mapping, as they stand in the file; none if there is none.
    pub fn pairs(&self, key: &str) -> impl Iterator<Item = (&'a Str, &'a str)> + use<'a> {
        let map = self.values().get(key).and_then(Setting::map).into_iter().flatten();
        map.map(|(name, value)| (name, value.reveal().map_or("", |text| &**text)))
    }

    /// Whether a key is true.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        matches!(self.values().get(key), Some(Setting::Bool(true)))
    }

    /// A whole number; 0 if there is none.
    #[must_use]
    pub fn integer(&self, key: &str) -> i64 {
        match self.values().get(key) {
            Some(Setting::Integer(number)) => *number,
            Some(_) | None => 0,
        }
    }

    /// A duration; zero if there is none.
    #[must_use]
    pub fn duration(&self, key: &str) -> Duration {
        self.raw(key).parse().unwrap_or_default()
    }

    /// A text that people read, rendered. A template that fails costs the notification its looks, never the
    /// notification: a plain text says what is told, and that and why the template failed. With
    /// `compat: strict` it is refused instead, as in Alertmanager.
    ///
    /// # Errors
    /// With `compat: strict`, the template failed.
    pub fn text(&self, key: &str) -> Result<String, Trouble> {
        self.render_text(key, self.raw(key))
    }

    /// As [`Self::text`], for a text that is part of a larger value; `key` is for messages.
    ///
    /// # Errors
    /// With `compat: strict`, the template failed.
    pub fn render_text(&self, key: &str, template: &str) -> Result<String, Trouble> {
        let rendered = self.renderer().text(template, &self.data, self.now);
        rendered.or_else(|error| self.plain(key, error))
    }

    /// As [`Self::text`], as HTML.
    ///
    /// # Errors
    /// With `compat: strict`, the template failed.
    pub fn html(&self, key: &str) -> Result<String, Trouble> {
        let rendered = self.renderer().html(self.raw(key), &self.data, self.now);
        rendered.or_else(|error| self.plain(key, error).map(|text| format!("<pre>{}</pre>", escaped(&text))))
    }

    /// A text that machines read (a channel, a priority, an address), rendered: nothing can take its place.
    ///
    /// # Errors
    /// The template failed.
    pub fn word(&self, key: &str) -> Result<String, Trouble> {
        self.render_word(key, self.raw(key))
    }

    /// As [`Self::word`], for a text that is part of a larger value; `key` is for messages.
    ///
    /// # Errors
    /// The template failed.
    pub fn render_word(&self, key: &str, template: &str) -> Result<String, Trouble> {
        let rendered = self.renderer().text(template, &self.data, self.now);
        rendered.map_err(|error| Trouble::Template { key: key.into(), error })
    }

    /// A text without which a message still says all it has to (an icon, a colour, a sender's name), rendered.
    /// If its template fails, the message goes without it.
    ///
    /// # Errors
    /// With `compat: strict`, the template failed.
    pub fn optional(&self, key: &str) -> Result<String, Trouble> {
        self.render_optional(key, self.raw(key))
    }

    /// As [`Self::optional`], for a text that is part of a larger value; `key` is for messages.
    ///
    /// # Errors
    /// With `compat: strict`, the template failed.
    pub fn render_optional(&self, key: &str, template: &str) -> Result<String, Trouble> {
        self.render_word(key, template).or_else(|trouble| match trouble {
            Trouble::Template { key, error } if !self.attempt.notification.strict => {
                self.failures.borrow_mut().push((key, error));
                Ok(String::new())
            }
            Trouble::Template { .. } | Trouble::File { .. } | Trouble::Setting(_) => Err(trouble),
        })
    }

    /// The secret at `key`, or in the file that `<key>_file` names; empty if there is neither. It is not
    /// rendered: pass it to [`Self::render_word`] where it may be a template.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn secret(&self, key: &str) -> Result<Secret, Trouble> {
        let text = self.raw(key);
        let path = self.raw(&format!("{key}_file"));
        if !text.is_empty() || path.is_empty() {
            return Ok(Secret::new(text.into()));
        }
        self.file(path)
    }

    /// The secret at `key` or in its file, rendered. What went wrong is not told in words of the template, and
    /// what comes of it is hidden as the template is.
    ///
    /// # Errors
    /// The file cannot be read, or the template failed.
    pub fn secret_word(&self, key: &str) -> Result<String, Trouble> {
        let template = self.secret(key)?;
        let failed = |_| Trouble::Setting(format!("cannot render {key}: its template failed"));
        let secret = self.render_word(key, template.reveal()).map_err(failed)?;
        self.learn(Secret::new(secret.as_str().into()));
        Ok(secret)
    }

    /// Takes note of a secret that is in no setting and no file, so that it is hidden as these are.
    pub fn learn(&self, secret: Secret) {
        self.learned.borrow_mut().push(secret);
    }

    /// The secrets that were learned so far.
    #[must_use]
    pub fn learned(&self) -> Vec<Secret> {
        self.learned.borrow().clone()
    }

    /// The text of a file among [`Self::files`].
    ///
    /// # Errors
    /// It cannot be read.
    pub fn file(&self, path: &str) -> Result<Secret, Trouble> {
        let trouble = |reason: String| Trouble::File { path: path.into(), reason };
        match self.files.get(path) {
            Some(Ok(text)) => Ok(text.clone()),
            Some(Err(reason)) => Err(trouble(reason.clone())),
            None => Err(trouble("it was not read".to_owned())),
        }
    }

    /// A text with at most so many characters, where the receiver takes no more but Alertmanager does not care: with
    /// `compat: strict` it stays as it is.
    #[must_use]
    pub fn cut(&self, text: String, limit: usize) -> String {
        if self.attempt.notification.strict { text } else { truncate::in_runes(text, limit) }
    }

    /// What `then` makes of the same message about these of its alerts only. The status stays that of all of
    /// them, unless `compat: strict` is set: Alertmanager takes that of the rest.
    pub fn about<T>(&self, alerts: Range<usize>, then: impl FnOnce(&Self) -> T) -> T {
        if alerts == (0..self.data.alerts.len()) {
            return then(self);
        }
        let mut data = self.data.about(self.data.alerts.get(alerts).unwrap_or_default());
        if !self.attempt.notification.strict {
            data.is_firing = self.data.is_firing;
        }
        let (failures, remarks, learned) = Default::default();
        let part = Self { data, failures, remarks, learned, ..*self };
        let made = then(&part);
        self.failures.borrow_mut().extend(part.failures.into_inner());
        self.remarks.borrow_mut().extend(part.remarks.into_inner());
        self.learned.borrow_mut().extend(part.learned.into_inner());
        made
    }

    /// The templates that failed so far, each with its key.
    #[must_use]
    pub fn template_failures(&self) -> Vec<(Str, RenderError)> {
        self.failures.borrow().clone()
    }

    /// Notes what somebody should know although the notification went out. Never a secret.
    pub fn remark(&self, text: String) {
        self.remarks.borrow_mut().push(text);
    }

    /// What was noted so far.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        self.remarks.borrow().clone()
    }

    fn plain(&self, key: &str, error: RenderError) -> Result<String, Trouble> {
        if self.attempt.notification.strict {
            return Err(Trouble::Template { key: key.into(), error });
        }
        let text = format!("{} (the template of {key} failed: {error})", summary(&self.data));
        self.failures.borrow_mut().push((key.into(), error));
        Ok(text)
    }
}

/// What is told, in one line without any template: `[FIRING:2] alertname="Down" (ops)`.
#[must_use]
pub fn summary(data: &Data) -> String {
    let firing = data.alerts.iter().filter(|alert| alert.is_firing).count();
    let state = match firing {
        0 => format!("RESOLVED:{}", data.alerts.len()),
        _ => format!("FIRING:{firing}"),
    };
    let labels: Vec<String> =
        data.group_labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("[{state}] {} ({})", labels.join(" "), data.receiver)
}

fn escaped(text: &str) -> String {
    crate::template::handlebars::Escape::Html.apply(text)
}
