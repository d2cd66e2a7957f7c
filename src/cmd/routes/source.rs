//! Routing files for commands that do not serve.

use clap::Args;

use crate::cmd::client::{Client, ServerArguments};
use crate::cmd::logging::wants_colour;
use crate::config::read_routing;
use crate::config::render::Format;
use crate::config::routes::Routing;
use crate::shell::findings::Findings;

/// The file that is read if none is named.
pub(super) const DEFAULT: &str = "routes.yml";

/// What a server's file is called in messages.
const OF_SERVER: &str = "the server's routes";

/// Whether a server is asked, and which.
#[derive(Debug, Args)]
pub(super) struct FromServer {
    /// Ask the server at --url, which may be an Alertmanager, for what it has
    #[arg(long)]
    server: bool,
    #[command(flatten)]
    arguments: ServerArguments,
}

impl FromServer {
    /// The server, if one is to be asked.
    ///
    /// # Errors
    /// It cannot be asked: what a person is told.
    pub(super) fn client(&self) -> Result<Option<Client>, String> {
        match self.server {
            true => Client::new(&self.arguments).map(Some).map_err(|error| error.to_string()),
            false => Ok(None),
        }
    }

    /// Reads a routing file, or the one that the server runs.
    ///
    /// # Errors
    /// It cannot be read, or has errors: what a person is told, with the places.
    pub(super) fn read(&self, path: &str) -> Result<Routing, String> {
        let Some(client) = self.client()? else { return read_file(path) };
        let status = client.get("/api/v2/status", &[]).map_err(|error| error.to_string())?;
        match status.body.pointer("/config/original").and_then(|text| text.as_str()) {
            Some(text) => read_text(OF_SERVER, text),
            None => {
                Err("the server does not show its routes; name their file instead of --server".to_owned())
            }
        }
    }
}

/// Reads a routing file.
///
/// # Errors
/// It cannot be read, or has errors: what a person is told, with the places.
pub(super) fn read_file(path: &str) -> Result<Routing, String> {
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("cannot read {path}: no such file"),
        _ => format!("cannot read {path}: {error}"),
    })?;
    read_text(path, &text)
}

/// Reads the text of a routing file; `path` is what it is called in messages.
///
/// # Errors
/// It has errors: what a person is told, with the places.
fn read_text(path: &str, text: &str) -> Result<Routing, String> {
    let mut findings = Findings::default();
    let mut routing = None;
    findings.add_file(path, text, |path, text| {
        let (read, problems) = read_routing(path, text);
        routing = read;
        problems
    });
    routing.ok_or_else(|| {
        let colour = wants_colour(&std::io::stderr());
        format!("cannot use {path}\n\n{}", findings.render(Format::Full, colour))
    })
}
