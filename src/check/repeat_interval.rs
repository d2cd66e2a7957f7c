//! `repeat-interval`: a repetition more often than the group is looked at cannot happen.
//!
//! A group is looked at every `group_interval`, so an alert is told again at the first such time after
//! `repeat_interval`.

use crate::config::problem::{Problem, Severity};
use crate::config::routes::Routing;

pub(super) fn check(routing: &Routing, problems: &mut Vec<Problem>) {
    let timings =
        |index: usize| routing.routes.get(index).map(|route| (route.group_interval, route.repeat_interval));
    // What a route only inherits is reported where it comes from.
    let mut inherits = vec![false; routing.routes.len()];
    for (parent, route) in routing.routes.iter().enumerate() {
        for child in &route.children {
            inherits[*child] = timings(*child) == timings(parent);
        }
    }
    for (route, inherited) in routing.routes.iter().zip(inherits) {
        if route.repeat_interval < route.group_interval && !inherited {
            let (repeat, group) = (route.repeat_interval, route.group_interval);
            problems.push(Problem {
                check: "repeat-interval",
                severity: Severity::Warning,
                file: routing.path.clone(),
                span: Some(route.span.clone()),
                message: format!("repeat_interval ({repeat}) is shorter than group_interval ({group})"),
                help: Some(format!("the route repeats every {group}; make repeat_interval a multiple of it")),
            });
        }
    }
}
