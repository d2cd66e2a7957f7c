//! Rule files: every key and every refusal of Prometheus 3.14, all refusals at once.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::expression::ReadExpression;
use super::{Fields, Reader, Shape};
use crate::config::expressions::Expressions;
use crate::config::problem::{Problem, Severity};
use crate::config::rules::{AlertingRule, Rule, RuleFile, RuleGroup, RuleKind, RuleLabel};
use crate::config::yaml::{Node, SpannedText, Value};
use crate::model::labels::METRIC_NAME;
use crate::model::{Duration, Str};
use crate::template::RuleTemplate;

const FILE: Shape = Shape {
    what: "a rule file",
    keys: &["groups"],
    advice: &[
        ("group", "did you mean `groups`?"),
        ("rules", "rules belong into a group: `groups: [{name: …, rules: […]}]`"),
        (
            "namespace",
            "a namespace belongs to Mimir's and Loki's rule API; remove it, the file's name stands for it",
        ),
        ("route", "this looks like a routing file; give it as `--routes`"),
    ],
};

const VMALERT: &str = "only vmalert has this key; remove it";

const GROUP: Shape = Shape {
    what: "a rule group",
    keys: &["name", "interval", "query_offset", "limit", "labels", "rules"],
    advice: &[
        ("type", VMALERT),
        ("eval_offset", VMALERT),
        ("eval_delay", "only vmalert has this key; `query_offset` does the same"),
        ("eval_alignment", VMALERT),
        ("concurrency", VMALERT),
        ("params", VMALERT),
        ("headers", VMALERT),
        ("notifier_headers", VMALERT),
        ("debug", VMALERT),
        ("tenant", VMALERT),
        ("evaluation_delay", "this is Mimir's old name of `query_offset`"),
        ("source_tenants", "only Mimir has this key; remove it"),
        ("align_evaluation_time_on_interval", "only Mimir has this key; remove it"),
        ("partial_response_strategy", "only Thanos has this key; remove it"),
        ("remote_write", "only Loki has this key; remove it"),
        ("evaluation_interval", "the key is called `interval` here"),
        ("expr", "a rule belongs into the group's list `rules`"),
    ],
};

const RULE: Shape = Shape {
    what: "a rule",
    keys: &["record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations"],
    advice: &[
        ("debug", VMALERT),
        ("update_entries_limit", VMALERT),
        ("name", "the key is `alert` or `record`"),
        ("query", "the key is called `expr`"),
        ("expression", "the key is called `expr`"),
        ("duration", "the key is called `for`"),
        ("severity", "a severity is a label: `labels: {severity: …}`"),
        ("summary", "this is an annotation: `annotations: {summary: …}`"),
        ("description", "this is an annotation: `annotations: {description: …}`"),
        ("runbook_url", "this is an annotation: `annotations: {runbook_url: …}`"),
    ],
};

/// Reads a rule file. The file is `None` if anything in it is an error; the problems are in the order of
/// their places, warnings among them. Expressions are PromQL, without experimental parts.
#[must_use]
pub fn read_rule_file(path: &str, text: &str) -> (Option<RuleFile>, Vec<Problem>) {
    read_rule_file_as(path, text, Expressions::default())
}

/// [`read_rule_file`] with expressions in the given language.
#[must_use]
pub fn read_rule_file_as(
    path: &str,
    text: &str,
    expressions: Expressions,
) -> (Option<RuleFile>, Vec<Problem>) {
    let mut reader = Reader::new(path, text, crate::model::matcher::MatcherMode::default());
    let groups = match reader.document() {
        None => Vec::new(),
        Some(root) => reader.rule_file(&root, expressions),
    };
    let file = reader.is_usable().then(|| RuleFile { path: path.into(), groups });
    (file, reader.finish())
}

/// A label or annotation as read: its name, its text and where both stand.
struct RawText<'n> {
    name: Str,
    name_span: Range<usize>,
    text: Str,
    node: &'n Node,
}

