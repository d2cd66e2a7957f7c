//! Receivers that are dead, slow, full or picky: what is tried when, what is given up, and who is told instead.

use std::sync::Arc;

use super::{one_route, plain};
use crate::config::routes::{GroupBy, RateLimit, Receiver, Routing};
use crate::model::{Duration, Str, Timestamp};
use crate::router::testing::{START, World, delivered, duration, failed, receiver, route, routing};
use crate::router::{Answer, Failure, Input, Outcome, Record, Refusal, Request, Resent, Stale};

/// Receivers of the routes, changed.
fn with_receivers(mut routing: Routing, change: impl Fn(&mut Receiver)) -> Routing {
    for known in &mut routing.receivers {
        let mut receiver = Receiver::clone(known);
        change(&mut receiver);
        *known = Arc::new(receiver);
    }
    routing
}

/// Every alert is a group of its own, told at once.
fn each_alone() -> Routing {
    one_route(|route| {
        route.group_by = GroupBy::All;
        route.group_wait = Duration::ZERO;
    })
}

fn refused(message: &str) -> super::super::testing::Answer {
    let outcome = Outcome::Refused { failure: Failure::ClientError, message: message.to_owned() };
    Some((Duration::from_millis(10), outcome))
}

/// Dead until that time after the start.
fn dead_until(world: &mut World, until: &str) {
    let until = Timestamp::EPOCH + duration(until);
    world.answer(move |at, _| if at < until { failed(Failure::Other, None) } else { delivered() });
}

fn alerts(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("i={number}")).collect()
}

fn fire_all(world: &mut World, alerts: &[String]) {
    world.fire(&alerts.iter().map(String::as_str).collect::<Vec<_>>());
}

/// How many attempts were made in the log from a line on.
fn attempts(world: &World) -> usize {
    world.log.iter().filter(|line| line.contains("root[0]")).count()
}

#[test]
fn a_server_that_is_dead_for_hours_is_asked_once_a_minute_and_then_told_a_few_at_a_time() {
    let mut world = World::new(each_alone());
    let back = Timestamp::EPOCH + duration("3h");
    let flying = std::rc::Rc::new(std::cell::RefCell::new((Vec::new(), 0)));
    let seen = std::rc::Rc::clone(&flying);
    world.answer(move |at, _| {
        if at < back {
            return failed(Failure::Other, None);
        }
        let (ends, most) = &mut *seen.borrow_mut();
        ends.retain(|end: &Timestamp| *end > at);
        ends.push(at + Duration::from_millis(100));
        *most = ends.len().max(*most);
        Some((Duration::from_millis(100), Outcome::Delivered))
    });
    fire_all(&mut world, &alerts(500));
    world.until("10m");
    let before = attempts(&world);
    world.until("3h");
    let hours = attempts(&world) - before;
    assert!((120..300).contains(&hours), "{hours} attempts in almost three hours, for 500 groups");
    let endpoints = world.router.endpoints(world.now);
    assert_eq!((endpoints.len(), endpoints[0].waiting), (1, 500));
    assert_eq!(&*endpoints[0].endpoint, "webhook root.test:80");
    world.until("3h3m");
    assert_eq!(world.got.len(), 500, "all are told soon after it is back");
    let most = flying.borrow().1;
    assert!(most <= 16, "{most} at once");
    assert_eq!(world.router.endpoints(world.now), []);
    assert_eq!(world.router.view(world.now).retrying, 0);
}

