//! Alertmanager's data and functions, as much of them as the fixture's templates use.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Str;
use crate::template::go::html::{ContentKind, content};
use crate::template::go::time::Time;
use crate::template::go::value::{List, Map, Shape, Struct};
use crate::template::go::{CallError, Functions, Object, Param, Signature, Value};

/// Alertmanager's functions.
pub(super) struct World;

impl Functions for World {
    fn signature(&self, name: &str) -> Option<Signature> {
        match name {
            "toUpper" | "safeHtml" => Some(Signature::fixed(&[Param::String])),
            "stringSlice" => Some(Signature::variadic(&[], Param::String)),
            _ => None,
        }
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        match (name, args) {
            ("toUpper", [Value::Str(text)]) => Ok(Value::str(&text.to_uppercase())),
            ("safeHtml", [Value::Str(text)]) => Ok(content(ContentKind::Html, Arc::clone(text))),
            ("stringSlice", _) => Ok(strings(args.to_vec())),
            _ => Err("bad call".into()),
        }
    }
}

fn strings(items: Vec<Value>) -> Value {
    Value::object(List { type_name: "[]string".into(), items })
}

/// A struct whose fields have names of their own in JSON.
#[derive(Debug)]
struct Tagged(Struct, &'static [(&'static str, &'static str)]);

impl Object for Tagged {
    fn type_name(&self) -> &str {
        self.0.type_name
    }

    fn shape(&self) -> Shape {
        Shape::Struct
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        self.0.pairs()
    }

    fn json_key(&self, field: &str) -> Option<Str> {
        self.1.iter().find(|(name, _)| *name == field).map(|(_, key)| (*key).into())
    }
}

/// Labels or annotations.
#[derive(Debug)]
struct Pairs(Map);

impl Object for Pairs {
    fn type_name(&self) -> &str {
        "template.KV"
    }

    fn shape(&self) -> Shape {
        Shape::Map
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        self.0.pairs()
    }

    fn zero(&self) -> Value {
        Value::str("")
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        matches!(name, "SortedPairs" | "Names" | "Values").then_some(Signature::fixed(&[]))
    }

    fn call(&self, name: &str, _args: &[Value]) -> Result<Value, CallError> {
        let pairs = self.0.pairs().into_iter();
        Ok(match name {
            "Names" => strings(pairs.map(|(name, _)| name).collect()),
            "Values" => strings(pairs.map(|(_, value)| value).collect()),
            _ => {
                let items = pairs.map(|(name, value)| pair(name, value)).collect();
                Value::object(List { type_name: "template.Pairs".into(), items })
            }
        })
    }
}

fn pair(name: Value, value: Value) -> Value {
    let fields = vec![("Name", name), ("Value", value)];
    Value::object(Struct { type_name: "template.Pair", fields, interfaces: &[] })
}

/// Several alerts.
#[derive(Debug)]
struct Alerts(List);

impl Object for Alerts {
    fn type_name(&self) -> &str {
        "template.Alerts"
    }

    fn shape(&self) -> Shape {
        Shape::List
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        self.0.pairs()
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        (name == "Firing").then_some(Signature::fixed(&[]))
    }

    fn call(&self, _name: &str, _args: &[Value]) -> Result<Value, CallError> {
        let is_firing = |alert: &&Value| match alert {
            Value::Object(alert) => {
                alert.field("Status").is_some_and(|status| status.as_str() == Some("firing"))
            }
            _ => false,
        };
        let items = self.0.items.iter().filter(is_firing).cloned().collect();
        Ok(Value::object(List { type_name: "[]template.Alert".into(), items }))
    }
}

/// The fixture's data.
pub(super) fn data() -> Value {
    let json = include_str!("../../../../../tests/fixtures/go_html_data.json");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let items = json["alerts"].as_array().expect("alerts").iter().map(alert).collect();
    let alerts = Alerts(List { type_name: "template.Alerts".into(), items });
    let fields = vec![
        ("Receiver", text(&json["receiver"])),
        ("Status", text(&json["status"])),
        ("Alerts", Value::object(alerts)),
        ("GroupLabels", pairs(&json["groupLabels"])),
        ("CommonLabels", pairs(&json["commonLabels"])),
        ("CommonAnnotations", pairs(&json["commonAnnotations"])),
        ("ExternalURL", text(&json["externalURL"])),
    ];
    Value::object(Tagged(
        Struct { type_name: "template.Data", fields, interfaces: &[] },
        &[
            ("Receiver", "receiver"),
            ("Status", "status"),
            ("Alerts", "alerts"),
            ("GroupLabels", "groupLabels"),
            ("CommonLabels", "commonLabels"),
            ("CommonAnnotations", "commonAnnotations"),
            ("ExternalURL", "externalURL"),
        ],
    ))
}

fn alert(json: &serde_json::Value) -> Value {
    let fields = vec![
        ("Status", text(&json["status"])),
        ("Labels", pairs(&json["labels"])),
        ("Annotations", pairs(&json["annotations"])),
        ("StartsAt", time(&json["startsAt"])),
        ("EndsAt", time(&json["endsAt"])),
        ("GeneratorURL", text(&json["generatorURL"])),
        ("Fingerprint", text(&json["fingerprint"])),
    ];
    Value::object(Tagged(
        Struct { type_name: "template.Alert", fields, interfaces: &[] },
        &[
            ("Status", "status"),
            ("Labels", "labels"),
            ("Annotations", "annotations"),
            ("StartsAt", "startsAt"),
            ("EndsAt", "endsAt"),
            ("GeneratorURL", "generatorURL"),
            ("Fingerprint", "fingerprint"),
        ],
    ))
}

fn text(json: &serde_json::Value) -> Value {
    Value::str(json.as_str().expect("a string"))
}

fn time(json: &serde_json::Value) -> Value {
    let time: jiff::Timestamp = json.as_str().expect("a string").parse().expect("a time");
    Value::object(Time::from_nanos(time.as_nanosecond()))
}

fn pairs(json: &serde_json::Value) -> Value {
    let entries = json.as_object().expect("an object").iter();
    let entries: BTreeMap<Str, Value> =
        entries.map(|(name, value)| (name.as_str().into(), text(value))).collect();
    Value::object(Pairs(Map::new("template.KV", entries)))
}
