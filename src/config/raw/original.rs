//! The whole configuration as Alertmanager shows it (`config.original` of its API): what receivers inherit
//! is filled in, defaults too, secrets are `<secret>`.
//!
//! Keys that only we have are left out, and keys that Alertmanager 0.25 does not know yet are left out
//! unless the file sets them: so every `amtool` reads the text that reads the file itself.

use super::kinds::{
    EVENT_RECORDER, GLOBAL, HTTP, INHIBIT_RULE, INTEGRATIONS, INTERVAL, Integration, ROUTE, TLS, TRACING,
};
use super::receivers::Globals;
use super::schema::{Field, Kind, Shown, Table, Values, default, has};
use super::{Reader, items};
use crate::config::setting::{HIDDEN, Setting};
use crate::config::yaml::{Node, Yaml, write};
use crate::model::Str;

/// What stands for the URL of a webhook: tools of old wanted a URL there.
const HIDDEN_URL: &str = "http://secret/<secret>";

impl Reader<'_> {
    /// The text for a file without errors. Reads it anew and reports nothing.
    pub(crate) fn original(&self, root: &Node, globals: &Globals) -> Str {
        let mut quiet = Reader::new(&self.file, self.text, self.mode);
        let mut sections = vec![("global".to_owned(), shown(&GLOBAL, &globals.values))];
        let mut section = |name: &str, value: Option<Yaml>| {
            sections.extend(value.map(|value| (name.to_owned(), value)));
        };
        section("route", root.get("route").and_then(|node| quiet.shown(node, &ROUTE)));
        section("inhibit_rules", quiet.shown_list(root, "inhibit_rules", &INHIBIT_RULE));
        let receivers = items(root, "receivers").iter().map(|node| quiet.shown_receiver(node, globals));
        section(
            "receivers",
            Some(Yaml::List(receivers.collect())).filter(|_| root.get("receivers").is_some()),
        );
        let templates = root.get("templates").map(|node| quiet.template_paths(node)).unwrap_or_default();
        section(
            "templates",
            Some(Yaml::List(templates.iter().map(|template| text(&template.path)).collect())),
        );
        for key in ["mute_time_intervals", "time_intervals"] {
            section(key, quiet.shown_list(root, key, &INTERVAL));
        }
        section("tracing", root.get("tracing").and_then(|node| quiet.shown(node, &TRACING)));
        let recorder = root.get("event_recorder");
        section("event_recorder", recorder.and_then(|node| quiet.shown(node, &EVENT_RECORDER)));
        write(&Yaml::Map(sections)).into()
    }

    fn shown(&mut self, node: &Node, table: &Table) -> Option<Yaml> {
        if node.is_empty() {
            return None;
        }
        let object = self.object(node, table)?;
        object.map().map(|values| shown(table, values))
    }

    fn shown_list(&mut self, root: &Node, key: &str, table: &Table) -> Option<Yaml> {
        let items: Vec<Yaml> = items(root, key).iter().filter_map(|item| self.shown(item, table)).collect();
        (!items.is_empty()).then_some(Yaml::List(items))
    }

    fn shown_receiver(&mut self, node: &Node, globals: &Globals) -> Yaml {
        let name = node.get("name").and_then(Node::scalar).map_or("", |name| &name.text);
        let mut pairs = vec![("name".to_owned(), text(name))];
        let labels =
            node.get("labels").and_then(|labels| self.text_map(labels, "labels")).unwrap_or_default();
        // The name is a label of each receiver: tools add it themselves.
        let labels: Vec<_> = labels
            .iter()
            .filter(|(key, _)| &**key != "name")
            .map(|(key, value)| (key.to_string(), text(value)))
            .collect();
        if !labels.is_empty() {
            pairs.push(("labels".to_owned(), Yaml::Map(labels)));
        }
        for kind in INTEGRATIONS.iter().filter(|kind| kind.kind != "console") {
            let entries =
                items(node, kind.key).iter().filter_map(|entry| self.shown_entry(entry, kind, globals));
            let entries: Vec<Yaml> = entries.collect();
            if !entries.is_empty() {
                pairs.push((kind.key.to_owned(), Yaml::List(entries)));
            }
        }
        Yaml::Map(pairs)
    }

    fn shown_entry(&mut self, node: &Node, kind: &Integration, globals: &Globals) -> Option<Yaml> {
        let (fields, mut values, _) = self.entry(node, kind, globals)?;
        // The address for an app's token is filled in; beside the token nobody would take it.
        if kind.kind == "slack" && (has(&values, "app_token") || has(&values, "app_token_file")) {
            values.remove("api_url");
        }
        let own = fields.get("send_resolved").and_then(|node| self.boolean(node, "send_resolved"));
        let mut pairs = vec![("send_resolved".to_owned(), word(own.unwrap_or(kind.send_resolved)))];
        if let Some(http) = values.get("http_config").and_then(Setting::map) {
            pairs.push(("http_config".to_owned(), shown(&HTTP, http)));
        }
        if let Yaml::Map(more) = shown(&kind.table, &values) {
            pairs.extend(more);
        }
        Some(Yaml::Map(pairs))
    }

    /// One line of matchers; several in it become one line that holds them all.
    pub(crate) fn shown_matchers(&mut self, node: &Node) -> Option<Setting> {
        let matchers = self.matcher_line(node);
        let list: Vec<String> = matchers.iter().map(ToString::to_string).collect();
        (!list.is_empty()).then(|| Setting::text(list.join(",")))
    }
}

