//! How long the disk takes: one commit of one alert and of a thousand, of a request with new ones and their
//! history, a restart with 100,000 alerts in 1,000 groups, and what an alert takes on disk (printed). In the
//! folder for temporary files: set `TMPDIR` to measure another disk.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sereno::core::Entry;
use sereno::model::{Alert, Annotations, Duration, LabelSet, Timestamp};
use sereno::router::{GroupKey, Key, Record, SavedGroup};
use sereno::shell::clock::Clock;
use sereno::shell::history::{HistoryKind, HistoryRow};
use sereno::shell::store::sqlite::{Settings, SqliteStore};
use sereno::shell::store::{Batch, Store};
use sereno::{config, router};

const ALERTS: usize = 100_000;
const GROUPS: usize = 1_000;
const START: Timestamp = Timestamp::from_secs(1_700_000_000);

fn open(folder: &Path) -> SqliteStore {
    let settings = Settings {
        folder: folder.to_owned(),
        history_retention: Duration::from_secs(3600),
        history_max_size: 1 << 30,
    };
    SqliteStore::new(settings, Arc::new(Clock::default()))
}

fn alert(number: usize) -> Alert {
    let text = format!("Something is wrong on node-{number}.example.net since a while");
    Alert {
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
            ("description", text.clone()),
            ("summary", text),
            ("runbook_url", "https://runbooks.example.net/node/something-is-wrong".to_owned()),
        ]),
        starts_at: START,
        ends_at: Some(START + Duration::from_mins(5)),
        updated_at: START,
        timeout: false,
        generator_url: "http://prometheus.example.net:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1".into(),
    }
}

fn entry(number: usize) -> Entry {
    let alert = alert(number);
    let key = Key::Alert(alert.labels.fingerprint());
    Entry::Router(router::Entry { key, record: Some(Record::Alert(alert)) })
}

fn group(number: usize) -> Entry {
    let labels = LabelSet::from_pairs([("alertname", format!("Alert{number}"))]);
    let key = Key::Group(GroupKey { route: "{}".into(), labels });
    let record = Some(Record::Group(SavedGroup { next_flush: START, changed: false }));
    Entry::Router(router::Entry { key, record })
}

fn batch(entries: impl IntoIterator<Item = Entry>) -> Batch {
    let mut batch = Batch::default();
    entries.into_iter().for_each(|entry| batch.keep(entry));
    batch
}

fn commits(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(folder.path());
    store.load().expect("it may start");
    for size in [1, 100, 1000] {
        let mut next = 0;
        criterion.bench_function(&format!("commit of {size} alerts"), |bencher| {
            bencher.iter(|| {
                next = (next + size) % ALERTS;
                store.commit(&batch((next..next + size).map(entry))).expect("kept")
            });
        });
    }
}

/// A row of history, as an alert has when it begins.
fn began(number: usize) -> HistoryRow {
    let labels = alert(number).labels;
    HistoryRow {
        at: START + Duration::from_millis(number as i64),
        kind: HistoryKind::Alert,
        receiver: None,
        fingerprint: Some(labels.fingerprint()),
        labels,
        detail: [("change", "began"), ("starts_at", "2023-11-14T22:13:20.000Z")]
            .map(|(name, text)| (name.to_owned(), text.into()))
            .into_iter()
            .collect(),
    }
}

/// What a request of Prometheus' becomes: alerts that were not there, with their history.
fn new_alerts(criterion: &mut Criterion) {
    const REQUEST: usize = 256;
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(folder.path());
    store.load().expect("it may start");
    let mut next = 0;
    criterion.bench_function("commit of 256 new alerts with their history", |bencher| {
        let make = || {
            let numbers = next..next + REQUEST;
            next = numbers.end;
            let mut batch = batch(numbers.clone().map(entry));
            numbers.map(began).for_each(|row| batch.remember(row));
            batch
        };
        bencher.iter_batched(make, |batch| store.commit(&batch).expect("kept"), BatchSize::PerIteration);
    });
}

#[expect(clippy::print_stdout, reason = "a measurement that criterion does not make")]
fn restart(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = open(folder.path());
    store.load().expect("it may start");
    let all = batch((0..ALERTS).map(entry).chain((0..GROUPS).map(group)));
    let bytes = store.commit(&all).expect("kept");
    drop(store);
    let file = std::fs::metadata(folder.path().join("sereno.db")).expect("it is there").len();
    let each = |bytes: u64| bytes / ALERTS as u64;
    println!("{ALERTS} alerts: {} bytes each as records, {} on disk", each(bytes), each(file));
    let text = "route: {receiver: ops, group_by: [alertname]}\nreceivers: [{name: ops}]\n";
    let (routing, _) = config::read_routing("routes.yml", text);
    let routing = Arc::new(routing.expect("it is right"));
    let mut group = criterion.benchmark_group("restart");
    group.sample_size(10);
    group.bench_function("load 100,000 alerts", |bencher| {
        bencher.iter(|| black_box(open(folder.path()).load().expect("it may start").entries.len()));
    });
    group.bench_function("load 100,000 alerts and route them", |bencher| {
        bencher.iter(|| {
            let saved = open(folder.path()).load().expect("it may start").entries;
            let saved = saved.into_iter().filter_map(|entry| match entry {
                Entry::Router(entry) => Some(entry),
                Entry::Rules(_) => None,
            });
            router::Router::restore(Arc::clone(&routing), 1, START, saved.collect())
        });
    });
    group.finish();
}

criterion_group!(benches, commits, new_alerts, restart);
criterion_main!(benches);
