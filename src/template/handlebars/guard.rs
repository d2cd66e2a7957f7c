//! Keeps a template from hanging or swelling the process: what is refused before it runs, and the steps and
//! bytes that a run may take. The library itself has no limits.
//!
//! At the start of every template, partial and block a helper without output is put in, which counts a step
//! and ends a run that has taken too many. So nothing runs uncounted, however templates include each other.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use handlebars::template::{Parameter, Template, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
};
use serde_json::Value;

use super::HandlebarsError;

/// The most that a run may write, in bytes.
const MOST_BYTES: usize = 4 << 20;

/// The most steps of a run: a block or partial is one, and what is copied counts by its size. A run takes some
/// seconds at most; without optimisation, as in tests, a step is slower.
const MOST_STEPS: u64 = if cfg!(test) { 200_000 } else { 10_000_000 };

/// The longest text of a template, in bytes.
const LONGEST_SOURCE: usize = 1 << 20;

/// How deep blocks and parentheses may stand in each other.
const DEEPEST: usize = 64;

/// The helper that counts.
pub(super) const STEP: &str = "__step";

thread_local! {
    /// What the run on this thread has left. A run stays on its thread.
    static LEFT: Cell<u64> = const { Cell::new(0) };
}

/// Starts a run.
pub(super) fn start() {
    LEFT.set(MOST_STEPS);
}

/// Takes steps; an error if there are not as many left.
pub(super) fn spend(steps: u64) -> Result<(), RenderError> {
    let left = LEFT.get().checked_sub(steps);
    LEFT.set(left.unwrap_or(0));
    match left {
        Some(_) => Ok(()),
        None => Err(RenderErrorReason::Other("it takes too many steps".to_owned()).into()),
    }
}

/// Roughly what a copy of a value costs, in steps.
pub(super) fn weight(value: &Value) -> u64 {
    let of_list = |list: &Vec<Value>| 1 + 10 * list.len() as u64;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => 1 + text.len() as u64 / 64,
        Value::Array(list) => of_list(list),
        Value::Object(map) => {
            let lists = map.values().filter_map(Value::as_array);
            1 + map.len() as u64 / 4 + lists.map(of_list).sum::<u64>()
        }
    }
}

/// A text with a limit.
#[derive(Debug, Default)]
pub(super) struct Limited(pub(super) String);

impl Output for Limited {
    fn write(&mut self, text: &str) -> Result<(), std::io::Error> {
        if self.0.len() + text.len() > MOST_BYTES {
            return Err(std::io::Error::other("it writes too much"));
        }
        self.0.push_str(text);
        Ok(())
    }
}

/// Counts where it stands. A partial sees a copy of its data, which counts as well.
pub(super) fn step<'reg, 'rc>(
    helper: &Helper<'rc>,
    _: &'reg Handlebars<'reg>,
    _: &'rc Context,
    state: &mut RenderContext<'reg, 'rc>,
    _: &mut dyn Output,
) -> HelperResult {
    let elements = helper.param(0).and_then(|param| param.value().as_u64()).unwrap_or(1);
    let is_whole = helper.param(1).is_some();
    let copied = state.block().and_then(|block| block.base_value()).filter(|_| is_whole).map_or(0, weight);
    spend(1 + elements / 8 + copied)
}

/// Whether a text is short and flat enough to be read.
pub(super) fn check_source(name: &str, text: &str) -> Result<(), HandlebarsError> {
    let wrong = |message: String| HandlebarsError::Syntax { template: name.to_owned(), message };
    if text.len() > LONGEST_SOURCE {
        return Err(wrong(format!("it is longer than {LONGEST_SOURCE} bytes")));
    }
    let (mut blocks, mut parentheses) = (0_usize, 0_usize);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let opened = bytes.get(at.saturating_sub(2)..at) == Some(b"{{")
            || bytes.get(at.saturating_sub(3)..at) == Some(b"{{~");
        match byte {
            b'#' | b'^' if opened => blocks += 1,
            b'/' if opened => blocks = blocks.saturating_sub(1),
            b'(' => parentheses += 1,
            b')' => parentheses = parentheses.saturating_sub(1),
            b'}' if bytes.get(at + 1) == Some(&b'}') => parentheses = 0,
            _ => {}
        }
        if blocks > DEEPEST || parentheses > DEEPEST && is_inside(&text[..at]) {
            return Err(wrong(format!("it is nested more than {DEEPEST} deep")));
        }
    }
    Ok(())
}