/// The keys of a mapping that are to be shown, in the order of the table.
fn shown(table: &Table, values: &Values) -> Yaml {
    let pairs = table.fields.iter().filter_map(|field| {
        let value = values.get(field.name).filter(|value| is_shown(field, value))?;
        Some((field.name.to_owned(), shown_value(field.kind, value)))
    });
    Yaml::Map(pairs.collect())
}

fn is_shown(field: &Field, value: &Setting) -> bool {
    let filled = match value {
        Setting::Bool(value) => *value || field.default != "false",
        Setting::Integer(value) => *value != 0,
        Setting::Float(value) => *value != 0.0,
        Setting::Text(text) => !text.is_empty() && &**text != "0s",
        Setting::Secret(_) | Setting::Address(_) | Setting::List(_) | Setting::Map(_) | Setting::Any(_) => {
            !value.is_empty()
        }
    };
    match field.shown {
        Shown::Filled => filled,
        Shown::Always => true,
        Shown::Never => false,
        Shown::Changed => filled && default(field).as_ref() != Some(value),
    }
}

fn shown_value(kind: Kind, value: &Setting) -> Yaml {
    let nested = match kind {
        Kind::Object(table) | Kind::Objects(table) | Kind::TextOrObject(table) | Kind::ObjectMap(table) => {
            Some(table)
        }
        Kind::Tls => Some(&TLS),
        Kind::Http => Some(&HTTP),
        Kind::TemplateUrl => return text(HIDDEN_URL),
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
        | Kind::HostPort
        | Kind::HeaderName
        | Kind::Texts
        | Kind::Secrets
        | Kind::Paths
        | Kind::TextMap
        | Kind::SecretsMap
        | Kind::Matchers
        | Kind::AnyMap
        | Kind::Any
        | Kind::Float
        | Kind::Word(..) => None,
    };
    match (nested, value, kind) {
        (Some(table), Setting::Map(map), Kind::ObjectMap(_)) => Yaml::Map(
            map.iter()
                .map(|(key, value)| {
                    (key.to_string(), value.map().map_or_else(|| plain(value), |values| shown(table, values)))
                })
                .collect(),
        ),
        (Some(table), Setting::Map(map), _) => shown(table, map),
        (Some(table), Setting::List(items), _) => Yaml::List(
            items
                .iter()
                .map(|item| item.map().map_or_else(|| plain(item), |values| shown(table, values)))
                .collect(),
        ),
        (_, value, _) => plain(value),
    }
}

/// A value without a table.
fn plain(value: &Setting) -> Yaml {
    match value {
        Setting::Bool(value) => word(value),
        Setting::Integer(value) => word(value),
        Setting::Float(value) => word(value),
        Setting::Text(value) => text(value),
        Setting::Secret(secret) if secret.reveal().is_empty() => text(""),
        Setting::Secret(_) => text(HIDDEN),
        Setting::Address(address) => Yaml::Text(address.to_string()),
        Setting::List(items) => Yaml::List(items.iter().map(plain).collect()),
        Setting::Map(map) => {
            Yaml::Map(map.iter().map(|(key, value)| (key.to_string(), plain(value))).collect())
        }
        Setting::Any(value) => Yaml::of_json(value),
    }
}

fn text(text: &str) -> Yaml {
    Yaml::Text(text.to_owned())
}

fn word(value: impl ToString) -> Yaml {
    Yaml::Word(value.to_string())
}
