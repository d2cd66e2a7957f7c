//! Tests of the project itself rather than of what it does: that its parts depend on each other
//! one way, that each check is described, and that the example rules work.

mod checks;
mod examples;
mod layers;
mod source;
