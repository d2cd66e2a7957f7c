//! `into-the-void`: a route leads to a receiver that tells nobody.
//!
//! Some receivers are meant to: those called `null`, `blackhole` and the like are left alone.

use std::collections::BTreeMap;

use crate::config::problem::{Problem, Severity};
use crate::config::routes::Routing;

/// Names that say that nobody is to be told.
const ON_PURPOSE: [&str; 8] = ["null", "blackhole", "devnull", "none", "noop", "discard", "void", "drop"];

pub(super) fn check(routing: &Routing, problems: &mut Vec<Problem>) {
    let mut routes: BTreeMap<&str, usize> = BTreeMap::new();
    for route in &routing.routes {
        *routes.entry(&route.receiver).or_default() += 1;
    }
    for receiver in routing.receivers.iter().filter(|receiver| receiver.integrations.is_empty()) {
        let Some(count) = routes.get(&*receiver.name).filter(|_| !is_on_purpose(&receiver.name)) else {
            continue;
        };
        let leads = if *count == 1 { "1 route leads".to_owned() } else { format!("{count} routes lead") };
        problems.push(Problem {
            check: "into-the-void",
            severity: Severity::Warning,
            file: routing.path.clone(),
            span: Some(receiver.span.clone()),
            message: format!("receiver {:?} tells nobody, but {leads} to it", receiver.name),
            help: Some("give it a `*_configs` list, or call it `null` if that is what you want".to_owned()),
        });
    }
}

fn is_on_purpose(name: &str) -> bool {
    let name = name.to_lowercase().replace(['-', '_', '/', ' '], "");
    ON_PURPOSE.iter().any(|word| name.contains(word))
}
