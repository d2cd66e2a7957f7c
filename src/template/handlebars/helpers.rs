//! The helpers of our own. All but `paint` are functions of their arguments; a value that does not exist
//! arrives as null.

mod labels;
mod lists;
mod numbers;
mod texts;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext, RenderError,
    RenderErrorReason, Renderable, ScopedJson,
};
use serde_json::Value;

use super::guard;

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const PLAIN: &str = "\u{1b}[0m";

/// The library's helpers that templates may use. `log` is not among them: a template has no effects.
pub(super) const BUILT_IN: [&str; 15] =
    ["and", "each", "eq", "gt", "gte", "if", "len", "lt", "lte", "ne", "not", "or", "raw", "unless", "with"];

/// A helper that is a function: its arguments in order, and what is wrong with them.
type Function = fn(&[&Value]) -> Result<Value, String>;

const FUNCTIONS: [(&str, Function); 33] = [
    ("concat", texts::concat),
    ("date", numbers::date),
    ("default", texts::default),
    ("duration", numbers::duration),
    ("entries", labels::entries),
    ("firing", lists::firing),
    ("firingFirst", lists::firing_first),
    ("first", lists::first),
    ("humanize", numbers::humanize),
    ("humanize1024", numbers::humanize1024),
    ("humanizeDuration", numbers::humanize_duration),
    ("humanizePercentage", numbers::humanize_percentage),
    ("join", lists::join),
    ("lines", texts::lines),
    ("link", texts::link),
    ("lookup", lists::lookup),
    ("lower", texts::lower),
    ("match", texts::is_match),
    ("matchers", labels::matchers),
    ("more", lists::more),
    ("omit", labels::omit),
    ("pairs", labels::pairs),
    ("replace", texts::replace),
    ("resolved", lists::resolved),
    ("reverse", lists::reverse),
    ("title", texts::title),
    ("trim", texts::trim),
    ("truncate", texts::truncate),
    ("upper", texts::upper),
    ("urlencode", texts::urlencode),
    ("values", lists::values),
    ("where", lists::matching),
    ("without", labels::without),
];

/// The one helper with a block.
const PAINT: &str = "paint";

pub(super) fn register(registry: &mut Handlebars<'static>) {
    for (name, function) in FUNCTIONS {
        registry.register_helper(name, Box::new(Call { name, function }));
    }
    registry.register_helper(PAINT, Box::new(paint));
    registry.register_helper(guard::STEP, Box::new(guard::step));
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
        guard::spend(guard::weight(&value))?;
        Ok(ScopedJson::Derived(value))
    }
}

/// A text; a number or a flag as it is written; nothing of what does not exist.
fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err("texts".to_owned()),
    }
}

/// A whole number that is not negative.
fn count_of(value: &Value) -> Result<usize, String> {
    value.as_u64().and_then(|count| usize::try_from(count).ok()).ok_or_else(|| "a whole number".to_owned())
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
