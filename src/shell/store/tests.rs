//! What every store does, and what the one on disk does when the disk does not.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::sqlite::{Settings, SqliteStore};
use super::{Batch, HistoryQuery, HistoryReader, Key, MemoryStore, Store, StoreError, record, schema};
use crate::core::Entry;
use crate::model::{Alert, Duration, Fingerprint, LabelSet, Matcher, Timestamp};
use crate::shell::clock::Clock;
use crate::shell::history::{HistoryKind, HistoryRow};
use crate::{router, rules};

fn alert(name: &str, annotation: &str) -> (Fingerprint, Alert) {
    let labels = LabelSet::from_pairs([("alertname", name), ("instance", "ä \"quoted\"\n")]);
    let at = Timestamp::from_secs(1);
    let alert = Alert {
        labels: labels.clone(),
        annotations: crate::model::Annotations::from_pairs([("summary", annotation)]),
        starts_at: at,
        ends_at: None,
        updated_at: at,
        timeout: false,
        generator_url: "".into(),
    };
    (labels.fingerprint(), alert)
}

fn kept(name: &str, annotation: &str) -> Entry {
    let (fingerprint, alert) = alert(name, annotation);
    let record = Some(router::Record::Alert(alert));
    Entry::Router(router::Entry { key: router::Key::Alert(fingerprint), record })
}

fn key(name: &str) -> router::Key {
    router::Key::Alert(alert(name, "").0)
}

fn forgotten(name: &str) -> Entry {
    Entry::Router(router::Entry { key: key(name), record: None })
}

fn external_labels(zone: &str) -> Entry {
    let record = Some(rules::Record::ExternalLabels(LabelSet::from_pairs([("zone", zone)])));
    Entry::Rules(rules::Entry { key: rules::Key::ExternalLabels, record })
}

fn batch(entries: impl IntoIterator<Item = Entry>, rows: impl IntoIterator<Item = HistoryRow>) -> Batch {
    let mut batch = Batch::default();
    entries.into_iter().for_each(|entry| batch.keep(entry));
    rows.into_iter().for_each(|row| batch.remember(row));
    batch
}

fn row(at: i64, kind: HistoryKind, receiver: Option<&str>, name: &str) -> HistoryRow {
    let labels = LabelSet::from_pairs([("alertname", name), ("n", &at.to_string())]);
    HistoryRow {
        at: Timestamp::from_secs(at),
        kind,
        receiver: receiver.map(Into::into),
        fingerprint: Some(LabelSet::from_pairs([("alertname", name)]).fingerprint()),
        labels,
        detail: [("text".to_owned(), "ü".into())].into_iter().collect(),
    }
}

fn settings(folder: &Path) -> Settings {
    Settings {
        folder: folder.to_owned(),
        history_retention: Duration::from_secs(3600),
        history_max_size: 1 << 30,
    }
}

fn on_disk(folder: &Path) -> SqliteStore {
    SqliteStore::new(settings(folder), Arc::new(Clock::default()))
}

/// What an ordinary start finds.
fn load(store: &mut impl Store) -> Vec<Entry> {
    let loaded = store.load().expect("it may start");
    assert_eq!(loaded.trouble, None);
    loaded.entries
}

fn sorted(mut entries: Vec<Entry>) -> Vec<String> {
    entries.sort_by_key(|entry| format!("{entry:?}"));
    entries.iter().map(|entry| format!("{entry:?}")).collect()
}

fn a_later_batch_replaces_and_forgets(mut store: impl Store, reopen: impl Fn() -> Box<dyn Store>) {
    assert_eq!(load(&mut store), []);
    store.commit(&batch([kept("A", "one"), kept("B", "one"), external_labels("a")], [])).expect("kept");
    store
        .commit(&batch([kept("A", "two"), forgotten("B"), forgotten("C"), external_labels("b")], []))
        .expect("kept");
    assert_eq!(store.is_kept(&Key::Router(key("A"))), Ok(true));
    assert_eq!(store.is_kept(&Key::Router(key("B"))), Ok(false));
    assert_eq!(store.is_kept(&Key::Rules(rules::Key::ExternalLabels)), Ok(true));
    drop(store);
    let found = reopen().load().expect("it may start");
    assert_eq!(sorted(found.entries), sorted(vec![kept("A", "two"), external_labels("b")]));
}

