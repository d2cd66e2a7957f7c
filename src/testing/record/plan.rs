//! What a test of an alert needs: the rules that it depends on, and which samples those read.

mod reach;
mod templates;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::reach::Reach;

use self::reach::{Read, reads};
use self::templates::{Action, Asked, actions};
use crate::config::rules::{Rule, RuleKind, RuleLabel};
use crate::model::labels::{ALERT_NAME, METRIC_NAME};
use crate::model::suggest::did_you_mean;
use crate::model::{MatchOp, Matcher, Str};
use crate::promql::ast::{Expr, SelectorMatcher, VectorSelector};
use crate::promql::parser::{Features, parse};
use crate::promql::signature::Function;
use crate::promql::span::Span;
use crate::testing::Ruleset;

/// A rule: its rule file, its group in the file and its place in the group.
pub type Place = (usize, usize, usize);

/// What is to be recorded.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The rules of the alert.
    pub alerts: Vec<Place>,
    /// Those, and all rules that they read of.
    pub rules: BTreeSet<Place>,
    /// The names of their groups, what is read before what reads it.
    pub groups: Vec<Str>,
    /// The series to fetch, by the selectors that rules have.
    pub selections: BTreeMap<String, Selection>,
    /// How long before the first time that matters evaluations begin, milliseconds.
    pub warm_up: i64,
    /// Whether what comes out depends on what time it is.
    pub reads_clock: bool,
    /// Whether a template reads `$externalLabels`.
    pub reads_external_labels: bool,
    /// Whether a template reads `$externalURL`.
    pub reads_external_url: bool,
    /// What rules say about the values of labels.
    pub named: Named,
    /// What a reader of the test should know.
    pub notes: BTreeSet<String>,
}

/// Series to fetch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The selector, narrowed.
    pub query: String,
    /// How far around the evaluations they are read.
    pub reach: Reach,
}

/// What rules say about the values of labels: with other values they might do other things.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// Texts in expressions and templates, and the values of labels that rules set.
    pub texts: BTreeSet<String>,
    /// Conditions in selectors and `label_replace`.
    pub conditions: Vec<Matcher>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No rule has the name.
    #[error("no alerting rule is called {name:?}{}", .meant.as_ref().map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default())]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The name that was probably meant.
        meant: Option<String>,
    },
}

/// Finds out what a test of the alert needs. `narrow` is added to every selector; `features` are for expressions
/// in templates.
///
/// # Errors
/// See [`PlanError`].
pub fn plan(
    rulesets: &[Arc<Ruleset>],
    alert: &str,
    narrow: &[Matcher],
    features: Features,
) -> Result<Plan, PlanError> {
    let all = places(rulesets);
    let is_alert = |rule: &Rule| matches!(rule.kind, RuleKind::Alerting(_));
    let alerts: Vec<Place> = all
        .iter()
        .filter(|(_, rule, _)| is_alert(rule) && &*rule.name == alert)
        .map(|(at, ..)| *at)
        .collect();
    if alerts.is_empty() {
        let known = all.iter().filter(|(_, rule, _)| is_alert(rule)).map(|(_, rule, _)| &*rule.name);
        let names: BTreeMap<String, &str> = known.map(|known| (known.to_lowercase(), known)).collect();
        let same = names.get(&alert.to_lowercase()).copied();
        let alike = || did_you_mean(alert, names.keys().map(String::as_str)).map(|lower| names[lower]);
        let meant = same.or_else(alike).map(str::to_owned);
        return Err(PlanError::Unknown { name: alert.to_owned(), meant });
    }
    let plan = Plan { alerts: alerts.clone(), ..Plan::default() };
    let mut planner = Planner { rulesets, all, narrow, features, plan, seen: BTreeMap::new() };
    for place in alerts {
        planner.rule(place, Reach::default(), &mut Vec::new());
    }
    Ok(planner.plan)
}

type Known<'r> = (Place, &'r Rule, &'r Arc<Expr>);

fn places(rulesets: &[Arc<Ruleset>]) -> Vec<Known<'_>> {
    let mut all = Vec::new();
    for (file, ruleset) in rulesets.iter().enumerate() {
        for (at, group) in ruleset.groups().iter().enumerate() {
            for (index, rule) in group.rules.iter().enumerate() {
                all.extend(rule.parsed.as_ref().map(|expr| ((file, at, index), &**rule, expr)));
            }
        }
    }
    all
}

struct Planner<'r> {
    rulesets: &'r [Arc<Ruleset>],
    all: Vec<Known<'r>>,
    narrow: &'r [Matcher],
    features: Features,
    plan: Plan,
    /// How far the rules that were looked at are read.
    seen: BTreeMap<Place, Reach>,
}

