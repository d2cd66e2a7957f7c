//! The file and its tests: promtool's keys and ours. Series and expressions stay texts here: what is wrong
//! with them concerns the test that holds them, and only if it runs.

use std::collections::BTreeMap;

use super::{ExpectedSample, ExprTest, InputSeries, Located, Test, TestFile};
use crate::config::problem::{Problem, Severity};
use crate::config::yaml::{Node, Value};
use crate::config::{Fields, Reader, Shape};
use crate::model::matcher::MatcherMode;
use crate::model::{Duration, LabelSet, Str, Timestamp};

const OF_A_TEST: &str = "indent it further: it belongs to an item of `tests`";
const OF_A_SERIES: &str = "indent it further: it belongs to an item of `input_series`";
const OF_AN_ALERT_TEST: &str = "indent it further: it belongs to an item of `alert_rule_test`";
const OF_AN_EXPR_TEST: &str = "indent it further: it belongs to an item of `promql_expr_test`";

const VMALERT: &str = "only vmalert-tool has this key; remove it";

const FILE: Shape = Shape {
    what: "a file of unit tests",
    keys: &[
        "rule_files",
        "routes",
        "evaluation_interval",
        "group_eval_order",
        "fuzzy_compare",
        "group_intervals",
        "tests",
    ],
    advice: &[
        ("groups", "this looks like a rule file; name it under `rule_files` of a file of tests"),
        ("route", "this looks like a routing file; name it as `routes: FILE` in a file of tests"),
        ("interval", "the key is called `evaluation_interval` here; `interval` belongs to a test"),
        ("intervals", "write `group_intervals: true`"),
        ("input_series", OF_A_TEST),
        ("alert_rule_test", OF_A_TEST),
        ("promql_expr_test", OF_A_TEST),
        ("notification_test", OF_A_TEST),
    ],
};

const TEST: Shape = Shape {
    what: "a test",
    keys: &[
        "name",
        "interval",
        "start_timestamp",
        "group_intervals",
        "external_labels",
        "external_url",
        "input_series",
        "silences",
        "receivers_fail",
        "exhaustive",
        "alert_rule_test",
        "promql_expr_test",
        "notification_test",
    ],
    advice: &[
        ("metricsql_expr_test", "only vmalert-tool has this key; the key is called `promql_expr_test`"),
        ("evaluation_interval", "the key belongs to the file, beside `tests`"),
        ("intervals", "write `group_intervals: true`"),
        ("rule_files", "the key belongs to the file, beside `tests`"),
        ("routes", "the key belongs to the file, beside `tests`"),
        ("series", OF_A_SERIES),
        ("values", OF_A_SERIES),
        ("alertname", OF_AN_ALERT_TEST),
        ("exp_alerts", OF_AN_ALERT_TEST),
        ("expr", OF_AN_EXPR_TEST),
        ("exp_samples", OF_AN_EXPR_TEST),
    ],
};

const SERIES: Shape = Shape {
    what: "an input series",
    keys: &["series", "values"],
    advice: &[("value", "did you mean `values`?")],
};

const EXPR_TEST: Shape = Shape {
    what: "a PromQL test",
    keys: &["expr", "eval_time", "exp_samples"],
    advice: &[("groupname", VMALERT)],
};

const SAMPLE: Shape = Shape {
    what: "an expected sample",
    keys: &["labels", "value", "histogram"],
    advice: &[("values", "a sample has one `value`")],
};

/// promtool's default of `evaluation_interval`.
const MINUTE: Duration = Duration::from_mins(1);

/// Reads a test file. The file is `None` if anything in it is an error; the problems are in the order of
/// their places, warnings among them.
#[must_use]
pub fn read_test_file(path: &str, text: &str) -> (Option<TestFile>, Vec<Problem>) {
    let mut reader = Reader::new(path, text, MatcherMode::default());
    let root = reader.document();
    let file = match &root {
        // promtool takes it for a file without tests.
        None => Some(TestFile {
            path: path.into(),
            text: text.into(),
            rule_files: Vec::new(),
            routes: None,
            evaluation_interval: MINUTE,
            group_eval_order: Vec::new(),
            fuzzy_compare: false,
            tests: Vec::new(),
        }),
        Some(root) => reader.test_file(path, text, root),
    };
    let file = file.filter(|_| reader.is_usable());
    (file, reader.finish())
}

/// What a test takes over from its file.
struct Defaults {
    interval: Duration,
    group_intervals: bool,
}

