//! Go's `html/template`: templates whose values are escaped for the place in the page where they stand.
//!
//! [`HtmlTemplates`] follow HTML, CSS and JavaScript through the texts of a template and put an escaper
//! behind each action; running them is left to the language itself. What is refused, and in which words, is
//! what Go 1.25 refuses.

mod attributes;
mod content;
mod context;
mod entities;
mod error;
mod escape;
mod escapers;
mod pipeline;
mod text;
mod transition;

use std::collections::BTreeMap;

use super::error::ExecError;
use super::exec::{Exec, MissingKey, Stop};
use super::functions::Functions;
use super::value::Value;
use super::{Outcome, Prelude, Templates};
use crate::model::Str;
use crate::model::quote::GoQuoted;
pub use content::{ContentKind, content};
pub use error::{HtmlError, HtmlErrorKind};

/// Templates that escape by context. One is escaped when it is compiled, with all that it calls.
#[derive(Clone, Debug, Default)]
pub struct HtmlTemplates {
    sources: escape::Trees,
    escaped: escape::Escaped,
    /// The templates that were compiled, and what was wrong with them.
    compiled: BTreeMap<Str, Option<HtmlError>>,
}

impl HtmlTemplates {
    /// The same templates, none of them compiled yet.
    #[must_use]
    pub fn new(templates: &Templates) -> Self {
        Self { sources: templates.trees.clone(), ..Self::default() }
    }

    /// Escapes `name` and all that it calls, so that mistakes show at load. Doing so again gives the same
    /// answer.
    ///
    /// # Errors
    /// There is no such template, or a context cannot be found out or is no place for a value.
    pub fn compile(&mut self, name: &str) -> Result<(), HtmlError> {
        if !self.compiled.contains_key(name) {
            let error = self.escaped.add(&self.sources, name).err();
            self.compiled.insert(name.into(), error);
        }
        match self.compiled.get(name) {
            Some(Some(error)) => Err(error.clone()),
            Some(None) | None => Ok(()),
        }
    }

    /// Runs the template `name`, which must be compiled, on `data`.
    #[must_use]
    pub fn execute(
        &self,
        name: &str,
        data: &Value,
        functions: &dyn Functions,
        missing_key: MissingKey,
    ) -> Outcome {
        let failed = |text: String| Outcome::Failed(ExecError { template: name.into(), text, range: 0..0 });
        let tree = match (self.compiled.get(name), self.escaped.trees.get(name)) {
            (Some(Some(error)), _) => return failed(error.text.clone()),
            (Some(None), Some(tree)) => tree,
            (Some(None) | None, _) => {
                return failed(format!("html/template: {} is not compiled", GoQuoted(name)));
            }
        };
        let functions = escapers::WithEscapers(functions);
        match Exec::run(&self.escaped.trees, Prelude::default(), tree, &functions, missing_key, data) {
            Ok(text) => Outcome::Text(text),
            Err(Stop::Error(error)) => Outcome::Failed(*error),
            Err(Stop::Needs(what)) => Outcome::Needs(what),
        }
    }
}

#[cfg(test)]
mod tests;
