//! The second half of a test's path: from alerts that rules raise to the messages that people read.
//!
//! ```text
//! world ──alerts──► desk ──attempts──► log      desk      the router in virtual time; receivers take, fail, refuse
//!   └────── course ──┘ └──notes──► trace        course    rules and router on one clock
//!                                    │          trace     what keeps which alert back from whom, and since when
//!              log, trace: compare ◄─┘          texts     what a notification says, as its reader sees it
//!                     │                         names     what alerts are called in few words
//!                     │                         compare   notification tests beside what was told
//!                     ▼                         why       why somebody is not told, in sentences
//!                  failures                     timeline  all that happened, for people
//! ```
//!
//! The state machine is the router of `sereno serve`; nothing of it is here.

pub(super) mod compare;
pub(super) mod course;
pub(super) mod desk;
mod names;
#[cfg(test)]
mod tests;
mod texts;
pub(super) mod timeline;
mod trace;
mod why;

use super::file::{NotificationTest, Outage, Test};
use crate::config::problem::{Problem, Severity};
use crate::config::routes::Routing;
use crate::model::Str;

/// What a test says of notifications that can never be, by the routing file: receivers that do not exist.
pub(super) fn problems(path: &Str, test: &Test, routing: Option<&Routing>) -> Vec<Problem> {
    let error = |span: &std::ops::Range<usize>, message: String, help: String| Problem {
        check: "unknown-receiver",
        severity: Severity::Error,
        file: path.clone(),
        span: Some(span.clone()),
        message,
        help: Some(help),
    };
    let Some(routing) = routing else {
        if !test.is_about_notifications() {
            return Vec::new();
        }
        let first = test.notification_tests.first().map_or(&test.span, |test| &test.span);
        let message = "a test of notifications needs routes".to_owned();
        let help = "name the routing file beside `tests`: `routes: routes.yml`".to_owned();
        return vec![Problem { check: "no-routes", ..error(&(first.start..first.start + 1), message, help) }];
    };
    let of_test = |NotificationTest { receiver, integration, .. }: &NotificationTest| {
        receiver.clone().map(|receiver| (receiver, integration.clone()))
    };
    let of_outage = |Outage { receiver, integration, .. }: &Outage| (receiver.clone(), integration.clone());
    let named = test.notification_tests.iter().filter_map(of_test);
    let mut problems = Vec::new();
    for (receiver, integration) in named.chain(test.outages.iter().map(of_outage)) {
        let Some(known) = routing.receiver(&receiver.value) else {
            let names: Vec<String> =
                routing.receivers.iter().map(|known| format!("`{}`", known.name)).collect();
            let message = format!("{} has no receiver `{}`", routing.path, receiver.value);
            problems.push(error(&receiver.span, message, format!("it has {}", names.join(", "))));
            continue;
        };
        let names: Vec<String> =
            known.integrations.iter().map(|known| format!("{}[{}]", known.kind, known.index)).collect();
        if let Some(integration) = integration
            && !names.iter().any(|name| is_integration(&integration.value, name))
        {
            let message = format!("receiver `{}` has no integration `{}`", known.name, integration.value);
            let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            problems.push(error(&integration.span, message, format!("it has {has}")));
        }
    }
    problems
}

/// Whether `wanted`, which is `email` or `email[1]`, is the integration `name`, which is `email[1]`.
fn is_integration(wanted: &str, name: &str) -> bool {
    wanted == name || name.split_once('[').is_some_and(|(kind, _)| kind == wanted)
}
