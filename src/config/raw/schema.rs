//! Tables of what a mapping may hold: keys, types, defaults, where a missing value comes from.
//!
//! Receivers and the global section are such tables ([`super::kinds`]); this reads a mapping by its table
//! into [`Setting`]s.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::kinds::{HTTP, TLS};
use super::{Fields, Reader};
use crate::config::routes::NamedFile;
use crate::config::setting::{Address, Secret, Setting};
use crate::config::yaml::{Node, Value};
use crate::model::{Duration, Str};

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
        for (key, _) in pairs {
            let name = key.scalar().map_or("", |name| &name.text);
            if !keys.contains(&name) {
                self.unknown_key(key, name, table.what, &keys, table.advice);
            }
        }
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
            if let Some(value) = global.cloned().or_else(|| default(field)) {
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
                | Rule::NotBothTrue(..) => {}
            }
        }
    }

    /// Whether a key was given a value that could not be read: that is reported already.
    fn failed(&self, fields: &Fields<'_>, keys: &[&str]) -> bool {
        keys.iter().filter_map(|key| fields.get(key)).any(|node| self.has_error_in(&node.span))
    }

    fn value(&mut self, node: &Node, field: &Field) -> Option<Setting> {
        let what = field.name;
        match field.kind {
            Kind::Text => self.text(node, what).map(Setting::Text),
            Kind::Secret => self.text(node, what).map(secret),
            Kind::Path => self.named_file(node, what).map(Setting::Text),
            Kind::NewPath => self.text(node, what).map(|path| Setting::Text(self.path(&path))),
            Kind::Bool => self.boolean(node, what).map(Setting::Bool),
            Kind::Integer => self.integer(node, what).map(Setting::Integer),
            Kind::Count => {
                self.count(node, what).and_then(|count| i64::try_from(count).ok()).map(Setting::Integer)
            }
            Kind::Float => self.float(node, what).map(Setting::Float),
            Kind::Duration => self.duration(node, what).map(|duration| Setting::text(duration.to_string())),
            Kind::GoDuration => self.go_duration(node, what).map(|duration| Setting::text(go_text(duration))),
            Kind::Url => self.url(node, what, false).map(|url| Setting::Address(Address::new(url))),
            Kind::SecretUrl => self.url(node, what, true).map(secret),
            Kind::ProxyUrl => self.text(node, what).map(|url| Setting::Address(Address::new(url))),
            Kind::TemplateUrl => self.template_url(node, what).map(secret),
            Kind::HostPort => self.host_port(node, what).map(Setting::Text),
            Kind::Word(words, message) => self.word(node, words, message).map(Setting::Text),
            Kind::AnyMap => self.mapping(node, what).is_some().then(|| Setting::Any(any(node))),
            Kind::Any => Some(Setting::Any(any(node))),
            Kind::Texts
            | Kind::Secrets
            | Kind::Paths
            | Kind::TextMap
            | Kind::SecretsMap
            | Kind::Matchers
            | Kind::Object(_)
            | Kind::Objects(_)
            | Kind::TextOrObject(_)
            | Kind::ObjectMap(_)
            | Kind::Tls
            | Kind::Http => self.collection(node, field),
        }
    }

    fn collection(&mut self, node: &Node, field: &Field) -> Option<Setting> {
        let what = field.name;
        match field.kind {
            Kind::Texts => {
                Some(self.items(node, what, |reader, item| reader.text(item, what).map(Setting::Text)))
            }
            Kind::Secrets => Some(self.items(node, what, |reader, item| reader.text(item, what).map(secret))),
            Kind::Paths => {
                Some(self.items(node, what, |reader, item| reader.named_file(item, what).map(Setting::Text)))
            }
            Kind::TextMap => self.text_map(node, what).map(|pairs| {
                Setting::Map(pairs.into_iter().map(|(key, value)| (key, Setting::Text(value))).collect())
            }),
            Kind::SecretsMap => self.map_of(node, what, |reader, value| {
                Some(reader.items(value, what, |reader, item| reader.text(item, what).map(secret)))
            }),
            Kind::Matchers => Some(self.items(node, what, |reader, item| reader.shown_matchers(item))),
            Kind::Object(table) => self.object(node, table),
            Kind::Objects(table) => Some(self.items(node, what, |reader, item| reader.object(item, table))),
            Kind::TextOrObject(table) => match (&node.value, table.fields.first()) {
                (Value::Scalar(scalar), Some(first)) => {
                    let text = Setting::Text(scalar.text.clone());
                    Some(Setting::Map(Values::from([(first.name.into(), text)])))
                }
                _ => self.object(node, table),
            },
            Kind::ObjectMap(table) => self.map_of(node, what, |reader, value| reader.object(value, table)),
            Kind::Tls => {
                self.tls_settings(node, &mut Vec::new())?;
                self.object(node, &TLS)
            }
            Kind::Http => {
                self.http_settings(node)?;
                self.object(node, &HTTP)
            }
            Kind::Text
            | Kind::Secret
            | Kind::Path
            | Kind::NewPath
            | Kind::Bool
            | Kind::Integer
            | Kind::Count
            | Kind::Duration
            | Kind::GoDuration
            | Kind::Url
            | Kind::SecretUrl
            | Kind::ProxyUrl
            | Kind::TemplateUrl
            | Kind::HostPort
            | Kind::AnyMap
            | Kind::Any
            | Kind::Float
            | Kind::Word(..) => self.value(node, field),
        }
    }

    fn items(
        &mut self,
        node: &Node,
        what: &str,
        mut read: impl FnMut(&mut Self, &Node) -> Option<Setting>,
    ) -> Setting {
        Setting::List(self.list(node, what).iter().filter_map(|item| read(self, item)).collect())
    }

    fn map_of(
        &mut self,
        node: &Node,
        what: &str,
        mut read: impl FnMut(&mut Self, &Node) -> Option<Setting>,
    ) -> Option<Setting> {
        let mut values = Values::new();
        for (key, value) in self.mapping(node, what)? {
            if let (Some(key), Some(value)) = (self.text(key, what), read(self, value)) {
                values.insert(key, value);
            }
        }
        Some(Setting::Map(values))
    }

    pub(crate) fn object(&mut self, node: &Node, table: &Table) -> Option<Setting> {
        let fields = self.table(node, table, &[])?;
        Some(Setting::Map(self.values(&fields, table, &Values::new())))
    }

    fn float(&mut self, node: &Node, what: &str) -> Option<f64> {
        let plain = node.scalar().filter(|scalar| scalar.is_plain());
        let value = plain.and_then(|scalar| scalar.text.parse::<f64>().ok());
        if value.is_none() {
            self.wrong_type(node, what, "a number");
        }
        value
    }

    fn word(&mut self, node: &Node, words: &[&str], message: &str) -> Option<Str> {
        let text = self.text(node, "a word")?;
        if words.contains(&&*text) {
            return Some(text);
        }
        let message = message.replace("{}", &format!("{text:?}"));
        let known = words.iter().filter(|word| !word.is_empty()).map(|word| format!("`{word}`"));
        let help = format!("one of {}", known.collect::<Vec<_>>().join(", "));
        self.error_help("bad-value", &node.span, message, help);
        None
    }

    /// The path of a file that will be read, from this file's folder.
    fn named_file(&mut self, node: &Node, key: &'static str) -> Option<Str> {
        let path = self.text(node, key)?;
        let path = self.path(&path);
        if !path.is_empty() {
            self.files.push(NamedFile { key, path: path.clone(), span: node.span.clone() });
        }
        Some(path)
    }

    /// A path of the file, from its folder.
    pub(crate) fn path(&self, path: &str) -> Str {
        match self.file().rfind('/') {
            Some(end) if !path.is_empty() && !path.starts_with('/') => {
                format!("{}{path}", &self.file()[..=end]).into()
            }
            Some(_) | None => path.into(),
        }
    }
}

