//! Tests that compare with, or depend on, what one of Debian's programs does.

mod api_beside_alertmanager;
mod beside_alertmanager;
mod clients;
mod data_source_security;
mod delivery_security;
mod server;
mod shown_configuration;
