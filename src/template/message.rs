//! Templates of notifications: what they see, and how a text of a routing file becomes a message.
//!
//! [`Data`] is the same for Go templates, which see it as Alertmanager shows it, and for handlebars, which
//! see its JSON. A [`Renderer`] holds all templates of a configuration, compiled. Nothing here knows of
//! receivers or reads files.

mod data;
mod go;
mod native;
mod renderer;

pub use data::{AlertData, Data, Pairs};
pub use native::EMBEDDED as NATIVE_TEMPLATES;
pub use renderer::{RenderError, Renderer, TemplateSources};
