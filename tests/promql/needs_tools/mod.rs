//! What needs the programs that `make tools` unpacks.

mod answers;
mod beside_prometheus;
mod differences;
mod expressions;
mod histogram_samples;
mod histograms;
mod recorded_histograms;
mod samples;
mod server;
mod sides;
