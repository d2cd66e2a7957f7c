//! Configuration: text → spanned YAML → raw → resolved.
//!
//! What comes out is resolved: inheritance and defaults are applied, references point at what exists, and
//! no later part checks again. What is wrong comes out as a list of [`problem::Problem`]s, all at once.

pub mod problem;
pub mod routes;
pub mod rules;
