//! The only I/O: clock, files, data source, deliveries, and the loop that drives the core.
//!
//! What is decided here is only how to talk to the world, never what an alert is or whom to tell. The API
//! and the commands stand beside it.

pub mod aws;
pub mod cause;
pub mod clock;
pub mod data_source;
pub mod deliver;
pub mod files;
pub mod findings;
pub mod glob;
pub mod history;
pub mod http;
pub mod mail;
pub mod metrics;
pub mod notes;
mod places;
pub mod query_response;
pub mod reload;
pub mod remote_write;
pub mod run;
pub mod status;
pub mod store;
pub mod tls;