#[test]
fn both_stores_keep_the_latest_record_of_each_key() {
    let memory = MemoryStore::default();
    a_later_batch_replaces_and_forgets(memory.clone(), || Box::new(memory.clone()));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("is/made");
    a_later_batch_replaces_and_forgets(on_disk(&path), || Box::new(on_disk(&path)));
}

#[test]
fn within_a_batch_the_latest_record_wins_whatever_came_before() {
    let mut all = batch([kept("A", "one"), kept("B", "one"), forgotten("C")], []);
    all.append(batch([kept("A", "two"), forgotten("B")], []));
    assert_eq!(all.records(), 3);
    all.retain_known(|key| *key == Key::Router(self::key("C")));
    let want = vec![kept("A", "two"), forgotten("C")];
    assert_eq!(sorted(all.entries().collect()), sorted(want), "B was never written, C was");
}

/// The numbers of the rows that all pages together have.
fn found(reader: &dyn HistoryReader, query: &HistoryQuery) -> Vec<i64> {
    let (mut query, mut numbers) = (query.clone(), Vec::new());
    loop {
        let page = reader.read(&query).expect("it can be read");
        assert!(page.rows.len() <= query.limit);
        numbers.extend(page.rows.iter().map(|row| row.labels.value("n").parse::<i64>().expect("a number")));
        match page.next {
            Some(next) => query.before = Some(next.to_string().parse().expect("our own text")),
            None => return numbers,
        }
    }
}

fn history_is_found_newest_first(store: &mut dyn Store, reader: &dyn HistoryReader) {
    store.load().expect("it may start");
    let rows = [
        row(10, HistoryKind::Alert, None, "A"),
        row(11, HistoryKind::Notification, Some("ops"), "A"),
        row(12, HistoryKind::Notification, Some("db"), "B"),
        row(12, HistoryKind::Silence, None, "B"),
        row(14, HistoryKind::Notification, Some("ops"), "A"),
    ];
    store.commit(&batch([], rows.clone())).expect("kept");
    // After a restart with a clock that was set back.
    store.commit(&batch([], [row(13, HistoryKind::Alert, None, "C")])).expect("kept");
    let all = HistoryQuery { limit: 2, ..HistoryQuery::default() };
    let named = |name: &str| vec![Matcher::equal("alertname", name)];
    for (what, query, want) in [
        ("all", all.clone(), vec![14, 13, 12, 12, 11, 10]),
        ("one page of all", HistoryQuery { limit: 9, ..all.clone() }, vec![14, 13, 12, 12, 11, 10]),
        ("by receiver", HistoryQuery { receiver: Some("ops".into()), ..all.clone() }, vec![14, 11]),
        ("by name", HistoryQuery { matchers: named("A"), ..all.clone() }, vec![14, 11, 10]),
        ("by fingerprint", HistoryQuery { fingerprint: rows[2].fingerprint, ..all.clone() }, vec![12, 12]),
        ("by kind", HistoryQuery { kinds: vec![HistoryKind::Silence], ..all.clone() }, vec![12]),
        (
            "by kinds and name",
            HistoryQuery {
                kinds: vec![HistoryKind::Alert, HistoryKind::Silence],
                matchers: named("A"),
                ..all.clone()
            },
            vec![10],
        ),
        (
            "by time, both ends included",
            HistoryQuery {
                from: Some(Timestamp::from_secs(11)),
                to: Some(Timestamp::from_secs(12)),
                ..all.clone()
            },
            vec![12, 12, 11],
        ),
        (
            "by another label",
            HistoryQuery { matchers: vec![Matcher::equal("n", "13")], ..all.clone() },
            vec![13],
        ),
        ("nothing", HistoryQuery { receiver: Some("nobody".into()), ..all }, vec![]),
    ] {
        assert_eq!(found(reader, &query), want, "{what}");
    }
    let page = reader.read(&HistoryQuery { limit: 1, ..HistoryQuery::default() }).expect("readable");
    assert_eq!(page.rows, [rows[4].clone()], "it comes back as it was");
}

#[test]
fn both_stores_find_history_newest_first() {
    let mut memory = MemoryStore::default();
    history_is_found_newest_first(&mut memory.clone(), &memory);
    memory.load().expect("it may start");
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = on_disk(folder.path());
    let reader = store.history();
    history_is_found_newest_first(&mut store, &reader);
}

