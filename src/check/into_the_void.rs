//! `into-the-void`: a route leads to a receiver that tells nobody.
//!
//! Some receivers are meant to: those called `null`, `blackhole` and the like are left alone.

use super::Checked;
use crate::config::problem::{Problem, Severity};

/// Names that say that nobody is to be told.
const ON_PURPOSE: [&str; 8] = ["null", "blackhole", "devnull", "none", "noop", "discard", "void", "drop"];

pub(super) fn check(checked: &Checked, problems: &mut Vec<Problem>) {
    for routing in &checked.routing {
        for receiver in &routing.receivers {
            let name = receiver.name.to_lowercase().replace(['-', '_', '/', ' '], "");
            let on_purpose = ON_PURPOSE.iter().any(|word| name.contains(word));
            let routes = routing.routes.iter().filter(|route| route.receiver == receiver.name).count();
            if receiver.integrations.is_empty() && routes > 0 && !on_purpose {
                let leads =
                    if routes == 1 { "1 route leads".to_owned() } else { format!("{routes} routes lead") };
                problems.push(Problem {
                    check: "into-the-void",
                    severity: Severity::Warning,
                    file: routing.path.clone(),
                    span: Some(receiver.span.clone()),
                    message: format!("receiver {:?} tells nobody, but {leads} to it", receiver.name),
                    help: Some(
                        "give it a `*_configs` list, or call it `null` if that is what you want".to_owned(),
                    ),
                });
            }
        }
    }
}
