//! The command line: one subcommand a file.

pub mod alert;
pub mod check;
mod client;
mod credentials;
mod data_source;
pub mod dead_letters;
pub mod demo;
pub mod explain;
mod expressions;
mod features;
pub mod history;
mod label_words;
mod logging;
mod matchers;
mod one;
mod output;
mod parallel;
pub mod receivers;
pub mod routes;
pub mod serve;
pub mod silence;
mod table;
pub mod template;
pub mod test;
mod time_words;
mod wire;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// All is well.
const FINE: u8 = 0;
/// Something was found, or an assertion failed.
const FINDINGS: u8 = 1;
/// The command could not run.
const COULD_NOT_RUN: u8 = 2;

/// Evaluates Prometheus alerting rules and routes alerts to people.
#[derive(Debug, Parser)]
#[command(
    name = "sereno",
    version,
    max_term_width = 110,
    after_help = "Every option can also be set by the environment variable named beside it.\n\n\
        Exit codes: 0 fine, 1 findings or failed assertions, 2 could not run."
)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Evaluate rules against a Prometheus API and tell receivers about alerts
    Serve(Box<serve::ServeArguments>),
    /// Show Sereno at work on made-up services; nothing else is needed
    Demo(demo::DemoArguments),
    /// Check rule files and routes, with exact positions, before they are deployed
    Check(check::CheckArguments),
    /// Run unit tests of rules, in virtual time
    Test(test::TestArguments),
    /// Show, try and compare routes
    Routes(Box<routes::RoutesArguments>),
    /// Say why an alert is told to whom, or why not
    Explain(explain::ExplainArguments),
    /// Show what happened: alerts, notifications, silences
    History(history::HistoryArguments),
    /// List, send and acknowledge alerts of a server
    Alert(Box<alert::AlertArguments>),
    /// Show the messages that receivers would get
    Template(Box<template::TemplateArguments>),
    /// List the receivers of a server, and try whether telling them works
    Receivers(Box<receivers::ReceiversArguments>),
    /// Make, list, change and end silences of a server
    Silence(Box<silence::SilenceArguments>),
    /// List, send again and drop notifications that a server gave up
    DeadLetters(Box<dead_letters::DeadLetterArguments>),
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run(arguments: Arguments) -> ExitCode {
    match arguments.command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Routes(arguments) => routes::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::History(arguments) => history::run(&arguments),
        Command::Alert(arguments) => alert::run(&arguments),
        Command::Receivers(arguments) => receivers::run(&arguments),
        Command::Template(arguments) => template::run(&arguments),
        Command::Silence(arguments) => silence::run(&arguments),
        Command::DeadLetters(arguments) => dead_letters::run(&arguments),
    }
}

/// Says on standard error why a command could not run.
#[expect(clippy::print_stderr, reason = "this is what standard error is for")]
fn could_not_run(reason: &str) -> ExitCode {
    eprintln!("error: {reason}");
    ExitCode::from(COULD_NOT_RUN)
}
