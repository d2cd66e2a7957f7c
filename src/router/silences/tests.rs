//! Tests: a silence's life by requests. No code of the router is here.

use crate::config::routes::Routing;
use crate::model::{Duration, SilenceId, SilenceKind, SilenceState};
use crate::router::testing::{START, World, draft, duration, labels, matchers, routing};
use crate::router::{AckDraft, AckOf, Answer, Refusal, Request, SilenceDraft};

fn world(change: impl FnOnce(&mut Routing)) -> World {
    let mut routing = routing(Vec::new());
    change(&mut routing);
    World::new(routing)
}

fn refused(world: &mut World, draft: SilenceDraft) -> Refusal {
    match world.request(Request::SetSilence(draft)) {
        Answer::Refused(refusal) => refusal,
        other => panic!("{other:?}"),
    }
}

fn state(world: &World, id: &SilenceId) -> SilenceState {
    world.router.silence(id).expect("it is kept").state_at(world.now)
}

#[test]
fn a_silence_begins_ends_and_is_forgotten_five_days_later() {
    let mut world = world(|_| {});
    let mut wanted = draft(START, "i=1", "2h");
    wanted.starts_at = START + duration("1h");
    let id = world.set(wanted);
    for (at, want) in
        [("0s", SilenceState::Pending), ("1h", SilenceState::Active), ("2h", SilenceState::Active)]
    {
        world.until(at);
        assert_eq!(state(&world, &id), want, "{at}");
    }
    world.until("2h1ms");
    assert_eq!(state(&world, &id), SilenceState::Expired);
    world.crash();
    world.until("122h");
    assert_eq!(world.router.silences().count(), 1);
    world.until("122h1ms");
    assert_eq!(world.router.silences().count(), 0);
    assert!(world.saved.is_empty(), "{:?}", world.saved);
    assert_eq!(world.router.next_wake(), None);
}

#[test]
fn a_start_that_has_passed_is_now() {
    let mut world = world(|_| {});
    world.until("1h");
    let mut wanted = draft(world.now, "i=1", "2h");
    wanted.starts_at = START;
    let id = world.set(wanted);
    assert_eq!(world.router.silence(&id).expect("it is kept").starts_at, world.now);
}

/// Changes a silence that lasts from 1h to 3h, at a time, and says whether it kept its id.
fn keeps_id(at: &str, change: impl FnOnce(&mut SilenceDraft)) -> bool {
    let mut world = world(|_| {});
    let mut wanted = draft(START, "i=1,team=~a|b", "3h");
    wanted.starts_at = START + duration("1h");
    let old = world.set(wanted.clone());
    world.until(at);
    wanted.id = Some(old.clone());
    change(&mut wanted);
    let (starts_at, ends_at) = (wanted.starts_at, wanted.ends_at);
    let new = world.set(wanted);
    let kept = world.router.silence(&new).expect("it is kept");
    assert_eq!(kept.ends_at, ends_at);
    assert!(kept.starts_at >= starts_at.min(START + duration("1h")), "{kept:?}");
    if new != old {
        assert_eq!(state(&world, &old), SilenceState::Expired, "the old one has ended");
        assert!(kept.starts_at >= world.now, "the new one does not mute in the past");
    }
    world.crash();
    assert_eq!(world.router.silences().count(), if new == old { 1 } else { 2 });
    new == old
}

