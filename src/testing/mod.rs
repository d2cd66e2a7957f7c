//! Unit tests of rules: from the text of a test file to verdicts, in virtual time. Pure.
//!
//! ```text
//! file ──► inputs ──┐                       file      promtool's format and what is ours, with places
//!                   ├─► run ─► world        inputs    series and expressions inside it
//! ruleset ─► needs ─┘    │                  needs     which rules could give something in a test
//!                        ▼                  world     stored series, the rules engine, a clock that jumps
//!       alerts, samples: verdict            run       one test: assertions at their times
//!                        │                  suite     all tests of a file, the order of groups
//!                        ▼
//!                     report                report    verdicts as text, JSON, JUnit's XML
//!                                           record    tests written out of real data
//! ```
//!
//! Files are read, found and watched by `cmd/test.rs`; no state machine and no PromQL is here.

pub mod alerts;
pub mod coverage;
pub mod diff;
pub mod file;
mod inputs;
mod needs;
mod notifications;
pub mod record;
pub mod report;
pub mod ruleset;
mod run;
mod samples;
pub mod suite;
#[cfg(test)]
mod tests;
pub mod verdict;
pub mod world;

pub use ruleset::Ruleset;
pub use suite::{Limits, Options, Suite};
