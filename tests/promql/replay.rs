//! The corpus of the fuzzer, and a few inputs made from it: what holds for each is in `examples/fuzz/fuzzing/`.
//! Here it is only seen that it still does; `cargo run --release --example fuzz` looks for more.

use std::path::Path;

use crate::corpora;
use crate::fuzzing::{Fuzzer, Target};

/// How many inputs are made from the corpus; files of tests take the longest.
fn inputs(target: Target) -> u64 {
    match target {
        Target::Parser | Target::Notation => 500,
        Target::Engine => 200,
        Target::TestFile => 40,
    }
}

/// An input that is named if it fails.
struct Tried {
    target: Target,
    input: String,
}

impl Drop for Tried {
    fn drop(&mut self) {
        if std::thread::panicking() {
            corpora::say(&format!("{} failed on\n{}", self.target.name(), self.input));
        }
    }
}

#[test]
fn what_holds_for_all_inputs_holds_for_these() {
    for target in Target::ALL {
        let fuzzer = Fuzzer::new(target, Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the corpus is there");
        assert!(!fuzzer.corpus().is_empty(), "{}", target.name());
        let made = (0..inputs(target)).map(|number| fuzzer.input(0, number));
        for input in fuzzer.corpus().iter().cloned().chain(made) {
            let tried = Tried { target, input };
            fuzzer.check(&tried.input);
        }
    }
}
