//! Tests of the project itself rather than of what it does: that its parts depend on each other
//! one way, that each check is described, that the example rules work, and that documents are true.

mod checks;
mod commands;
mod documents;
mod examples;
mod layers;
mod markdown;
mod source;
