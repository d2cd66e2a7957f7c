//! How fast alerts are routed: 100,000 alerts into 1,000 groups, for the first time and again unchanged;
//! one new alert through a tree of 2,000 routes; and how long a day of a group takes where the clock jumps.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sereno::config::routes::{GroupBy, Integration, Receiver, Route, Routing, Settings};
use sereno::core::{self, Config};
use sereno::model::matcher::MatcherList;
use sereno::model::{Alert, Annotations, Duration, LabelSet, Matcher, QueryValue, Timestamp};
use sereno::router::{Attempt, Input, Outcome, Router};
use sereno::rules::Query;
use sereno::sim::{QueryAnswer, Sim, World};

const ALERTS: usize = 100_000;
const GROUPS: usize = 1_000;
const START: Timestamp = Timestamp::from_secs(1_700_000_000);

fn route(id: &str, matchers: Vec<Matcher>) -> Route {
    Route {
        key: id.into(),
        id: id.into(),
        children: Vec::new(),
        matchers,
        continues: false,
        receiver: "ops".into(),
        group_by: GroupBy::Labels(vec!["alertname".into()]),
        group_wait: Duration::from_secs(30),
        group_interval: Duration::from_mins(5),
        repeat_interval: Duration::from_mins(240),
        cooldown: Duration::ZERO,
        mute_time_intervals: Vec::new(),
        active_time_intervals: Vec::new(),
        labels: BTreeMap::new(),
        span: 0..0,
    }
}

/// A root with `children` children, each for another team.
fn routing(children: usize) -> Arc<Routing> {
    let settings = Settings::Console;
    let integration = Integration { kind: "console", index: 0, send_resolved: true, settings, span: 0..0 };
    let receiver = Receiver {
        name: "ops".into(),
        labels: BTreeMap::new(),
        integrations: vec![Arc::new(integration)],
        fallback: None,
        ..Receiver::default()
    };
    let mut routes = vec![route("{}", Vec::new())];
    for team in 0..children {
        let matchers = vec![Matcher::equal("team", format!("team-{team}"))];
        routes.push(route(&format!("{{}}/{team}/{}", MatcherList(&matchers)), matchers));
        routes[0].children.push(team + 1);
    }
    Arc::new(Routing {
        path: "routes.yml".into(),
        routes,
        receivers: vec![Arc::new(receiver)],
        inhibit_rules: Vec::new(),
        resolve_timeout: Duration::from_mins(5),
        strict: false,
        ..Routing::default()
    })
}

/// Alerts as a sender's request brings them: with strings of their own.
fn alerts(now: Timestamp) -> Vec<Alert> {
    let text = |number: usize| format!("Something is wrong on node-{number}.example.net since a while");
    let alert = |number: usize| Alert {
        labels: LabelSet::from_pairs([
            ("alertname", format!("Alert{}", number % GROUPS)),
            ("cluster", format!("cluster-{}", number % 7)),
            ("instance", format!("node-{number}.example.net:9100")),
            ("job", "node".to_owned()),
            ("namespace", format!("namespace-{}", number % 50)),
            ("severity", if number.is_multiple_of(10) { "page" } else { "ticket" }.to_owned()),
            ("team", format!("team-{}", number % GROUPS % 20)),
        ]),
        annotations: Annotations::from_pairs([
            ("description", text(number)),
            ("summary", "Something is wrong".to_owned()),
        ]),
        starts_at: START,
        ends_at: Some(now + Duration::from_mins(4)),
        updated_at: now,
        timeout: false,
        generator_url: "http://prometheus.example.net:9090/graph?g0.expr=up+%3D%3D+0".into(),
    };
    (0..ALERTS).map(alert).collect()
}

fn send(router: &mut Router, now: Timestamp, alerts: Vec<Alert>) {
    black_box(router.handle(now, Input::Alerts(alerts)));
}

