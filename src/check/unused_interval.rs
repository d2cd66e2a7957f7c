//! `unused-interval`: a time interval that no route names has no effect.

use std::collections::BTreeSet;

use crate::config::problem::{Problem, Severity};
use crate::config::routes::Routing;

pub(super) fn check(routing: &Routing, problems: &mut Vec<Problem>) {
    let routes = routing.routes.iter();
    let names = routes.flat_map(|route| route.mute_time_intervals.iter().chain(&route.active_time_intervals));
    let named: BTreeSet<_> = names.collect();
    for interval in routing.time_intervals.iter().filter(|interval| !named.contains(&interval.name)) {
        problems.push(Problem {
            check: "unused-interval",
            severity: Severity::Warning,
            file: routing.path.clone(),
            span: Some(interval.span.clone()),
            message: format!("no route names time interval {:?}", interval.name),
            help: Some(
                "name it in `mute_time_intervals` or `active_time_intervals` of a route, or remove it"
                    .to_owned(),
            ),
        });
    }
}
