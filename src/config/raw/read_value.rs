//! Values of keys as their tables say ([`super::schema`]): secrets are wrapped here, where they are read.

use super::Reader;
use super::kinds::{HTTP, TLS};
use super::schema::{Field, Kind, Table, Values};
use crate::config::routes::NamedFile;
use crate::config::setting::{Address, Secret, Setting};
use crate::config::yaml::{Node, Value, untyped};
use crate::model::{Duration, Str};

impl Reader<'_> {
    /// The value of a key; `None`: it cannot be read, which is reported.
    pub(crate) fn value(&mut self, node: &Node, field: &Field) -> Option<Setting> {
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
            Kind::HeaderName => self.header_name(node, what).map(Setting::Text),
            Kind::Word(words, message) => self.word(node, words, message).map(Setting::Text),
            Kind::AnyMap => self.mapping(node, what).is_some().then(|| Setting::Any(untyped(node))),
            Kind::Any => Some(Setting::Any(untyped(node))),
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
                self.tls_settings(node)?;
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
            | Kind::HeaderName
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

#[cfg(test)]
mod tests {
    use super::go_text;
    use crate::model::Duration;

    #[test]
    fn durations_are_written_as_go_and_prometheus_read_them() {
        for (millis, text) in [
            (0, "0s"),
            (1, "1ms"),
            (90_000, "1m30s"),
            (129_600_000, "36h"),
            (3_661_001, "1h1m1s1ms"),
            (-1000, "-1s"),
        ] {
            assert_eq!(go_text(Duration::from_millis(millis)), text);
        }
    }
}
