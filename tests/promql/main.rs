//! PromQL beside Prometheus: how many of its own cases our engine passes, and what a real Prometheus answers to
//! the same queries on the same samples.

mod corpora;
#[path = "../../examples/promqltest/language/mod.rs"]
mod language;
#[path = "../../examples/fuzz/fuzzing/mod.rs"]
mod fuzzing;
mod needs_tools;
mod replay;
mod scores;
mod syntax;