#[test]
fn an_hour_of_errors_is_survived_in_order_by_each_group_with_its_own_keys() {
    let mut world = World::new(each_alone());
    let (from, until) = (Timestamp::EPOCH + duration("10m"), Timestamp::EPOCH + duration("70m"));
    let tried = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let seen = std::rc::Rc::clone(&tried);
    world.answer(move |at, attempt| {
        let is_well = at < from || at >= until;
        let notification = &attempt.notification;
        let group = notification.group_labels.value("i").to_owned();
        let key = Str::clone(&notification.idempotency_key);
        seen.borrow_mut().push((group, notification.reason.as_str(), key, is_well));
        if is_well { delivered() } else { failed(Failure::ServerError, None) }
    });
    world.fire(&["i=ends", "i=stays", "i=flaps"]);
    world.until("11m").resolve(&["i=ends", "i=flaps"]);
    world.until("30m").fire(&["i=flaps", "i=new", "i=brief"]);
    world.until("40m").resolve(&["i=brief"]);
    world.until("90m");
    let told = |group: &str| -> Vec<&str> {
        let tried = tried.borrow();
        tried
            .iter()
            .filter(|(name, _, _, is_well)| name == group && *is_well)
            .map(|(_, why, _, _)| *why)
            .collect()
    };
    assert_eq!(told("ends"), ["first notification", "all alerts resolved"]);
    assert_eq!(told("stays"), ["first notification"]);
    assert_eq!(told("flaps"), ["first notification"], "it fires as it did when it was told last");
    assert_eq!(told("new"), ["first notification"]);
    assert_eq!(told("brief"), [""; 0], "nobody was told that it began");
    for group in ["ends", "new"] {
        let tried = tried.borrow();
        let tried = tried.iter().filter(|(name, why, _, _)| {
            name == group && (*why == "all alerts resolved") == (group == "ends")
        });
        let keys: std::collections::BTreeSet<Str> =
            tried.clone().map(|(_, _, key, _)| Str::clone(key)).collect();
        assert!(keys.len() == 1 && tried.count() > 1, "{group}: one key for all attempts: {keys:?}");
    }
}

#[test]
fn strict_each_group_tries_on_its_own() {
    let mut world = World::new(Routing { strict: true, ..each_alone() });
    dead_until(&mut world, "3h");
    fire_all(&mut world, &alerts(10));
    world.until("10m");
    let before = attempts(&world);
    world.until("1h");
    assert!(attempts(&world) - before > 300, "{}", attempts(&world) - before);
    assert_eq!(world.router.endpoints(world.now), []);
}

#[test]
fn another_service_at_the_same_host_is_not_held_up_for_long() {
    let mut routing = routing(vec![route("team=a", "a"), route("team=b", "b")]);
    for known in &mut routing.receivers {
        let mut same = receiver("gateway", &[true]); // both at http://gateway.test/0
        same.name = Str::clone(&known.name);
        *known = Arc::new(same);
    }
    let mut world = World::new(routing);
    world.answer(|_, attempt| match &*attempt.notification.receiver {
        "a" => failed(Failure::ServerError, None),
        _ => delivered(),
    });
    world.fire(&["team=a i=1"]);
    world.until("10m").fire(&["team=b i=2"]);
    world.until("11m");
    assert!(
        world.log.iter().any(|line| line.trim_start().starts_with("10m30s  b[0]")),
        "{}",
        world.timeline()
    );
}

#[test]
fn a_server_that_asks_all_to_wait_gets_it_from_all() {
    let mut world = World::new(each_alone());
    let mut first = true;
    world.answer(move |_, _| match std::mem::take(&mut first) {
        true => failed(Failure::RateLimited, Some(duration("2m"))),
        false => delivered(),
    });
    world.fire(&["i=1"]);
    world.until("30s").fire(&["i=2"]);
    world.until("5m");
    insta::assert_snapshot!(world.timeline(), @r"
        0s  root[0] A: first notification firing=[1] resolved=[]
    2m10ms  root[0] A: first notification firing=[1] resolved=[] (#2)
    2m10ms  root[0] A: first notification firing=[2] resolved=[]
    ");
}

#[test]
fn what_nobody_takes_for_a_day_is_a_dead_letter_and_the_group_goes_on() {
    let mut world = plain();
    world.note_events = true;
    dead_until(&mut world, "30h");
    world.fire(&["i=1"]);
    world.until("24h40m");
    let letters: Vec<_> = world.router.dead_letters(world.now, None).collect();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].letter.times, &*letters[0].letter.error), (1, "no"));
    world.until("31h");
    let lines: Vec<_> = world.log.iter().filter(|line| !line.contains("(#")).cloned().collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
          30s  root[0] A: first notification firing=[1] resolved=[]
          35s  webhook root.test:80 does not answer
        1d30s  dead letter to root: too_old
      1d5m30s  root[0] A: first notification firing=[1] resolved=[]
    1d6h15s874ms  webhook root.test:80 answers again, 0 wait
    1d6h15s874ms  dead letter to root: settled
      1d6h30s  not told: nothing changed and the repeat interval has not passed
    ");
    assert_eq!(world.router.dead_letters(world.now, None).count(), 0);
}

