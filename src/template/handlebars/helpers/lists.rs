//! Helpers on lists, mostly of alerts.

use serde_json::Value;

use super::{count_of, text_of};

fn list_of(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| "a list".to_owned())
}

fn alerts_that_are(arguments: &[&Value], status: &str) -> Result<Value, String> {
    let [alerts] = arguments else { return Err("a list of alerts".to_owned()) };
    let is = |alert: &&Value| alert.get("status").and_then(Value::as_str) == Some(status);
    Ok(list_of(alerts)?.iter().filter(is).cloned().collect())
}

/// `firing ALERTS`: those that fire. `(len (firing alerts))` counts them.
pub(super) fn firing(arguments: &[&Value]) -> Result<Value, String> {
    alerts_that_are(arguments, "firing")
}

/// `resolved ALERTS`: those that are over.
pub(super) fn resolved(arguments: &[&Value]) -> Result<Value, String> {
    alerts_that_are(arguments, "resolved")
}

/// `firingFirst ALERTS`: those that fire, then those that are over.
pub(super) fn firing_first(arguments: &[&Value]) -> Result<Value, String> {
    let (firing, resolved) = (firing(arguments)?, resolved(arguments)?);
    Ok([firing, resolved].iter().flat_map(|list| list.as_array().cloned().unwrap_or_default()).collect())
}

/// `where ALERTS LABEL VALUE`: those with this label.
pub(super) fn matching(arguments: &[&Value]) -> Result<Value, String> {
    let [alerts, name, value] = arguments else { return Err("alerts, a label and its value".to_owned()) };
    let (name, value) = (text_of(name)?, text_of(value)?);
    let label = |alert: &Value| alert.get("labels")?.get(&name)?.as_str().map(str::to_owned);
    let has = |alert: &&Value| label(alert).unwrap_or_default() == value;
    Ok(list_of(alerts)?.iter().filter(has).cloned().collect())
}

/// `first LIST N`: at most so many.
pub(super) fn first(arguments: &[&Value]) -> Result<Value, String> {
    let [list, most] = arguments else { return Err("a list and a number".to_owned()) };
    Ok(list_of(list)?.iter().take(count_of(most)?).cloned().collect())
}

/// `more LIST N`: how many there are beyond so many.
pub(super) fn more(arguments: &[&Value]) -> Result<Value, String> {
    let [list, most] = arguments else { return Err("a list and a number".to_owned()) };
    Ok(list_of(list)?.len().saturating_sub(count_of(most)?).into())
}

/// `reverse LIST`: the last first.
pub(super) fn reverse(arguments: &[&Value]) -> Result<Value, String> {
    let [list] = arguments else { return Err("a list".to_owned()) };
    Ok(list_of(list)?.iter().rev().cloned().collect())
}

/// `values MAP`: its values, in the order of their names.
pub(super) fn values(arguments: &[&Value]) -> Result<Value, String> {
    let [Value::Object(map)] = arguments else { return Err("labels or annotations".to_owned()) };
    Ok(map.values().cloned().collect())
}

/// `join LIST BETWEEN`: all texts of a list, or all values of labels, in one.
pub(super) fn join(arguments: &[&Value]) -> Result<Value, String> {
    let [list, between] = arguments else { return Err("a list and a text".to_owned()) };
    let texts: Vec<String> = match list {
        Value::Object(map) => map.values().map(text_of).collect::<Result<_, _>>()?,
        list => list_of(list)?.iter().map(text_of).collect::<Result<_, _>>()?,
    };
    Ok(texts.join(&text_of(between)?).into())
}

/// `lookup MAP NAME` or `lookup LIST INDEX`: the value; nothing if there is none.
pub(super) fn lookup(arguments: &[&Value]) -> Result<Value, String> {
    let [of, key] = arguments else { return Err("a map and a name, or a list and an index".to_owned()) };
    let found = match of {
        Value::Array(list) => list.get(count_of(key)?),
        other => other.get(text_of(key)?),
    };
    Ok(found.cloned().unwrap_or(Value::Null))
}
