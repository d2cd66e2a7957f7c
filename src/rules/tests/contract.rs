//! What holds for any rules and any inputs.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::world::{RuleExt, World, alert, config, group, record};
use crate::config::rules::RuleGroup;
use crate::model::sample::stale_nan;
use crate::model::{Duration, LabelSet, QueryValue, SampleValue, SeriesPoint};
use crate::rules::{Effect, Input, Key, RulesConfig, Sampled};

/// Something that happens in a random run.
#[derive(Clone, Debug)]
enum Happening {
    Pass(i64),
    Wake,
    Hang,
    Release,
    Refuse(bool),
    Reload(usize),
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        5 => (0_i64..150_000).prop_map(Happening::Pass),
        8 => Just(Happening::Wake),
        1 => Just(Happening::Hang),
        2 => Just(Happening::Release),
        1 => any::<bool>().prop_map(Happening::Refuse),
        1 => (0_usize..4).prop_map(Happening::Reload),
        1 => Just(Happening::Restart),
    ]
}

fn variant(number: usize) -> RulesConfig {
    let down = || alert("Down", "a").hold("1m").keep("2m");
    let limited = RuleGroup { limit: 1, ..group("h", [alert("Many", "b")]) };
    match number {
        0 => config([group("g", [down(), record("r", "b")]), limited]),
        1 => config([group("g", [record("r", "b"), down().hold("5m")])]),
        2 => config([RuleGroup { interval: Some(Duration::from_secs(7)), ..group("g", [down()]) }, limited]),
        _ => config([]),
    }
}

fn scripted(world: World, script: &str) -> World {
    world.script("a", "x", script).script("b", "x", script).script("b", "y", &script[script.len() / 2..])
}

/// Runs the happenings; `check` after each wake.
fn run(happenings: &[Happening], script: &str, check: impl Fn(&mut World)) -> World {
    let mut world = scripted(World::new(variant(0)), script);
    let mut current = 0;
    for happening in happenings {
        match happening {
            Happening::Pass(millis) => world.now = world.now + Duration::from_millis(*millis),
            Happening::Wake => {
                world.feed(Input::Wake);
                check(&mut world);
            }
            Happening::Hang => world.hang = true,
            Happening::Release => world.release(),
            Happening::Refuse(refuse) => world.refuse_writes = *refuse,
            Happening::Reload(number) => {
                current = *number;
                world.reload(variant(current));
            }
            Happening::Restart => {
                let mut next = scripted(World::restored(variant(current), world.saved(), world.now), script);
                (next.log, next.kept, next.effects) = (world.log, world.kept, world.effects);
                world = next;
            }
        }
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn waking_twice_does_nothing_and_the_next_wake_is_later(
        happenings in prop::collection::vec(happening(), 1..80), script in "[0-9.e]{40}",
    ) {
        run(&happenings, &script, |world| {
            assert!(world.engine.handle(world.now, Input::Wake).is_empty(), "a second wake");
            if let Some(next) = world.engine.next_wake() {
                assert!(next > world.now, "the next wake is later");
                assert!(world.engine.handle(world.now.max(next - Duration::from_millis(1)), Input::Wake).is_empty());
            }
        });
    }

    #[test]
    fn equal_inputs_give_equal_effects(
        happenings in prop::collection::vec(happening(), 1..80), script in "[0-9.e]{40}",
    ) {
        let (one, other) = (run(&happenings, &script, |_| {}), run(&happenings, &script, |_| {}));
        prop_assert_eq!(one.effects, other.effects);
        prop_assert_eq!(one.log, other.log);
    }

    #[test]
    fn whoever_is_told_of_an_alert_is_told_of_its_end(
        happenings in prop::collection::vec(happening(), 1..80), script in "[0-9.e]{40}",
    ) {
        let mut world = run(&happenings, &script, |_| {});
        world.release();
        world.reload(variant(3));
        let mut firing = BTreeSet::new();
        for effect in &world.effects {
            let Effect::Alerts(alerts) = effect else { continue };
            for alert in alerts {
                match alert.ends_at {
                    None => { firing.insert(alert.labels.clone()); }
                    Some(ends_at) => {
                        prop_assert!(alert.starts_at <= ends_at, "ends after it starts");
                        firing.remove(&alert.labels);
                    }
                }
            }
        }
        prop_assert!(firing.is_empty(), "left hanging: {firing:?}");
        prop_assert!(world.kept.is_empty(), "left on disk: {:?}", world.kept);
    }

    #[test]
    fn every_series_goes_forward_in_time_and_ends(
        happenings in prop::collection::vec(happening(), 1..80), script in "[0-9.e]{40}",
    ) {
        // Writes that fail and crashes may lose an end; a database hides such a series after five minutes.
        let well = |happening: &Happening| !matches!(happening, Happening::Refuse(_) | Happening::Restart);
        let happenings: Vec<Happening> = happenings.into_iter().filter(well).collect();
        let mut world = run(&happenings, &script, |_| {});
        world.release();
        world.reload(variant(3));
        let mut last: BTreeMap<LabelSet, SeriesPoint> = BTreeMap::new();
        for effect in &world.effects {
            let Effect::Write(write) = effect else { continue };
            for point in &write.points {
                if let Some(before) = last.insert(point.labels.clone(), point.clone()) {
                    prop_assert!(before.at < point.at, "{before:?} before {point:?}");
                }
            }
        }
        let ended = SampleValue::Float(stale_nan());
        let open: Vec<_> = last.values().filter(|point| point.value != ended).collect();
        prop_assert!(open.is_empty(), "never ended: {open:?}");
    }

    #[test]
    fn a_firing_alert_is_kept_before_it_is_told(
        happenings in prop::collection::vec(happening(), 1..40), script in "[0-9.]{40}",
    ) {
        let world = run(&happenings, &script, |_| {});
        let mut kept = BTreeSet::new();
        for effect in &world.effects {
            match effect {
                Effect::Persist(entry) => {
                    if let (Key::Alert { labels, .. }, true) = (&entry.key, entry.record.is_some()) {
                        kept.insert(labels.clone());
                    }
                }
                Effect::Alerts(alerts) => {
                    for alert in alerts.iter().filter(|alert| alert.ends_at.is_none()) {
                        prop_assert!(kept.contains(&alert.labels), "{} told before kept", alert.labels);
                    }
                }
                Effect::Query(_) | Effect::Write(_) | Effect::Note(_) => {}
            }
        }
    }
}

#[test]
fn groups_do_not_wait_for_each_other() {
    let groups = [group("g", [alert("A", "a")]), group("h", [alert("B", "b")])];
    let mut world = World::new(config(groups)).script("b", "x", "00000").script("a", "x", "00000");
    world.show.queries = true;
    world.run_before(1);
    world.hang = true;
    world.run_before(3);
    assert_eq!(world.hanging.len(), 2, "one query each is in flight");
    let of_h = world.hanging.iter().position(|query| &*query.group == "r.yml;h").expect("one of h");
    let query = world.hanging.remove(of_h).expect("it is there");
    let result = Ok(QueryValue::Vector(Vec::new()));
    world.feed(Input::Sampled(Sampled { eval: query.eval, result }));
    assert!(world.engine.next_wake().is_some(), "h goes on");
}
