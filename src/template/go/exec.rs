//! Runs parsed templates: statements, variables and output.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Prelude;
use super::ast::{Branch, Command, Expr, List, Node, Pipe, Tree};
use super::error::ExecError;
use super::format::{MAX_BYTES, display};
use super::functions::Functions;
use super::value::{Shape, Value};
use crate::model::Str;
use crate::model::quote::GoQuoted;

/// What an absent key of a map reads as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingKey {
    /// No value, which prints as `<no value>`: Go's default.
    #[default]
    Invalid,
    /// The zero value of the map's elements; for texts the empty one. Rules use this.
    Zero,
    /// An error.
    Error,
}

/// How deep statements, templates and parentheses may nest while a template runs. Go stops after 100,000
/// templates; ours must also fit the stack of a small thread.
const MAX_DEPTH: usize = 300;
/// How many statements and operands may be evaluated.
const MAX_STEPS: usize = 1_000_000;

/// Why a run ended early.
#[derive(Debug)]
pub(super) enum Stop {
    Error(Box<ExecError>),
    Needs(Str),
}

/// What a statement says about the loop around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

/// The part of a template that is being evaluated: what an error message points at.
#[derive(Clone, Copy)]
pub(super) enum Place<'t> {
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Expr(&'t Expr),
    List(&'t List),
}

/// A run of one template, with the templates that it calls.
pub(super) struct Exec<'t> {
    pub(super) trees: &'t BTreeMap<Str, Arc<Tree>>,
    pub(super) functions: &'t dyn Functions,
    pub(super) missing_key: MissingKey,
    pub(super) tree: &'t Tree,
    pub(super) place: Option<Place<'t>>,
    vars: Vec<(&'t str, Value)>,
    depth: usize,
    steps: usize,
    bytes: usize,
    out: String,
}

impl<'t> Exec<'t> {
    /// Runs `tree`, one of `trees`, on `data` and gives what it wrote.
    pub(super) fn run(
        trees: &'t BTreeMap<Str, Arc<Tree>>,
        prelude: Prelude,
        tree: &'t Tree,
        functions: &'t dyn Functions,
        missing_key: MissingKey,
        data: &Value,
    ) -> Result<String, Stop> {
        let field = |name: &str| match data {
            Value::Object(object) => object.field(name),
            _ => None,
        };
        let declared = prelude.variables.iter();
        let declared = declared.map(|(name, of)| (*name, field(of).unwrap_or(Value::NoValue)));
        let mut exec = Self {
            trees,
            functions,
            missing_key,
            tree,
            place: None,
            vars: std::iter::once(("$", data.clone())).chain(declared).collect(),
            depth: 0,
            steps: 0,
            bytes: 0,
            out: String::new(),
        };
        exec.list(data, &tree.root)?;
        Ok(exec.out)
    }

    /// An error at the place that is being evaluated.
    pub(super) fn error(&self, message: impl AsRef<str>) -> Stop {
        let message = message.as_ref();
        let name = &self.tree.name;
        let range = self.place.map_or(0..0, |place| place.range(&self.tree.text));
        let text = match self.place {
            None => format!("template: {name}: {message}"),
            Some(place) => {
                let (line, column) = position(&self.tree.text, place.pos());
                let parsed = &self.tree.parse_name;
                format!(
                    "template: {parsed}:{line}:{column}: executing {} at <{}>: {message}",
                    GoQuoted(name),
                    place.text()
                )
            }
        };
        Stop::Error(Box::new(ExecError { template: Arc::clone(name), text, range }))
    }

    pub(super) fn at(&mut self, place: Place<'t>) {
        self.place = Some(place);
    }

    /// Counts one step of work.
    pub(super) fn step(&mut self) -> Result<(), Stop> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(self.error(format!("exceeded {MAX_STEPS} steps")));
        }
        Ok(())
    }

    /// Counts bytes that were made.
    pub(super) fn made(&mut self, bytes: usize) -> Result<(), Stop> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES {
            return Err(self.error(format!("exceeded {MAX_BYTES} bytes of text")));
        }
        Ok(())
    }

    /// Goes one level deeper; pair it with [`Self::leave`].
    pub(super) fn enter(&mut self) -> Result<(), Stop> {
        self.step()?;
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("exceeded maximum template depth ({MAX_DEPTH})")));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    fn list(&mut self, dot: &Value, list: &'t List) -> Result<Flow, Stop> {
        if self.place.is_some() {
            self.at(Place::List(list));
        }
        self.enter()?;
        for node in list {
            let flow = self.node(dot, node)?;
            if flow != Flow::On {
                self.leave();
                return Ok(flow);
            }
        }
        self.leave();
        Ok(Flow::On)
    }

    fn node(&mut self, dot: &Value, node: &'t Node) -> Result<Flow, Stop> {
        self.at(Place::Node(node));
        self.step()?;
        match node {
            Node::Text { text, .. } => self.write(text).map(|()| Flow::On),
            Node::Action { pipe, .. } => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.at(Place::Node(node));
                    self.print(&value)?;
                }
                Ok(Flow::On)
            }
            Node::If(branch) => self.condition(dot, branch, false),
            Node::With(branch) => self.condition(dot, branch, true),
            Node::Range(branch) => self.range(dot, branch),
            Node::Template { name, pipe, .. } => {
                self.template(dot, name, pipe.as_ref())?;
                Ok(Flow::On)
            }
            Node::Break { .. } => Ok(Flow::Break),
            Node::Continue { .. } => Ok(Flow::Continue),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Stop> {
        self.made(text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    fn print(&mut self, value: &Value) -> Result<(), Stop> {
        let before = self.out.len();
        display(&mut self.out, value);
        self.made(self.out.len() - before)
    }

    fn condition(&mut self, dot: &Value, branch: &'t Branch, is_with: bool) -> Result<Flow, Stop> {
        let vars = self.vars.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = if value.is_true() {
            self.list(if is_with { &value } else { dot }, &branch.list)?
        } else {
            self.otherwise(dot, branch)?
        };
        self.vars.truncate(vars);
        Ok(flow)
    }

    fn otherwise(&mut self, dot: &Value, branch: &'t Branch) -> Result<Flow, Stop> {
        match &branch.otherwise {
            Some(list) => self.list(dot, list),
            None => Ok(Flow::On),
        }
    }

    fn range(&mut self, dot: &Value, branch: &'t Branch) -> Result<Flow, Stop> {
        let vars = self.vars.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let flow = match self.elements(&value, branch)? {
            Elements::None => self.otherwise(dot, branch)?,
            Elements::Pairs(pairs) => self.loop_over(pairs.into_iter(), branch)?,
            Elements::Count(count) => {
                let numbers = (0..count).map(|number| (Value::NoValue, Value::Int(number)));
                self.loop_over(numbers, branch)?
            }
        };
        self.vars.truncate(vars);
        Ok(flow)
    }

    fn elements(&self, value: &Value, branch: &Branch) -> Result<Elements, Stop> {
        let cannot = || {
            let mut shown = String::new();
            display(&mut shown, value);
            self.error(format!("range can't iterate over {shown}"))
        };
        match value {
            Value::NoValue | Value::Nil => Ok(Elements::None),
            Value::Int(count) | Value::Int64(count) => {
                if branch.pipe.variables.len() > 1 {
                    let message = format!("can't use {count} to iterate over more than one variable");
                    return Err(self.error(message));
                }
                Ok(if *count > 0 { Elements::Count(*count) } else { Elements::None })
            }
            Value::Object(object) => match object.shape() {
                Shape::Map | Shape::List if object.is_empty() => Ok(Elements::None),
                Shape::Map | Shape::List => Ok(Elements::Pairs(object.pairs())),
                Shape::Struct | Shape::Basic(_) => Err(cannot()),
            },
            Value::Bool(_) | Value::Byte(_) | Value::Float(_) | Value::Complex(..) | Value::Str(_) => {
                Err(cannot())
            }
        }
    }

    fn loop_over(
        &mut self,
        pairs: impl Iterator<Item = (Value, Value)>,
        branch: &'t Branch,
    ) -> Result<Flow, Stop> {
        let vars = self.vars.len();
        for (index, element) in pairs {
            self.step()?;
            self.set_loop_variables(&branch.pipe, index, &element)?;
            let flow = self.list(&element, &branch.list)?;
            self.vars.truncate(vars);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::On)
    }

    /// One variable holds the element; of two the first holds the index.
    fn set_loop_variables(&mut self, pipe: &'t Pipe, index: Value, element: &Value) -> Result<(), Stop> {
        let top = self.vars.len();
        match (&*pipe.variables, pipe.assigns) {
            ([], _) => {}
            ([one], true) => self.assign(one, element.clone())?,
            ([_], false) => self.vars[top - 1].1 = element.clone(),
            ([one, two, ..], true) => {
                self.assign(one, index)?;
                self.assign(two, element.clone())?;
            }
            ([_, _, ..], false) => {
                self.vars[top - 1].1 = element.clone();
                self.vars[top - 2].1 = index;
            }
        }
        Ok(())
    }

    fn template(&mut self, dot: &Value, name: &Str, pipe: Option<&'t Pipe>) -> Result<(), Stop> {
        let trees = self.trees;
        let Some(tree) = trees.get(name) else {
            return Err(self.error(format!("template {} not defined", GoQuoted(name))));
        };
        self.enter()?;
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::NoValue,
        };
        let caller = (self.tree, self.place, std::mem::replace(&mut self.vars, vec![("$", data.clone())]));
        self.tree = tree;
        self.list(&data, &tree.root)?;
        (self.tree, self.place, self.vars) = caller;
        self.leave();
        Ok(())
    }

    /// The value of a pipeline; declares or assigns its variables.
    pub(super) fn pipeline(&mut self, dot: &Value, pipe: &'t Pipe) -> Result<Value, Stop> {
        self.at(Place::Pipe(pipe));
        self.enter()?;
        let mut value = None;
        for command in &pipe.commands {
            let result = match self.command(dot, command, value)? {
                Value::Nil => Value::NoValue,
                other => other,
            };
            value = Some(result);
        }
        let value = value.unwrap_or(Value::NoValue);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.vars.push((name, value.clone()));
            }
        }
        self.leave();
        Ok(value)
    }

    fn assign(&mut self, name: &str, value: Value) -> Result<(), Stop> {
        match self.vars.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                *known = value;
                Ok(())
            }
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }

    pub(super) fn variable(&self, name: &str) -> Result<Value, Stop> {
        match self.vars.iter().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(self.error(format!("undefined variable: {name}"))),
        }
    }
}