#[test]
fn notifications_are_found_by_the_alerts_that_they_name() {
    let alert = LabelSet::from_pairs([("alertname", "A")]).fingerprint();
    let notification = |at: i64, names: &str| HistoryRow {
        fingerprint: None,
        detail: [("firing_alerts".to_owned(), [names].into_iter().collect())].into_iter().collect(),
        ..row(at, HistoryKind::Notification, Some("ops"), "A")
    };
    let own = row(10, HistoryKind::Alert, None, "A");
    let rows = [own, notification(11, &alert.to_string()), notification(12, "0")];
    let folder = tempfile::tempdir().expect("a folder");
    let (mut memory, mut disk) = (MemoryStore::default(), on_disk(folder.path()));
    for store in [&mut memory as &mut dyn Store, &mut disk] {
        store.load().expect("it may start");
        store.commit(&batch([], rows.clone())).expect("kept");
    }
    let all = HistoryQuery { limit: 1, fingerprint: Some(alert), ..HistoryQuery::default() };
    let only = HistoryQuery { kinds: vec![HistoryKind::Alert], ..all.clone() };
    for (query, want) in [(&all, vec![11, 10]), (&only, vec![10])] {
        assert_eq!(found(&memory, query), want, "{query:?}");
        assert_eq!(found(&disk.history(), query), want, "{query:?}");
    }
}

#[test]
fn every_question_about_history_goes_through_an_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = on_disk(folder.path());
    let reader = store.history();
    store.load().expect("it may start");
    let name = vec![Matcher::equal("alertname", "A")];
    let at = Some(Timestamp::from_secs(12));
    for query in [
        HistoryQuery { limit: 1, ..HistoryQuery::default() },
        HistoryQuery { limit: 1, from: at, to: at, ..HistoryQuery::default() },
        HistoryQuery { limit: 1, matchers: name, from: at, ..HistoryQuery::default() },
        HistoryQuery { limit: 1, receiver: Some("ops".into()), ..HistoryQuery::default() },
        HistoryQuery { limit: 1, fingerprint: Some(Fingerprint(u64::MAX)), ..HistoryQuery::default() },
        HistoryQuery { limit: 1, kinds: vec![HistoryKind::Reload], ..HistoryQuery::default() },
    ] {
        let plan = reader.plan(&query);
        let is_found = plan.contains("place USING INDEX history_by_")
            || plan.contains("place USING PRIMARY KEY (value=?") && plan.contains("PRIMARY KEY (rowid>?)");
        // Only the newest rows may be sorted: those that are not found by name yet.
        let sorts = plan.matches("TEMP B-TREE").count();
        assert!(is_found && !plan.contains("SCAN history") && sorts <= 1, "{query:?}: {plan}");
    }
}

#[test]
fn history_is_found_by_alert_and_name_before_and_after_it_is_sorted_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = on_disk(folder.path());
    let reader = store.history();
    store.load().expect("it may start");
    let name = |at: i64| if at % 5_000 == 0 { "Rare" } else { "Often" };
    let row = |at: i64| row(at, HistoryKind::Alert, None, name(at));
    // Enough to be sorted in twice, and some that are not.
    for first in (0..36_000).step_by(12_000) {
        store.commit(&batch([], (first..first + 12_000).map(row))).expect("kept");
    }
    let connection = Connection::open(folder.path().join("sereno.db")).expect("a database");
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    assert_eq!(count("SELECT count(*) FROM history_places"), 2 * 24_000);
    let rare =
        HistoryQuery { limit: 3, matchers: vec![Matcher::equal("alertname", "Rare")], ..Default::default() };
    let of_alert = HistoryQuery { limit: 3, fingerprint: row(0).fingerprint, ..Default::default() };
    let all: Vec<i64> = (0..8).rev().map(|number| number * 5_000).collect();
    assert_eq!(found(&reader, &rare), all);
    assert_eq!(found(&reader, &of_alert), all);
    let (from, to) = (Some(Timestamp::from_secs(10_000)), Some(Timestamp::from_secs(30_000)));
    assert_eq!(found(&reader, &HistoryQuery { from, to, ..rare.clone() }), all[1..=5]);
    // What is forgotten is not found any more, and its numbers are not given again.
    let now = Timestamp::from_secs(1_000_000);
    while store.maintain(now).expect("it can be written") {}
    assert_eq!(count("SELECT count(*) FROM history_places"), 0);
    store.commit(&batch([], [row(40_000)])).expect("kept");
    assert_eq!(count("SELECT id FROM history"), 24_001);
    assert_eq!(found(&reader, &rare), [40_000]);
}

