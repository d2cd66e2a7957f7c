//! The helpers of our own. All but `paint` are functions of their arguments; a value that does not exist
//! arrives as null.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson,
};
use serde_json::{Map, Value};

use crate::model::quote::GoQuoted;

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const PLAIN: &str = "\u{1b}[0m";

/// The library's helpers that templates may use. `log` is not among them: a template has no effects.
pub(super) const BUILT_IN: [&str; 16] = [
    "and", "each", "eq", "gt", "gte", "if", "len", "lookup", "lt", "lte", "ne", "not", "or", "raw", "unless",
    "with",
];

/// A helper that is a function: its arguments in order, and what is wrong with them.
type Function = fn(&[&Value]) -> Result<Value, String>;

const FUNCTIONS: [(&str, Function); 3] = [("lines", lines), ("pairs", pairs), ("without", without)];

/// The one helper with a block.
const PAINT: &str = "paint";

pub(super) fn register(registry: &mut Handlebars<'static>) {
    for (name, function) in FUNCTIONS {
        registry.register_helper(name, Box::new(Call { name, function }));
    }
    registry.register_helper(PAINT, Box::new(paint));
    registry.unregister_helper("log");
}

/// Whether templates may use a helper with this name.
pub(super) fn exists(name: &str) -> bool {
    name == PAINT || BUILT_IN.contains(&name) || FUNCTIONS.iter().any(|(own, _)| *own == name)
}

struct Call {
    name: &'static str,
    function: Function,
}

impl HelperDef for Call {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let arguments: Vec<&Value> = helper.params().iter().map(|param| param.value()).collect();
        let value = (self.function)(&arguments)
            .map_err(|why| RenderErrorReason::Other(format!("{} takes {why}", self.name)))?;
        Ok(ScopedJson::Derived(value))
    }
}

/// `pairs LABELS`: `a="1" b="2"`, quoted as Go does.
fn pairs(arguments: &[&Value]) -> Result<Value, String> {
    let [labels] = arguments else { return Err("one label set".to_owned()) };
    let show = |(name, value): (&String, &Value)| {
        let value = value.as_str().ok_or("label sets")?;
        Ok(format!("{name}={}", GoQuoted(value)))
    };
    let shown: Vec<String> = label_set(labels)?.iter().map(show).collect::<Result<_, String>>()?;
    Ok(shown.join(" ").into())
}

/// `without LABELS OTHERS…`: the labels whose names none of the others has.
fn without(arguments: &[&Value]) -> Result<Value, String> {
    let Some((labels, others)) = arguments.split_first() else { return Err("label sets".to_owned()) };
    let mut left = label_set(labels)?.clone();
    for other in others {
        let other = label_set(other)?;
        left.retain(|name, _| !other.contains_key(name));
    }
    Ok(left.into())
}

/// `lines TEXT…`: the lines of all texts, without space around them. What does not exist has none.
fn lines(arguments: &[&Value]) -> Result<Value, String> {
    let mut all: Vec<Value> = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.is_null()) {
        let text = argument.as_str().ok_or("texts")?;
        all.extend(text.lines().map(|line| Value::from(line.trim())));
    }
    Ok(all.into())
}

fn label_set(value: &Value) -> Result<&Map<String, Value>, String> {
    value.as_object().ok_or_else(|| "label sets".to_owned())
}

/// `{{#paint GOOD}}…{{/paint}}`: green or red by ANSI escapes, if `@root.color` is true.
fn paint<'reg, 'rc>(
    helper: &Helper<'rc>,
    registry: &'reg Handlebars<'reg>,
    context: &'rc Context,
    state: &mut RenderContext<'reg, 'rc>,
    out: &mut dyn Output,
) -> HelperResult {
    let Some(block) = helper.template() else { return Ok(()) };
    if !context.data().get("color").is_some_and(|color| color.is_truthy(false)) {
        return block.render(registry, context, state, out);
    }
    let is_good = helper.param(0).is_some_and(|good| good.value().is_truthy(false));
    out.write(if is_good { GREEN } else { RED })?;
    block.render(registry, context, state, out)?;
    out.write(PLAIN)?;
    Ok(())
}
