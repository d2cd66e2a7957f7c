//! Values of keys as a routing file holds them, so that no secret among them can be shown.
//!
//! Which keys are secret is known where the file is read, and there they are wrapped; whoever needs the
//! text of one asks for it by name ([`Secret::reveal`]).

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use crate::model::Str;

/// What stands for a secret wherever it would be shown, as in Alertmanager.
pub const HIDDEN: &str = "<secret>";

/// A text that is never shown: there is no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Str);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: Str) -> Self {
        Self(text)
    }

    /// The secret itself, for who sends it to where it belongs.
    #[must_use]
    pub fn reveal(&self) -> &Str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

/// A URL that may be shown, but without the credentials it may hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Str);

impl Address {
    /// Wraps a URL as it is written.
    #[must_use]
    pub fn new(url: Str) -> Self {
        Self(url)
    }
}

impl From<&str> for Address {
    fn from(url: &str) -> Self {
        Self(url.into())
    }
}

/// The URL as it is, credentials included: to connect, not to show.
impl Deref for Address {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// `http://user:xxxxx@host/`, as Go shows a URL; a name without a password is mostly a token, so it is
/// hidden as well.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.find("://").map_or(0, |at| at + 3);
        let length = self.0[start..].find(['/', '?', '#']).unwrap_or(self.0.len() - start);
        let Some(at) = self.0[start..start + length].rfind('@') else { return f.write_str(&self.0) };
        let user = self.0[start..start + at].split_once(':').map(|(user, _)| user);
        let (before, after) = (&self.0[..start], &self.0[start + at..]);
        match user {
            Some(user) => write!(f, "{before}{user}:xxxxx{after}"),
            None => write!(f, "{before}xxxxx{after}"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// The value of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text, also a template, a path or a duration.
    Text(Str),
    /// A text that must not be shown.
    Secret(Secret),
    /// A URL.
    Address(Address),
    /// A list.
    List(Vec<Setting>),
    /// Keys and values.
    Map(BTreeMap<Str, Setting>),
    /// A value of unknown meaning, as the file holds it. Not secret.
    Any(serde_json::Value),
}

impl Setting {
    /// A text.
    pub(crate) fn text(text: impl Into<Str>) -> Self {
        Self::Text(text.into())
    }

    /// The text of a text, a URL or a secret; none of anything else. Not to be shown.
    #[must_use]
    pub fn reveal(&self) -> Option<&Str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Secret(secret) => Some(&secret.0),
            Self::Address(address) => Some(&address.0),
            Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::List(_)
            | Self::Map(_)
            | Self::Any(_) => None,
        }
    }

    /// The value of a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.map().and_then(|map| map.get(key))
    }

    /// The text at a key of a mapping; empty if there is none. It may be a secret.
    #[must_use]
    pub fn text_at(&self, key: &str) -> &str {
        self.get(key).and_then(Setting::reveal).map_or("", |text| &**text)
    }

    /// Whether the key of a mapping is true or false; `None`: it says neither.
    #[must_use]
    pub fn flag_at(&self, key: &str) -> Option<bool> {
        match self.get(key) {
            Some(Self::Bool(flag)) => Some(*flag),
            Some(_) | None => None,
        }
    }

    /// The keys and values of a mapping.
    #[must_use]
    pub fn map(&self) -> Option<&BTreeMap<Str, Setting>> {
        match self {
            Self::Map(map) => Some(map),
            Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Secret(_)
            | Self::Address(_)
            | Self::List(_)
            | Self::Any(_) => None,
        }
    }

    /// The items of a list; nothing of anything else.
    #[must_use]
    pub fn items(&self) -> &[Setting] {
        match self {
            Self::List(items) => items,
            Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Secret(_)
            | Self::Address(_)
            | Self::Map(_)
            | Self::Any(_) => &[],
        }
    }

    /// Adds all secrets in it. Not to be shown.
    pub(crate) fn secrets<'a>(&'a self, secrets: &mut Vec<&'a str>) {
        match self {
            Self::Secret(secret) => secrets.push(&secret.0),
            Self::List(items) => items.iter().for_each(|item| item.secrets(secrets)),
            Self::Map(map) => map.values().for_each(|value| value.secrets(secrets)),
            Self::Bool(_)
            | Self::Integer(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Address(_)
            | Self::Any(_) => {}
        }
    }

    /// Whether it is an empty text, list or mapping, or null.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Bool(_) | Self::Integer(_) | Self::Float(_) => false,
            Self::Text(text) => text.is_empty(),
            Self::Secret(secret) => secret.0.is_empty(),
            Self::Address(address) => address.0.is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(map) => map.is_empty(),
            Self::Any(value) => value.is_null(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Secret, Setting};

    #[test]
    fn a_secret_shows_nothing_of_itself() {
        let secret = Setting::Secret(Secret::new("s3cret".into()));
        assert_eq!(format!("{secret:?}"), "Secret(<secret>)");
        assert_eq!(secret.reveal().map(|text| &**text), Some("s3cret"));
    }

    #[test]
    fn an_address_is_shown_without_its_credentials() {
        for (url, shown) in [
            ("http://a/b@c", "http://a/b@c"),
            ("http://u:p@ss@a:80/x?y", "http://u:xxxxx@a:80/x?y"),
            ("https://token@a", "https://xxxxx@a"),
            ("u:p@a", "u:xxxxx@a"),
            ("", ""),
        ] {
            let address = Address::new(url.into());
            assert_eq!((address.to_string().as_str(), &*address), (shown, url));
            assert_eq!(format!("{address:?}"), format!("{shown:?}"));
        }
    }
}
