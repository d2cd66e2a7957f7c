//! `sereno routes`: what a routing file does with alerts, without a server.

mod diff;
mod show;
mod source;
mod test;
mod tree_text;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// The arguments of `sereno routes`.
#[derive(Debug, Args)]
pub struct RoutesArguments {
    #[command(subcommand)]
    command: RoutesCommand,
}

#[derive(Debug, Subcommand)]
enum RoutesCommand {
    /// Show the tree of routes, with what each of them changes
    Show(show::ShowArguments),
    /// Say whom an alert with these labels reaches, when, and what would mute it
    Test(test::TestArguments),
    /// Say which routes and which alerts change from one file to another
    Diff(diff::DiffArguments),
}

/// Runs the subcommand.
pub(super) fn run(arguments: &RoutesArguments) -> ExitCode {
    match &arguments.command {
        RoutesCommand::Show(arguments) => show::run(arguments),
        RoutesCommand::Test(arguments) => test::run(arguments),
        RoutesCommand::Diff(arguments) => diff::run(arguments),
    }
}