fn routing_alerts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("router");
    group.sample_size(10).throughput(Throughput::Elements(ALERTS as u64));
    let routing = routing(20);
    let new = || Router::restore(Arc::clone(&routing), 1, START, Vec::new());
    group.bench_function("100k alerts into 1000 groups, new", |bencher| {
        let run = |(mut router, alerts): (Router, Vec<Alert>)| {
            send(&mut router, START, alerts);
            router
        };
        bencher.iter_batched(|| (new(), alerts(START)), run, BatchSize::LargeInput);
    });
    let mut router = new();
    send(&mut router, START, alerts(START));
    let mut now = START;
    group.bench_function("100k alerts into 1000 groups, sent again", |bencher| {
        let again = || {
            now = now + Duration::from_millis(1);
            (now, alerts(now))
        };
        bencher.iter_batched(again, |(now, alerts)| send(&mut router, now, alerts), BatchSize::LargeInput);
    });
    group.finish();
}

fn many_routes(criterion: &mut Criterion) {
    let mut router = Router::restore(routing(2_000), 1, START, Vec::new());
    let mut number = 0_u64;
    let mut new_alert = || {
        number += 1;
        let labels = LabelSet::from_pairs([
            ("alertname", "A".to_owned()),
            ("instance", number.to_string()),
            ("team", format!("team-{}", number % 2_000)),
        ]);
        vec![Alert {
            labels,
            annotations: Annotations::default(),
            starts_at: START,
            ends_at: None,
            updated_at: START,
            timeout: false,
            generator_url: "".into(),
        }]
    };
    criterion.bench_function("one new alert through 2000 routes", |bencher| {
        bencher.iter_batched(
            &mut new_alert,
            |alerts| send(&mut router, START, alerts),
            BatchSize::SmallInput,
        );
    });
}

/// A world without rules, whose receivers take everything.
#[derive(Debug)]
struct Willing;

impl World for Willing {
    fn query(&mut self, _: Timestamp, _: &Query) -> (Duration, QueryAnswer) {
        (Duration::ZERO, Ok(QueryValue::Vector(Vec::new())))
    }

    fn notify(&mut self, _: Timestamp, _: &Attempt) -> (Duration, Outcome) {
        (Duration::from_millis(100), Outcome::Delivered)
    }
}

/// One group in the simulator, with these alerts of `alerts` sent so often.
fn a_day_of(count: usize, every: Duration, is_firing: impl Fn(i64) -> bool) -> usize {
    let end = START + Duration::from_mins(24 * 60);
    let mut sim = Sim::new(Config { rules: Arc::default(), routing: routing(1) }, 1, START, Willing);
    let alert = |number: usize, now: Timestamp, is_firing: bool| Alert {
        labels: LabelSet::from_pairs([
            ("alertname", "A".to_owned()),
            ("instance", number.to_string()),
            ("team", "team-0".to_owned()),
        ]),
        annotations: Annotations::default(),
        starts_at: START,
        ends_at: Some(if is_firing { now + Duration::from_mins(60) } else { now }),
        updated_at: now,
        timeout: false,
        generator_url: "".into(),
    };
    let mut turn = 0;
    while sim.now() < end {
        let now = sim.now();
        sim.input(core::Input::Alerts(
            (0..count).map(|number| alert(number, now, is_firing(turn))).collect(),
        ));
        sim.run_for(every);
        turn += 1;
    }
    sim.log.attempts.len()
}

/// What `sereno test` and `replay` live on: time that passes in no time.
fn a_simulated_day(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("a simulated day of a group");
    let half_hour = Duration::from_mins(30);
    group.bench_function("an alert that stays", |bencher| {
        bencher.iter(|| a_day_of(1, half_hour, |_| true));
    });
    group.bench_function("an alert that comes and goes 24 times", |bencher| {
        bencher.iter(|| a_day_of(1, half_hour, |turn| turn % 2 == 0));
    });
    group.bench_function("an alert that is sent each minute", |bencher| {
        bencher.iter(|| a_day_of(1, Duration::from_mins(1), |_| true));
    });
    group.bench_function("100 alerts that stay", |bencher| {
        bencher.iter(|| a_day_of(100, half_hour, |_| true));
    });
    group.finish();
}

criterion_group!(benches, routing_alerts, many_routes, a_simulated_day);
criterion_main!(benches);
