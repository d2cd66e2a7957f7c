//! `alert_rule_test`.

use super::{AlertTest, ExpectedState, Matching};
use crate::config::yaml::Node;
use crate::config::{Fields, Reader, Shape};

const ALERT_TEST: Shape = Shape {
    what: "an alert test",
    keys: &["eval_time", "alertname", "state", "match", "count", "exp_alerts"],
    advice: &[
        ("groupname", "only vmalert-tool has this key; alerts are found by `alertname`"),
        ("exp_labels", "it belongs to an alert: `exp_alerts: [{exp_labels: {…}}]`"),
        ("exp_annotations", "it belongs to an alert: `exp_alerts: [{exp_annotations: {…}}]`"),
        ("at", "the key is called `eval_time` here"),
    ],
};

const STATES: &[(&str, ExpectedState)] = &[
    ("firing", ExpectedState::Firing),
    ("pending", ExpectedState::Pending),
    ("inactive", ExpectedState::Inactive),
];

const MATCHINGS: &[(&str, Matching)] = &[("exact", Matching::Exact), ("subset", Matching::Subset)];

impl Reader<'_> {
    pub(super) fn alert_test(&mut self, node: &Node) -> Option<AlertTest> {
        let fields = self.fields(node, &ALERT_TEST)?;
        let eval_time = self.length(&fields, "eval_time").unwrap_or_default();
        let alertname = self.plain(&fields, "alertname", "an alert's name").unwrap_or_default();
        if alertname.is_empty() {
            let message = format!(
                "an item under alert_rule_test misses required attribute alertname at eval_time {eval_time}"
            );
            self.error("missing-field", &fields.start(), message);
        }
        let test = AlertTest {
            span: node.span.clone(),
            eval_time,
            alertname,
            state: self.one_of(&fields, "state", STATES).unwrap_or(ExpectedState::Firing),
            matching: self.matching(&fields),
            count: fields.get("count").and_then(|node| self.count(node, "count")),
            exp_alerts: self.each(&fields, "exp_alerts", |reader, node| reader.expected_alert(node)),
        };
        self.vacuous(&test, &fields);
        Some(test)
    }

    /// `match: exact|subset`, `exact` if it is not there.
    pub(super) fn matching(&mut self, fields: &Fields<'_>) -> Matching {
        self.one_of(fields, "match", MATCHINGS).unwrap_or(Matching::Exact)
    }

    /// Refuses what could never fail, or never pass.
    fn vacuous(&mut self, test: &AlertTest, fields: &Fields<'_>) {
        if test.state == ExpectedState::Inactive {
            if test.count.is_some() {
                let help = "to count pending or firing alerts, write that state; without `exp_alerts`, \
                            `state: inactive` means none at all";
                self.error_help(
                    "bad-value",
                    &fields.key_span("count"),
                    "inactive alerts are not counted",
                    help,
                );
            }
            return;
        }
        let nothing = test.exp_alerts.is_empty() && test.count.is_none();
        if nothing && test.matching == Matching::Subset {
            let message = "a subset of no alerts is always there";
            let help = "name alerts under `exp_alerts`, or write `count: 0` for none";
            self.error_help("vacuous-test", &fields.key_span("match"), message, help);
        }
        if let Some(count) = test.count.filter(|_| test.matching == Matching::Exact)
            && !test.exp_alerts.is_empty()
            && count != test.exp_alerts.len()
        {
            let message = format!("{} alerts are expected, and count is {count}", test.exp_alerts.len());
            let help = "remove `count`, or write `match: subset`";
            self.error_help("bad-value", &fields.key_span("count"), message, help);
        }
    }
}
