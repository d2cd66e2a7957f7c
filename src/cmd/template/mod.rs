//! `sereno template`: templates of notifications.

mod alerts;
mod render;

use std::process::ExitCode;

use clap::{Args, Subcommand};

/// The arguments of `sereno template`.
#[derive(Debug, Args)]
pub struct TemplateArguments {
    #[command(subcommand)]
    command: TemplateCommand,
}

#[derive(Debug, Subcommand)]
enum TemplateCommand {
    /// Show the messages that a receiver would get
    Render(render::RenderArguments),
}

/// Runs the subcommand.
pub(super) fn run(arguments: &TemplateArguments) -> ExitCode {
    match &arguments.command {
        TemplateCommand::Render(arguments) => render::run(arguments),
    }
}