enum Elements {
    None,
    Pairs(Vec<(Value, Value)>),
    Count(i64),
}

impl Place<'_> {
    fn pos(&self) -> usize {
        match self {
            Self::Node(node) => node.pos(),
            Self::Pipe(pipe) => pipe.pos,
            Self::Command(command) => command.pos,
            Self::Expr(expr) => expr.pos(),
            Self::List(list) => list.first().map_or(0, Node::pos),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Node(node) => node.to_string(),
            Self::Pipe(pipe) => pipe.to_string(),
            Self::Command(command) => command.to_string(),
            Self::Expr(expr) => expr.to_string(),
            Self::List(list) => list.iter().map(ToString::to_string).collect(),
        }
    }

    /// The bytes of `text` where it stands. Go's position is inside of it, not always at its start. What is not
    /// written as Go prints it goes on to the end of its action.
    fn range(&self, text: &str) -> std::ops::Range<usize> {
        let pos = self.pos().min(text.len());
        let printed = self.text();
        let as_printed = text.match_indices(&printed).map(|(at, found)| at..at + found.len());
        if let Some(range) = { as_printed }.find(|range| range.contains(&pos)) {
            return range;
        }
        let rest = text.get(pos..).unwrap_or_default();
        let action = rest.find("}}").map_or(rest, |end| &rest[..end]);
        pos..pos + action.trim_end_matches(['-', ' ']).len()
    }
}

/// Line, from 1, and column, from 0, both in bytes as Go counts them.
pub(super) fn position(text: &str, pos: usize) -> (usize, usize) {
    let before = &text[..pos.min(text.len())];
    let line = 1 + before.matches('\n').count();
    let column = before.rfind('\n').map_or(pos, |newline| pos - newline - 1);
    (line, column)
}
