//! Commands that show one thing of a server by its id.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::FINE;
use super::client::{Client, ClientError, ServerArguments};
use super::output::{OutputArgument, OutputFormat, end, json_text, print};
use super::table::printable;
use crate::model::Timestamp;
use crate::shell::clock::Clock;

/// Which one, of which server, and how it is printed.
#[derive(Debug, Args)]
pub(super) struct OneArguments {
    /// Its id
    id: String,
    #[command(flatten)]
    output: OutputArgument,
    #[command(flatten)]
    server: ServerArguments,
}

impl OneArguments {
    /// Prints what `read` finds, for people as `text` has it.
    pub(super) fn show<T: Serialize>(
        &self,
        read: impl FnOnce(&Client, &str) -> Result<T, ClientError>,
        text: impl FnOnce(&Client, &T, Timestamp) -> Result<String, ClientError>,
    ) -> ExitCode {
        let shown = Client::new(&self.server).and_then(|client| {
            let found = read(&client, &self.id)?;
            match self.output.format {
                OutputFormat::Json => Ok(json_text(&found)),
                OutputFormat::Table => text(&client, &found, Clock::default().now()),
            }
        });
        end(shown.map(|text| print(&text, FINE)).map_err(|error| error.to_string()))
    }
}

/// Lines of a name and a value.
pub(super) struct Lines {
    width: usize,
    text: String,
}

impl Lines {
    /// None yet; names have so many characters.
    pub(super) fn new(width: usize) -> Self {
        Self { width, text: String::new() }
    }

    /// One more. Characters that could steer a terminal are shown as escapes.
    pub(super) fn line(&mut self, name: &str, value: &str) {
        let width = self.width;
        self.text.push_str(&format!("{name:<width$}{}\n", printable(value)));
    }

    /// The text, and what comes after it.
    pub(super) fn followed_by(self, rest: &str) -> String {
        self.text + rest
    }
}
