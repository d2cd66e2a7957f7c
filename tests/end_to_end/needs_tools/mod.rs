//! Tests that compare with, or depend on, what one of Debian's programs does.

mod api_beside_alertmanager;
mod beside_alertmanager;
mod check_beside_tools;
mod clients;
mod command_line;
#[path = "../../config/corpora.rs"]
mod corpora;
mod data_source_security;
mod delivery_security;
mod demo;
mod messages_beside_alertmanager;
mod muting_beside_alertmanager;
mod recording;
mod routes_beside_amtool;
mod server;
mod shown_configuration;
