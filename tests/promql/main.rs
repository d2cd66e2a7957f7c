//! PromQL beside Prometheus: how many of its own cases our engine passes, and what a real Prometheus answers to
//! the same queries on the same samples.

#[path = "../shared/corpora.rs"]
mod corpora;
#[path = "../../examples/fuzz/fuzzing/mod.rs"]
mod fuzzing;
#[path = "../../examples/promqltest/language/mod.rs"]
mod language;
mod needs_tools;
mod replay;
mod scores;
mod syntax;
