//! `sereno silence`: silences of a server. It speaks Alertmanager's API v2, so it works with an Alertmanager
//! too; only a silence that lasts until all is resolved needs a sereno server.

mod add;
mod expire;
mod import;
mod list;
mod show;
mod update;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// The arguments of `sereno silence`.
#[derive(Debug, Args)]
pub struct SilenceArguments {
    #[command(subcommand)]
    command: SilenceCommand,
}

#[derive(Debug, Subcommand)]
enum SilenceCommand {
    /// Make a silence; first say which alerts it would mute now
    Add(add::AddArguments),
    /// List silences that hold or will hold
    #[command(alias = "query")]
    List(list::ListArguments),
    /// Show a silence with all that is known of it, and the alerts that it is about
    Show(show::ShowArguments),
    /// End silences now
    Expire(expire::ExpireArguments),
    /// Change when silences start and end, and their comment
    Update(update::UpdateArguments),
    /// Make silences that `silence list --format json` or amtool has printed
    Import(import::ImportArguments),
}

/// Runs the subcommand.
pub(super) fn run(arguments: &SilenceArguments) -> ExitCode {
    match &arguments.command {
        SilenceCommand::Add(arguments) => add::run(arguments),
        SilenceCommand::List(arguments) => list::run(arguments),
        SilenceCommand::Show(arguments) => show::run(arguments),
        SilenceCommand::Expire(arguments) => expire::run(arguments),
        SilenceCommand::Update(arguments) => update::run(arguments),
        SilenceCommand::Import(arguments) => import::run(arguments),
    }
}
