//! A test file with its rule files: in which order groups are evaluated, and all its tests, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::coverage::{Coverage, RuleCoverage, of_routing};
use super::file::{Expected, NotificationTest, Test, TestFile};
use super::inputs::Series;
use super::needs::{Names, live, selects_name};
use super::notifications::desk::TouchedRoutes;
use super::ruleset::Ruleset;
use super::run;
use super::verdict::FileVerdict;
use crate::config::routes::Routing;
use crate::config::rules::{Rule, RuleGroup, RuleKind};
use crate::model::Str;
use crate::model::labels::{ALERT_NAME, METRIC_NAME};
use crate::promql::ast::{Expr, VectorSelector};
use crate::promql::parser::{Features, parse};
use crate::rules::RuleType;

/// What of PromQL is on, beside what always is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Parts of the language.
    pub features: Features,
    /// Metric names are dropped at the end of an evaluation.
    pub delayed_name_removal: bool,
    /// Start timestamps of samples count.
    pub use_start_timestamps: bool,
    /// What happened is told also of tests that pass.
    pub timelines: bool,
    /// How much one test may need.
    pub limits: Limits,
}

/// How much one test may need, so that a slip of a unit ends with an error and not with the memory.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Evaluations, and as many instants at which the router has something to do.
    pub steps: usize,
    /// Samples: those of its series, and those that rules write.
    pub samples: usize,
}

impl Limits {
    /// Two years of evaluations a minute apart.
    pub const DEFAULT: Self = Self { steps: 1_000_000, samples: 5_000_000 };

    /// As much as it takes.
    pub const NONE: Self = Self { steps: usize::MAX, samples: usize::MAX };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A test file and the rules that it tests.
#[derive(Debug)]
pub struct Suite {
    pub(super) file: TestFile,
    pub(super) options: Options,
    pub(super) groups: Vec<SuiteGroup>,
    /// Whom to tell; `None`: the file names no routes.
    pub(super) routing: Option<Arc<Routing>>,
}

/// A group with its rules' expressions.
#[derive(Debug)]
pub(super) struct SuiteGroup {
    pub(super) group: Arc<RuleGroup>,
    pub(super) exprs: Vec<Arc<Expr>>,
    /// Lower is evaluated earlier; what has the same rank, in the order of the files.
    pub(super) rank: usize,
}

/// A rule: places of its group in the suite, and of itself in the group.
pub(super) type RulePlace = (usize, usize);

/// What tests did to rules.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// The rules that gave a result.
    pub(super) gave: BTreeSet<RulePlace>,
    /// What of the routing file something happened to.
    pub(super) routes: TouchedRoutes,
}

impl Suite {
    /// Puts the groups of the files in the order of their evaluation. A file that is named twice counts once.
    ///
    /// As in promtool, a group that `group_eval_order` does not name has the rank of the first one that it
    /// names; unlike there, groups of the same rank keep the order of the files.
    #[must_use]
    pub fn new(file: TestFile, rulesets: &[Arc<Ruleset>], options: Options) -> Self {
        let ranks: BTreeMap<&str, usize> =
            file.group_eval_order.iter().enumerate().map(|(rank, name)| (&**name, rank)).collect();
        let mut seen = BTreeSet::new();
        let mut groups = Vec::new();
        for ruleset in rulesets {
            for group in ruleset.groups() {
                let exprs = group.rules.iter().filter_map(|rule| rule.parsed.clone());
                if seen.insert(group.key()) {
                    let rank = ranks.get(&*group.name).copied().unwrap_or(0);
                    groups.push(SuiteGroup { group: Arc::clone(group), exprs: exprs.collect(), rank });
                }
            }
        }
        groups.sort_by_key(|group| group.rank);
        Self { file, options, groups, routing: None }
    }

    /// The same with whom to tell, its templates loaded.
    #[must_use]
    pub fn with_routing(self, routing: Option<Arc<Routing>>) -> Self {
        Self { routing, ..self }
    }