/// Whether an expression was opened last.
fn is_inside(before: &str) -> bool {
    before.rfind("{{") > before.rfind("}}")
}

/// Whether templates include each other without end, or in ways that cannot be counted.
pub(super) fn check_partials<'a>(
    templates: impl IntoIterator<Item = (&'a str, &'a Template)>,
) -> Result<(), HandlebarsError> {
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, template) in templates {
        let mut found = Found { template: name, edges: &mut edges };
        found.walk(name, template)?;
    }
    let mut safe = BTreeSet::new();
    for name in edges.keys() {
        visit(name, &edges, &mut Vec::new(), &mut safe)?;
    }
    Ok(())
}

fn visit<'a>(
    name: &'a str,
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    chain: &mut Vec<&'a str>,
    safe: &mut BTreeSet<&'a str>,
) -> Result<(), HandlebarsError> {
    if safe.contains(name) {
        return Ok(());
    }
    if chain.contains(&name) || chain.len() > DEEPEST {
        let message = format!("it includes itself: {} > {name}", chain.join(" > "));
        return Err(HandlebarsError::Syntax { template: name.to_owned(), message });
    }
    chain.push(name);
    for next in edges.get(name).into_iter().flatten() {
        visit(next, edges, chain, safe)?;
    }
    chain.pop();
    safe.insert(name);
    Ok(())
}

struct Found<'a, 'e> {
    template: &'a str,
    /// Which templates and inline partials include which.
    edges: &'e mut BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Found<'a, '_> {
    fn walk(&mut self, inside: &'a str, template: &'a Template) -> Result<(), HandlebarsError> {
        let wrong = |message: &str| HandlebarsError::Syntax {
            template: self.template.to_owned(),
            message: message.to_owned(),
        };
        for element in &template.elements {
            match element {
                TemplateElement::PartialExpression(call) => match name_of(&call.name) {
                    Some(name) if !name.starts_with('@') => {
                        self.edges.entry(inside).or_default().insert(name);
                    }
                    Some(_) | None => return Err(wrong("the name of a partial must be written out")),
                },
                TemplateElement::PartialBlock(_) => {
                    return Err(wrong("partials cannot have a block; use {{> name}}"));
                }
                TemplateElement::HelperBlock(call) => {
                    for block in [&call.template, &call.inverse].into_iter().flatten() {
                        self.walk(inside, block)?;
                    }
                }
                TemplateElement::DecoratorBlock(call) => {
                    let name = call.params.first().and_then(name_of).unwrap_or(inside);
                    if let Some(block) = &call.template {
                        self.walk(name, block)?;
                    }
                }
                _ => {} // without a block; the library may add more
            }
        }
        Ok(())
    }
}

fn name_of(parameter: &Parameter) -> Option<&str> {
    match parameter {
        Parameter::Literal(value) => value.as_str(),
        other => other.as_name(),
    }
}

/// The template with a counting step at its start and that of every block.
pub(super) fn counted(mut template: Template) -> Template {
    count(&mut template, true);
    template
}

fn count(template: &mut Template, is_whole: bool) {
    for element in &mut template.elements {
        match element {
            TemplateElement::HelperBlock(call) => {
                [&mut call.template, &mut call.inverse]
                    .into_iter()
                    .flatten()
                    .for_each(|block| count(block, false));
            }
            TemplateElement::DecoratorBlock(call) => {
                call.template.iter_mut().for_each(|block| count(block, true));
            }
            _ => {} // without a block; the library may add more
        }
    }
    let whole = if is_whole { " true" } else { "" };
    let counter = Template::compile(&format!("{{{{{STEP} {}{whole}}}}}", template.elements.len()));
    let counter = counter.expect("the name of a helper and its arguments are a template");
    template.elements.splice(0..0, counter.elements);
    template.mapping.splice(0..0, counter.mapping);
}
