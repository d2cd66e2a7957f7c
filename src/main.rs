//! The `sereno` binary: reads the arguments and runs one command. Everything else is in the library.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    sereno::cmd::run(sereno::cmd::Arguments::parse())
}
