//! The built binary against real servers on the loopback. Each test starts its own on free ports and stops
//! them. All of them need Debian programs (`make tools`), which is what `make test-core` leaves out.

mod harness;
mod needs_tools;
