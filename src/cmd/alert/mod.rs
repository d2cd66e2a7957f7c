//! `sereno alert`: alerts of a server. It speaks Alertmanager's API v2, so it works with an Alertmanager too;
//! only acknowledgements need a sereno server.

mod ack;
mod add;
mod list;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// The arguments of `sereno alert`.
#[derive(Debug, Args)]
pub struct AlertArguments {
    #[command(subcommand)]
    command: AlertCommand,
}

#[derive(Debug, Subcommand)]
enum AlertCommand {
    /// List alerts that fire, and what mutes them
    #[command(alias = "query")]
    List(list::ListArguments),
    /// Send an alert, such as one to try routes with
    Add(add::AddArguments),
    /// Say that somebody is at alerts: they are quiet until they are resolved
    Ack(ack::AckArguments),
}

/// Runs the subcommand.
pub(super) fn run(arguments: &AlertArguments) -> ExitCode {
    match &arguments.command {
        AlertCommand::List(arguments) => list::run(arguments),
        AlertCommand::Add(arguments) => add::run(arguments),
        AlertCommand::Ack(arguments) => ack::run(arguments),
    }
}
