//! What a Go template of a notification sees, with Alertmanager's types, fields and methods.

use std::ops::Range;
use std::sync::Arc;

use super::super::{AlertData, Data, Pairs};
use super::RouteLabels;
use crate::model::regex::quote_meta;
use crate::model::{Str, Timestamp};
use crate::template::go::time::Time;
use crate::template::go::value::{List, Shape};
use crate::template::go::{CallError, Object, Param, Signature, Value};

/// Alertmanager's data as the dot of a template. `pointer` is how notifications pass it; its tools pass the
/// struct itself, which only shows in error messages and `%v`.
pub(super) fn dot(data: &Data, route_labels: &RouteLabels<'_>, pointer: bool) -> Value {
    Value::object(Record {
        type_name: if pointer { "*template.Data" } else { "template.Data" },
        fields: vec![
            field("Receiver", "receiver", Value::str(&quote_meta(&data.receiver))),
            field("Status", "status", status(data.is_firing)),
            field("Alerts", "alerts", Value::object(Alerts(data.alerts.iter().map(alert).collect()))),
            field("NotificationReason", "notification_reason", text(&data.notification_reason)),
            field("GroupLabels", "groupLabels", kv(&data.group_labels)),
            field("CommonLabels", "commonLabels", kv(&data.common_labels)),
            field("CommonAnnotations", "commonAnnotations", kv(&data.common_annotations)),
            field("RouteLabels", "routeLabels", kv(route_labels.texts)),
            field("ExternalURL", "externalURL", text(&data.external_url)),
            field("routeLabelsRendered", "", Value::Bool(route_labels.rendered)),
        ],
    })
}

fn field(name: &'static str, json: &'static str, value: Value) -> Field {
    Field { name, json, value }
}

fn text(text: &Str) -> Value {
    Value::Str(Arc::clone(text))
}

fn status(is_firing: bool) -> Value {
    Value::str(if is_firing { FIRING } else { RESOLVED })
}

fn kv(pairs: &Pairs) -> Value {
    Value::object(Kv(pairs.clone()))
}

fn time(at: Timestamp) -> Value {
    Value::object(Time::from_nanos(i128::from(at.millis()) * 1_000_000))
}

fn alert(alert: &AlertData) -> Value {
    Value::object(Record {
        type_name: ALERT,
        fields: vec![
            field("Status", "status", status(alert.is_firing)),
            field("Labels", "labels", kv(&alert.labels)),
            field("Annotations", "annotations", kv(&alert.annotations)),
            field("StartsAt", "startsAt", time(alert.starts_at)),
            field("EndsAt", "endsAt", alert.ends_at.map_or_else(|| Value::object(Time::zero()), time)),
            field("GeneratorURL", "generatorURL", text(&alert.generator_url)),
            field("Fingerprint", "fingerprint", text(&alert.fingerprint)),
        ],
    })
}

const FIRING: &str = "firing";
const RESOLVED: &str = "resolved";
const ALERT: &str = "template.Alert";
const STRINGS: &[Param] = &[Param::Named("[]string")];

/// A struct of Alertmanager.
#[derive(Debug)]
struct Record {
    type_name: &'static str,
    fields: Vec<Field>,
}

/// A field of a struct.
#[derive(Debug)]
struct Field {
    name: &'static str,
    /// Its name in JSON; empty for fields that only Alertmanager itself sees.
    json: &'static str,
    value: Value,
}

impl Object for Record {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn shape(&self) -> Shape {
        Shape::Struct
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        self.fields.iter().map(|field| (Value::str(field.name), field.value.clone())).collect()
    }

    fn field(&self, name: &str) -> Option<Value> {
        let known = self.fields.iter().find(|field| field.name == name && !field.json.is_empty());
        known.map(|field| field.value.clone())
    }

    fn json_key(&self, field: &str) -> Option<Str> {
        let known = self.fields.iter().find(|known| known.name == field && !known.json.is_empty());
        known.map(|field| field.json.into())
    }
}

/// `template.KV`: labels or annotations.
#[derive(Debug)]
struct Kv(Pairs);

impl Kv {
    /// By name, but the alert's name first.
    fn sorted(&self) -> NamedPairs {
        let is_first = |name: &Str| &**name == "alertname";
        let part = |wanted: bool| self.0.iter().filter(move |(name, _)| is_first(name) == wanted);
        let pair = |(name, value): (&Str, &Str)| (Arc::clone(name), Arc::clone(value));
        NamedPairs(part(true).chain(part(false)).map(pair).collect())
    }

    fn without(&self, names: &Value) -> Self {
        let mut rest = self.0.clone();
        if let Value::Object(names) = names {
            for (_, name) in names.pairs() {
                rest.remove(name.as_str().unwrap_or_default());
            }
        }
        Self(rest)
    }
}

