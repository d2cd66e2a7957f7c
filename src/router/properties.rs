//! Tests: what holds whatever happens. No code of the router is here.
//!
//! [`World`] checks at each step that sends do not overlap, that a notification is persisted before it is
//! sent, that nothing muted is sent, and that wakes behave; these tests feed it anything.

use std::sync::Arc;

use proptest::prelude::*;

use super::testing::{START, World, delivered, draft, duration, failed, labels, receiver, route, routing};
use super::{AckDraft, AckOf, Failure, Input, Outcome, Record, Request, SilenceDraft};
use crate::config::routes::{RateLimit, Routing};
use crate::model::{Duration, SilenceKind};

/// Something that happens to the router.
#[derive(Clone, Debug)]
enum Step {
    Fire(u8),
    Resolve(u8),
    /// Another system's alert that ends after so many seconds unless it is refreshed.
    Lease(u8, u16),
    /// So many seconds pass.
    Pass(u16),
    /// One of three route files is loaded.
    Reload(u8),
    Crash,
    /// An alert, or all, are silenced for so many seconds; or a snooze that ends with the last of them.
    Silence(u8, u16, bool),
    /// One of the silences ends, or is changed to last so many seconds from now.
    Change(u8, Option<u16>),
    Ack(u8, u16),
}

fn steps(reloads: bool) -> impl Strategy<Value = Vec<Step>> {
    let alert = 0..6_u8;
    let step = prop_oneof![
        4 => alert.clone().prop_map(Step::Fire),
        3 => alert.clone().prop_map(Step::Resolve),
        2 => (alert, 1..1000_u16).prop_map(|(alert, secs)| Step::Lease(alert, secs)),
        5 => (0..2000_u16).prop_map(Step::Pass),
        1 => (0..3_u8).prop_map(move |file| if reloads { Step::Reload(file) } else { Step::Pass(1) }),
        1 => Just(Step::Crash),
        2 => (0..7_u8, 0..2000_u16, any::<bool>()).prop_map(|(of, secs, snooze)| Step::Silence(of, secs, snooze)),
        1 => (any::<u8>(), prop::option::of(0..2000_u16)).prop_map(|(which, secs)| Step::Change(which, secs)),
        1 => (0..6_u8, 0..2000_u16).prop_map(|(alert, secs)| Step::Ack(alert, secs)),
    ];
    prop::collection::vec(step, 0..40)
}

/// Route files: with a cooldown, a route with two integrations of which one hears no resolutions, an
/// interval shorter than an attempt; one of them with a fallback and a rate limit.
fn route_file(number: u8, strict: bool) -> Arc<Routing> {
    let mut routing = match number {
        0 => routing(vec![route("i=~[0-2]", "two").continues(), route("i=~[2-4]", "ops")]),
        1 => routing(vec![route("i=~[0-2]", "ops").continues(), route("i=~[2-4]", "two")]),
        _ => routing(Vec::new()),
    };
    for known in &mut routing.receivers {
        let mut changed = match &*known.name {
            "two" => receiver("two", &[true, false]),
            name => receiver(name, &[true]),
        };
        match (number, &*changed.name) {
            (0, "two") => changed.fallback = Some("root".into()),
            (0, "ops") => changed.rate_limit = Some(RateLimit { notifications: 3, per: duration("10m") }),
            _ => {}
        }
        *known = Arc::new(changed);
    }
    routing.strict = strict;
    for (at, route) in routing.routes.iter_mut().enumerate() {
        match at {
            0 => route.cooldown = duration("20m"),
            1 => route.group_interval = duration("4s"),
            _ => {}
        }
    }
    Arc::new(routing)
}

/// Answers that fail, hang, refuse and come late, different for each seed.
fn unreliable(world: &mut World, mut seed: u64) {
    world.answer(move |_, _| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        match (seed >> 33) % 8 {
            0 => failed(Failure::ServerError, None),
            1 => failed(Failure::RateLimited, Some(Duration::from_secs(((seed >> 40) % 500) as i64))),
            2 => Some((Duration::from_secs(1), refused())),
            3 => None,
            4 => Some((Duration::from_secs(((seed >> 40) % 100) as i64), Outcome::Delivered)),
            5 => Some((Duration::ZERO, Outcome::Delivered)),
            _ => delivered(),
        }
    });
}

fn refused() -> Outcome {
    Outcome::Refused { failure: Failure::ClientError, message: "no".to_owned() }
}

fn seconds(world: &World) -> i64 {
    world.now.since(START).millis() / 1000
}

