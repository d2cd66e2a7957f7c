//! How much memory a million alerts in ten thousand groups take in the router, and how much of it each stage
//! adds: taken in, told, found by label. Linux only, as it reads the process' resident size.

mod shared;

use std::time::Instant;

use sereno::config::routes::GroupBy;
use sereno::model::{Alert, Annotations, Duration, LabelSet, Matcher, Timestamp};
use sereno::router::{AlertQuery, Cursor, Input, Notified, Outcome, Router};

use shared::{START, attempts, resident, routing};

const ALERTS: usize = 1_000_000;
const GROUPS: usize = 10_000;
/// How many alerts a sender puts into a request.
const BATCH: usize = 1_000;

/// An alert as a sender's request brings it: with strings of its own.
fn alert(number: usize) -> Alert {
    let group = number % GROUPS;
    Alert {
        labels: LabelSet::from_pairs([
            ("alertname", format!("Alert{group}")),
            ("cluster", format!("cluster-{}", number % 7)),
            ("instance", format!("node-{number}.example.net:9100")),
            ("job", "node".to_owned()),
            ("severity", if number.is_multiple_of(10) { "page" } else { "ticket" }.to_owned()),
            ("team", format!("team-{}", group % 20)),
            ("zone", format!("zone-{}", number % 3)),
        ]),
        annotations: Annotations::from_pairs([
            ("runbook_url", format!("https://runbooks.example.net/alerts/Alert{group}")),
            ("summary", format!("The disk of node-{number:07} is almost full")),
        ]),
        starts_at: START,
        ends_at: Some(START + Duration::from_mins(60)),
        updated_at: START,
        timeout: false,
        generator_url: format!("http://prometheus.example.net:9090/graph?g0.expr=disk_{group}+%3E+0.9")
            .into(),
    }
}

/// Prints what a stage did to the resident size.
struct Stages {
    before: usize,
    start: usize,
    since: Instant,
}

impl Stages {
    #[expect(clippy::disallowed_methods, reason = "a bench measures time")]
    fn new() -> Self {
        Self { before: resident(), start: resident(), since: Instant::now() }
    }

    #[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]
    fn end(&mut self, stage: &str) {
        let now = resident();
        let (added, all) = (now as i64 - self.before as i64, now as i64 - self.start as i64);
        println!(
            "{stage:32} {:8.1} bytes per alert  {:7.1} MB in all  {:6.2} s",
            added as f64 / ALERTS as f64,
            all as f64 / 1e6,
            self.since.elapsed().as_secs_f64(),
        );
        (self.before, self.since) = (now, Instant::now());
    }
}

/// Asks for alerts with one value of a label until the index answers.
fn ask(router: &mut Router, now: Timestamp, name: &str, value: &str) -> usize {
    let matchers = vec![Matcher::equal(name, value)];
    for _ in 0..=ALERTS / 10_000 {
        router.index_for(&matchers);
    }
    let query = AlertQuery { matchers, ..AlertQuery::default() };
    router.alert_page(now, &query, Cursor::default(), 100).items.len()
}

fn main() {
    let mut stages = Stages::new();
    let by_name = GroupBy::Labels(vec!["alertname".into()]);
    let routing = routing(by_name, Duration::from_mins(5));
    let mut router = Router::restore(routing, 1, START, Vec::new());
    for first in (0..ALERTS).step_by(BATCH) {
        let alerts = (first..first + BATCH).map(alert).collect();
        drop(router.handle(START, Input::Alerts(alerts)));
    }
    stages.end("taken in and grouped");
    for first in (0..ALERTS).step_by(BATCH) {
        let alerts = (first..first + BATCH).map(alert).collect();
        drop(router.handle(START, Input::Alerts(alerts)));
    }
    stages.end("sent again");
    let now = START + Duration::from_secs(30);
    let told = attempts(router.handle(now, Input::Wake));
    assert_eq!(told.len(), GROUPS, "each group is told at once");
    stages.end("all groups on their way at once");
    for attempt in told {
        let notified = Notified { attempt: attempt.id, outcome: Outcome::Delivered, memory: None };
        drop(router.handle(now, Input::Notified(notified)));
    }
    stages.end("told");
    assert_eq!(ask(&mut router, now, "team", "team-3"), 100);
    stages.end("found by a label of 20 values");
    assert_eq!(ask(&mut router, now, "instance", "node-77.example.net:9100"), 1);
    stages.end("found by a label of 1M values");
}