#[test]
fn a_silence_keeps_its_id_where_it_does_in_alertmanager() {
    let hours = |hours: i64| START + Duration::from_mins(60 * hours);
    assert!(keeps_id("2h", |new| new.comment = "another".into()), "a comment");
    assert!(keeps_id("2h", |new| new.created_by = "another".into()), "an author");
    assert!(keeps_id("2h", |new| new.ends_at = hours(5)), "a later end");
    assert!(keeps_id("2h", |new| new.ends_at = hours(2)), "an earlier end, not in the past");
    assert!(keeps_id("2h", |new| new.matchers.reverse()), "the same matchers in another order");
    assert!(keeps_id("2h", |new| new.starts_at = hours(1) + duration("999ms")), "the same second");
    assert!(!keeps_id("2h", |new| new.starts_at = hours(1) + duration("1s")), "another start");
    assert!(!keeps_id("2h", |new| new.starts_at = hours(0)), "an earlier start");
    assert!(!keeps_id("2h", |new| new.matchers = matchers("i=1")), "other matchers");
    assert!(!keeps_id("2h", |new| new.matchers = matchers("i=1,team=a|b")), "another operator");
    assert!(keeps_id("30m", |new| new.starts_at = hours(2)), "pending: another start");
    assert!(keeps_id("30m", |new| new.starts_at = START + duration("30m")), "pending: it begins now");
    assert!(!keeps_id("30m", |new| new.starts_at = START), "pending: a start in the past");
    assert!(!keeps_id("4h", |new| new.ends_at = hours(5)), "it has ended");
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    let set = |change: &dyn Fn(&mut SilenceDraft)| {
        let mut world = world(|_| {});
        world.until("1h");
        let mut wanted = draft(world.now, "i=1", "2h");
        change(&mut wanted);
        let refusal = refused(&mut world, wanted);
        assert!(world.saved.is_empty(), "nothing is kept of it");
        refusal
    };
    let before = START + duration("59m");
    assert_eq!(set(&|new| new.matchers.clear()), Refusal::NoMatchers);
    assert_eq!(set(&|new| new.matchers = matchers("a=")), Refusal::MatchesEmpty);
    assert_eq!(set(&|new| new.matchers = matchers("a=~.*,b=~x|")), Refusal::MatchesEmpty);
    assert_eq!(set(&|new| new.starts_at = new.ends_at + duration("1s")), Refusal::EndsBeforeStart);
    assert_eq!(set(&|new| (new.starts_at, new.ends_at) = (START, before)), Refusal::EndsInThePast);
    assert_eq!(set(&|new| new.id = Some(SilenceId("x".into()))), Refusal::UnknownSilence);
    assert_eq!(set(&|new| new.kind = SilenceKind::UntilResolved), Refusal::NothingFires);
}

#[test]
fn a_silence_of_everything_needs_force() {
    for (text, is_all) in [
        ("alertname=~.+", true),
        ("alertname=~.*", true),
        ("a!=b", true),
        ("alertname!=Watchdog", true),
        ("alertname!~A|B", true),
        ("alertname=~.+,a!=b", true),
        ("alertname=~.+,team=db", false),
        ("a!=b,team=db", false),
        ("alertname=~[A-Z].+", false),
        ("alertname=~A|B", false),
        ("team=~.+", false),
    ] {
        for (force, strict) in [(false, false), (true, false), (false, true)] {
            let mut world = world(|routing| routing.strict = strict);
            let wanted = SilenceDraft { force, ..draft(START, text, "1h") };
            let answer = world.request(Request::SetSilence(wanted));
            let want = is_all && !force && !strict;
            let got = match answer {
                Answer::Refused(Refusal::MatchesEverything) => true,
                // `a=~".*"` matches the empty string in Alertmanager's eyes too.
                Answer::Refused(Refusal::MatchesEmpty) if text == "alertname=~.*" => want,
                Answer::Silence(_) => false,
                other => panic!("{other:?}"),
            };
            assert_eq!(got, want, "{text} force {force} strict {strict}");
        }
    }
}

#[test]
fn limits_count_ended_silences_and_bytes() {
    let mut world = world(|routing| {
        routing.limits.max_silences = 2;
        routing.limits.max_silence_size = 400;
    });
    let one = world.silence("i=1", "1h");
    world.expire(&one);
    let two = world.silence("i=2", "1h");
    assert_eq!(refused(&mut world, draft(START, "i=3", "1h")), Refusal::TooManySilences { limit: 2 });
    let longer = SilenceDraft { id: Some(two.clone()), ..draft(START, "i=2", "2h") };
    assert_eq!(world.set(longer), two, "a change needs no room");
    let long = SilenceDraft { comment: "x".repeat(400).into(), ..draft(START, "i=2", "2h") };
    assert!(matches!(refused(&mut world, long), Refusal::SilenceTooLarge { size: 401.., limit: 400 }));
}