impl Object for Kv {
    fn type_name(&self) -> &str {
        "template.KV"
    }

    fn shape(&self) -> Shape {
        Shape::Map
    }

    fn unnamed_type(&self) -> Option<&str> {
        Some("map[string]string")
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        self.0.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.0.get(name).map(text)
    }

    fn zero(&self) -> Value {
        Value::str("")
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        match name {
            "SortedPairs" | "Names" | "Values" | "String" => Some(Signature::fixed(&[])),
            "Remove" => Some(Signature::fixed(STRINGS)),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        match (name, args) {
            ("SortedPairs", _) => Ok(Value::object(self.sorted())),
            ("Remove", [names]) => Ok(Value::object(self.without(names))),
            _ => self.sorted().call(name, args),
        }
    }

    fn string(&self) -> Option<String> {
        self.sorted().string()
    }
}

/// `template.Pairs`.
#[derive(Debug)]
struct NamedPairs(Vec<(Str, Str)>);

impl Object for NamedPairs {
    fn type_name(&self) -> &str {
        "template.Pairs"
    }

    fn shape(&self) -> Shape {
        Shape::List
    }

    fn unnamed_type(&self) -> Option<&str> {
        Some("[]template.Pair")
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        numbered((0..self.0.len()).filter_map(|at| self.item(at)))
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn item(&self, at: usize) -> Option<Value> {
        let (name, value) = self.0.get(at)?;
        let fields = vec![field("Name", "Name", text(name)), field("Value", "Value", text(value))];
        Some(Value::object(Record { type_name: "template.Pair", fields }))
    }

    fn part(&self, range: Range<usize>) -> Value {
        Value::object(Self(self.0[range].to_vec()))
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        matches!(name, "Names" | "Values" | "String").then_some(Signature::fixed(&[]))
    }

    fn call(&self, name: &str, _args: &[Value]) -> Result<Value, CallError> {
        let strings = |texts: Vec<Str>| Ok(Value::object(Strings(texts)));
        match name {
            "Names" => strings(self.0.iter().map(|(name, _)| Arc::clone(name)).collect()),
            "Values" => strings(self.0.iter().map(|(_, value)| Arc::clone(value)).collect()),
            "String" => Ok(Value::str(&self.string().unwrap_or_default())),
            _ => Err(format!("no method {name}").into()),
        }
    }

    fn string(&self) -> Option<String> {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some(pairs.join(", "))
    }
}

/// `template.Strings`.
#[derive(Debug)]
struct Strings(Vec<Str>);

impl Object for Strings {
    fn type_name(&self) -> &str {
        "template.Strings"
    }

    fn shape(&self) -> Shape {
        Shape::List
    }

    fn unnamed_type(&self) -> Option<&str> {
        Some("[]string")
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        numbered(self.0.iter().map(text))
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn item(&self, at: usize) -> Option<Value> {
        self.0.get(at).map(text)
    }

    fn part(&self, range: Range<usize>) -> Value {
        Value::object(Self(self.0[range].to_vec()))
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        (name == "Join").then_some(Signature::fixed(&[Param::String]))
    }

    fn call(&self, _name: &str, args: &[Value]) -> Result<Value, CallError> {
        let separator = args.first().and_then(Value::as_str).unwrap_or_default();
        Ok(Value::str(&self.0.join(separator)))
    }
}

/// `template.Alerts`.
#[derive(Debug)]
struct Alerts(Vec<Value>);

impl Object for Alerts {
    fn type_name(&self) -> &str {
        "template.Alerts"
    }

    fn shape(&self) -> Shape {
        Shape::List
    }

    fn unnamed_type(&self) -> Option<&str> {
        Some("[]template.Alert")
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        numbered(self.0.iter().cloned())
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn item(&self, at: usize) -> Option<Value> {
        self.0.get(at).cloned()
    }

    fn part(&self, range: Range<usize>) -> Value {
        Value::object(Self(self.0[range].to_vec()))
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        matches!(name, "Firing" | "Resolved").then_some(Signature::fixed(&[]))
    }

    fn call(&self, name: &str, _args: &[Value]) -> Result<Value, CallError> {
        let wanted = if name == "Firing" { FIRING } else { RESOLVED };
        let fits = |alert: &&Value| match alert {
            Value::Object(alert) => alert.field("Status").is_some_and(|has| has.as_str() == Some(wanted)),
            _ => false,
        };
        let items = self.0.iter().filter(fits).cloned().collect();
        Ok(Value::object(List { type_name: "[]template.Alert".into(), items }))
    }
}

/// Each with its index.
fn numbered(items: impl Iterator<Item = Value>) -> Vec<(Value, Value)> {
    (0..).map(Value::Int).zip(items).collect()
}
