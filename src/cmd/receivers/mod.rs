//! `sereno receivers`: who can be told, and whether telling them works.

mod list;
mod test;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// The arguments of `sereno receivers`.
#[derive(Debug, Args)]
pub struct ReceiversArguments {
    #[command(subcommand)]
    command: ReceiversCommand,
}

#[derive(Debug, Subcommand)]
enum ReceiversCommand {
    /// List the receivers of a server
    List(list::ListArguments),
    /// Send a receiver an alert that is marked as a test, and show what each integration answers
    Test(test::TestArguments),
}

/// Runs the subcommand.
pub(super) fn run(arguments: &ReceiversArguments) -> ExitCode {
    match &arguments.command {
        ReceiversCommand::List(arguments) => list::run(arguments),
        ReceiversCommand::Test(arguments) => test::run(arguments),
    }
}
