//! Problems for people, with the lines of the file.

use std::fmt::Write;

use super::source::{Place, Source};
use super::{lines, printable, snippet, word};
use crate::config::problem::{Problem, Severity};

/// ANSI colours, or nothing.
pub(super) struct Paint {
    pub(super) on: bool,
}

impl Paint {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(super) fn severity(&self, severity: Severity, text: &str) -> String {
        self.paint(
            match severity {
                Severity::Error => "1;31",
                Severity::Warning => "1;33",
                Severity::Info => "1;36",
            },
            text,
        )
    }

    pub(super) fn frame(&self, text: &str) -> String {
        self.paint("1;34", text)
    }
}

/// A problem with the lines that it is about, without the secrets in them.
pub(super) fn full(problem: &Problem, source: Option<&Source<'_>>, colour: bool) -> String {
    let paint = Paint { on: colour };
    let title = format!("{}[{}]", word(problem.severity), problem.check);
    let message = paint.paint("1", &format!(": {}", lines(&problem.message)));
    let mut out = format!("{}{message}\n", paint.severity(problem.severity, &title));
    let width = match Place::of(problem, source) {
        Some(place) => snippet::write(&mut out, problem, &place, &paint),
        None => {
            let _ = writeln!(out, " {} {}", paint.frame("-->"), printable(&problem.file));
            1
        }
    };
    if let Some(help) = &problem.help {
        let _ = writeln!(out, "{} {} help: {}", " ".repeat(width), paint.frame("="), lines(help));
    }
    out
}
