//! Random routing files, small enough to be read when a play fails.

use std::fmt::Write;

use crate::random::Random;

/// The labels that alerts, routes, silences and inhibition rules are about.
pub(super) const NAMES: [&str; 4] = ["alertname", "cluster", "severity", "team"];

/// The values of each.
pub(super) const VALUES: [&str; 3] = ["a", "b", "c"];

/// One of several.
pub(super) fn one<'a, T: ?Sized>(random: &mut Random, of: &[&'a T]) -> &'a T {
    let last = i64::try_from(of.len()).expect("short lists") - 1;
    of[usize::try_from(random.between(0, last)).expect("not negative")]
}

/// A matcher as files write it.
pub(super) fn matcher(random: &mut Random) -> String {
    let (name, value) = (one(random, &NAMES), one(random, &VALUES));
    match random.between(0, 5) {
        0..=2 => format!("{name}=\"{value}\""),
        3 => format!("{name}!=\"{value}\""),
        4 => format!("{name}=~\"{value}|b\""),
        _ => format!("{name}!~\"{value}|c\""),
    }
}

fn matchers(random: &mut Random, at_most: i64) -> String {
    let count = random.between(1, at_most);
    let list: Vec<String> = (0..count).map(|_| format!("'{}'", matcher(random))).collect();
    list.join(", ")
}

/// A whole file.
pub(super) fn routing(random: &mut Random) -> String {
    let mut text = String::new();
    if random.chance(25) {
        text.push_str("compat: strict\n");
    }
    let _ = writeln!(
        text,
        "route:\n  receiver: r0\n  group_by: [{}]",
        one(random, &["", "alertname", "cluster", "'...'"])
    );
    timings(random, &mut text, "  ");
    text.push_str("  routes:\n");
    for _ in 0..random.between(1, 4) {
        child(random, &mut text, 2, 2);
    }
    text.push_str("receivers:\n");
    for receiver in 0..3 {
        let _ = writeln!(text, "- name: r{receiver}\n  webhook_configs:");
        for _ in 0..random.between(1, 2) {
            let wants = !random.chance(30);
            let _ = writeln!(text, "  - {{url: 'http://127.0.0.1:1/', send_resolved: {wants}}}");
        }
    }
    text.push_str("time_intervals:\n- {name: night, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]}]}\n- {name: odd, time_intervals: [{times: [{start_time: '01:00', end_time: '02:00'}, {start_time: '03:00', end_time: '04:00'}]}]}\n");
    text.push_str("inhibit_rules:\n");
    for _ in 0..random.between(0, 3) {
        let equal = one(random, &["", "cluster", "cluster, team", "team"]);
        let (source, target) = (matchers(random, 2), matchers(random, 2));
        let _ = writeln!(
            text,
            "- {{source_matchers: [{source}], target_matchers: [{target}], equal: [{equal}]}}"
        );
    }
    text
}

fn timings(random: &mut Random, text: &mut String, indent: &str) {
    let _ = writeln!(text, "{indent}group_wait: {}", one(random, &["0s", "10s", "30s"]));
    let _ = writeln!(text, "{indent}group_interval: {}", one(random, &["1m", "5m"]));
    let _ = writeln!(text, "{indent}repeat_interval: {}", one(random, &["10m", "1h"]));
}

fn child(random: &mut Random, text: &mut String, depth: usize, levels: usize) {
    let dash = " ".repeat(depth);
    let indent = " ".repeat(depth + 2);
    let _ = writeln!(text, "{dash}- matchers: [{}]", matchers(random, 2));
    if random.chance(50) {
        let _ = writeln!(text, "{indent}receiver: {}", one(random, &["r0", "r1", "r2"]));
    }
    if random.chance(40) {
        let _ = writeln!(text, "{indent}continue: true");
    }
    if random.chance(40) {
        let _ = writeln!(
            text,
            "{indent}group_by: [{}]",
            one(random, &["alertname", "team, cluster", "severity", ""])
        );
    }
    if random.chance(30) {
        timings(random, text, &indent);
    }
    if random.chance(20) {
        let _ =
            writeln!(text, "{indent}mute_time_intervals: [{}]", one(random, &["night", "odd", "night, odd"]));
    }
    if random.chance(15) {
        let _ = writeln!(text, "{indent}active_time_intervals: [{}]", one(random, &["night", "odd"]));
    }
    if levels > 1 && random.chance(40) {
        let _ = writeln!(text, "{indent}routes:");
        for _ in 0..random.between(1, 2) {
            child(random, text, depth + 2, levels - 1);
        }
    }
}
