//! The whole core for simulated hours in a hostile world: queries fail and dawdle, receivers refuse, hang
//! and take messages without saying so, people silence and acknowledge, the process dies and comes back. Then
//! the world heals, and what every receiver has been told must be the truth.
//!
//! Each run is decided by its seed. A failure names it: `SERENO_SEED=<seed> cargo test --test simulation`
//! repeats that run alone; `SERENO_SEEDS=<n>` tries that many.

mod contract;
mod plain;
mod random;
mod scenarios;
mod world;

use sereno::core::Input;
use sereno::model::{Duration, LabelSet, Silence, SilenceState};
use sereno::router::RequestId;
use sereno::sim::Sim;

use crate::world::{Chaos, START, config};

/// Simulated time of trouble, then of peace.
const TROUBLE: Duration = Duration::from_mins(6 * 60);
const PEACE: Duration = Duration::from_mins(6 * 60);

#[test]
fn after_trouble_everybody_knows_the_truth() {
    for seed in seeds_of(60) {
        let problems = live_through(seed);
        assert!(problems.is_empty(), "SERENO_SEED={seed}\n{}", problems.join("\n"));
    }
}

/// The seeds of a test that tries `usually` many.
fn seeds_of(usually: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var_os(name)?.to_str()?.parse::<u64>().ok();
    match number("SERENO_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SERENO_SEEDS").unwrap_or(usually),
    }
}

/// Runs one seed and returns what was wrong.
fn live_through(seed: u64) -> Vec<String> {
    let mut sim = Sim::new(config(), seed, START, Chaos::new(seed, START + TROUBLE));
    let mut now = START;
    while now < START + TROUBLE {
        now = now + Duration::from_millis(sim.world.random.between(1_000, 30 * 60_000));
        sim.run_until(now.min(START + TROUBLE));
        if sim.world.random.chance(30) {
            ask(&mut sim);
        }
        if sim.world.random.chance(40) {
            let down = Duration::from_millis(sim.world.random.between(0, 5 * 60_000));
            sim.crash(down);
            now = sim.now();
        }
    }
    sim.run_for(PEACE);
    let mut problems = std::mem::take(&mut sim.world.problems);
    let silences: Vec<Silence> = sim.core().router().silences().cloned().collect();
    let is_muted = |labels: &LabelSet| {
        let matching = silences.iter().filter(|silence| silence.matches(labels));
        matching.into_iter().any(|silence| silence.state_at(sim.now()) == SilenceState::Active)
    };
    problems.extend(sim.world.lies_at(sim.now(), is_muted));
    problems
}

/// Somebody silences, acknowledges, changes their mind.
fn ask(sim: &mut Sim<Chaos>) {
    let known: Vec<Silence> = sim.core().router().silences().cloned().collect();
    let request = sim.world.request(sim.now(), &known);
    let id = RequestId(sim.log.answers.len() as u64 + 1);
    sim.input(Input::Request(id, request));
}