#[test]
fn a_file_of_the_first_version_is_taken_over_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut old = Connection::open(folder.path().join("sereno.db")).expect("a database");
    schema::migrate_to(&mut old, Path::new("sereno.db"), 1).expect("made");
    for entry in [kept("B", "one"), kept("A", "one"), external_labels("a")] {
        let (key, record) = record::encode(&entry).expect("JSON");
        old.execute("INSERT INTO records VALUES (?1, ?2)", (key, record)).expect("written");
    }
    let fingerprint = alert("A", "").0;
    old.execute(
        r#"INSERT INTO history (at, kind, receiver, fingerprint, alertname, labels, detail) VALUES
           (1000, 'alert', NULL, ?1, 'A', '{"alertname":"A","n":"1"}', '{}'),
           (2000, 'notification', 'ops', NULL, 'A', '{"alertname":"A","n":"2"}', '{}')"#,
        [fingerprint.0.cast_signed()],
    )
    .expect("written");
    drop(old);
    let mut store = on_disk(folder.path());
    assert_eq!(
        sorted(load(&mut store)),
        sorted(vec![kept("A", "one"), kept("B", "one"), external_labels("a")])
    );
    store
        .commit(&batch([kept("A", "two"), forgotten("B")], [row(3, HistoryKind::Alert, None, "A")]))
        .expect("kept");
    let reader = store.history();
    let all = HistoryQuery { limit: 1, ..HistoryQuery::default() };
    assert_eq!(found(&reader, &all), [3, 2, 1]);
    let named = HistoryQuery { matchers: vec![Matcher::equal("alertname", "A")], ..all.clone() };
    assert_eq!(found(&reader, &named), [3, 2, 1]);
    assert_eq!(found(&reader, &HistoryQuery { receiver: Some("ops".into()), ..all.clone() }), [2]);
    assert_eq!(found(&reader, &HistoryQuery { fingerprint: Some(fingerprint), ..all }), [1]);
    assert_eq!(store.notices(), [""; 0]);
    drop(store);
    let mut store = on_disk(folder.path());
    assert_eq!(sorted(load(&mut store)), sorted(vec![kept("A", "two"), external_labels("a")]));
}

#[test]
fn a_record_is_found_again_after_a_restart_a_failed_commit_and_among_many() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = on_disk(folder.path());
    load(&mut store);
    let name = |number: usize| format!("Alert{number}");
    store.commit(&batch((0..3_000).map(|number| kept(&name(number), "one")), [])).expect("kept");
    drop(store);
    let mut store = on_disk(folder.path());
    load(&mut store);
    let change = |number: usize| match number % 3 {
        0 => forgotten(&name(number)),
        _ => kept(&name(number), "two"),
    };
    store.commit(&batch((0..1_500).map(change), [])).expect("kept");
    store.limit_pages();
    let large = kept("C", &"x".repeat(10_000_000));
    store.commit(&batch((1_500..2_000).map(change).chain([large]), [])).expect_err("full");
    // The limit went with the connection.
    store.commit(&batch((2_000..3_000).map(change), [])).expect("kept");
    assert_eq!(store.is_kept(&Key::Router(key("Alert2001"))), Ok(false));
    assert_eq!(store.is_kept(&Key::Router(key("Alert2002"))), Ok(true));
    drop(store);
    let want = (0..3_000).filter_map(|number| match number {
        1_500..2_000 => Some(kept(&name(number), "one")),
        _ => (number % 3 > 0).then(|| kept(&name(number), "two")),
    });
    assert_eq!(sorted(load(&mut on_disk(folder.path()))), sorted(want.collect()));
}

