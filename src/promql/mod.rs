//! PromQL, as Prometheus 3.14 has it: expressions with places, and their evaluation over any [`source::Source`].
//!
//! ```text
//! text ─► lexer ─► parser ─► ast::Expr ─► printer     the canonical text
//!                                 │
//!                                 └─────► engine ──► value::QueryResult, annotations
//!                                           ▲   └── functions, histogram
//!                                        source     stored series, nothing is fetched here
//! ```
//!
//! All of it is pure: no clock, no I/O; time is in milliseconds.

pub mod annotations;
pub mod ast;
pub mod engine;
pub mod functions;
pub mod histogram;
mod lexer;
pub mod memory;
pub mod notation;
pub mod parser;
mod pretty;
mod printer;
pub mod signature;
pub mod source;
pub mod span;
pub mod value;
pub mod walk;
