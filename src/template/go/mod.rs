//! Go's `text/template`: its language, its printing, its error texts. Knows nothing of alerts.
//!
//! [`Templates`] are parsed once and executed on a [`Value`]. What a template can call is passed in as
//! [`Functions`]; values with structure or methods implement [`Object`]. A run is bounded in depth, steps
//! and bytes, so that no template can hang or swell the process.

mod ast;
mod builtins;
pub mod error;
mod eval;
mod exec;
pub mod format;
pub mod functions;
pub mod html;
pub(crate) mod json;
mod lexer;
mod number;
mod parser;
pub mod time;
pub mod value;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::model::Str;
pub(crate) use builtins::query_escape;
pub use error::{ExecError, TemplateError};
pub use exec::MissingKey;
pub use functions::{CallError, Functions, NoFunctions, Param, Signature};

pub use value::{Object, Value};

/// Templates by name, parsed from one or more texts.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    trees: BTreeMap<Str, Arc<ast::Tree>>,
    prelude: Prelude,
}

/// What stands before each text and declares variables that are fields of the data. It is the same for all
/// texts, so that it is neither parsed nor run; only the places of errors count it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prelude {
    /// As it would be written.
    pub text: &'static str,
    /// The variables, with the names of their fields.
    pub variables: &'static [(&'static str, &'static str)],
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The text that was written.
    Text(String),
    /// It failed.
    Failed(ExecError),
    /// A function waits for this; see [`CallError::Needs`].
    Needs(Str),
}

impl Templates {
    /// No templates yet; each text will have this before it.
    #[must_use]
    pub fn with_prelude(prelude: Prelude) -> Self {
        Self { prelude, ..Self::default() }
    }

    /// Parses `text` as the template `name`, with whatever it defines inside. Templates of later texts
    /// replace those of earlier ones, unless they are blank; within one text a name is defined once.
    ///
    /// # Errors
    /// The text is not a template, or calls functions that do not exist.
    pub fn parse(&mut self, name: &str, text: &str, functions: &dyn Functions) -> Result<(), TemplateError> {
        for (name, tree) in parser::parse(&name.into(), text, self.prelude, functions)? {
            if !tree.is_blank() || !self.trees.contains_key(&name) {
                self.trees.insert(name, tree);
            }
        }
        Ok(())
    }

    /// Whether there is a template `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.trees.contains_key(name)
    }

    /// The names of all templates, sorted.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        self.trees.keys()
    }

    /// The template `name`, or one that it calls, and the name of a template that does not exist but is called
    /// there, wherever data may lead; the first in order of depth. Go finds that out only when it gets there.
    #[must_use]
    pub fn missing(&self, name: &str) -> Option<(Str, Str)> {
        let mut seen = BTreeSet::from([name]);
        let mut waiting = VecDeque::from([name]);
        while let Some(caller) = waiting.pop_front() {
            let mut names = BTreeSet::new();
            if let Some(tree) = self.trees.get(caller) {
                ast::called(&tree.root, &mut names);
            }
            for callee in names {
                if !self.has(callee) {
                    return Some((caller.into(), callee.into()));
                }
                if seen.insert(callee) {
                    waiting.push_back(callee);
                }
            }
        }
        None
    }

    /// Runs the template `name` on `data`.
    #[must_use]
    pub fn execute(
        &self,
        name: &str,
        data: &Value,
        functions: &dyn Functions,
        missing_key: MissingKey,
    ) -> Outcome {
        let Some(tree) = self.trees.get(name) else {
            let text = format!("template: no template {} defined", crate::model::quote::GoQuoted(name));
            return Outcome::Failed(ExecError { template: name.into(), text, range: 0..0 });
        };
        match exec::Exec::run(&self.trees, self.prelude, tree, functions, missing_key, data) {
            Ok(text) => Outcome::Text(text),
            Err(exec::Stop::Error(error)) => Outcome::Failed(*error),
            Err(exec::Stop::Needs(what)) => Outcome::Needs(what),
        }
    }
}

#[cfg(test)]
mod tests;