impl Reader<'_> {
    fn test_file(&mut self, path: &str, text: &str, root: &Node) -> Option<TestFile> {
        let file = self.fields(root, &FILE)?;
        let rule_files = self.located_texts(&file, "rule_files", "the path of a rule file");
        let routes = self.located(&file, "routes", "the path of a routing file");
        let evaluation_interval = self.length(&file, "evaluation_interval").filter(|given| !given.is_zero());
        let evaluation_interval = evaluation_interval.unwrap_or(MINUTE);
        let group_eval_order = self.group_order(&file);
        let fuzzy_compare = self.flag(&file, "fuzzy_compare").unwrap_or(false);
        let group_intervals = self.flag(&file, "group_intervals").unwrap_or(false);
        let defaults = Defaults { interval: evaluation_interval, group_intervals };
        let nodes = file.get("tests").map_or::<&[Node], _>(&[], |node| self.list(node, "a list of tests"));
        let tests =
            nodes.iter().enumerate().filter_map(|(index, node)| self.test(index, node, &defaults)).collect();
        self.names_told_apart(nodes);
        let (path, text) = (path.into(), text.into());
        Some(TestFile {
            path,
            text,
            rule_files,
            routes,
            evaluation_interval,
            group_eval_order,
            fuzzy_compare,
            tests,
        })
    }

    fn group_order(&mut self, file: &Fields<'_>) -> Vec<Str> {
        let names = self.located_texts(file, "group_eval_order", "a group's name");
        for (at, name) in names.iter().enumerate() {
            if names[..at].iter().any(|before| before.value == name.value) {
                let message = format!("group name repeated in evaluation order: {}", name.value);
                self.error_help("duplicate-group", &name.span, message, "remove one of the two");
            }
        }
        names.into_iter().map(|name| name.value).collect()
    }

    /// Names are free in promtool, too, but two tests of one name are rarely meant.
    fn names_told_apart(&mut self, tests: &[Node]) {
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for test in tests {
            let Value::Mapping(pairs) = &test.value else { continue };
            let is_name = |node: &Node| node.scalar().is_some_and(|scalar| &*scalar.text == "name");
            let Some((_, name)) = pairs.iter().find(|(key, _)| is_name(key)) else { continue };
            let Some(text) = name.scalar().map(|scalar| &*scalar.text).filter(|text| !text.is_empty()) else {
                continue;
            };
            if let Some(before) = known.insert(text, name.span.start).filter(|_| !name.is_null()) {
                let message = format!("the test at line {} has this name, too", self.line_of(before));
                let help = "`--run` and reports cannot tell them apart: give it a name of its own".to_owned();
                self.report(Severity::Warning, "duplicate-name", &name.span, message, Some(help));
            }
        }
    }

    fn test(&mut self, index: usize, node: &Node, defaults: &Defaults) -> Option<Test> {
        let fields = self.fields(node, &TEST)?;
        let interval = self.length(&fields, "interval").filter(|interval| !interval.is_zero());
        let start = fields.get("start_timestamp").and_then(|node| self.time(node));
        let external_labels =
            fields.get("external_labels").and_then(|node| self.text_map(node, "external labels"));
        let test = Test {
            name: self.plain(&fields, "name", "a test's name").unwrap_or_default(),
            index,
            span: node.span.clone(),
            interval: interval.unwrap_or(defaults.interval),
            start: start.unwrap_or(Timestamp::EPOCH),
            group_intervals: self.flag(&fields, "group_intervals").unwrap_or(defaults.group_intervals),
            external_labels: LabelSet::from_pairs(external_labels.unwrap_or_default()),
            external_url: self.plain(&fields, "external_url", "a URL").unwrap_or_default(),
            input_series: self.each(&fields, "input_series", |reader, node| reader.input_series(node)),
            alert_tests: self.each(&fields, "alert_rule_test", |reader, node| reader.alert_test(node)),
            expr_tests: self.each(&fields, "promql_expr_test", |reader, node| reader.expr_test(node)),
            silences: self.each(&fields, "silences", |reader, node| reader.test_silence(node)),
            outages: self.each(&fields, "receivers_fail", |reader, node| reader.outage(node)),
            exhaustive: self.flag(&fields, "exhaustive").unwrap_or(false),
            notification_tests: self
                .each(&fields, "notification_test", |reader, node| reader.notification_test(node)),
        };
        for key in ["silences", "receivers_fail"] {
            if !test.is_about_notifications() && fields.get(key).is_some() {
                let message = format!("`{key}` changes nothing: the test says nothing of notifications");
                let help = "add `notification_test` or `exhaustive: true`, or remove it";
                self.error_help("vacuous-test", &fields.key_span(key), message, help);
            }
        }
        Some(test)
    }

    fn input_series(&mut self, node: &Node) -> Option<InputSeries> {
        let fields = self.fields(node, &SERIES)?;
        let series = self.located(&fields, "series", "a series");
        let empty = || Located { value: "".into(), span: fields.start() };
        let values = self.located(&fields, "values", "the values of a series").unwrap_or_else(empty);
        let is_wrong = series.is_none() && fields.get("series").is_some(); // and that was said
        let series = series.filter(|series| !series.value.is_empty());
        if series.is_none() && !is_wrong {
            let help = "name the series, as in `series: 'up{job=\"api\"}'`";
            self.error_help("missing-field", &fields.start(), "an input series has no `series`", help);
        }
        Some(InputSeries { series: series?, values })
    }

    fn expr_test(&mut self, node: &Node) -> Option<ExprTest> {
        let fields = self.fields(node, &EXPR_TEST)?;
        let expr = self.located(&fields, "expr", "an expression");
        let eval_time = self.length(&fields, "eval_time").unwrap_or_default();
        let exp_samples = self.each(&fields, "exp_samples", |reader, node| reader.expected_sample(node));
        let expr = expr.unwrap_or_else(|| Located { value: "".into(), span: fields.start() });
        Some(ExprTest { span: node.span.clone(), expr, eval_time, exp_samples })
    }

    fn expected_sample(&mut self, node: &Node) -> Option<ExpectedSample> {
        let fields = self.fields(node, &SAMPLE)?;
        let labels = self.located(&fields, "labels", "a series");
        let value = fields.get("value").and_then(|node| self.yaml_float(node, "value"));
        let histogram = self.located(&fields, "histogram", "a histogram");
        Some(ExpectedSample {
            labels: labels.unwrap_or_else(|| Located { value: "".into(), span: fields.start() }),
            value: value.unwrap_or_default(),
            histogram: histogram.filter(|histogram| !histogram.value.is_empty()),
        })
    }

    /// What `read` makes of each item of the list at `key`.
    pub(super) fn each<T>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        mut read: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Vec<T> {
        let Some(node) = fields.get(key) else { return Vec::new() };
        self.list(node, key).iter().filter_map(|item| read(self, item)).collect()
    }
}

#[cfg(test)]
mod tests;
