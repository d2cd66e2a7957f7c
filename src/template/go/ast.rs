//! Parsed templates, and how Go prints their parts in error messages.

use std::fmt::{self, Display, Formatter};

use super::number::Number;
use crate::model::Str;
use crate::model::quote::GoQuoted;

/// One named template: the main text, or what a `define` or `block` holds.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) name: Str,
    /// The name of the text it was parsed from, and that text: places are given in these.
    pub(super) parse_name: Str,
    pub(super) text: Str,
    /// Where its statements start in the text.
    pub(super) root_pos: usize,
    pub(super) root: List,
}

impl Tree {
    /// Whether it holds nothing but blank text: then it does not replace another.
    pub(super) fn is_blank(&self) -> bool {
        self.root.iter().all(Node::is_blank)
    }
}

/// The names of the templates that these statements call, wherever data may lead.
pub(super) fn called<'a>(list: &'a [Node], names: &mut std::collections::BTreeSet<&'a str>) {
    for node in list {
        match node {
            Node::Template { name, .. } => drop(names.insert(name)),
            Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                called(&branch.list, names);
                called(branch.otherwise.as_deref().unwrap_or_default(), names);
            }
            Node::Text { .. } | Node::Action { .. } | Node::Break { .. } | Node::Continue { .. } => {}
        }
    }
}

/// Statements in order.
pub(super) type List = Vec<Node>;

/// One statement. `pos` is a byte offset in the text.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Text { pos: usize, text: Str },
    Action { pos: usize, pipe: Pipe },
    If(Branch),
    With(Branch),
    Range(Branch),
    Template { pos: usize, name: Str, pipe: Option<Pipe> },
    Break { pos: usize },
    Continue { pos: usize },
}

/// What `if`, `with` and `range` share.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) list: List,
    pub(super) otherwise: Option<List>,
}

/// A pipeline, with the variables that it declares or assigns.
#[derive(Clone, Debug)]
pub(super) struct Pipe {
    pub(super) pos: usize,
    pub(super) assigns: bool,
    pub(super) variables: Vec<Str>,
    pub(super) commands: Vec<Command>,
}

/// One stage of a pipeline: a function, method, or value with its arguments.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub(super) pos: usize,
    pub(super) args: Vec<Expr>,
}

/// An operand.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Field { pos: usize, idents: Vec<Str> },
    Variable { pos: usize, name: Str, fields: Vec<Str> },
    Chain { pos: usize, base: Box<Expr>, fields: Vec<Str> },
    Identifier { pos: usize, name: Str },
    Pipe(Pipe),
    Dot { pos: usize },
    Nil { pos: usize },
    Bool { pos: usize, value: bool },
    Number { pos: usize, number: Number },
    String { pos: usize, quoted: Str, text: Str },
}

impl Node {
    pub(super) fn pos(&self) -> usize {
        match self {
            Self::Text { pos, .. }
            | Self::Action { pos, .. }
            | Self::Template { pos, .. }
            | Self::Break { pos }
            | Self::Continue { pos } => *pos,
            Self::If(branch) | Self::With(branch) | Self::Range(branch) => branch.pipe.pos,
        }
    }

    /// Whether it is only blank text: such a template does not count as defined.
    pub(super) fn is_blank(&self) -> bool {
        match self {
            Self::Text { text, .. } => text.trim().is_empty(),
            Self::Action { .. }
            | Self::If(_)
            | Self::With(_)
            | Self::Range(_)
            | Self::Template { .. }
            | Self::Break { .. }
            | Self::Continue { .. } => false,
        }
    }
}

impl Expr {
    pub(super) fn pos(&self) -> usize {
        match self {
            Self::Field { pos, .. }
            | Self::Variable { pos, .. }
            | Self::Chain { pos, .. }
            | Self::Identifier { pos, .. }
            | Self::Dot { pos }
            | Self::Nil { pos }
            | Self::Bool { pos, .. }
            | Self::Number { pos, .. }
            | Self::String { pos, .. } => *pos,
            Self::Pipe(pipe) => pipe.pos,
        }
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { text, .. } => f.write_str(text),
            Self::Action { pipe, .. } => write!(f, "{{{{{pipe}}}}}"),
            Self::If(branch) => branch.print("if", f),
            Self::With(branch) => branch.print("with", f),
            Self::Range(branch) => branch.print("range", f),
            Self::Template { name, pipe, .. } => {
                write!(f, "{{{{template {}", GoQuoted(name))?;
                if let Some(pipe) = pipe {
                    write!(f, " {pipe}")?;
                }
                f.write_str("}}")
            }
            Self::Break { .. } => f.write_str("{{break}}"),
            Self::Continue { .. } => f.write_str("{{continue}}"),
        }
    }
}

impl Branch {
    fn print(&self, word: &str, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{{word} {}}}}}", self.pipe)?;
        self.list.iter().try_for_each(|node| node.fmt(f))?;
        if let Some(otherwise) = &self.otherwise {
            f.write_str("{{else}}")?;
            otherwise.iter().try_for_each(|node| node.fmt(f))?;
        }
        f.write_str("{{end}}")
    }
}

impl Display for Pipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, name) in self.variables.iter().enumerate() {
            write!(f, "{}{name}", if at == 0 { "" } else { ", " })?;
        }
        if !self.variables.is_empty() {
            f.write_str(if self.assigns { " = " } else { " := " })?;
        }
        for (at, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if at == 0 { "" } else { " | " })?;
        }
        Ok(())
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (at, arg) in self.args.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { " " })?;
            match arg {
                Expr::Pipe(pipe) => write!(f, "({pipe})")?,
                other => other.fmt(f)?,
            }
        }
        Ok(())
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { idents, .. } => idents.iter().try_for_each(|name| write!(f, ".{name}")),
            Self::Variable { name, fields, .. } => {
                f.write_str(name)?;
                fields.iter().try_for_each(|name| write!(f, ".{name}"))
            }
            Self::Chain { base, fields, .. } => {
                match &**base {
                    Self::Pipe(pipe) => write!(f, "({pipe})")?,
                    other => other.fmt(f)?,
                }
                fields.iter().try_for_each(|name| write!(f, ".{name}"))
            }
            Self::Identifier { name, .. } => f.write_str(name),
            Self::Pipe(pipe) => pipe.fmt(f),
            Self::Dot { .. } => f.write_str("."),
            Self::Nil { .. } => f.write_str("nil"),
            Self::Bool { value, .. } => write!(f, "{value}"),
            Self::Number { number, .. } => f.write_str(&number.text),
            Self::String { quoted, .. } => f.write_str(quoted),
        }
    }
}
