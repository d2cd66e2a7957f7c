//! `unused-receiver`: a receiver that no route and no other receiver names gets nothing.

use std::collections::BTreeSet;

use crate::config::problem::{Problem, Severity};
use crate::config::routes::Routing;

pub(super) fn check(routing: &Routing, problems: &mut Vec<Problem>) {
    let routed = routing.routes.iter().map(|route| &route.receiver);
    let fallbacks = routing.receivers.iter().filter_map(|receiver| receiver.fallback.as_ref());
    let named: BTreeSet<_> = routed.chain(fallbacks).collect();
    for receiver in routing.receivers.iter().filter(|receiver| !named.contains(&receiver.name)) {
        problems.push(Problem {
            check: "unused-receiver",
            severity: Severity::Warning,
            file: routing.path.clone(),
            span: Some(receiver.span.clone()),
            message: format!("no route leads to receiver {:?}", receiver.name),
            help: Some("name it in a route, or remove it".to_owned()),
        });
    }
}