#[test]
fn ending_a_silence_twice_changes_nothing() {
    let mut world = world(|_| {});
    let id = world.silence("i=1", "1h");
    world.until("1m").expire(&id);
    let ended = world.router.silence(&id).cloned();
    assert_eq!(state(&world, &id), SilenceState::Expired);
    world.until("2m").expire(&id);
    assert_eq!(world.router.silence(&id).cloned(), ended);
    let unknown = Request::ExpireSilence(SilenceId("x".into()));
    assert_eq!(world.request(unknown), Answer::Refused(Refusal::UnknownSilence));
    let mut later = draft(world.now, "i=1", "2h");
    later.starts_at = START + duration("1h");
    let pending = world.set(later);
    world.expire(&pending);
    assert_eq!(state(&world, &pending), SilenceState::Expired);
}

fn ack(world: &mut World, of: AckOf, until: &str) -> Answer {
    let until = START + duration(until);
    world.request(Request::Ack(AckDraft { of, by: "me".into(), comment: "on it".into(), until }))
}

#[test]
fn an_acknowledgement_is_a_silence_for_each_alert_that_fires_now() {
    let mut world = world(|_| {});
    world.fire(&["i=1", "i=2", "i=3 team=db"]);
    world.resolve(&["i=2"]);
    let of = || AckOf::Matchers(matchers("alertname=A,team="));
    let Answer::Acked(one) = ack(&mut world, of(), "1h") else { panic!("it fires") };
    let silence = world.router.silence(&one[0]).expect("it is kept");
    assert_eq!((one.len(), silence.kind), (1, SilenceKind::Ack));
    assert_eq!(silence.matchers, matchers("alertname=A,i=1"));
    assert_eq!(ack(&mut world, of(), "2h"), Answer::Acked(one), "once more is the same");
    let exact = AckOf::Labels(labels("alertname=A i=3 team=db"));
    assert!(matches!(ack(&mut world, exact, "1h"), Answer::Acked(ids) if ids.len() == 1));
    for of in [AckOf::Labels(labels("alertname=A i=2")), AckOf::Matchers(matchers("i=9"))] {
        assert_eq!(ack(&mut world, of, "1h"), Answer::Refused(Refusal::NothingFires));
    }
    assert_eq!(world.router.silences().count(), 2);
}

#[test]
fn an_acknowledgement_ends_with_its_alert_and_a_snooze_with_the_last_one() {
    let mut world = world(|_| {});
    world.fire(&["i=1", "i=2"]);
    world.send(&["i=3"], Some(START + duration("20m")));
    let Answer::Acked(acked) = ack(&mut world, AckOf::Labels(labels("alertname=A i=1")), "9h") else {
        panic!("it fires")
    };
    let snooze = SilenceDraft { kind: SilenceKind::UntilResolved, ..draft(START, "alertname=A", "9h") };
    let snooze = world.set(snooze);
    world.until("10m").resolve(&["i=1"]);
    assert_eq!(state(&world, &acked[0]), SilenceState::Expired);
    world.resolve(&["i=2"]);
    assert_eq!(state(&world, &snooze), SilenceState::Active);
    world.send(&["i=3"], Some(START + duration("30m"))); // refreshed
    world.until("29m");
    world.crash();
    assert_eq!(state(&world, &snooze), SilenceState::Active);
    world.until("34m"); // the crash gave its sender time to speak again
    assert_eq!(state(&world, &snooze), SilenceState::Expired);
}

#[test]
fn a_snooze_of_many_alerts_ends_with_the_last_one_in_whatever_order_they_end() {
    for reverse in [false, true] {
        let mut world = world(|_| {});
        let mut names: Vec<String> = (0..50).map(|number| format!("i={number}")).collect();
        world.fire(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let snooze = SilenceDraft { kind: SilenceKind::UntilResolved, ..draft(START, "alertname=A", "9h") };
        let snooze = world.set(snooze);
        if reverse {
            names.reverse();
        }
        for (number, name) in names.iter().enumerate() {
            assert_eq!(state(&world, &snooze), SilenceState::Active, "{number} have ended");
            world.until(&format!("{}s", number + 1)).resolve(&[name]);
        }
        assert_eq!(state(&world, &snooze), SilenceState::Expired);
    }
}
