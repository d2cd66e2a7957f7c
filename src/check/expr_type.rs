//! `expr-type`: expressions that Prometheus loads and can never evaluate.

use super::Checked;
use crate::config::expressions::unusable_types;
use crate::config::problem::{Problem, Severity};

pub(super) fn check(checked: &Checked, problems: &mut Vec<Problem>) {
    for file in &checked.rules {
        problems.extend(unusable_types(file, checked.text_of(&file.path), Severity::Error));
    }
}
