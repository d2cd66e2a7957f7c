//! Tests of the project itself rather than of what it does: that its parts depend on each other
//! one way, and that the example rules work.

mod examples;
mod layers;
mod source;
