//! Prometheus' template functions: names, parameters, and which code answers them.

use std::collections::BTreeMap;

use super::data::{QUERY_RESULT, SAMPLE, sample};
use super::{Queries, RuleData, numbers, texts};
use crate::model::{QueryValue, Sample};
use crate::template::go::value::{List, Map, Named};
use crate::template::go::{CallError, Functions, Param, Signature, Value, query_escape};

/// The names and parameters alone: enough to parse a template.
pub(super) struct Names;

/// The functions during the expansion for one sample.
pub(super) struct RuleFunctions<'a> {
    pub(super) data: &'a RuleData<'a>,
    pub(super) queries: &'a dyn Queries,
}

fn signature(name: &str) -> Option<Signature> {
    const TEXT: &[Param] = &[Param::String];
    const ANY: &[Param] = &[Param::Any];
    const RESULT: &[Param] = &[Param::Named(QUERY_RESULT)];
    const ONE_SAMPLE: &[Param] = &[Param::Named(SAMPLE)];
    Some(match name {
        "query" | "title" | "toUpper" | "toLower" | "stripPort" | "stripDomain" | "graphLink"
        | "tableLink" | "urlQueryEscape" | "safeHtml" | "parseDuration" => Signature::fixed(TEXT),
        "first" => Signature::fixed(RESULT),
        "value" | "strvalue" => Signature::fixed(ONE_SAMPLE),
        "label" => Signature::fixed(&[Param::String, Param::Named(SAMPLE)]),
        "sortByLabel" => Signature::fixed(&[Param::String, Param::Named(QUERY_RESULT)]),
        "match" => Signature::fixed(&[Param::String, Param::String]),
        "reReplaceAll" => Signature::fixed(&[Param::String, Param::String, Param::String]),
        "humanize" | "humanize1024" | "humanizeDuration" | "humanizePercentage" | "humanizeTimestamp"
        | "toTime" | "toDuration" => Signature::fixed(ANY),
        "now" | "pathPrefix" | "externalURL" => Signature::fixed(&[]),
        "args" => Signature::variadic(&[], Param::Any),
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

impl Functions for RuleFunctions<'_> {
    fn signature(&self, name: &str) -> Option<Signature> {
        signature(name)
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        let text = |at: usize| args.get(at).and_then(Value::as_str).unwrap_or_default();
        let number = || numbers::number(args.first().unwrap_or(&Value::Nil));
        let string = |text: String| Ok(Value::Str(text.into()));
        match name {
            "query" => self.query(text(0)),
            "first" => first(&args[0]),
            "label" => label(text(0), &args[1]),
            "value" => field(&args[0], "Value"),
            "strvalue" => label("__value__", &args[0]),
            "sortByLabel" => sort_by_label(text(0), &args[1]),
            "humanize" => string(numbers::humanize(number()?)),
            "humanize1024" => string(numbers::humanize1024(number()?)),
            "humanizeDuration" => string(numbers::humanize_duration(number()?)),
            "humanizePercentage" => string(numbers::humanize_percentage(number()?)),
            "humanizeTimestamp" => string(numbers::humanize_timestamp(number()?)?),
            "toTime" => Ok(Value::object(numbers::time(number()?)?.pointer())),
            "toDuration" => Ok(Value::object(numbers::duration(number()?).pointer())),
            "now" => Ok(Value::Float(self.data.now.as_secs_f64())),
            "parseDuration" => numbers::parse_duration(text(0)).map(Value::Float),
            "title" => string(texts::title(text(0))),
            "toUpper" => string(texts::upper(text(0))),
            "toLower" => string(texts::lower(text(0))),
            "match" => texts::is_match(text(0), text(1)).map(Value::Bool),
            "reReplaceAll" => string(texts::replace_all(text(0), text(1), text(2))?),
            "stripPort" => string(texts::strip_port(text(0)).to_owned()),
            "stripDomain" => string(texts::strip_domain(text(0))),
            "graphLink" => string(texts::expression_link(text(0), 0)),
            "tableLink" => string(texts::expression_link(text(0), 1)),
            "urlQueryEscape" => string(query_escape(text(0))),
            "safeHtml" => {
                Ok(Value::object(Named { type_name: "template.HTML", value: args[0].clone(), text: None }))
            }
            "args" => numbered(args),
            "pathPrefix" => string(texts::path_of(self.data.external_url)),
            "externalURL" => string(self.data.external_url.to_owned()),
            _ => Err(format!("{name} is not a defined function").into()),
        }
    }
}

impl RuleFunctions<'_> {
    fn query(&self, expr: &str) -> Result<Value, CallError> {
        let items = match self.queries.answer(expr) {
            None => return Err(CallError::Needs(expr.into())),
            Some(Err(error)) => return Err(CallError::Failed(error.clone())),
            Some(Ok(QueryValue::Vector(samples))) => samples.iter().map(sample).collect(),
            Some(Ok(QueryValue::Scalar(number))) => {
                vec![sample(&Sample::float(crate::model::LabelSet::default(), *number))]
            }
            Some(Ok(QueryValue::String(_) | QueryValue::Matrix)) => {
                return Err("rule result is not a vector or scalar".into());
            }
        };
        Ok(Value::object(List { type_name: QUERY_RESULT.into(), items }))
    }
}

fn items(result: &Value) -> Vec<Value> {
    match result {
        Value::Object(object) => object.pairs().into_iter().map(|(_, item)| item).collect(),
        _ => Vec::new(),
    }
}

fn first(result: &Value) -> Result<Value, CallError> {
    items(result).into_iter().next().ok_or_else(|| "first() called on vector with no elements".into())
}

fn field(sample: &Value, name: &str) -> Result<Value, CallError> {
    match sample {
        Value::Object(object) => Ok(object.field(name).unwrap_or(Value::Nil)),
        _ => Err("runtime error: invalid memory address or nil pointer dereference".into()),
    }
}

fn label(name: &str, sample: &Value) -> Result<Value, CallError> {
    match field(sample, "Labels")? {
        Value::Object(labels) => Ok(labels.field(name).unwrap_or_else(|| labels.zero())),
        _ => Ok(Value::str("")),
    }
}

fn sort_by_label(name: &str, result: &Value) -> Result<Value, CallError> {
    let mut keyed = Vec::new();
    for item in items(result) {
        let key = label(name, &item)?;
        keyed.push((key.as_str().unwrap_or_default().to_owned(), item));
    }
    keyed.sort_by(|one, two| one.0.cmp(&two.0));
    let items = keyed.into_iter().map(|(_, item)| item).collect();
    Ok(Value::object(List { type_name: QUERY_RESULT.into(), items }))
}

/// `arg0`, `arg1` and so on.
fn numbered(args: &[Value]) -> Result<Value, CallError> {
    let entries: BTreeMap<_, _> =
        args.iter().enumerate().map(|(at, arg)| (format!("arg{at}").into(), arg.clone())).collect();
    Map::made_by_template(entries)
}