#[test]
fn old_history_and_too_much_of_it_is_forgotten_in_steps() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = SqliteStore::new(
        Settings { history_max_size: 200_000, ..settings(folder.path()) },
        Arc::new(Clock::default()),
    );
    let reader = store.history();
    store.load().expect("it may start");
    let rows = (0..3000).map(|at| row(at, HistoryKind::Alert, Some("ops"), "A"));
    store.commit(&batch([], rows)).expect("kept");
    // An hour is kept: all of the first ten seconds are older by one or more.
    let now = Timestamp::from_secs(3600 + 10);
    let mut steps = 0;
    while store.maintain(now).expect("it can be written") {
        steps += 1;
    }
    let left = found(&reader, &HistoryQuery { limit: 1000, ..HistoryQuery::default() });
    assert_eq!(left.first(), Some(&2999), "the newest stays");
    assert!((500..1500).contains(&left.len()), "{} rows of some 200 bytes are left", left.len());
    assert!((3..10).contains(&steps), "{steps} steps");
    let now = now + Duration::from_secs(3000);
    while store.maintain(now).expect("it can be written") {}
    let left = found(&reader, &HistoryQuery { limit: 1000, ..HistoryQuery::default() });
    assert_eq!(left, Vec::<i64>::new(), "all of it is too old");
}

#[test]
fn two_stores_never_share_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = on_disk(folder.path());
    load(&mut first);
    let refused = on_disk(folder.path()).load().expect_err("it is in use");
    let process = Some(std::process::id());
    assert_eq!(refused, StoreError::InUse { folder: folder.path().to_owned(), process });
    assert!(refused.to_string().contains("--data-dir"), "{refused}");
    drop(first);
    load(&mut on_disk(folder.path()));
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = on_disk(folder.path());
    load(&mut store);
    store.commit(&batch([kept("A", "one")], [])).expect("kept");
    drop(store);
    let file = folder.path().join("sereno.db");
    let connection = Connection::open(&file).expect("a database");
    connection.pragma_update(None, "user_version", 99).expect("written");
    drop(connection);
    let before = fs::read(&file).expect("readable");
    let refused = on_disk(folder.path()).load().expect_err("it is newer");
    assert!(matches!(refused, StoreError::NewerSchema { found: 99, .. }), "{refused}");
    assert!(refused.forbids_start());
    assert_eq!(fs::read(&file).expect("readable"), before);
}

/// The names in the folder that say that a file was moved aside.
fn moved_aside(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("sereno.db.damaged-") && name.ends_with('Z')).collect()
}

#[test]
fn a_file_that_is_no_database_is_moved_aside_and_said() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("sereno.db"), "once upon a time ".repeat(1000)).expect("written");
    let mut store = on_disk(folder.path());
    assert_eq!(load(&mut store), []);
    let aside = moved_aside(folder.path());
    assert_eq!(aside.len(), 1, "{aside:?}");
    let [notice] = &store.notices()[..] else { panic!("one notice: {:?}", store.notices()) };
    assert!(notice.contains("not a database") && notice.contains(&aside[0]), "{notice}");
    store.commit(&batch([kept("A", "one")], [])).expect("the new file takes it");
    drop(store);
    let mut store = on_disk(folder.path());
    assert_eq!(load(&mut store), [kept("A", "one")]);
    assert_eq!(store.notices(), [""; 0]);
}

#[test]
fn what_can_be_read_of_a_damaged_file_is_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = on_disk(folder.path());
    load(&mut store);
    let names: Vec<String> = (0..500).map(|number| format!("Alert{number}")).collect();
    store.commit(&batch(names.iter().map(|name| kept(name, &"x".repeat(500))), [])).expect("kept");
    drop(store);
    let file = folder.path().join("sereno.db");
    let mut bytes = fs::read(&file).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xff);
    fs::write(&file, bytes).expect("written");
    let mut store = on_disk(folder.path());
    let saved = load(&mut store);
    assert!((1..500).contains(&saved.len()), "{} of 500", saved.len());
    assert!(store.notices()[0].contains("damaged"), "{:?}", store.notices());
    assert_eq!(moved_aside(folder.path()).len(), 1);
    drop(store);
    assert_eq!(load(&mut on_disk(folder.path())).len(), saved.len(), "they are in the new file");
}

