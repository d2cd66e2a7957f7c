//! Helpers on label sets.

use serde_json::{Map, Value};

use crate::model::quote::GoQuoted;

/// `pairs LABELS`: `a="1" b="2"`, quoted as Go does.
pub(super) fn pairs(arguments: &[&Value]) -> Result<Value, String> {
    shown(arguments).map(|shown| shown.join(" ").into())
}

/// `matchers LABELS`: `{a="1", b="2"}`, which selects alerts with these labels.
pub(super) fn matchers(arguments: &[&Value]) -> Result<Value, String> {
    shown(arguments).map(|shown| format!("{{{}}}", shown.join(", ")).into())
}

fn shown(arguments: &[&Value]) -> Result<Vec<String>, String> {
    let [labels] = arguments else { return Err("one label set".to_owned()) };
    let show = |(name, value): (&String, &Value)| {
        let value = value.as_str().ok_or("label sets")?;
        Ok(format!("{name}={}", GoQuoted(value)))
    };
    label_set(labels)?.iter().map(show).collect()
}

/// `without LABELS OTHERS…`: the labels whose names none of the others has.
pub(super) fn without(arguments: &[&Value]) -> Result<Value, String> {
    let Some((labels, others)) = arguments.split_first() else { return Err("label sets".to_owned()) };
    let mut left = label_set(labels)?.clone();
    for other in others {
        let other = label_set(other)?;
        left.retain(|name, _| !other.contains_key(name));
    }
    Ok(left.into())
}

/// `omit LABELS NAME…`: the labels with other names.
pub(super) fn omit(arguments: &[&Value]) -> Result<Value, String> {
    let Some((labels, names)) = arguments.split_first() else { return Err("labels and names".to_owned()) };
    let mut left = label_set(labels)?.clone();
    for name in names {
        left.remove(name.as_str().ok_or("labels and names")?);
    }
    Ok(left.into())
}

/// `entries LABELS`: a list of `name` and `value`, the alert's name first.
pub(super) fn entries(arguments: &[&Value]) -> Result<Value, String> {
    let [labels] = arguments else { return Err("one label set".to_owned()) };
    let mut entries: Vec<_> = label_set(labels)?.iter().collect();
    entries.sort_by_key(|(name, _)| *name != "alertname");
    Ok(entries.into_iter().map(|(name, value)| serde_json::json!({"name": name, "value": value})).collect())
}

fn label_set(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| "label sets".to_owned())
}
