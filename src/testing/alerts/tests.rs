//! What fits an expectation and what does not, in the words of test files.

use super::{FoundAlert, compare};
use crate::model::{Annotations, LabelSet};
use crate::testing::diff::Fate;
use crate::testing::file::{AlertTest, read_test_file};
use crate::testing::verdict::AlertMismatch;

fn test(fields: &str) -> AlertTest {
    let text = format!("tests: [{{alert_rule_test: [{{alertname: Down, {fields}}}]}}]");
    let (file, problems) = read_test_file("t.yml", &text);
    assert_eq!(problems, [], "{text}");
    file.expect("valid").tests.remove(0).alert_tests.remove(0)
}

fn found(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> FoundAlert {
    let labels = labels.iter().copied().chain([("alertname", "Down")]);
    FoundAlert {
        labels: LabelSet::from_pairs(labels),
        annotations: Annotations::from_pairs(annotations.iter().copied()),
    }
}

fn mismatch(fields: &str, alerts: &[FoundAlert]) -> Option<AlertMismatch> {
    compare(&test(fields), alerts.to_vec())
}

#[test]
fn promtools_comparison_is_exact_and_counts() {
    let a = found(&[("instance", "a")], &[("summary", "a is down")]);
    let both = "exp_alerts: [{exp_labels: {instance: a}, exp_annotations: {summary: a is down}}]";
    for (fields, alerts, fits) in [
        ("eval_time: 1m", vec![], true),
        ("eval_time: 1m", vec![a.clone()], false),
        (both, vec![a.clone()], true),
        (both, vec![], false),
        (both, vec![a.clone(), a.clone()], false),
        ("exp_alerts: [{exp_labels: {instance: a}}]", vec![a.clone()], false),
        (
            "exp_alerts: [{exp_labels: {instance: a, alertname: Other}}]",
            vec![found(&[("instance", "a")], &[])],
            true,
        ),
        ("exp_alerts: [{exp_labels: {zone: ''}}]", vec![found(&[], &[])], false),
    ] {
        assert_eq!(mismatch(fields, &alerts).is_none(), fits, "{fields} {alerts:?}");
    }
}

#[test]
fn subsets_conditions_and_counts() {
    let a = found(&[("instance", "a:9100"), ("zone", "x")], &[("summary", "a:9100 is down")]);
    let b = found(&[("instance", "b:9100"), ("zone", "x")], &[]);
    let two = [a, b];
    for (fields, fits) in [
        ("match: subset, exp_alerts: [{exp_labels: {instance: 'a:9100'}}]", true),
        ("match: subset, exp_alerts: [{exp_labels: {instance: 'c:9100'}}]", false),
        (
            "match: subset, exp_alerts: [{exp_labels: {instance: {regex: '[ab]:9100'}}}, {exp_labels: {instance: 'a:9100'}}]",
            true,
        ),
        ("match: subset, exp_alerts: [{exp_labels: {instance: {regex: 'a'}}}]", false),
        ("match: subset, exp_alerts: [{exp_annotations: {summary: {contains: is down}}}]", true),
        ("match: subset, exp_alerts: [{exp_annotations: {summary: {absent: true}}}]", true),
        (
            "match: subset, exp_alerts: [{exp_labels: {zone: x}}, {exp_labels: {zone: x}}, {exp_labels: {zone: x}}]",
            false,
        ),
        ("match: subset, count: 2, exp_alerts: [{exp_labels: {zone: x}}]", true),
        ("match: subset, count: 1, exp_alerts: [{exp_labels: {zone: x}}]", false),
        ("count: 2", true),
        ("count: 0", false),
        ("state: inactive", false),
        ("state: inactive, match: subset, exp_alerts: [{exp_labels: {instance: 'c:9100'}}]", true),
        ("state: inactive, match: subset, exp_alerts: [{exp_labels: {instance: {regex: 'b.*'}}}]", false),
    ] {
        assert_eq!(mismatch(fields, &two).is_none(), fits, "{fields}");
    }
}

#[test]
fn what_is_alike_stands_side_by_side() {
    let alerts =
        [found(&[("severity", "page"), ("zone", "eu")], &[]), found(&[("severity", "warning")], &[])];
    let mismatch =
        mismatch("exp_alerts: [{exp_labels: {severity: critical, zone: eu}}]", &alerts).expect("differs");
    let [differs, unexpected] = &*mismatch.blocks else { panic!("{:?}", mismatch.blocks) };
    assert_eq!((differs.fate, unexpected.fate), (Fate::Differs, Fate::Unexpected));
    let marks: Vec<(&str, bool)> = differs.rows.iter().map(|row| (&*row.name, row.same)).collect();
    assert_eq!(marks, [("alertname", true), ("severity", false), ("zone", true)]);
}
