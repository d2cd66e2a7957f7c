//! `expr-type`: expressions that Prometheus loads and can never evaluate.

use super::Rules;
use crate::config::expressions::unusable_types;
use crate::config::problem::{Problem, Severity};

pub(super) fn check(rules: &Rules<'_>, problems: &mut Vec<Problem>) {
    problems.extend(unusable_types(rules.file, rules.text, Severity::Error));
}
