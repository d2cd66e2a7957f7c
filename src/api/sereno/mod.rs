//! Sereno's own API, `/api/sereno/v1`: what happened, why, and who is at it. JSON with snake_case names;
//! times are RFC 3339, durations as in routing files; errors are `{"error": "…"}` with a text that helps.

pub(super) mod acks;
pub(super) mod dead_letters;
pub(super) mod drill;
mod error;
pub(super) mod explain;
pub(super) mod history;
mod parameters;
pub(super) mod silences;
#[cfg(test)]
mod tests;
mod words;