/// One alert, refused until 20 minutes after the start.
fn refusing() -> World {
    let mut world = plain();
    world.note_events = true;
    world.answer(|at, _| match at < Timestamp::from_secs(1200) {
        true => refused("no such channel"),
        false => delivered(),
    });
    world.fire(&["i=1"]);
    world
}

#[test]
fn what_is_refused_is_a_dead_letter_until_something_is_taken() {
    let mut world = refusing();
    world.until("11m");
    let [letter] = &world.router.dead_letters(world.now, None).collect::<Vec<_>>()[..] else { panic!("one") };
    assert_eq!((letter.letter.times, &*letter.letter.error), (3, "no such channel"));
    assert_eq!(letter.stale, None);
    let count = |receiver| world.router.dead_letter_count(receiver);
    assert_eq!((count(None), count(Some("root")), count(Some("other"))), (1, 1, 0));
    world.until("12m").crash();
    assert_eq!(world.router.dead_letters(world.now, None).collect::<Vec<_>>()[0].letter, letter.letter);
    world.until("30m");
    insta::assert_snapshot!(world.timeline(), @r"
          30s  root[0] A: first notification firing=[1] resolved=[]
      30s10ms  dead letter to root: refused
        5m30s  root[0] A: first notification firing=[1] resolved=[]
    5m30s10ms  dead letter to root: refused
       10m30s  root[0] A: first notification firing=[1] resolved=[]
    10m30s10ms  dead letter to root: refused
       15m30s  root[0] A: first notification firing=[1] resolved=[]
    15m30s10ms  dead letter to root: refused
       20m30s  root[0] A: first notification firing=[1] resolved=[]
    20m30s10ms  dead letter to root: settled
       25m30s  not told: nothing changed and the repeat interval has not passed
    ");
    assert!(!world.saved.values().any(|record| matches!(record, Record::DeadLetter(_))));
}

fn retry(world: &mut World, force: bool) -> Answer {
    let id = world.router.dead_letters(world.now, None).next().expect("a dead letter").id;
    world.request(Request::RetryDeadLetter { id, force })
}

#[test]
fn a_dead_letter_is_sent_again_with_its_key_and_then_the_group_knows() {
    let mut world = refusing();
    world.until("11m");
    let key = world
        .router
        .dead_letters(world.now, None)
        .next()
        .map(|letter| Arc::clone(&letter.letter.pending.notification.idempotency_key));
    world.answer(|_, _| delivered());
    assert_eq!(retry(&mut world, false), Answer::Resent(Resent::AsNews));
    world.until("30m");
    assert_eq!(world.got.iter().map(|(key, _)| Some(Arc::clone(key))).collect::<Vec<_>>(), [key]);
    assert_eq!(world.router.dead_letters(world.now, None).count(), 0);
    world.resolve(&["i=1"]);
    world.until("1h");
    assert_eq!(world.got.len(), 2, "the end of what was told is told:\n{}", world.timeline());
}

#[test]
fn a_dead_letter_that_no_longer_holds_is_sent_only_if_that_is_meant() {
    let mut world = refusing();
    world.until("11m").fire(&["i=2"]);
    assert_eq!(retry(&mut world, false), Answer::Refused(Refusal::StaleDeadLetter(Stale::Changed)));
    world.resolve(&["i=1", "i=2"]);
    world.until("16m");
    assert_eq!(retry(&mut world, false), Answer::Refused(Refusal::StaleDeadLetter(Stale::GroupOver)));
    world.answer(|_, _| failed(Failure::ServerError, None));
    assert_eq!(retry(&mut world, true), Answer::Resent(Resent::AsItWas));
    assert_eq!(retry(&mut world, true), Answer::Refused(Refusal::StuckDeadLetter(Stale::InFlight)));
    world.until("17m");
    assert_eq!(&*world.router.dead_letters(world.now, None).next().expect("it stays").letter.error, "no");
    world.answer(|_, _| delivered());
    assert_eq!(retry(&mut world, true), Answer::Resent(Resent::AsItWas));
    world.until("18m");
    assert_eq!(world.router.dead_letters(world.now, None).count(), 0);
    assert_eq!(world.got.len(), 1);
}

#[test]
fn a_dead_letter_can_be_dropped_and_is_forgotten_after_a_month() {
    let mut world = refusing();
    world.until("11m");
    let id = world.router.dead_letters(world.now, None).next().expect("a dead letter").id;
    let drop = Request::DropDeadLetter { id: Str::clone(&id) };
    assert_eq!(world.request(drop.clone()), Answer::Dropped);
    assert_eq!(world.request(drop), Answer::Refused(Refusal::UnknownDeadLetter(id)));
    world.until("16m").resolve(&["i=1"]);
    world.until("17m");
    assert_eq!(world.router.dead_letters(world.now, None).count(), 1, "it was refused again meanwhile");
    world.until("29d");
    assert_eq!(world.router.dead_letters(world.now, None).count(), 1);
    world.until("31d");
    assert_eq!(world.router.dead_letters(world.now, None).count(), 0);
    assert!(world.saved.is_empty());
}

/// `root` falls back on `chat`, and that on `phone`.
fn with_fallback() -> Routing {
    let mut routing = with_receivers(routing(Vec::new()), |root| root.fallback = Some("chat".into()));
    let mut chat = receiver("chat", &[true]);
    chat.fallback = Some("phone".into());
    routing.receivers.extend([Arc::new(chat), Arc::new(receiver("phone", &[true]))]);
    routing
}

/// The log without further tries.
fn first_tries(world: &World) -> String {
    let lines: Vec<_> = world.log.iter().filter(|line| !line.contains("(#")).cloned().collect();
    lines.join("\n")
}

#[test]
fn a_fallback_is_told_after_a_while_and_hears_the_end() {
    let mut world = World::new(with_fallback());
    world.answer(|at, attempt| match &*attempt.notification.receiver {
        "root" if at < Timestamp::EPOCH + duration("1h") => failed(Failure::Other, None),
        _ => delivered(),
    });
    world.fire(&["i=1"]);
    world.until("20m").fire(&["i=2"]);
    world.until("2h").fire(&["i=3"]);
    world.until("3h").resolve(&["i=1", "i=2", "i=3"]);
    world.until("5h");
    insta::assert_snapshot!(first_tries(&world), @r"
          30s  root[0] A: first notification firing=[1] resolved=[]
        5m30s  chat[0] A: first notification firing=[1] resolved=[]
       20m30s  chat[0] A: new alerts added firing=[1 2] resolved=[]
    20m42s634ms  root[0] A: first notification firing=[1 2] resolved=[]
        2h30s  root[0] A: new alerts added firing=[1 2 3] resolved=[]
        3h30s  root[0] A: all alerts resolved firing=[] resolved=[1 2 3]
        3h30s  chat[0] A: all alerts resolved firing=[] resolved=[1 2]
    ");
    assert!(world.saved.is_empty(), "{:#?}", world.saved);
}

#[test]
fn a_fallback_is_told_at_once_of_what_is_refused_and_once() {
    let mut world = World::new(with_fallback());
    world.answer(|_, attempt| match &*attempt.notification.receiver {
        "root" => refused("no such channel"),
        _ => delivered(),
    });
    world.fire(&["i=1"]);
    world.until("1h").resolve(&["i=1"]);
    world.until("2h");
    let told: Vec<_> = world.log.iter().filter(|line| !line.contains("root[0]")).cloned().collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    30s10ms  chat[0] A: first notification firing=[1] resolved=[]
      1h30s  chat[0] A: all alerts resolved firing=[] resolved=[1]
    ");
}

#[test]
fn a_fallback_that_is_dead_too_has_its_own() {
    let mut world = World::new(with_fallback());
    world.answer(|_, attempt| match &*attempt.notification.receiver {
        "root" | "chat" => failed(Failure::Other, None),
        _ => delivered(),
    });
    world.fire(&["i=1"]);
    world.until("12m");
    insta::assert_snapshot!(first_tries(&world), @r"
       30s  root[0] A: first notification firing=[1] resolved=[]
     5m30s  chat[0] A: first notification firing=[1] resolved=[]
    10m30s  phone[0] A: first notification firing=[1] resolved=[]
    ");
    let fallback = world.saved.values().any(|record| {
        matches!(record, Record::Pending { pending, .. }
            if pending.notification.fallback_for.as_deref() == Some("root"))
    });
    assert!(fallback, "it says for whom it stands in");
}

/// A day with a receiver that is dead for an hour, refuses for an hour, and a fallback.
fn troubled_day(crash_after: Option<usize>) -> World {
    let mut world = World::new(with_receivers(with_fallback(), |receiver| {
        receiver.rate_limit =
            (&*receiver.name == "root").then_some(RateLimit { notifications: 3, per: duration("1h") });
    }));
    world.crash_after = crash_after;
    world.answer(|at, attempt| match (at.millis() / 3_600_000, &*attempt.notification.receiver) {
        (1, "root") => failed(Failure::Other, None),
        (3, "root") => refused("no"),
        _ => delivered(),
    });
    world.fire(&["i=1", "alertname=B i=2"]);
    world.until("61m").fire(&["i=3", "alertname=C i=4"]);
    world.until("100m").resolve(&["i=1"]);
    world.until("190m").fire(&["alertname=D i=5", "alertname=B i=6"]);
    world.until("6h").resolve(&["i=3", "alertname=B i=2", "alertname=C i=4"]);
    world.until("7h").resolve(&["alertname=D i=5", "alertname=B i=6"]);
    world.until("40d");
    world
}

#[test]
fn killed_at_any_step_of_a_bad_day_everybody_knows_the_truth_in_the_end() {
    let whole = troubled_day(None);
    assert!(whole.saved.is_empty(), "{:#?}", whole.saved);
    for step in (1..=whole.inputs).step_by(3) {
        let world = troubled_day(Some(step));
        for ((key, alert), fires) in &world.beliefs {
            assert!(!fires, "killed after input {step}: {key:?} {alert}\n{}", world.timeline());
        }
        assert!(world.saved.is_empty(), "killed after input {step}: {:#?}", world.saved);
    }
}

#[test]
fn a_rate_limit_holds_back_says_so_once_and_tells_the_truth_later() {
    let mut world = World::new(with_receivers(each_alone(), |root| {
        root.rate_limit = Some(RateLimit { notifications: 3, per: duration("30m") });
    }));
    world.note_events = true;
    world.fire(&["i=1", "i=2", "i=3", "i=4", "i=5", "i=6"]);
    world.until("15m").resolve(&["i=5"]);
    world.until("50m");
    insta::assert_snapshot!(world.timeline(), @r"
     0s  root[0] A: first notification firing=[1] resolved=[]
     0s  root[0] A: first notification firing=[2] resolved=[]
     0s  root[0] A: first notification firing=[3] resolved=[]
     0s  not told: held back by rate_limit
     0s  not told: held back by rate_limit
     0s  not told: held back by rate_limit
     1m  root[0] NotificationsHeldBack: first notification firing=[] resolved=[]
     5m  not told: nothing changed and the repeat interval has not passed
     5m  not told: nothing changed and the repeat interval has not passed
     5m  not told: nothing changed and the repeat interval has not passed
    10m  root[0] A: first notification firing=[4] resolved=[]
    15m  not told: nothing changed and the repeat interval has not passed
    20m  not told: resolved before anybody was told
    20m  group dropped
    20m  root[0] A: first notification firing=[6] resolved=[]
    25m  not told: nothing changed and the repeat interval has not passed
    25m  root[0] NotificationsHeldBack: all alerts resolved firing=[] resolved=[]
    ");
    assert_eq!(world.router.view(world.now).held_back, 0);
    for number in ["1", "2", "3", "4", "6"] {
        world.resolve(&[&format!("i={number}")]);
    }
    world.until("4h");
    assert!(world.beliefs.values().all(|fires| !fires), "{}", world.timeline());
    assert!(world.saved.is_empty(), "{:#?}", world.saved);
}

#[test]
fn a_digest_says_how_much_is_held_back_and_is_durable() {
    let mut world = World::new(with_receivers(each_alone(), |root| {
        root.rate_limit = Some(RateLimit { notifications: 1, per: duration("1h") });
    }));
    let texts = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let seen = std::rc::Rc::clone(&texts);
    world.answer(move |at, attempt| {
        let alert = &attempt.notification.alerts[0];
        if alert.labels.value("alertname") == "NotificationsHeldBack" {
            let key = &attempt.notification.idempotency_key;
            seen.borrow_mut().push(format!(
                "{} {key}: {:?}",
                Duration::from_millis(at.millis()),
                alert.annotations
            ));
            return if at < Timestamp::from_secs(70) { None } else { delivered() };
        }
        delivered()
    });
    fire_all(&mut world, &alerts(13));
    world.until("61s").crash();
    world.until("5m");
    insta::assert_snapshot!(texts.borrow().join("\n"), @r#"
    1m held-back-root/webhook[0]-1700000060000: {"groups": "{alertname=\"A\", i=\"1\"}\n{alertname=\"A\", i=\"2\"}\n{alertname=\"A\", i=\"3\"}\n{alertname=\"A\", i=\"4\"}\n{alertname=\"A\", i=\"5\"}\n{alertname=\"A\", i=\"6\"}\n{alertname=\"A\", i=\"7\"}\n{alertname=\"A\", i=\"8\"}\n{alertname=\"A\", i=\"9\"}\n{alertname=\"A\", i=\"10\"}\nand 2 more", "summary": "rate_limit 1/1h holds back 12 alert groups with 12 firing alerts; each is told when its turn comes"}
    1m1s held-back-root/webhook[0]-1700000060000: {"groups": "{alertname=\"A\", i=\"1\"}\n{alertname=\"A\", i=\"2\"}\n{alertname=\"A\", i=\"3\"}\n{alertname=\"A\", i=\"4\"}\n{alertname=\"A\", i=\"5\"}\n{alertname=\"A\", i=\"6\"}\n{alertname=\"A\", i=\"7\"}\n{alertname=\"A\", i=\"8\"}\n{alertname=\"A\", i=\"9\"}\n{alertname=\"A\", i=\"10\"}\nand 2 more", "summary": "rate_limit 1/1h holds back 12 alert groups with 12 firing alerts; each is told when its turn comes"}
    2m11s held-back-root/webhook[0]-1700000060000: {"groups": "{alertname=\"A\", i=\"1\"}\n{alertname=\"A\", i=\"2\"}\n{alertname=\"A\", i=\"3\"}\n{alertname=\"A\", i=\"4\"}\n{alertname=\"A\", i=\"5\"}\n{alertname=\"A\", i=\"6\"}\n{alertname=\"A\", i=\"7\"}\n{alertname=\"A\", i=\"8\"}\n{alertname=\"A\", i=\"9\"}\n{alertname=\"A\", i=\"10\"}\nand 2 more", "summary": "rate_limit 1/1h holds back 12 alert groups with 12 firing alerts; each is told when its turn comes"}
    "#);
}

#[test]
fn a_reload_keeps_who_waits_and_a_limit_that_is_gone_holds_back_nobody() {
    let limited = with_receivers(each_alone(), |root| {
        root.rate_limit = Some(RateLimit { notifications: 1, per: duration("1h") });
    });
    let mut world = World::new(limited.clone());
    fire_all(&mut world, &alerts(4));
    world.until("50s").input(Input::Reload(Arc::new(limited)));
    assert_eq!(world.router.view(world.now).held_back, 3);
    world.routing = Arc::new(each_alone());
    let routing = Arc::clone(&world.routing);
    world.input(Input::Reload(routing));
    world.until("51s");
    assert_eq!(world.router.view(world.now).held_back, 0);
    assert_eq!(world.got.len(), 4, "{}", world.timeline());
    dead_until(&mut world, "3h");
    world.until("2m").resolve(&["i=0", "i=1", "i=2", "i=3"]);
    world.until("1h");
    let routing = Arc::clone(&world.routing);
    world.input(Input::Reload(routing));
    assert_eq!(world.router.endpoints(world.now)[0].waiting, 4);
    world.until("4h");
    assert!(world.beliefs.values().all(|fires| !fires), "{}", world.timeline());
    assert_eq!(world.now, START + duration("4h"));
}
