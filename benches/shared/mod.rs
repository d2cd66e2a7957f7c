//! What the benches of the router's memory have in common.

use std::sync::Arc;

use sereno::config::routes::{GroupBy, Integration, Receiver, Route, Routing, Settings};
use sereno::model::{Duration, Timestamp};
use sereno::router::{Attempt, Effect};

/// When it all begins.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A root route and nothing else.
pub(crate) fn routing(group_by: GroupBy, group_interval: Duration) -> Arc<Routing> {
    let settings = Settings::Console;
    let integration = Integration { kind: "console", index: 0, send_resolved: true, settings, span: 0..0 };
    let receiver =
        Receiver { name: "ops".into(), integrations: vec![Arc::new(integration)], ..Receiver::default() };
    let root = Route {
        key: "{}".into(),
        id: "{}".into(),
        children: Vec::new(),
        matchers: Vec::new(),
        continues: false,
        receiver: "ops".into(),
        group_by,
        group_wait: Duration::from_secs(30),
        group_interval,
        repeat_interval: Duration::from_mins(240),
        cooldown: Duration::ZERO,
        mute_time_intervals: Vec::new(),
        active_time_intervals: Vec::new(),
        labels: std::collections::BTreeMap::new(),
        span: 0..0,
    };
    Arc::new(Routing {
        path: "routes.yml".into(),
        routes: vec![root],
        receivers: vec![Arc::new(receiver)],
        resolve_timeout: Duration::from_mins(5),
        ..Routing::default()
    })
}

/// The resident size of this process in bytes.
pub(crate) fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or_default() * 1024
}

/// The attempts among effects.
pub(crate) fn attempts(effects: Vec<Effect>) -> Vec<Attempt> {
    let attempt = |effect| match effect {
        Effect::Notify(attempt) => Some(attempt),
        Effect::Persist(_) | Effect::Reply(..) | Effect::Note(_) => None,
    };
    effects.into_iter().filter_map(attempt).collect()
}
