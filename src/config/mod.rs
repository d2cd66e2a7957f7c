//! Configuration: text → spanned YAML → raw → resolved.
//!
//! What comes out is resolved: inheritance and defaults are applied, references point at what exists, and
//! no later part checks again. What is wrong comes out as a list of [`problem::Problem`]s, all at once.

pub mod catalog;
mod endpoint;
pub mod expressions;
pub mod http;
pub mod intervals;
mod named_files;
pub mod problem;
mod raw;
pub mod render;
pub mod routes;
pub mod rules;
pub mod setting;
mod templates;
pub mod yaml;

pub use named_files::unreadable_files;
pub use raw::integration_kinds;
pub use raw::routing::{read_routing, read_routing_as};
pub use raw::rule_file::{read_rule_file, read_rule_file_as};
pub(crate) use raw::{Fields, Reader, Shape};
pub use templates::{ReadFiles, load_templates, specimens};
