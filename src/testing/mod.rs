//! Unit tests of rules: from the text of a test file to verdicts, in virtual time. Pure.
//!
//! ```text
//! file      promtool's format and what is ours, with places
//! verdict   what was expected and what was found
//! report    verdicts as text, JSON, JUnit's XML
//! ```
//!
//! Files are read, found and watched by `cmd/test.rs`; no state machine and no PromQL is here.

pub mod alerts;
pub mod coverage;
pub mod diff;
pub mod file;
pub mod report;
pub mod verdict;
