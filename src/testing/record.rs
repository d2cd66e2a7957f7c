//! A unit test out of real data: from rules and stored samples to the text of a test file. Pure; who asks for the
//! samples is `cmd/test/record.rs`.
//!
//! ```text
//! rules ─► plan ─► (samples are fetched) ─► histograms ─► grid ─► notation ─► anonymize ─┐
//!                                                          │                             ├─► document
//!                                                          └──────────► replay ──────────┘
//!                                                                         └─► compare, with what Prometheus said
//! ```

pub mod anonymize;
pub mod compare;
pub mod document;
pub mod grid;
pub mod histograms;
pub mod notation;
pub mod plan;
pub mod replay;
