//! `sereno dead-letters`: notifications that a server gave up.

mod change;
mod list;
mod show;
mod wire;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// The arguments of `sereno dead-letters`.
#[derive(Debug, Args)]
pub struct DeadLetterArguments {
    #[command(subcommand)]
    command: DeadLetterCommand,
}

#[derive(Debug, Subcommand)]
enum DeadLetterCommand {
    /// List notifications that were refused, or could not be delivered for too long
    List(list::ListArguments),
    /// Show one with all that it says
    Show(show::ShowArguments),
    /// Send some again
    Retry(change::RetryArguments),
    /// Forget some
    Drop(change::DropArguments),
}

/// Runs the subcommand.
pub(super) fn run(arguments: &DeadLetterArguments) -> ExitCode {
    match &arguments.command {
        DeadLetterCommand::List(arguments) => list::run(arguments),
        DeadLetterCommand::Show(arguments) => show::run(arguments),
        DeadLetterCommand::Retry(arguments) => change::retry(arguments),
        DeadLetterCommand::Drop(arguments) => change::forget(arguments),
    }
}
