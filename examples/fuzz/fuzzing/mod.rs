//! Inputs that are made at random from a corpus, and what has to hold for each of them. Every input follows from
//! the target, the seed and its number; a check panics where something does not hold.
//!
//! ```text
//! corpus ─┬─► mutation ─┐
//! grammar ┴─────────────┴─► parser, notation, engine (over series), test_file
//! ```

mod corpus;
mod engine;
mod grammar;
mod mutation;
mod notation;
mod parser;
mod random;
mod series;
mod test_file;

use std::path::Path;

use sereno::promql::ast::ValueType;
use sereno::promql::memory::MemoryStore;

use corpus::Corpus;
use random::Random;

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Expressions, right and wrong, are read and printed.
    Parser,
    /// Expressions are evaluated.
    Engine,
    /// Series in the notation of tests are read.
    Notation,
    /// Files of unit tests are read, run and reported.
    TestFile,
}

impl Target {
    pub(crate) const ALL: [Self; 4] = [Self::Parser, Self::Engine, Self::Notation, Self::TestFile];

    /// Its name on the command line and in the corpus.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Parser => "parser",
            Self::Engine => "engine",
            Self::Notation => "notation",
            Self::TestFile => "test-file",
        }
    }
}

/// What came of an input that did as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is valid.
    Accepted,
    /// It has a mistake, and that was said.
    Refused,
}

/// A target with its corpus.
pub(crate) struct Fuzzer {
    target: Target,
    corpus: Corpus,
    stores: Vec<MemoryStore>,
}

impl Fuzzer {
    /// Reads the corpus, in the folder of the project.
    pub(crate) fn new(target: Target, project: &Path) -> std::io::Result<Self> {
        let corpus = Corpus::read(target, &project.join("tests/fuzz/corpus"))?;
        let stores = match target {
            Target::Engine => (0..8).map(series::store).collect(),
            Target::Parser | Target::Notation | Target::TestFile => Vec::new(),
        };
        Ok(Self { target, corpus, stores })
    }

    /// The inputs of the corpus as they are.
    pub(crate) fn corpus(&self) -> &[String] {
        &self.corpus.inputs
    }

    /// One of all inputs.
    pub(crate) fn input(&self, seed: u64, number: u64) -> String {
        let mut random = Random::new(seed.wrapping_mul(0x0001_0000_0001) ^ number.rotate_left(32));
        let made = |random: &mut Random| grammar::expression(ValueType::Vector, 1 + random.below(3), random);
        let text = match self.target {
            Target::Engine if random.chance(70) => return made(&mut random),
            Target::Parser if random.chance(30) => made(&mut random),
            Target::Parser | Target::Engine | Target::Notation | Target::TestFile => {
                self.corpus.any(&mut random).to_owned()
            }
        };
        mutation::mutated(&text, self.corpus.any(&mut random), self.corpus.words, &mut random)
    }

    /// Tries an input.
    ///
    /// # Panics
    /// Something that has to hold for it does not.
    pub(crate) fn check(&self, input: &str) -> Outcome {
        match self.target {
            Target::Parser => parser::check(input),
            Target::Engine => {
                let mut random = Random::of(input);
                let store = &self.stores[random.below(self.stores.len())];
                engine::check(input, store, &mut random)
            }
            Target::Notation => notation::check(input),
            Target::TestFile => test_file::check(input, &self.corpus.rules),
        }
    }
}