impl Planner<'_> {
    /// Plans for a rule whose results are read that far around the evaluations of the alert. `path`: the rules that
    /// read it, so that circles end.
    fn rule(&mut self, place: Place, reach: Reach, path: &mut Vec<Place>) {
        let Some((_, rule, expr)) = self.all.iter().find(|(at, ..)| *at == place).copied() else { return };
        if path.contains(&place) {
            let name = &rule.name;
            self.plan
                .notes
                .insert(format!("{name} reads itself; what it was before the start is not recorded."));
            return;
        }
        let known = self.seen.get(&place).copied();
        if known.is_some_and(|known| known.covers(reach)) {
            return;
        }
        let reach = known.unwrap_or_default().max(reach);
        self.seen.insert(place, reach);
        let group = &self.rulesets[place.0].groups()[place.1];
        let late = group.query_offset.unwrap_or_default().millis().max(0);
        let (held, exprs) = match &rule.kind {
            RuleKind::Recording => (0, Vec::new()),
            RuleKind::Alerting(alerting) => (
                (alerting.hold_for + alerting.keep_firing_for).millis(),
                self.of_templates(rule.labels.iter().chain(&alerting.annotations)),
            ),
        };
        let set = rule.labels.iter().map(|label| label.value.text().to_string());
        self.plan.named.texts.extend(set);
        let reach = Reach { before: reach.before + held + late, ..reach };
        self.plan.warm_up = self.plan.warm_up.max(reach.before);
        path.push(place);
        for expr in exprs.iter().chain([&**expr]) {
            self.expr(expr, reach, path);
        }
        path.pop();
        self.plan.rules.insert(place);
        if !self.plan.groups.contains(&group.name) {
            self.plan.groups.push(group.name.clone());
        }
    }

    fn expr(&mut self, expr: &Expr, reach: Reach, path: &mut Vec<Place>) {
        let (found, reads_clock) = reads(expr, reach);
        self.plan.reads_clock |= reads_clock;
        self.plan.named.add(expr);
        for Read { selector, reach, note } in found {
            let mut plain =
                VectorSelector { offset: None, at: None, extension: None, ..Cow::into_owned(selector) };
            let text = plain.to_string();
            self.plan.notes.extend(note.map(|note| format!("{text} {note}")));
            let writers: Vec<Place> =
                self.all.iter().filter(|(_, rule, _)| writes(rule, &plain)).map(|(at, ..)| *at).collect();
            for writer in &writers {
                self.rule(*writer, reach, path);
            }
            if writers.is_empty() || plain.metric_name().is_none() {
                let narrow = self.narrow.iter().cloned();
                plain.matchers.extend(narrow.map(|matcher| SelectorMatcher::new(matcher, Span::new(0, 0))));
                let known = self.plan.selections.entry(text).or_default();
                *known = Selection { query: plain.to_string(), reach: known.reach.max(reach) };
            }
        }
    }

    /// The expressions that templates ask for, as far as they are written there as one text.
    fn of_templates<'t>(&mut self, texts: impl Iterator<Item = &'t RuleLabel>) -> Vec<Expr> {
        let mut exprs = Vec::new();
        for action in texts.flat_map(|label| actions(label.value.text())) {
            self.plan.reads_external_labels |= action.reads("externalLabels");
            self.plan.reads_external_url |= action.reads("externalURL");
            self.plan.named.texts.extend(action.texts());
            for asked in action.asked() {
                match asked {
                    // What is no expression fails when it runs, here as there.
                    Asked::Written(text) => exprs.extend(parse(&text, self.features)),
                    Asked::PutTogether => self.put_together(action),
                }
            }
        }
        exprs
    }

    fn put_together(&mut self, Action(text): Action<'_>) {
        self.plan.notes.insert(format!(
            "what the template {{{{{text}}}}} asks for is not recorded: it is put together when it runs"
        ));
    }
}

impl Named {
    fn add(&mut self, expr: &Expr) {
        for node in expr.nodes() {
            if let Expr::String(text) = node {
                self.texts.insert(text.value.to_string());
            }
            let parts = node.selector().into_iter().flat_map(|selector| &selector.matchers);
            self.conditions.extend(parts.map(|part| part.matcher.clone()));
            if let Expr::Call(call) = node
                && call.function == Function::LabelReplace
                && let [_, _, _, Expr::String(source), Expr::String(pattern)] = call.args.as_slice()
            {
                let condition = Matcher::new(&*source.value, MatchOp::Regex, &*pattern.value);
                self.conditions.extend(condition);
            }
        }
    }
}

/// Whether a selector may select what a rule writes.
fn writes(rule: &Rule, selector: &VectorSelector) -> bool {
    let on = |label: &str, value: &str| {
        let mut matchers =
            selector.matchers.iter().map(|part| &part.matcher).filter(|one| &**one.name() == label);
        matchers.all(|matcher| matcher.matches_value(value))
    };
    // A selector without any name is for what is stored; too much would match.
    let is_named = selector.matchers.iter().any(|part| {
        &**part.matcher.name() == METRIC_NAME && matches!(part.matcher.op(), MatchOp::Equal | MatchOp::Regex)
    });
    is_named
        && match rule.kind {
            RuleKind::Recording => on(METRIC_NAME, &rule.name),
            RuleKind::Alerting(_) => {
                (on(METRIC_NAME, "ALERTS") || on(METRIC_NAME, "ALERTS_FOR_STATE"))
                    && on(ALERT_NAME, &rule.name)
            }
        }
}

#[cfg(test)]
mod tests;