    /// Runs the tests that are wanted, in file order.
    #[must_use]
    pub fn run(&self, wanted: impl Fn(&Test) -> bool) -> FileVerdict {
        let mut touched = Touched::default();
        let tests: Vec<&Test> = self.file.tests.iter().filter(|test| wanted(test)).collect();
        let verdicts = tests.iter().map(|test| run::run(self, test, &mut touched)).collect();
        FileVerdict {
            path: self.file.path.clone(),
            problems: Vec::new(),
            tests: verdicts,
            coverage: self.coverage(&tests, &touched),
        }
    }

    /// All rules with their expressions and places.
    pub(super) fn rules(&self) -> impl Iterator<Item = (RulePlace, &Rule, &Expr)> + Clone {
        self.groups.iter().enumerate().flat_map(|(at, group)| {
            let rules = group.group.rules.iter().zip(&group.exprs).enumerate();
            rules.map(move |(index, (rule, expr))| ((at, index), &**rule, &**expr))
        })
    }

    /// The rules that could give something, or fail, with these series; all others need not be evaluated.
    pub(super) fn live(&self, series: &[Series]) -> BTreeSet<RulePlace> {
        let mut names: Names =
            series.iter().map(|series| Str::from(series.labels.value(METRIC_NAME))).collect();
        let found = live(self.rules().map(|(_, rule, expr)| (rule, expr)), &mut names);
        self.rules().zip(found).filter(|(_, live)| *live).map(|((place, ..), _)| place).collect()
    }

    fn coverage(&self, tests: &[&Test], touched: &Touched) -> Coverage {
        let asserted = self.asserted(tests);
        let of = |((group, index), rule, _): (RulePlace, &Rule, &Expr)| {
            let owner = &self.groups[group].group;
            RuleCoverage {
                file: owner.file.clone(),
                group: owner.name.clone(),
                index,
                rule: rule.name.clone(),
                kind: RuleType::of(rule),
                start: rule.span.start,
                gave: touched.gave.contains(&(group, index)),
                asserted: asserted.contains(&(group, index)),
            }
        };
        let routing = self.routing.as_ref().map(|routing| of_routing(routing, &touched.routes));
        Coverage { rules: self.rules().map(of).collect(), routing: routing.unwrap_or_default() }
    }

    /// The rules whose alerts or series are asserted, or are read by one that is.
    fn asserted(&self, tests: &[&Test]) -> BTreeSet<RulePlace> {
        let mut alerts: BTreeSet<&str> =
            tests.iter().flat_map(|test| &test.alert_tests).map(|test| &*test.alertname).collect();
        alerts.extend(tests.iter().flat_map(|test| &test.notification_tests).flat_map(told_names));
        let exprs = tests.iter().flat_map(|test| &test.expr_tests);
        let exprs: Vec<Expr> =
            exprs.filter_map(|test| parse(&test.expr.value, self.options.features).ok()).collect();
        let mut read: Vec<&VectorSelector> = exprs.iter().flat_map(Expr::selectors).collect();
        let mut asserted = BTreeSet::new();
        loop {
            let before = asserted.len();
            for (place, rule, expr) in self.rules() {
                let is_asserted = match rule.kind {
                    RuleKind::Alerting(_) => alerts.contains(&*rule.name),
                    RuleKind::Recording => read.iter().any(|selector| names(selector, &rule.name)),
                };
                if is_asserted && asserted.insert(place) {
                    read.extend(expr.selectors());
                }
            }
            if asserted.len() == before {
                return asserted;
            }
        }
    }
}

/// Whether a selector says something of the name of its series, and this is one.
fn names(selector: &VectorSelector, name: &str) -> bool {
    let mut matchers = selector.matchers.iter();
    matchers.any(|part| &**part.matcher.name() == METRIC_NAME) && selects_name(selector, name)
}

/// The names of alerts that a notification test is about.
fn told_names(test: &NotificationTest) -> impl Iterator<Item = &str> {
    let named = test.exp_alerts.iter().flatten().flat_map(|alert| &alert.alert.labels);
    let labels = named.chain(test.group_labels.iter().flatten());
    labels.filter(|(name, _)| &**name == ALERT_NAME).filter_map(|(_, expected)| match expected {
        Expected::Equal(name) => Some(&**name),
        Expected::Regex(_) | Expected::Contains(_) | Expected::Absent => None,
    })
}
