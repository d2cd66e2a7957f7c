//! What inhibition and questions cost when there is much of everything: 10,000 inhibition rules, 10,000
//! sources of one rule, a million alerts of which a few are asked for.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sereno::config::read_routing;
use sereno::config::routes::Routing;
use sereno::model::{Alert, Annotations, LabelSet, MatchOp, Matcher, Timestamp};
use sereno::router::{AlertQuery, Cursor, Input, Router};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);
const MANY: usize = 10_000;
const MILLION: usize = 1_000_000;

fn routing(inhibit_rules: &str) -> Arc<Routing> {
    let text = format!(
        "route: {{receiver: ops, group_by: [alertname]}}\n\
         receivers: [{{name: ops, console_configs: [{{}}]}}]\n{inhibit_rules}"
    );
    let (routing, problems) = read_routing("routes.yml", &text);
    Arc::new(routing.unwrap_or_else(|| panic!("{problems:?}")))
}

fn rule(source: &str, target: &str) -> String {
    format!("- source_matchers: ['{source}']\n  target_matchers: ['{target}']\n  equal: [cluster]\n")
}

fn alert<const N: usize>(labels: [(&str, String); N]) -> Alert {
    Alert {
        labels: LabelSet::from_pairs(labels),
        annotations: Annotations::default(),
        starts_at: START,
        ends_at: None,
        updated_at: START,
        timeout: false,
        generator_url: "".into(),
    }
}

fn send(router: &mut Router, alerts: Vec<Alert>) {
    black_box(router.handle(START, Input::Alerts(alerts)));
}

/// A new alert that is the target of one rule, with that rule's source among all the others'.
fn inhibition(criterion: &mut Criterion) {
    let target = |number: usize| {
        vec![alert([
            ("alertname", format!("Target{}", number % MANY)),
            ("cluster", "a".to_owned()),
            ("instance", number.to_string()),
        ])]
    };
    let sources = |distinct: bool| {
        let source = |number: usize| {
            let name = if distinct { format!("Source{number}") } else { "Source".to_owned() };
            alert([("alertname", name), ("cluster", "a".to_owned()), ("instance", number.to_string())])
        };
        (0..MANY).map(source).collect::<Vec<_>>()
    };
    let by_name = |number: usize| {
        rule(&format!("alertname=\"Source{number}\""), &format!("alertname=\"Target{number}\""))
    };
    let rules: String = (0..MANY).map(by_name).collect();
    let one = rule("alertname=\"Source\"", "alertname=~\"Target.*\"");
    for (name, rules, distinct) in [
        ("one new alert, no inhibition", String::new(), true),
        ("one new alert, 10k inhibition rules with a source each", format!("inhibit_rules:\n{rules}"), true),
        ("one new alert, 10k sources of one rule", format!("inhibit_rules:\n{one}"), false),
    ] {
        let mut router = Router::restore(routing(&rules), 1, START, Vec::new());
        send(&mut router, sources(distinct));
        let mut number = 0;
        let mut new = || {
            number += 1;
            target(number)
        };
        criterion.bench_function(name, |bencher| {
            bencher.iter_batched(&mut new, |alerts| send(&mut router, alerts), BatchSize::SmallInput);
        });
        let inhibited = AlertQuery { active: false, ..AlertQuery::default() };
        let mut next = Some(Cursor::default());
        let any_inhibited = std::iter::from_fn(|| {
            let page = router.alert_page(START, &inhibited, next.take()?, 1);
            next = page.next;
            Some(!page.items.is_empty())
        })
        .any(|found| found);
        assert_eq!(any_inhibited, !rules.is_empty(), "{name}");
    }
}

fn questions(criterion: &mut Criterion) {
    let mut router = Router::restore(routing(""), 1, START, Vec::new());
    let labels = |number: usize| {
        alert([
            ("alertname", format!("Alert{}", number % 1_000)),
            ("cluster", format!("cluster-{}", number % 7)),
            ("instance", format!("node-{number}.example.net:9100")),
            ("severity", if number.is_multiple_of(1_000) { "page" } else { "ticket" }.to_owned()),
            ("team", format!("team-{}", number % 20)),
        ])
    };
    for batch in 0..100 {
        let from = batch * (MILLION / 100);
        send(&mut router, (from..from + MILLION / 100).map(labels).collect());
    }
    let matcher = |name: &str, op, value: &str| Matcher::new(name, op, value).expect("it is valid");
    let mut group = criterion.benchmark_group("one million alerts");
    group.sample_size(20);
    for (name, matchers, found) in [
        ("instance=…", vec![Matcher::equal("instance", "node-4711.example.net:9100")], 1),
        (
            "severity!=ticket, team=~…",
            vec![
                matcher("severity", MatchOp::NotEqual, "ticket"),
                matcher("team", MatchOp::Regex, "team-(0|1)"),
            ],
            1_000,
        ),
        (
            "alertname=~…, cluster=…",
            vec![
                matcher("alertname", MatchOp::Regex, "Alert77.*"),
                Matcher::equal("cluster", "cluster-3"),
                Matcher::equal("severity", "page"),
            ],
            0,
        ),
    ] {
        let query = AlertQuery { matchers, ..AlertQuery::default() };
        for _ in 0..200 {
            router.index_for(&query.matchers); // in steps, as page by page
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let page = router.alert_page(START, &query, Cursor::default(), 10_000);
                assert_eq!((page.items.len(), page.next.is_some()), (found, false));
            });
        });
    }
    let mut names = (0..).map(|number| matcher("instance", MatchOp::Regex, &format!("nobody{number}.*")));
    group.bench_function("one page of a look at every alert", |bencher| {
        bencher.iter(|| {
            let query = AlertQuery { matchers: names.by_ref().take(1).collect(), ..AlertQuery::default() };
            black_box(router.alert_page(START, &query, Cursor::default(), 1_000))
        });
    });
    group.finish();
}

criterion_group!(benches, inhibition, questions);
criterion_main!(benches);
