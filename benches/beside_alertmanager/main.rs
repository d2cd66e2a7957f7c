//! Sereno beside Debian's Alertmanager: the same file, the same requests, one after the other on the same
//! machine. Loopback only; every row is bounded in count and time.
//!
//! ```text
//! cargo bench --bench beside_alertmanager                   # all rows at 100,000 alerts
//! cargo bench --bench beside_alertmanager -- ingest filter  # some rows
//! cargo bench --bench beside_alertmanager -- million        # 1,000,000 alerts: takes minutes
//! ```

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark: it waits for real servers, measures real time and prints it"
)]

mod load;
mod rows;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    // `cargo bench` adds `--bench`; what is left are names of rows.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    // Fails only if there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
    match runtime.block_on(rows::run(&wanted)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
