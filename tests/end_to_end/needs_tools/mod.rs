//! Tests that compare with, or depend on, what one of Debian's programs does.

mod api_beside_alertmanager;
mod beside_alertmanager;
<<<<<<< HEAD
mod clients;
=======
mod command_line;
>>>>>>> 4dd5466becc27395ef57ec86f4af00a6dada3658
mod data_source_security;
mod delivery_security;
mod routes_beside_amtool;
mod server;
mod shown_configuration;
