//! Tables of what a mapping may hold: keys, types, defaults, where a missing value comes from.
//!
//! Receivers and the global section are such tables ([`super::kinds`]); this reads a mapping by its table
//! into JSON values.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Fields, Reader};
use crate::config::yaml::{Node, Value};
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
}

/// What a key holds.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Text,
    Secret,
    /// A path; a relative one starts at the file's folder.
    Path,
    Bool,
    Integer,
    Count,
    Duration,
    /// Go's own durations: `1.5h`, but no days.
    GoDuration,
    Url,
    SecretUrl,
    /// A URL that may be a template.
    TemplateUrl,
    HostPort,
    Texts,
    TextMap,
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
    Field { name, kind, default: "", global: "" }
}

pub(crate) const fn text(name: &'static str) -> Field {
    field(name, Kind::Text)
}

impl Field {
    pub(crate) const fn or(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    pub(crate) const fn global(mut self, key: &'static str) -> Self {
        self.global = key;
        self
    }
}

/// Values by key.
pub(crate) type Values = BTreeMap<Str, Json>;

pub(crate) fn has(values: &Values, key: &str) -> bool {
    values.get(key).is_some_and(|value| !matches!(value, Json::Null) && value.as_str() != Some(""))
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
                    let is_true = |key: &str| values.get(key) == Some(&Json::Bool(true));
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

    fn value(&mut self, node: &Node, field: &Field) -> Option<Json> {
        let what = field.name;
        match field.kind {
            Kind::Text | Kind::Secret => self.text(node, what).map(json_text),
            Kind::Path => self.text(node, what).map(|path| json_text(self.path(&path))),
            Kind::Bool => self.boolean(node, what).map(Json::Bool),
            Kind::Integer => self.integer(node, what).map(Json::from),
            Kind::Count => self.count(node, what).map(Json::from),
            Kind::Float => {
                let value = node.scalar().and_then(|scalar| scalar.text.parse::<f64>().ok());
                if value.is_none() {
                    self.wrong_type(node, what, "a number");
                }
                value.map(Json::from)
            }
            Kind::Duration => self.duration(node, what).map(|duration| Json::from(duration.to_string())),
            Kind::GoDuration => self.go_duration(node, what).map(|duration| Json::from(duration.to_string())),
            Kind::Url => self.url(node, what, false).map(json_text),
            Kind::SecretUrl => self.url(node, what, true).map(json_text),
            Kind::TemplateUrl => match self.text(node, what) {
                Some(url) if url.contains("{{") || url.is_empty() => Some(json_text(url)),
                Some(_) => self.url(node, what, true).map(json_text),
                None => None,
            },
            Kind::HostPort => self.host_port(node, what).map(json_text),
            Kind::Texts => {
                let items = self.list(node, what).to_vec();
                Some(items.iter().filter_map(|item| self.text(item, what)).map(json_text).collect())
            }
            Kind::TextMap => self.text_map(node, what).map(|pairs| {
                Json::Object(
                    pairs.into_iter().map(|(key, value)| (key.to_string(), json_text(value))).collect(),
                )
            }),
            Kind::AnyMap => self.mapping(node, what).is_some().then(|| any(node)),
            Kind::Any => Some(any(node)),
            Kind::Word(words, message) => self.word(node, words, message).map(json_text),
            Kind::Object(table) => self.object(node, table),
            Kind::Objects(table) => {
                let items = self.list(node, what).to_vec();
                Some(items.iter().filter_map(|item| self.object(item, table)).collect())
            }
            Kind::TextOrObject(table) => match (&node.value, table.fields.first()) {
                (Value::Scalar(scalar), Some(first)) => Some(Json::Object(
                    [(first.name.to_owned(), json_text(scalar.text.clone()))].into_iter().collect(),
                )),
                _ => self.object(node, table),
            },
            Kind::Tls => self.tls_settings(node, &mut Vec::new()).map(|_| any(node)),
            Kind::Http => self.http_settings(node).map(|_| any(node)),
        }
    }

    pub(crate) fn object(&mut self, node: &Node, table: &Table) -> Option<Json> {
        let fields = self.table(node, table, &[])?;
        let values = self.values(&fields, table, &Values::new());
        Some(Json::Object(values.into_iter().map(|(key, value)| (key.to_string(), value)).collect()))
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

fn json_text(text: Str) -> Json {
    Json::String(text.to_string())
}

/// The default as a value. Tables hold only valid ones.
fn default(field: &Field) -> Option<Json> {
    match (field.default, field.kind) {
        ("", _) => None,
        (text, Kind::Bool) => Some(Json::Bool(text == "true")),
        (text, Kind::Integer | Kind::Count) => text.parse::<i64>().ok().map(Json::from),
        (text, _) => Some(Json::from(text)),
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
