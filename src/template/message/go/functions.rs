//! Alertmanager's template functions: names, parameters, and which code answers them.

use std::collections::BTreeMap;

use super::{base64, title, urls};
use crate::model::{Str, Timestamp};
use crate::template::go::html::{ContentKind, content};
use crate::template::go::json::to_json;
use crate::template::go::time::Time;
use crate::template::go::value::{AnyList, List, Map};
use crate::template::go::{CallError, Functions, Param, Signature, Value};
use crate::template::rule::{numbers, texts};

/// The names and parameters alone: enough to parse a template.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names;

/// The functions while a text is rendered.
pub(super) struct MessageFunctions<'a> {
    /// What `now` is.
    pub(super) now: Timestamp,
    /// What `routeLabels` gives for a name.
    pub(super) route_label: &'a dyn Fn(&str) -> Result<Str, CallError>,
}

fn signature(name: &str) -> Option<Signature> {
    const TEXT: &[Param] = &[Param::String];
    const TWO_TEXTS: &[Param] = &[Param::String, Param::String];
    const TIME: Param = Param::Struct("time.Time");
    Some(match name {
        "toUpper" | "toLower" | "title" | "trimSpace" | "safeHtml" | "safeUrl" | "urlUnescape"
        | "routeLabels" | "base64encode" | "base64decode" => Signature::fixed(TEXT),
        "match" | "toDate" | "mustToDate" => Signature::fixed(TWO_TEXTS),
        "reReplaceAll" => Signature::fixed(&[Param::String, Param::String, Param::String]),
        "join" => Signature::fixed(&[Param::String, Param::Named("[]string")]),
        "stringSlice" => Signature::variadic(&[], Param::String),
        "date" | "tz" => Signature::fixed(&[Param::String, TIME]),
        "now" => Signature::fixed(&[]),
        "since" => Signature::fixed(&[TIME]),
        "humanizeDuration" | "toJson" => Signature::fixed(&[Param::Any]),
        "list" | "dict" => Signature::variadic(&[], Param::Any),
        "append" => Signature::variadic(&[Param::Named("[]interface {}")], Param::Any),
        _ => return None,
    })
}

impl Functions for Names {
    fn signature(&self, name: &str) -> Option<Signature> {
        signature(name)
    }

    fn call(&self, name: &str, _args: &[Value]) -> Result<Value, CallError> {
        Err(format!("{name} cannot be called here").into())
    }
}

impl Functions for MessageFunctions<'_> {
    fn signature(&self, name: &str) -> Option<Signature> {
        signature(name)
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        let text = |at: usize| args.get(at).and_then(Value::as_str).unwrap_or_default();
        let string = |text: String| Ok(Value::Str(text.into()));
        match name {
            "toUpper" => string(texts::upper(text(0))),
            "toLower" => string(texts::lower(text(0))),
            "title" => string(title::title(text(0))),
            "trimSpace" => string(text(0).trim().to_owned()),
            "join" => string(joined(text(0), &args[1])),
            "match" => texts::is_match(text(0), text(1)).map(Value::Bool),
            "reReplaceAll" => string(texts::replace_all(text(0), text(1), text(2))?),
            "safeHtml" => Ok(content(ContentKind::Html, text(0).into())),
            "safeUrl" => Ok(content(ContentKind::Url, text(0).into())),
            "urlUnescape" => string(urls::query_unescape(text(0))?),
            "stringSlice" => Ok(Value::object(List { type_name: "[]string".into(), items: args.to_vec() })),
            "routeLabels" => (self.route_label)(text(0)).map(Value::Str),
            "date" => string(time(&args[1])?.format(text(0))),
            "tz" => time(&args[1])?.in_zone(text(0)).map(Value::object),
            "now" => Ok(Value::object(self.now())),
            "since" => Ok(Value::object(self.now().since(&time(&args[0])?))),
            "humanizeDuration" => string(numbers::humanize_duration(numbers::number(&args[0])?)),
            "toDate" => Ok(Value::object(Time::parse(text(0), text(1)).unwrap_or_else(|_| Time::zero()))),
            "mustToDate" => Ok(Value::object(Time::parse(text(0), text(1))?)),
            "toJson" => string(to_json(&args[0])?),
            "base64encode" => string(base64::encode(text(0).as_bytes())),
            "base64decode" => string(base64::decode(text(0))?),
            "list" => AnyList::made_by_template(args.to_vec()),
            "append" => appended(args),
            "dict" => dictionary(args),
            _ => Err(format!("{name} is not a defined function").into()),
        }
    }
}

impl MessageFunctions<'_> {
    fn now(&self) -> Time {
        Time::from_nanos(i128::from(self.now.millis()) * 1_000_000)
    }
}

/// The time that was given; it may be behind a pointer.
fn time(value: &Value) -> Result<Time, CallError> {
    match value {
        Value::Object(object) => {
            let time = object.as_any().and_then(|any| any.downcast_ref::<Time>());
            time.cloned().ok_or_else(|| "not a time".into())
        }
        _ => Err("not a time".into()),
    }
}

fn items(list: &Value) -> Vec<Value> {
    match list {
        Value::Object(list) => list.pairs().into_iter().map(|(_, item)| item).collect(),
        _ => Vec::new(),
    }
}

fn joined(separator: &str, list: &Value) -> String {
    let items = items(list);
    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    texts.join(separator)
}

fn appended(args: &[Value]) -> Result<Value, CallError> {
    let mut all = args.first().map(items).unwrap_or_default();
    all.extend(args.iter().skip(1).cloned());
    AnyList::made_by_template(all)
}

fn dictionary(args: &[Value]) -> Result<Value, CallError> {
    let (pairs, rest) = args.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("dict requires an even number of arguments".into());
    }
    let mut entries = BTreeMap::new();
    for [key, value] in pairs {
        let Value::Str(key) = key else { return Err("dict keys must be strings".into()) };
        entries.insert(Str::clone(key), value.clone());
    }
    Map::made_by_template(entries)
}