fn secret(text: Str) -> Setting {
    Setting::Secret(Secret::new(text))
}

/// A duration that Go's `time.ParseDuration` reads, and ours: `1h30m`, and no days.
fn go_text(duration: Duration) -> String {
    let millis = duration.millis();
    let (sign, mut rest) = (if millis < 0 { "-" } else { "" }, millis.unsigned_abs());
    let mut text = sign.to_owned();
    for (unit, length) in [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if rest >= length {
            text.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if millis == 0 { "0s".to_owned() } else { text }
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

/// A value of unknown meaning, its plain scalars as YAML 1.2 reads them.
pub(crate) fn any(node: &Node) -> Json {
    match &node.value {
        Value::Sequence(items) => items.iter().map(any).collect(),
        Value::Mapping(pairs) => {
            let key = |key: &Node| key.scalar().map_or_else(String::new, |scalar| scalar.text.to_string());
            Json::Object(pairs.iter().map(|(name, value)| (key(name), any(value))).collect())
        }
        Value::Scalar(_) if node.is_null() => Json::Null,
        Value::Scalar(scalar) if !scalar.is_plain() => Json::from(&*scalar.text),
        Value::Scalar(scalar) => match &*scalar.text {
            "true" | "True" | "TRUE" => Json::Bool(true),
            "false" | "False" | "FALSE" => Json::Bool(false),
            text => match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(whole), _) => Json::from(whole),
                (_, Ok(float)) if float.is_finite() => Json::from(float),
                _ => Json::from(text),
            },
        },
    }
}
