//! Templates: the texts that alerts and notifications are made of. Pure.
//!
//! [`go`] is Go's `text/template` language, without any knowledge of alerts; [`rule`] is what a rule's
//! labels and annotations see in it; [`handlebars`] is the language of our own templates; [`message`] is
//! what templates of notifications see in either. Nothing here reads files, clocks or the network: a template that
//! asks a query says which one, and is expanded again once the answer is known.

pub mod go;
pub mod handlebars;
pub mod message;
pub mod rule;

pub use go::TemplateError;
pub use rule::{Expansion, Queries, RuleData, RuleTemplate};
