//! All templates of a configuration, compiled, and how a text is rendered by them.

use std::sync::{Arc, LazyLock};

use super::go::{GoError, GoTemplates, Kind};
use super::native::NativeTemplates;
use super::{Data, Pairs};
use crate::model::{Str, Timestamp};
use crate::template::go::{ExecError, TemplateError};
use crate::template::handlebars::HandlebarsError;

/// Why a text cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// It is not a Go template.
    #[error(transparent)]
    Syntax(#[from] TemplateError),
    /// A Go template failed.
    #[error("{0}")]
    Go(ExecError),
    /// A template is named that does not exist, perhaps where no data leads.
    #[error("template {name:?} not defined{}", caller.as_ref().map(|caller| format!(" (it is called by {caller:?})")).unwrap_or_default())]
    Undefined {
        /// Which one.
        name: Str,
        /// The template that names it; `None` if the text itself does.
        caller: Option<Str>,
    },
    /// It is not a handlebars template, or failed.
    #[error(transparent)]
    Handlebars(#[from] HandlebarsError),
}

impl From<GoError> for RenderError {
    fn from(error: GoError) -> Self {
        match error {
            GoError::Syntax(error) => Self::Syntax(error),
            GoError::Failed(error) => Self::Go(error),
        }
    }
}

/// The texts that a [`Renderer`] is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateSources {
    /// Whether inline texts are handlebars; else they are Go templates.
    pub handlebars: bool,
    /// Path and text of each template file (`*.hbs` is handlebars, all others are Go), in the order in which
    /// they are named: later definitions win.
    pub files: Vec<(Str, Str)>,
}

/// All templates of a configuration. Cloning copies a pointer.
#[derive(Clone)]
pub struct Renderer(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sources: TemplateSources,
    go: GoTemplates,
    native: NativeTemplates,
}

impl Default for Renderer {
    /// The templates that come with the binary.
    fn default() -> Self {
        static DEFAULT: LazyLock<Renderer> =
            LazyLock::new(|| Renderer::new(TemplateSources::default()).unwrap_or(Renderer(Arc::default())));
        DEFAULT.clone()
    }
}

impl std::fmt::Debug for Renderer {
    /// Without the templates: each attempt holds a renderer, and logs hold attempts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let files: Vec<&Str> = self.0.sources.files.iter().map(|(path, _)| path).collect();
        f.debug_struct("Renderer")
            .field("handlebars", &self.0.sources.handlebars)
            .field("files", &files)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Renderer {
    /// Equal if made of the same texts.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.sources == other.0.sources
    }
}

impl Renderer {
    /// Compiles them all.
    ///
    /// # Errors
    /// What is wrong with each file that cannot be used: its path and why.
    pub fn new(sources: TemplateSources) -> Result<Self, Vec<(Str, RenderError)>> {
        let files = |hbs: bool| sources.files.iter().filter(move |(path, _)| path.ends_with(".hbs") == hbs);
        let (go, native) = (GoTemplates::new(files(false)), NativeTemplates::new(files(true)));
        let (go, native) = match (go, native) {
            (Ok(go), Ok(native)) => (go, native),
            (go, native) => {
                let of_go = go.err().unwrap_or_default().into_iter();
                let of_native = native.err().unwrap_or_default().into_iter();
                let wrong = of_go.map(|(path, error)| (path, RenderError::Syntax(error)));
                let wrong =
                    wrong.chain(of_native.map(|(path, error)| (path, RenderError::Handlebars(error))));
                return Err(wrong.collect());
            }
        };
        Ok(Self(Arc::new(Inner { sources, go, native })))
    }

    /// Whether inline texts are handlebars; else they are Go templates.
    #[must_use]
    pub fn is_handlebars(&self) -> bool {
        self.0.sources.handlebars
    }

    /// Whether a text of a routing file can be rendered at all: it is a template, and all templates that it
    /// calls exist, wherever data may lead.
    ///
    /// # Errors
    /// See [`RenderError`].
    pub fn check(&self, template: &str) -> Result<(), RenderError> {
        if self.is_handlebars() {
            return Ok(()); // compiling, which each rendering begins with, finds what does not exist
        }
        match self.0.go.missing(template)? {
            None => Ok(()),
            Some((caller, name)) => {
                Err(RenderError::Undefined { name, caller: Some(caller).filter(|caller| !caller.is_empty()) })
            }
        }
    }

    /// A text of a routing file, rendered as plain text. An empty text stays empty.
    ///
    /// # Errors
    /// See [`RenderError`].
    pub fn text(&self, template: &str, data: &Data, now: Timestamp) -> Result<String, RenderError> {
        self.render(Kind::Text, template, data, now)
    }

    /// The same as HTML: what comes from the data cannot be taken for markup.
    ///
    /// # Errors
    /// See [`RenderError`].
    pub fn html(&self, template: &str, data: &Data, now: Timestamp) -> Result<String, RenderError> {
        self.render(Kind::Html, template, data, now)
    }

    fn render(&self, kind: Kind, template: &str, data: &Data, now: Timestamp) -> Result<String, RenderError> {
        if template.is_empty() {
            return Ok(String::new());
        }
        if self.is_handlebars()
            && let Some(rendered) = self.0.native.render(kind == Kind::Html, template, data, now)
        {
            return Ok(rendered?);
        }
        Ok(self.0.go.render(kind, template, data, now)?)
    }

    /// The labels of a route, each rendered. One may name others (`routeLabels`); those that fail come back
    /// with why.
    #[must_use]
    pub fn route_labels(
        &self,
        labels: &Pairs,
        data: &Data,
        now: Timestamp,
    ) -> (Pairs, Vec<(Str, RenderError)>) {
        if self.is_handlebars() {
            let (rendered, failed) = self.0.native.route_labels(labels, data, now);
            return (rendered, failed.into_iter().map(|(name, error)| (name, error.into())).collect());
        }
        let (rendered, failed) = self.0.go.route_labels(labels, data, now);
        (rendered, failed.into_iter().map(|(name, error)| (name, error.into())).collect())
    }
}
