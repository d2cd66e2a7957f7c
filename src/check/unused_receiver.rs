//! `unused-receiver`: a receiver that no route and no other receiver names gets nothing.

use super::Checked;
use crate::config::problem::{Problem, Severity};

pub(super) fn check(checked: &Checked, problems: &mut Vec<Problem>) {
    for routing in &checked.routing {
        for receiver in &routing.receivers {
            let routed = routing.routes.iter().any(|route| route.receiver == receiver.name);
            let named = routed
                || routing.receivers.iter().any(|other| other.fallback.as_ref() == Some(&receiver.name));
            if !named {
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
    }
}
