//! The configuration of both sides and what they are expected to tell: the table of the differences that are
//! wanted.

/// With `URL` for the receiver, which tells the paths apart.
pub(super) const CONFIG: &str = r#"
route:
  receiver: ops
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
    - {matchers: [alertname="Quiet"], receiver: ops, mute_time_intervals: [never, always]}
    - {matchers: [alertname="OffHours"], receiver: ops, active_time_intervals: [never]}
    - {matchers: [alertname="Open"], receiver: ops, mute_time_intervals: [never], active_time_intervals: [always]}
    - {matchers: [alertname="Both"], receiver: first, continue: true}
    - {matchers: [alertname="Both"], receiver: second, group_by: [alertname, instance]}
    - {matchers: ['alertname=~"Once.*"'], receiver: once}
    - {matchers: [alertname="Cut"], receiver: cut}
receivers:
  - {name: ops, webhook_configs: [{url: 'URL/ops'}]}
  - {name: first, webhook_configs: [{url: 'URL/first'}]}
  - {name: second, webhook_configs: [{url: 'URL/second'}]}
  - {name: once, webhook_configs: [{url: 'URL/once', send_resolved: false}]}
  - {name: cut, webhook_configs: [{url: 'URL/cut', max_alerts: 1}]}
inhibit_rules:
  - {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [zone]}
time_intervals:
  - {name: always, time_intervals: [{weekdays: ['sunday:saturday']}]}
  - {name: never, time_intervals: [{years: ['1999']}]}
"#;

/// The labels of alerts that have more than a name and an instance.
pub(super) const MORE_LABELS: [(&str, &str, &str); 8] = [
    ("Cause", "critical", "lasting"),
    ("Symptom", "warning", "lasting"),
    ("Gone", "warning", "lasting"),
    ("PassingCause", "critical", "passing"),
    ("Freed", "warning", "passing"),
    ("LateCause", "critical", "late"),
    ("Overtaken", "warning", "late"),
    ("Apart", "warning", "elsewhere"),
];

/// How many steps the story has.
pub(super) const STEPS: usize = 4;

/// What is told in each step: the status and the instances, `-` before those that are resolved.
pub(super) type Told = [&'static str; STEPS];

/// What one path is told of one group.
pub(super) struct Line {
    pub(super) path: &'static str,
    pub(super) group: &'static str,
    pub(super) theirs: Told,
    /// Where we tell something else on purpose: why, and what.
    pub(super) ours: Option<(&'static str, Told)>,
}

const fn same(path: &'static str, group: &'static str, told: Told) -> Line {
    Line { path, group, theirs: told, ours: None }
}

const fn differs(
    path: &'static str,
    group: &'static str,
    why: &'static str,
    theirs: Told,
    ours: Told,
) -> Line {
    Line { path, group, theirs, ours: Some((why, ours)) }
}

/// The whole story. The steps are those of `tell_story`; what is not listed is never told.
pub(super) const LINES: [Line; 20] = [
    same("ops", "Cause", ["firing a", "", "", "resolved -a"]),
    same("ops", "Symptom", ["", "", "", ""]),
    same("ops", "Apart", ["firing a", "", "", "resolved -a"]),
    same("ops", "PassingCause", ["firing a", "resolved -a", "", ""]),
    same("ops", "Freed", ["", "firing a", "", "resolved -a"]),
    same("ops", "LateCause", ["", "firing a", "resolved -a", ""]),
    differs(
        "ops",
        "Overtaken",
        "who was told of an alert is told of its end, though it ends while it is inhibited",
        ["firing a", "", "", "resolved -a"],
        ["firing a", "resolved -a", "firing a", "resolved -a"],
    ),
    differs(
        "ops",
        "Silenced",
        "who was told of an alert is told of its end, though it ends while it is silenced",
        ["firing a", "", "", "resolved -a"],
        ["firing a", "resolved -a", "firing a", "resolved -a"],
    ),
    same("ops", "Hushed", ["", "", "firing a", "resolved -a"]),
    same("ops", "Partly", ["firing a b c", "firing -a c", "firing b c", "resolved -b -c"]),
    differs(
        "ops",
        "Mixed",
        "the same of one alert of a group",
        ["firing a b", "", "", "resolved -a -b"],
        ["firing a b", "firing a -b", "firing a b", "resolved -a -b"],
    ),
    differs(
        "ops",
        "Brief",
        "the end of an alert that nobody was told of is no news",
        ["firing a", "firing a -b", "", "resolved -a"],
        ["firing a", "", "", "resolved -a"],
    ),
    same("ops", "Open", ["firing a", "resolved -a", "firing a", "resolved -a"]),
    same("first", "Both", ["firing a", "resolved -a", "firing a", "resolved -a"]),
    same("second", "Both", ["firing a", "resolved -a", "firing a", "resolved -a"]),
    same("once", "Once", ["firing a", "", "firing a", ""]),
    differs(
        "once",
        "OnceOfTwo",
        "an alert that ended and fires again is told again, though others of its group went on firing",
        ["firing a b", "", "", ""],
        ["firing a b", "", "firing a b", ""],
    ),
    differs(
        "cut",
        "Cut",
        "the status speaks for all alerts, not for those only that max_alerts leaves",
        ["firing a", "resolved -a", "firing a", "resolved -a"],
        ["firing a", "firing -a", "firing a", "resolved -a"],
    ),
    same("ops", "Quiet", ["", "", "", ""]),
    same("ops", "OffHours", ["", "", "", ""]),
];
