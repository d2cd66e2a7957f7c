//! `kill -9`, again and again, at any moment, while alerts, silences and notifications flow.
//!
//! What was answered 200 must be there afterwards. What was not answered may be there or not. A receiver may
//! be told something twice only if we were killed while we told it, and then with the same key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::eventually;
use super::receiver::{Receiver, Told};
use super::server::{Asker, Home, Request, Server, post_alert};

const ROUNDS: usize = 200;

/// How many send at the same time.
const SENDERS: usize = 3;

/// The longest time between a start and the end, in milliseconds.
const LONGEST: u64 = 150;

/// A seed of its own for each machine would find more; the same everywhere can be repeated.
struct Random(u64);

impl Random {
    /// At least 0 and less than `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// What the senders know.
#[derive(Default)]
struct Known {
    /// Alerts that fire, answered 200, with their group.
    firing: BTreeMap<String, String>,
    /// Alerts whose end was answered 200.
    over: BTreeSet<String>,
    /// Silences, answered 200, with their comment.
    silences: BTreeMap<String, String>,
    /// Silences whose end was answered 200.
    expired: BTreeSet<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_answered_200_is_lost_by_kill_9() {
    let receiver = Receiver::start().await;
    let home = Home::new(&receiver.url());
    let known = Arc::new(Mutex::new(Known::default()));
    let mut random = Random(20_260_101);
    for round in 0..ROUNDS {
        receiver.next_run();
        let server = home.start();
        nothing_is_missing(&server, &known).await;
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                tokio::spawn(send(server.asker.clone(), Arc::clone(&known), format!("{round}-{sender}")))
            })
            .collect();
        wait(random.below(LONGEST)).await;
        server.kill();
        for sender in senders {
            sender.await.expect("it did not fail");
        }
    }
    receiver.next_run();
    let server = home.start();
    nothing_is_missing(&server, &known).await;
    let firing: Vec<String> = known.lock().expect("not poisoned").firing.keys().cloned().collect();
    assert!(firing.len() > ROUNDS, "only {} alerts were taken in {ROUNDS} rounds", firing.len());
    eventually("everything that fires was told", || async {
        firing.iter().all(|name| receiver.knows(name)).then_some(())
    })
    .await;
    let told = receiver.told();
    let repeated = nothing_is_told_twice(&told);
    println!("{} alerts, {} messages, {repeated} of them repeated", firing.len(), told.len());
}

#[expect(clippy::disallowed_methods, reason = "the moment of the kill is what this is about")]
async fn wait(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

/// Sends until nobody answers.
async fn send(asker: Asker, known: Arc<Mutex<Known>>, group: String) -> Option<()> {
    let taken = |answer: (u16, String)| {
        assert_eq!(answer.0, 200, "{}", answer.1);
        answer.1
    };
    for number in 0.. {
        let name = format!("Alert-{group}-{number}");
        taken(asker.ask(post_alert(&name, &group, false)).await?);
        known.lock().expect("not poisoned").firing.insert(name.clone(), group.clone());
        if number % 3 == 1 {
            // From here on it is not known whether it fires, until the answer is there.
            known.lock().expect("not poisoned").firing.remove(&name);
            taken(asker.ask(post_alert(&name, &group, true)).await?);
            known.lock().expect("not poisoned").over.insert(name);
        }
        if number % 4 == 2 {
            let comment = format!("because of {group}, {number}");
            let answer = taken(asker.ask(new_silence(&comment)).await?);
            let id: Value = serde_json::from_str(&answer).expect("JSON");
            let id = id["silenceID"].as_str().expect("an id").to_owned();
            known.lock().expect("not poisoned").silences.insert(id.clone(), comment);
            if number % 8 == 6 {
                known.lock().expect("not poisoned").silences.remove(&id);
                taken(asker.ask(Request::Delete(format!("/api/v2/silence/{id}"))).await?);
                known.lock().expect("not poisoned").expired.insert(id);
            }
        }
    }
    None
}

/// One that mutes nothing that we send.
fn new_silence(comment: &str) -> Request {
    let matchers = json!([{"name": "nobody", "value": "has this", "isRegex": false, "isEqual": true}]);
    let silence = json!({
        "matchers": matchers, "createdBy": "me", "comment": comment,
        "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z",
    });
    Request::Post("/api/v2/silences", silence)
}

async fn nothing_is_missing(server: &Server, known: &Mutex<Known>) {
    let alerts: BTreeSet<String> = server.alerts().await.into_iter().collect();
    let (status, silences) = server.get("/api/v2/silences").await;
    assert_eq!(status, 200, "{silences}");
    let silences: BTreeMap<&str, &Value> = silences
        .as_array()
        .expect("silences")
        .iter()
        .map(|silence| (silence["id"].as_str().expect("an id"), silence))
        .collect();
    let known = known.lock().expect("not poisoned");
    let missing: Vec<_> = known.firing.keys().filter(|name| !alerts.contains(*name)).collect();
    assert!(missing.is_empty(), "these alerts were answered 200: {missing:?}\n{}", server.log());
    let undead: Vec<_> = known.over.iter().filter(|name| alerts.contains(*name)).collect();
    assert!(undead.is_empty(), "the end of these alerts was answered 200: {undead:?}\n{}", server.log());
    for (id, comment) in &known.silences {
        let found = silences.get(&**id).unwrap_or_else(|| panic!("silence {id}, {comment}, is gone"));
        assert_eq!(&found["comment"], comment);
        assert_eq!(found["status"]["state"], "active", "{found}");
    }
    for id in &known.expired {
        assert_eq!(silences[&**id]["status"]["state"], "expired", "{id}");
    }
}

/// Checks that nothing was told twice but what was under way when we were killed; answers with how often
/// that was.
fn nothing_is_told_twice(told: &[Told]) -> usize {
    let mut by_key: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
    let mut by_group: BTreeMap<&str, Vec<&Told>> = BTreeMap::new();
    let mut repeated = 0;
    for message in told {
        let same = by_key.entry(&message.key).or_default();
        match same.last() {
            Some(last) => {
                repeated += 1;
                assert!(last.run < message.run, "told twice by one run: {message:#?}");
                assert_eq!(last.text, message.text, "the same key, but not the same text");
                let newest = by_group[&*message.group].last().expect("it is one of them");
                assert_eq!(newest.key, message.key, "told again after something newer");
            }
            None => {
                let before = by_group.entry(&message.group).or_default();
                let is_news = before.last().is_none_or(|last| last.alerts != message.alerts);
                assert!(is_news, "the same told under two keys: {before:#?} {message:#?}");
                before.push(message);
            }
        }
        same.push(message);
    }
    repeated
}
