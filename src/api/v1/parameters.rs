//! What `GET /api/v1/rules` may be asked: filters and pages.

use std::collections::BTreeSet;

use super::shapes::texts;
use crate::api::error::ApiError;
use crate::api::selectors;
use crate::config::rules::Rule;
use crate::model::{LabelSet, Matcher};
use crate::rules::{GroupView, RuleType, RuleView};

/// The parameters, read and checked.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    kind: Option<RuleType>,
    rule_names: BTreeSet<String>,
    groups: BTreeSet<String>,
    files: BTreeSet<String>,
    selectors: Vec<Vec<Matcher>>,
    /// Whether rules are shown without their alerts.
    pub(super) exclude_alerts: bool,
    /// The most groups in an answer.
    pub(super) group_limit: Option<usize>,
    /// The group to begin with.
    pub(super) next_token: Option<String>,
}

impl Parameters {
    /// Reads a query string; what it does not know it ignores, as Prometheus does.
    pub(super) fn parse(query: &str) -> Result<Self, ApiError> {
        let mut all = Self::default();
        let mut selectors = Vec::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match (&*name, &*value) {
                ("type", "") => all.kind = None,
                ("type", "alert") => all.kind = Some(RuleType::Alerting),
                ("type", "record") => all.kind = Some(RuleType::Recording),
                ("type", other) => return Err(invalid("type", &format!("not supported value {other:?}"))),
                ("rule_name[]", value) => drop(all.rule_names.insert(value.to_owned())),
                ("rule_group[]", value) => drop(all.groups.insert(value.to_owned())),
                ("file[]", value) => drop(all.files.insert(value.to_owned())),
                ("match[]", value) => selectors.push(value.to_owned()),
                ("exclude_alerts", value) => all.exclude_alerts = boolean("exclude_alerts", value)?,
                ("group_limit", value) => all.group_limit = limit(value)?,
                ("group_next_token", "") => {}
                ("group_next_token", value) => all.next_token = Some(value.to_owned()),
                (_, _) => {}
            }
        }
        all.selectors = selectors::parse(selectors.iter()).map_err(ApiError::BadData)?;
        if all.next_token.is_some() && all.group_limit.is_none() {
            return Err(invalid(
                "group_limit",
                "group_limit needs to be present in order to paginate over the groups",
            ));
        }
        Ok(all)
    }

    /// Whether rules of this group are asked for.
    pub(super) fn wants_group(&self, group: &GroupView) -> bool {
        (self.groups.is_empty() || self.groups.contains(&*group.group.name))
            && (self.files.is_empty() || self.files.contains(&*group.group.file))
    }

    /// Whether this rule is asked for.
    pub(super) fn wants_rule(&self, rule: &RuleView) -> bool {
        self.kind.is_none_or(|kind| kind == rule.kind())
            && (self.rule_names.is_empty() || self.rule_names.contains(&*rule.rule.name))
            && self.selects(&rule.rule)
    }

    /// Whether one of the selectors matches the labels that the rule sets, unexpanded.
    fn selects(&self, rule: &Rule) -> bool {
        if self.selectors.is_empty() {
            return true;
        }
        let labels = LabelSet::from_pairs(texts(&rule.labels));
        self.selectors.iter().any(|matchers| matchers.iter().all(|matcher| matcher.matches(&labels)))
    }
}

fn invalid(parameter: &str, reason: &str) -> ApiError {
    ApiError::BadData(format!("invalid parameter {parameter:?}: {reason}"))
}

/// The texts that Go takes for a truth value.
fn boolean(parameter: &str, text: &str) -> Result<bool, ApiError> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        other => Err(invalid(parameter, &format!("{other:?} is neither true nor false"))),
    }
}

fn limit(text: &str) -> Result<Option<usize>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<i64>().ok().map(usize::try_from) {
        Some(Ok(limit)) if limit > 0 => Ok(Some(limit)),
        Some(_) => Err(invalid("group_limit", "group_limit should be greater than 0")),
        None => Err(invalid("group_limit", &format!("group_limit needs to be a valid number: {text:?}"))),
    }
}
