//! The language of Prometheus' own PromQL tests (`promqltest`): samples to load, queries, and what they should
//! give. Read from text, run on Sereno's engine, and scored.
//!
//! ```text
//! text ─► script ─► load ──────► MemoryStore
//!               └─► expectation     │
//!                        │          ▼
//!                        └─► evaluate ─► compare ─► score
//! ```

mod at_modifier;
mod class;
mod compare;
mod evaluate;
mod expectation;
mod load;
mod score;
mod script;

pub(crate) use class::Class;
pub(crate) use score::{Score, Scores};

use sereno::promql::memory::MemoryStore;

/// An evaluation that did not give what it should, or a command that could not be carried out.
pub(crate) struct Failure {
    /// The line of the command, counted from 1.
    pub(crate) line: usize,
    /// Its text.
    pub(crate) command: String,
    /// What was expected and what came.
    pub(crate) reason: String,
}

/// What came of one file.
#[derive(Default)]
pub(crate) struct Outcome {
    /// How many evaluations of each class passed.
    pub(crate) score: Score,
    /// Those that did not.
    pub(crate) failures: Vec<Failure>,
}

/// Runs all commands of a text in order; one that fails does not keep the others from running.
pub(crate) fn run(text: &str) -> Outcome {
    let mut store = MemoryStore::default();
    let mut outcome = Outcome::default();
    for step in script::read(text) {
        let result = match &step.command {
            Ok(script::Command::Clear) => {
                store.clear();
                continue;
            }
            Ok(script::Command::Load(load)) => match load.append_to(&mut store) {
                Ok(()) => continue,
                Err(reason) => Err(reason),
            },
            Ok(script::Command::Eval(eval)) => evaluate::check(eval, &store),
            Err(reason) => Err(reason.clone()),
        };
        outcome.score.count(Class::of(&step, &store), result.is_ok());
        if let Err(reason) = result {
            outcome.failures.push(Failure { line: step.line, command: step.text, reason });
        }
    }
    outcome
}
