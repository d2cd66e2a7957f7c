//! The contract of the core, each line a property over random runs.

use proptest::prelude::*;
use sereno::core::{Core, Effect, Input};
use sereno::model::{Duration, Timestamp};
use sereno::router::{AttemptId, Notified, Outcome};
use sereno::rules::{EvalId, QueryError, Sampled, WriteId, Written};
use sereno::sim::Sim;

use crate::world::{Chaos, START, config};

const HOUR: Duration = Duration::from_mins(60);

fn run(seed: u64, pokes: &[i64]) -> String {
    let mut sim = Sim::new(config(), seed, START, Chaos::new(seed, START + HOUR));
    for poke in pokes {
        sim.input_at(START + Duration::from_millis(*poke), Input::Wake);
    }
    sim.run_for(HOUR);
    format!("{:#?}", sim.log)
}

/// Drives a core by hand for some steps and returns it with the time.
fn warmed_up(seed: u64) -> (Core, Timestamp) {
    let mut core = Core::restore(&config(), seed, START, Vec::new());
    let mut now = START;
    for _ in 0..20 {
        now = core.next_wake().unwrap_or(now).max(now);
        for effect in core.handle(now, Input::Wake) {
            if let Effect::Query(query) = effect {
                let result = Err(QueryError::Unreachable("gone".to_owned()));
                let answered = core.handle(now, Input::Sampled(Sampled { eval: query.eval, result }));
                drop(answered);
            }
        }
    }
    (core, now)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn same_seed_and_inputs_give_the_same_run(seed: u64) {
        prop_assert_eq!(run(seed, &[]), run(seed, &[]));
    }

    #[test]
    fn early_and_repeated_wakes_change_nothing(
        seed: u64,
        pokes in prop::collection::vec(0_i64..3_600_000, 0..40),
    ) {
        let twice: Vec<i64> = pokes.iter().chain(&pokes).copied().collect();
        prop_assert_eq!(run(seed, &twice), run(seed, &[]));
    }

    #[test]
    fn unknown_ids_are_ignored(seed: u64, id in 1_000_000_u64..) {
        let (mut core, now) = warmed_up(seed);
        let before = core.next_wake();
        let result = Err(QueryError::Unreachable("late".to_owned()));
        let late = [
            Input::Sampled(Sampled { eval: EvalId(id), result }),
            Input::Written(Written { id: WriteId(id), result: Ok(()) }),
            Input::Notified(Notified { attempt: AttemptId(id), outcome: Outcome::Delivered, memory: None }),
        ];
        for input in late {
            prop_assert_eq!(core.handle(now, input), Vec::new());
        }
        prop_assert_eq!(core.next_wake(), before);
    }
}
