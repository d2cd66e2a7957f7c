//! Which rules the tests of a file touched.

use super::notifications::desk::TouchedRoutes;
use crate::config::routes::Routing;
use crate::model::Str;
use crate::rules::RuleType;

/// What tests touched, and what not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// All rules of the files that were loaded, in order.
    pub rules: Vec<RuleCoverage>,
    /// All routes, receivers and inhibition rules of the routing files, in this order.
    pub routing: Vec<RoutingCoverage>,
}

/// What tests did with a part of a routing file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutingCoverage {
    /// The path of its file.
    pub file: Str,
    /// What it is.
    pub part: RoutingPart,
    /// What it is called.
    pub name: String,
    /// Where it stands in its file, in bytes.
    pub start: usize,
    /// Whether anything happened to it in any test.
    pub touched: bool,
}

/// What a routing file consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutingPart {
    /// A route.
    Route,
    /// A receiver.
    Receiver,
    /// An inhibition rule.
    InhibitRule,
}

impl RoutingPart {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Route => "route",
            Self::Receiver => "receiver",
            Self::InhibitRule => "inhibit rule",
        }
    }

    /// What no test did.
    #[must_use]
    pub fn lack(self) -> &'static str {
        match self {
            Self::Route => "no alert ends here in any test",
            Self::Receiver => "is told nothing in any test",
            Self::InhibitRule => "keeps no alert back in any test",
        }
    }
}

/// Which parts of a routing file were touched.
pub(super) fn of_routing(routing: &Routing, touched: &TouchedRoutes) -> Vec<RoutingCoverage> {
    let part = |part, name: String, start: usize, touched: bool| RoutingCoverage {
        file: routing.path.clone(),
        part,
        name,
        start,
        touched,
    };
    let routes = routing.routes.iter().map(|route| {
        let matchers: Vec<String> = route.matchers.iter().map(ToString::to_string).collect();
        let name = format!("{{{}}} to {}", matchers.join(", "), route.receiver);
        part(RoutingPart::Route, name, route.span.start, touched.routes.contains(&route.id))
    });
    let receivers = routing.receivers.iter().map(|receiver| {
        let told = touched.receivers.contains(&receiver.name);
        part(RoutingPart::Receiver, receiver.name.to_string(), receiver.span.start, told)
    });
    let inhibitions = routing.inhibit_rules.iter().enumerate().map(|(at, rule)| {
        let name = match &*rule.name {
            "" => format!("inhibit_rules[{at}]"),
            name => name.to_owned(),
        };
        let used = touched.inhibit_rules.contains(&name);
        part(RoutingPart::InhibitRule, name, rule.span.start, used)
    });
    routes.chain(receivers).chain(inhibitions).collect()
}

/// What tests did with one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleCoverage {
    /// The path of its file.
    pub file: Str,
    /// Its group's name.
    pub group: Str,
    /// Its place in the group, from 0.
    pub index: usize,
    /// Its name.
    pub rule: Str,
    /// Its kind.
    pub kind: RuleType,
    /// Where it stands in its file, in bytes.
    pub start: usize,
    /// Whether it gave a result in any test.
    pub gave: bool,
    /// Whether any test asserts something of its alerts or its series.
    pub asserted: bool,
}

impl RuleCoverage {
    /// Whether a test touched it in every way.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.gave && self.asserted
    }

    /// What no test did.
    #[must_use]
    pub fn lack(&self) -> &'static str {
        match (self.gave, self.asserted) {
            (true, true) => "",
            (true, false) => "gives a result, but no test asserts it",
            (false, true) => "is asserted, but gives no result in any test",
            (false, false) => "gives no result in any test",
        }
    }

    fn key(&self) -> (&str, &str, usize) {
        (&self.file, &self.group, self.index)
    }
}

impl Coverage {
    /// Adds what other tests did.
    pub fn merge(&mut self, other: &Self) {
        for part in &other.routing {
            let same = |known: &&mut RoutingCoverage| {
                (&known.file, known.part, known.start) == (&part.file, part.part, part.start)
            };
            match self.routing.iter_mut().find(same) {
                Some(known) => known.touched |= part.touched,
                None => self.routing.push(part.clone()),
            }
        }
        for rule in &other.rules {
            match self.rules.iter_mut().find(|known| known.key() == rule.key()) {
                Some(known) => {
                    known.gave |= rule.gave;
                    known.asserted |= rule.asserted;
                }
                None => self.rules.push(rule.clone()),
            }
        }
    }

    /// How many rules are covered.
    #[must_use]
    pub fn covered(&self) -> usize {
        self.rules.iter().filter(|rule| rule.is_covered()).count()
    }
}
