//! Tables of what a mapping may hold: keys, types, defaults, where a missing value comes from.
//!
//! Receivers and the global section are such tables ([`super::kinds`]); this reads a mapping by its table
//! into [`Setting`]s.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Fields, Reader};
use crate::config::setting::{Address, Setting};
use crate::config::yaml::Node;
use crate::model::Str;

/// One key.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The value if the file and the global section have none; empty: none. Read like the file's.
    pub(crate) default: &'static str,
    /// The key of the global section that stands in for it; empty: none.
    pub(crate) global: &'static str,
    /// Where the whole configuration is shown: when this is.
    pub(crate) shown: Shown,
}

/// When a key is among those shown of a whole configuration ([`super::original`]).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// When it has a value other than nothing, zero or false.
    Filled,
    /// Whenever it has a value.
    Always,
    /// When it has another value than its default: older tools do not know the key.
    Changed,
    /// Never: only we have the key, and tools refuse what they do not know.
    Never,
}

/// What a key holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Secret,
    /// A path; a relative one starts at the file's folder.
    Path,
    /// A path that is written, not read.
    NewPath,
    Bool,
    Integer,
    Count,
    Duration,
    /// Go's own durations: `1.5h`, but no days.
    GoDuration,
    Url,
    SecretUrl,
    /// A URL that Alertmanager does not check.
    ProxyUrl,
    /// A secret URL that may be a template.
    TemplateUrl,
    HostPort,
    /// The name of an HTTP header.
    HeaderName,
    Texts,
    Secrets,
    Paths,
    TextMap,
    /// Keys with lists of secrets.
    SecretsMap,
    /// A list of matchers, as they are shown.
    Matchers,
    /// Keys with anything.
    AnyMap,
    Any,
    Float,
    /// One of a few words.
    Word(&'static [&'static str], &'static str),
    Object(&'static Table),
    Objects(&'static Table),
    /// An object or its first key's text alone.
    TextOrObject(&'static Table),
    /// Keys with objects.
    ObjectMap(&'static Table),
    Tls,
    Http,
}

/// The keys of a mapping.
pub(crate) struct Table {
    /// What the mapping is, as in "field X not found in …".
    pub(crate) what: &'static str,
    pub(crate) fields: &'static [Field],
    /// What to do instead of keys that people write but that do not exist.
    pub(crate) advice: &'static [(&'static str, &'static str)],
    /// What holds across keys.
    pub(crate) rules: &'static [Rule],
}

/// What must hold in a mapping, with Alertmanager's message.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// The key has a value that is not empty.
    Required(&'static str, &'static str),
    /// One of the keys has a value that is not empty, in the mapping itself.
    OneOf(&'static [&'static str], &'static str),
    /// One of the keys has a value, in the mapping, the global section or by default.
    Resolved(&'static [&'static str], &'static str),
    /// Keys of only one of the two lists have values.
    NotBoth(&'static [&'static str], &'static [&'static str], &'static str),
    /// Both keys have values, or neither.
    Together(&'static str, &'static str, &'static str),
    /// Both keys are not true at once.
    NotBothTrue(&'static str, &'static str, &'static str),
}

pub(crate) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, default: "", global: "", shown: Shown::Filled }
}

pub(crate) const fn text(name: &'static str) -> Field {
    field(name, Kind::Text)
}

impl Field {
    pub(crate) const fn or(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    pub(crate) const fn always_shown(mut self) -> Self {
        self.shown = Shown::Always;
        self
    }

    /// Came after Alertmanager 0.25, which Debian 12 has.
    pub(crate) const fn shown_if_changed(mut self) -> Self {
        self.shown = Shown::Changed;
        self
    }

    /// Alertmanager does not have it.
    pub(crate) const fn ours(mut self) -> Self {
        self.shown = Shown::Never;
        self
    }

    pub(crate) const fn global(mut self, key: &'static str) -> Self {
        self.global = key;
        self
    }
}

/// Values by key.
pub(crate) type Values = BTreeMap<Str, Setting>;

pub(crate) fn has(values: &Values, key: &str) -> bool {
    values
        .get(key)
        .is_some_and(|value| value.reveal().map_or_else(|| !is_null(value), |text| !text.is_empty()))
}

fn is_null(value: &Setting) -> bool {
    matches!(value, Setting::Any(Json::Null))
}

impl Reader<'_> {
    /// Opens a mapping by its table: unknown keys are reported.
    pub(crate) fn table<'n>(&mut self, node: &'n Node, table: &Table, more: &[&str]) -> Option<Fields<'n>> {
        let pairs = self.mapping(node, table.what)?;
        let keys: Vec<&str> =
            table.fields.iter().map(|field| field.name).chain(more.iter().copied()).collect();
        self.unknown_keys(pairs, table.what, &keys, table.advice);
        Some(Fields::new(pairs, node.span.clone()))
    }

    /// The values of an opened mapping; what is missing comes from `globals`, then from the defaults.
    pub(crate) fn values(&mut self, fields: &Fields<'_>, table: &Table, globals: &Values) -> Values {
        let mut values = Values::new();
        for field in table.fields {
            if let Some(value) = fields.get(field.name).and_then(|node| self.value(node, field)) {
                values.insert(field.name.into(), value);
            }
        }
        self.check_rules(fields, table, &values, false);
        let local = values.clone();
        for field in table.fields.iter().filter(|field| !has(&local, field.name)) {
            // A secret and the file of it stand in for each other: the global one is for where neither is.
            let partner = match field.name.strip_suffix("_file") {
                Some(name) => name.to_owned(),
                None => format!("{}_file", field.name),
            };
            let global = globals.get(field.global).filter(|_| !has(&local, &partner));
            // As in Alertmanager a default is for keys that are not there: an empty text is a value too.
            let default = default(field).filter(|_| !local.contains_key(field.name));
            if let Some(value) = global.cloned().or(default) {
                values.insert(field.name.into(), value);
            }
        }
        self.check_rules(fields, table, &values, true);
        values
    }

    fn check_rules(&mut self, fields: &Fields<'_>, table: &Table, values: &Values, resolved: bool) {
        for rule in table.rules {
            let set = |keys: &[&'static str]| keys.iter().copied().find(|key| has(values, key));
            let missing = fields.start();
            match *rule {
                Rule::Required(key, message)
                    if !resolved && set(&[key]).is_none() && !self.failed(fields, &[key]) =>
                {
                    let place = if fields.get(key).is_some() { fields.key_span(key) } else { missing };
                    self.error("missing-field", &place, message);
                }
                Rule::OneOf(keys, message)
                    if !resolved && set(keys).is_none() && !self.failed(fields, keys) =>
                {
                    self.error("missing-field", &missing, message);
                }
                Rule::Resolved(keys, message)
                    if resolved && set(keys).is_none() && !self.failed(fields, keys) =>
                {
                    self.error("missing-field", &missing, message);
                }
                Rule::NotBoth(one, other, message) if !resolved => {
                    if let (Some(_), Some(second)) = (set(one), set(other)) {
                        self.error_help(
                            "exclusive-fields",
                            &fields.key_span(second),
                            message,
                            "remove one of them",
                        );
                    }
                }
                Rule::Together(one, other, message) if !resolved => {
                    let alone = match (set(&[one]), set(&[other])) {
                        (Some(alone), None) | (None, Some(alone)) => alone,
                        (Some(_), Some(_)) | (None, None) => continue,
                    };
                    self.error("missing-field", &fields.key_span(alone), message);
                }
                Rule::NotBothTrue(one, other, message) if !resolved => {
                    let is_true = |key: &str| values.get(key) == Some(&Setting::Bool(true));
                    if is_true(one) && is_true(other) {
                        self.error("exclusive-fields", &fields.key_span(other), message);
                    }
                }
                Rule::Required(..)
                | Rule::OneOf(..)
                | Rule::Resolved(..)
                | Rule::NotBoth(..)
                | Rule::Together(..)
                | Rule::NotBothTrue(..) => {}
            }
        }
    }

    /// Whether a key was given a value that could not be read: that is reported already.
    fn failed(&self, fields: &Fields<'_>, keys: &[&str]) -> bool {
        keys.iter().filter_map(|key| fields.get(key)).any(|node| self.has_error_in(&node.span))
    }
}

/// The default as a value. Tables hold only valid ones.
pub(crate) fn default(field: &Field) -> Option<Setting> {
    match (field.default, field.kind) {
        ("", _) => None,
        (text, Kind::Bool) => Some(Setting::Bool(text == "true")),
        (text, Kind::Integer | Kind::Count) => text.parse().ok().map(Setting::Integer),
        (text, Kind::Url) => Some(Setting::Address(Address::new(text.into()))),
        (text, _) => Some(Setting::text(text)),
    }
}
