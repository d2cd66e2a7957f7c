//! `unused-interval`: a time interval that no route names has no effect.

use super::Checked;
use crate::config::problem::{Problem, Severity};

pub(super) fn check(checked: &Checked, problems: &mut Vec<Problem>) {
    for routing in &checked.routing {
        for interval in &routing.time_intervals {
            let mut names = routing
                .routes
                .iter()
                .flat_map(|route| route.mute_time_intervals.iter().chain(&route.active_time_intervals));
            if !names.any(|name| *name == interval.name) {
                problems.push(Problem {
                    check: "unused-interval",
                    severity: Severity::Warning,
                    file: routing.path.clone(),
                    span: Some(interval.span.clone()),
                    message: format!("no route names time interval {:?}", interval.name),
                    help: Some(
                        "name it in `mute_time_intervals` or `active_time_intervals` of a route, or remove it".to_owned(),
                    ),
                });
            }
        }
    }
}
