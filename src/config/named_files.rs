//! `unreadable-file`: files that a routing file names, such as those of secrets, and that are not there.
//!
//! They are read when they are needed, as in Alertmanager, and may come later: so it is a warning.

use super::problem::{Problem, Severity};
use super::routes::Routing;

/// The files of `routing` for which `why_unreadable` has a reason, each at the place that names it.
pub fn unreadable_files(
    routing: &Routing,
    why_unreadable: impl Fn(&str) -> Option<String>,
) -> impl Iterator<Item = Problem> {
    routing.named_files.iter().filter_map(move |named| {
        let reason = why_unreadable(&named.path)?;
        Some(Problem {
            check: "unreadable-file",
            severity: Severity::Warning,
            file: routing.path.clone(),
            span: Some(named.span.clone()),
            message: format!("cannot read the {} {}: {reason}", named.key, named.path),
            help: Some(
                "it is read when it is needed; a relative path starts at this file's folder".to_owned(),
            ),
        })
    })
}