fn run(steps: &[Step], seed: u64, strict: bool) -> World {
    let mut world = World::new(Routing::clone(&route_file(0, strict)));
    unreliable(&mut world, seed);
    for step in steps {
        match step {
            Step::Fire(alert) => world.fire(&[&format!("i={alert}")]),
            Step::Resolve(alert) => world.resolve(&[&format!("i={alert}")]),
            Step::Lease(alert, secs) => {
                let end = world.now + Duration::from_secs(i64::from(*secs));
                world.send(&[&format!("i={alert}")], Some(end));
            }
            Step::Pass(secs) => {
                let until = seconds(&world) + i64::from(*secs);
                world.until(&format!("{until}s"));
            }
            Step::Reload(file) => {
                world.routing = route_file(*file, strict);
                let routing = Arc::clone(&world.routing);
                world.input(Input::Reload(routing));
            }
            Step::Crash => world.crash(),
            Step::Silence(of, secs, snooze) => {
                let text = if *of == 6 { "alertname=A".to_owned() } else { format!("i={of}") };
                let kind = if *snooze { SilenceKind::UntilResolved } else { SilenceKind::Plain };
                let until = format!("{}s", seconds(&world) + i64::from(*secs));
                let wanted = SilenceDraft { kind, ..draft(world.now, &text, &until) };
                world.request(Request::SetSilence(wanted));
            }
            Step::Change(which, secs) => change(&mut world, usize::from(*which), *secs),
            Step::Ack(alert, secs) => {
                let of = AckOf::Labels(labels(&format!("alertname=A i={alert}")));
                let until = world.now + Duration::from_secs(i64::from(*secs));
                world.request(Request::Ack(AckDraft { of, by: "me".into(), comment: "".into(), until }));
            }
        }
    }
    world
}

fn change(world: &mut World, which: usize, secs: Option<u16>) {
    let number = world.router.silences().count();
    let Some(known) = world.router.silences().nth(which % number.max(1)).cloned() else { return };
    let request = match secs {
        None => Request::ExpireSilence(known.id),
        Some(secs) => Request::SetSilence(SilenceDraft {
            id: Some(known.id),
            matchers: known.matchers,
            starts_at: known.starts_at,
            ends_at: world.now + Duration::from_secs(i64::from(secs)),
            created_by: known.created_by,
            comment: "changed".into(),
            annotations: known.annotations,
            kind: known.kind,
            force: false,
        }),
    };
    world.request(request);
}

/// Receivers answer again, everything is resolved, and days go by.
fn heal(world: &mut World) {
    world.answer(|_, _| delivered());
    for alert in 0..6 {
        world.resolve(&[&format!("i={alert}")]);
    }
    let until = seconds(world) + 31 * 86_400; // longer than dead letters and the notification log are kept
    world.until(&format!("{until}s"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn equal_inputs_give_equal_effects(steps in steps(true), seed: u64) {
        let (one, two) = (run(&steps, seed, false), run(&steps, seed, false));
        prop_assert_eq!(one.log, two.log);
        prop_assert_eq!(one.saved, two.saved);
        prop_assert_eq!(one.persisted, two.persisted);
    }

    #[test]
    fn whoever_heard_that_an_alert_fires_hears_that_it_ended(steps in steps(false), seed: u64) {
        let mut world = run(&steps, seed, false);
        heal(&mut world);
        for ((key, alert), fires) in &world.beliefs {
            let deaf = format!("{key:?}").contains(r#"receiver: "two", kind: "webhook", index: 1"#);
            prop_assert!(deaf || !fires, "{key:?} {alert}\n{}", world.timeline());
        }
    }

    #[test]
    fn when_all_is_over_nothing_is_kept(steps in steps(true), seed: u64, strict: bool) {
        let mut world = run(&steps, seed, strict);
        heal(&mut world);
        prop_assert!(world.saved.is_empty(), "{:#?}\n{}", world.saved, world.timeline());
        let view = world.router.view(world.now);
        prop_assert_eq!(view, super::View::default());
    }

    #[test]
    fn a_restart_brings_back_every_alert_and_timer(steps in steps(true), seed: u64) {
        let mut world = run(&steps, seed, false);
        let alerts = |world: &World| {
            let mut alerts: Vec<_> = world.router.alerts().map(|alert| alert.labels.to_string()).collect();
            alerts.sort();
            alerts
        };
        let timers = |world: &World| {
            let groups = world.router.groups();
            groups.iter().map(|group| (group.key.clone(), group.next_flush)).collect::<Vec<_>>()
        };
        let silences = |world: &World| {
            let silenced = world.router.alerts.iter_from(0).map(|(index, slot)| {
                (slot.fingerprint, world.router.mutes(world.now, index).silenced_by)
            });
            let silenced: std::collections::BTreeMap<_, _> = silenced.collect();
            (world.router.silences().cloned().collect::<Vec<_>>(), silenced)
        };
        let before = (alerts(&world), timers(&world), silences(&world));
        world.crash();
        prop_assert_eq!(before, (alerts(&world), timers(&world), silences(&world)));
        let records = world.saved.values().filter(|record| matches!(record, Record::Alert(_))).count();
        prop_assert_eq!(records, world.router.alerts().count());
    }
}