#[test]
fn a_record_that_cannot_be_read_is_told_and_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = on_disk(folder.path());
    load(&mut store);
    store.commit(&batch([kept("A", "one")], [])).expect("kept");
    drop(store);
    let connection = Connection::open(folder.path().join("sereno.db")).expect("a database");
    connection.execute("INSERT INTO records (key, record) VALUES (x'00', x'01')", []).expect("written");
    drop(connection);
    for _ in 0..2 {
        let mut store = on_disk(folder.path());
        assert_eq!(load(&mut store), [kept("A", "one")]);
        assert!(store.notices()[0].contains("1 of the 2 records"), "{:?}", store.notices());
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_no_reason_not_to_start_and_is_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data");
    fs::write(&path, "a file where the folder should be").expect("written");
    let mut store = on_disk(&path);
    let loaded = store.load().expect("it may start");
    assert_eq!(loaded.entries, []);
    assert!(loaded.trouble.expect("told").to_string().contains("cannot make the folder"));
    let one = batch([kept("A", "one")], []);
    assert!(store.commit(&one).is_err());
    fs::remove_file(&path).expect("removed");
    store.commit(&one).expect("now it works");
    assert_eq!(store.notices(), [""; 0]);
    drop(store);
    assert_eq!(load(&mut on_disk(&path)), [kept("A", "one")]);
}

#[test]
fn records_of_an_earlier_run_that_turn_up_later_are_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, away) = (folder.path().join("data"), folder.path().join("away"));
    let mut store = on_disk(&path);
    load(&mut store);
    store.commit(&batch([kept("A", "one")], [])).expect("kept");
    drop(store);
    fs::rename(&path, &away).expect("moved");
    fs::write(&path, "").expect("written");
    let mut store = on_disk(&path);
    assert!(store.load().expect("it may start").trouble.is_some());
    fs::remove_file(&path).expect("removed");
    fs::rename(&away, &path).expect("moved");
    store.commit(&batch([kept("B", "one")], [])).expect("kept");
    assert!(store.notices()[0].contains("1 records of an earlier run"), "{:?}", store.notices());
    drop(store);
    assert_eq!(sorted(load(&mut on_disk(&path))), sorted(vec![kept("A", "one"), kept("B", "one")]));
}

#[test]
fn a_file_that_is_removed_while_in_use_is_made_anew_with_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data");
    let mut store = on_disk(&path);
    load(&mut store);
    store.commit(&batch([kept("A", "one")], [])).expect("kept");
    fs::remove_dir_all(&path).expect("removed");
    fs::write(&path, "in the way").expect("written");
    assert!(store.commit(&batch([kept("B", "one")], [])).is_err());
    fs::remove_file(&path).expect("removed");
    store.commit(&batch([kept("B", "one")], [])).expect("kept");
    assert!(store.notices()[0].contains("was removed while in use"), "{:?}", store.notices());
    let mut second = on_disk(&path);
    assert!(second.load().is_err_and(|error| error.forbids_start()), "the new folder is locked too");
    drop(store);
    assert_eq!(sorted(load(&mut second)), sorted(vec![kept("A", "one"), kept("B", "one")]));
}

#[test]
fn a_file_that_takes_the_place_of_ours_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let backup = folder.path().join("backup");
    let mut store = on_disk(&backup);
    load(&mut store);
    store.commit(&batch([kept("Old", "one")], [])).expect("kept");
    drop(store);
    let path = folder.path().join("data");
    let mut store = on_disk(&path);
    load(&mut store);
    store.commit(&batch([kept("A", "one")], [])).expect("kept");
    fs::rename(backup.join("sereno.db"), path.join("sereno.db")).expect("moved");
    for _ in 0..2 {
        let refused = store.commit(&batch([kept("B", "one")], [])).expect_err("it is another file");
        assert!(refused.to_string().contains("was replaced while in use"), "{refused}");
    }
    drop(store);
    fs::remove_file(path.join("sereno.db-wal")).ok();
    assert_eq!(load(&mut on_disk(&path)), [kept("Old", "one")]);
}

/// A store whose disk is full from the second commit on: SQLite itself is told to stop growing.
fn full(folder: &TempDir) -> SqliteStore {
    let mut store = on_disk(folder.path());
    load(&mut store);
    store.commit(&batch([kept("A", "one"), kept("B", "one")], [])).expect("kept");
    store
}

#[test]
fn a_commit_that_fails_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = full(&folder);
    store.limit_pages();
    let large = kept("C", &"x".repeat(1_000_000));
    let error = store.commit(&batch([kept("A", "two"), forgotten("B"), large], [])).expect_err("full");
    assert!(error.to_string().contains("full"), "{error}");
    drop(store);
    let want = vec![kept("A", "one"), kept("B", "one")];
    assert_eq!(sorted(load(&mut on_disk(folder.path()))), sorted(want));
}
