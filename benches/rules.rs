//! How many samples a second the rules engine takes: everything but the queries themselves.
//!
//! Each iteration is one evaluation of every rule, a minute after the one before.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sereno::config::rules::{AlertingRule, Rule, RuleGroup, RuleKind, RuleLabel};
use sereno::config::yaml::SpannedText;
use sereno::model::{Duration, LabelSet, QueryValue, Sample, Timestamp};
use sereno::rules::{Effect, Engine, Input, RulesConfig, Sampled, Written};
use sereno::template::rule::RuleTemplate;

fn label(name: &str, text: &str) -> RuleLabel {
    RuleLabel { name: name.into(), value: RuleTemplate::new("Rule", text), written: SpannedText::default() }
}

fn alerting() -> RuleKind {
    RuleKind::Alerting(AlertingRule {
        hold_for: Duration::from_mins(5),
        keep_firing_for: Duration::ZERO,
        annotations: vec![label("summary", "An instance is down.")],
    })
}

fn config(kind: &RuleKind, groups: usize, rules: usize) -> Arc<RulesConfig> {
    let rule = |group: usize, rule: usize| Rule {
        name: format!("Rule{group}x{rule}").into(),
        expr: "up == 0".into(),
        parsed: None,
        written: SpannedText::default(),
        labels: vec![label("severity", "page"), label("team", "infra")],
        kind: kind.clone(),
        span: 0..0,
    };
    let group = |number: usize| RuleGroup {
        file: "rules.yml".into(),
        name: format!("group{number}").into(),
        interval: None,
        query_offset: None,
        limit: 0,
        rules: (0..rules).map(|at| Arc::new(rule(number, at))).collect(),
    };
    Arc::new(RulesConfig {
        groups: (0..groups).map(|number| Arc::new(group(number))).collect(),
        evaluation_interval: Duration::from_mins(1),
        query_offset: Duration::ZERO,
        resend_delay: Duration::from_mins(1),
        external_labels: LabelSet::from_pairs([("cluster", "eu-1")]),
        external_url: "http://localhost:9090".into(),
    })
}

fn samples(count: usize) -> Vec<Sample> {
    let labels = |number: usize| {
        LabelSet::from_pairs([
            ("__name__", "up"),
            ("instance", &format!("host-{:07}:9100", number.wrapping_mul(7919) % 1_000_003)),
            ("job", "node"),
            ("namespace", "monitoring"),
        ])
    };
    (0..count).map(|number| Sample::float(labels(number), 0.0)).collect()
}

/// Gives `first` and answers everything that follows at once.
fn drive(engine: &mut Engine, now: Timestamp, answer: &[Sample]) {
    let mut inputs = VecDeque::from([Input::Wake]);
    while let Some(input) = inputs.pop_front() {
        for effect in engine.handle(now, input) {
            match effect {
                Effect::Query(query) => {
                    let result = Ok(QueryValue::Vector(answer.to_vec()));
                    inputs.push_back(Input::Sampled(Sampled { eval: query.eval, result }));
                }
                Effect::Write(write) => {
                    inputs.push_back(Input::Written(Written { id: write.id, result: Ok(()) }));
                }
                Effect::Alerts(alerts) => drop(black_box(alerts)),
                Effect::Persist(entry) => drop(black_box(entry)),
                Effect::Note(event) => drop(black_box(event)),
            }
        }
    }
}

fn evaluations(c: &mut Criterion) {
    let mut benchmarks = c.benchmark_group("evaluate");
    benchmarks.sample_size(10);
    for (name, kind, groups, rules, series) in [
        ("10,000 alerting rules × 10 series", alerting(), 1000, 10, 10),
        ("10,000 recording rules × 10 series", RuleKind::Recording, 1000, 10, 10),
        ("1 alerting rule × 100,000 series", alerting(), 1, 1, 100_000),
    ] {
        let answer = samples(series);
        let mut now = Timestamp::from_secs(1_700_000_000);
        let mut engine = Engine::restore(config(&kind, groups, rules), now, Vec::new());
        benchmarks.throughput(Throughput::Elements((groups * rules * series) as u64));
        benchmarks.bench_function(name, |bencher| {
            bencher.iter_batched(
                || (),
                |()| {
                    now = now + Duration::from_mins(1);
                    drive(&mut engine, now, &answer);
                },
                BatchSize::PerIteration,
            );
        });
    }
    benchmarks.finish();
}

criterion_group!(benches, evaluations);
criterion_main!(benches);
