//! The corpus of the fuzzer, and a few inputs made from it: what holds for each is in `examples/fuzz/fuzzing/`.
//! Here it is only seen that it still does; `cargo run --release --example fuzz` looks for more.

use std::path::Path;

use crate::fuzzing::{Fuzzer, Target};

/// How many inputs are made from the corpus; files of tests take the longest.
fn inputs(target: Target) -> u64 {
    match target {
        Target::Parser | Target::Notation => 500,
        Target::Engine => 200,
        Target::TestFile => 40,
    }
}

#[test]
fn what_holds_for_all_inputs_holds_for_these() {
    for target in Target::ALL {
        let fuzzer = Fuzzer::new(target, Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the corpus is there");
        assert!(!fuzzer.corpus().is_empty(), "{}", target.name());
        for input in fuzzer.corpus() {
            fuzzer.check(input);
        }
        for number in 0..inputs(target) {
            fuzzer.check(&fuzzer.input(0, number));
        }
    }
}