impl Reader<'_> {
    fn rule_file(&mut self, root: &Node, expressions: Expressions) -> Vec<Arc<RuleGroup>> {
        if self.is_other_dialect(root) {
            return Vec::new();
        }
        let Some(file) = self.fields(root, &FILE) else { return Vec::new() };
        let Some(groups) = file.get("groups") else { return Vec::new() };
        let mut names = BTreeSet::new();
        let mut read = Vec::new();
        for node in self.list(groups, "a list of groups") {
            let Some(fields) = self.fields(node, &GROUP) else { continue };
            let name = fields.get("name").and_then(|name| self.text(name, "a group name"));
            let name = name.unwrap_or_else(|| "".into());
            if name.is_empty() {
                let place = fields
                    .get("name")
                    .map_or_else(|| first_line(&fields.span, node), |name| name.span.clone());
                self.error("missing-name", &place, "Groupname must not be empty");
            } else if !names.insert(name.clone()) {
                let place = fields.get("name").map_or(fields.span.clone(), |name| name.span.clone());
                let message = format!("groupname: \"{name}\" is repeated in the same file");
                self.error_help("duplicate-group", &place, message, "rename one of the groups or merge them");
            }
            read.push(Arc::new(self.group(name, &fields, expressions)));
        }
        read
    }

    /// Files of other programs that hold rules too: one problem that says what to do, not one for each key.
    fn is_other_dialect(&mut self, root: &Node) -> bool {
        if let Some(kind) = root.get("kind").or_else(|| root.get("apiVersion")) {
            let message = "this is a Kubernetes manifest, not a rule file";
            let help = match root.get("kind").and_then(Node::scalar).map(|kind| kind.text.clone()).as_deref()
            {
                Some("PrometheusRule") => "give the content of its `spec` as the file: `yq .spec FILE`",
                Some("ConfigMap") => "give the rule file inside its `data` as a file of its own",
                Some(_) | None => "give the rule file that it contains as a file of its own",
            };
            self.error_help("other-dialect", &kind.span, message, help);
            return true;
        }
        if self.is_file_beside_rules(root) {
            return true;
        }
        match &root.value {
            Value::Sequence(_) => {
                let message = "cannot unmarshal !!seq into a rule file";
                let help = "put the list of groups under the key `groups`";
                self.error_help("other-dialect", &first_line(&root.span, root), message, help);
                true
            }
            Value::Mapping(pairs) => {
                let is_group = |item: &Node| item.get("rules").is_some();
                let namespaces = pairs.iter().filter(|(key, value)| match &value.value {
                    Value::Sequence(items) => {
                        key.scalar().is_some_and(|key| &*key.text != "groups") && items.iter().any(is_group)
                    }
                    Value::Scalar(_) | Value::Mapping(_) => false,
                });
                let spans: Vec<_> = namespaces.map(|(key, _)| key.span.clone()).collect();
                for span in &spans {
                    let message = "a namespace with groups, as Mimir's rule API has it, is not a rule file";
                    let help = "put the list of groups under the key `groups` of a file of its own";
                    self.error_help("other-dialect", span, message, help);
                }
                !spans.is_empty()
            }
            Value::Scalar(_) => false,
        }
    }

    /// Files that Prometheus has beside its rule files.
    fn is_file_beside_rules(&mut self, root: &Node) -> bool {
        let Value::Mapping(pairs) = &root.value else { return false };
        let key =
            |name: &str| pairs.iter().find(|(key, _)| key.scalar().is_some_and(|key| &*key.text == name));
        let (what, help, found) =
            match (key("groups"), key("tests"), key("scrape_configs").or(key("rule_files"))) {
                (None, Some(found), _) => {
                    ("a file of unit tests", "give the files under its `rule_files`", found)
                }
                (None, None, Some(found)) => {
                    ("Prometheus' own configuration", "give the files under its `rule_files`", found)
                }
                (Some(_), _, _) | (None, None, None) => return false,
            };
        self.error_help("other-dialect", &found.0.span, format!("this is {what}, not a rule file"), help);
        true
    }

    fn group(&mut self, name: Str, fields: &Fields<'_>, expressions: Expressions) -> RuleGroup {
        let labels = fields.get("labels").map_or_else(Vec::new, |node| self.texts(node, "labels"));
        for label in &labels {
            self.label_name(label, "label");
        }
        let interval = fields.get("interval").and_then(|node| self.duration(node, "an interval"));
        let query_offset = fields.get("query_offset").and_then(|node| self.duration(node, "a query offset"));
        let limit = fields.get("limit").and_then(|node| self.integer(node, "the limit"));
        let rules = fields.get("rules").map_or::<&[Node], _>(&[], |node| self.list(node, "a list of rules"));
        let rules =
            rules.iter().filter_map(|node| self.rule(node, &labels, expressions)).map(Arc::new).collect();
        RuleGroup {
            file: self.file().clone(),
            name,
            // Zero is Prometheus' word for "not set".
            interval: interval.filter(|interval| !interval.is_zero()),
            query_offset,
            // Prometheus loads a limit below zero, which is none, too.
            limit: limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or_default(),
            rules,
        }
    }

    fn rule(&mut self, node: &Node, group_labels: &[RawText<'_>], expressions: Expressions) -> Option<Rule> {
        let fields = self.fields(node, &RULE)?;
        let name_of = |reader: &mut Self, key: &str| {
            let text = fields.get(key).and_then(|node| reader.text(node, "a rule's name"));
            text.filter(|text| !text.is_empty())
        };
        let (record, alert) = (name_of(self, "record"), name_of(self, "alert"));
        let name = match (&record, &alert) {
            (Some(_), Some(_)) => {
                let message = "only one of 'record' and 'alert' must be set";
                self.error("rule-kind", &fields.key_span("alert"), message);
                None
            }
            (None, None) => {
                let message = "one of 'record' or 'alert' must be set";
                self.error("rule-kind", &first_line(&fields.span, node), message);
                None
            }
            (Some(name), None) | (None, Some(name)) => Some(name.clone()),
        };
        let expr = self.rule_expression(&fields, node, expressions);
        let durations = [("for", "a duration"), ("keep_firing_for", "a duration")].map(|(key, what)| {
            fields.get(key).and_then(|node| self.duration(node, what)).unwrap_or_default()
        });
        let kind = match (&record, &alert) {
            (Some(record), None) => {
                self.recording_rule(record, &fields, durations);
                RuleKind::Recording
            }
            (_, alert) => self.alerting_rule(alert.as_deref().unwrap_or_default(), &fields, durations),
        };
        let labels = self.rule_labels(&fields, group_labels, alert.as_deref());
        let (expr, written) = expr?;
        Some(Rule {
            name: name?,
            expr: expr.text,
            parsed: expr.parsed,
            written,
            labels,
            kind,
            span: node.span.clone(),
        })
    }

    fn rule_expression(
        &mut self,
        fields: &Fields<'_>,
        rule: &Node,
        expressions: Expressions,
    ) -> Option<(ReadExpression, SpannedText)> {
        let Some(node) = fields.get("expr") else {
            let place = first_line(&fields.span, rule);
            self.error("missing-expr", &place, "field 'expr' must be set in rule");
            return None;
        };
        let text = self.text(node, "an expression")?;
        if text.is_empty() {
            self.error("missing-expr", &fields.key_span("expr"), "field 'expr' must be set in rule");
            return None;
        }
        Some((self.expression(node, &text, expressions)?, SpannedText::of(node)))
    }

    fn recording_rule(&mut self, record: &str, fields: &Fields<'_>, durations: [Duration; 2]) {
        let only_alerts = "only alerting rules have it; remove it";
        if let Some(Value::Mapping(pairs)) = fields.get("annotations").map(|node| &node.value)
            && !pairs.is_empty()
        {
            let message = "invalid field 'annotations' in recording rule";
            self.error_help("rule-kind", &fields.key_span("annotations"), message, only_alerts);
        }
        for (key, duration) in ["for", "keep_firing_for"].into_iter().zip(durations) {
            if !duration.is_zero() {
                let message = format!("invalid field '{key}' in recording rule");
                self.error_help("rule-kind", &fields.key_span(key), message, only_alerts);
            }
        }
        if record.contains(['{', '}']) {
            let place = fields.get("record").map_or(fields.span.clone(), |node| node.span.clone());
            let message =
                format!("braces present in the recording rule name; should it be in expr?: {record}");
            let help = "the name is a metric's name; labels belong under `labels`, an expression into `expr`";
            self.error_help("record-name", &place, message, help);
        }
    }

    fn alerting_rule(&mut self, alert: &str, fields: &Fields<'_>, durations: [Duration; 2]) -> RuleKind {
        let texts = fields.get("annotations").map_or_else(Vec::new, |node| self.texts(node, "annotations"));
        let mut annotations = Vec::new();
        for text in &texts {
            self.label_name(text, "annotation");
            let value = RuleTemplate::new(alert, &text.text);
            self.template_problem(&value, text, "annotation", Severity::Error);
            annotations.push(RuleLabel {
                name: text.name.clone(),
                value,
                written: SpannedText::of(text.node),
            });
        }
        annotations.sort_by(|one, other| one.name.cmp(&other.name));
        let [hold_for, keep_firing_for] = durations;
        RuleKind::Alerting(AlertingRule { hold_for, keep_firing_for, annotations })
    }

    /// The rule's labels over its group's. `alert` is the alert's name, none for a recording rule.
    fn rule_labels(
        &mut self,
        fields: &Fields<'_>,
        group: &[RawText<'_>],
        alert: Option<&str>,
    ) -> Vec<RuleLabel> {
        let own = fields.get("labels").map_or_else(Vec::new, |node| self.texts(node, "labels"));
        let mut merged: BTreeMap<Str, (RuleTemplate, SpannedText)> = BTreeMap::new();
        for label in group {
            let value = RuleTemplate::new(alert.unwrap_or_default(), &label.text);
            let replaced = own.iter().any(|own| own.name == label.name);
            if alert.is_some() && !replaced {
                // Prometheus loads such a file and puts the error's text into the label of every alert.
                self.template_problem(&value, label, "label", Severity::Warning);
            }
            merged.insert(label.name.clone(), (value, SpannedText::of(label.node)));
        }
        for label in &own {
            self.label_name(label, "label");
            let value = RuleTemplate::new(alert.unwrap_or_default(), &label.text);
            if alert.is_some() {
                self.template_problem(&value, label, "label", Severity::Error);
            }
            merged.insert(label.name.clone(), (value, SpannedText::of(label.node)));
        }
        let label = |(name, (value, written))| RuleLabel { name, value, written };
        merged.into_iter().map(label).collect()
    }

    /// The entries of a mapping of texts.
    fn texts<'n>(&mut self, node: &'n Node, what: &str) -> Vec<RawText<'n>> {
        let Some(pairs) = self.mapping(node, what) else { return Vec::new() };
        let mut texts = Vec::with_capacity(pairs.len());
        for (key, node) in pairs {
            let (name, text) = (self.text(key, "a name"), self.text(node, "a text"));
            if let (Some(name), Some(text)) = (name, text) {
                texts.push(RawText { name, name_span: key.span.clone(), text, node });
            }
        }
        texts
    }

    /// Any text but the empty one is a name; the metric's name is not for rules to set.
    fn label_name(&mut self, label: &RawText<'_>, kind: &str) {
        if label.name.is_empty() || (kind == "label" && &*label.name == METRIC_NAME) {
            self.error("label-name", &label.name_span, format!("invalid {kind} name: {}", label.name));
        }
    }

    fn template_problem(
        &mut self,
        template: &RuleTemplate,
        text: &RawText<'_>,
        kind: &str,
        severity: Severity,
    ) {
        let (Some(problem), Some(scalar)) = (template.problem(), text.node.scalar()) else { return };
        let place = self.place(text.node, scalar, &problem.range);
        if severity == Severity::Warning && self.is_reported("template-parse", &place) {
            return; // a group's label is the same for each of its alerts
        }
        let message = format!("{kind} \"{}\": {problem}", text.name);
        let help = (severity == Severity::Warning)
            .then(|| "Prometheus loads this and puts the error into the label of every alert".to_owned());
        self.report(severity, "template-parse", &place, message, help);
    }
}

/// Where something in `node` is missing: its first key, or the whole of it if it has none.
fn first_line(span: &Range<usize>, node: &Node) -> Range<usize> {
    match &node.value {
        Value::Mapping(pairs) => pairs.first().map_or_else(|| span.clone(), |(key, _)| key.span.clone()),
        Value::Sequence(items) => {
            items.first().map_or_else(|| span.clone(), |item| first_line(&item.span, item))
        }
        Value::Scalar(_) => span.clone(),
    }
}
