//! What needs the programs that `make tools` unpacks.

mod answers;
mod beside_prometheus;
mod differences;
mod expressions;
mod samples;
mod server;
