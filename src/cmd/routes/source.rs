//! Routing files for commands that do not serve.

use crate::cmd::logging::wants_colour;
use crate::config::read_routing;
use crate::config::render::Format;
use crate::config::routes::Routing;
use crate::shell::findings::Findings;

/// The file that is read if none is named.
pub(super) const DEFAULT: &str = "routes.yml";

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
pub(super) fn read_text(path: &str, text: &str) -> Result<Routing, String> {
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
