//! Looks for inputs that make Sereno panic, hang, grow without bounds or contradict itself.
//!
//! ```sh
//! cargo run --release --example fuzz -- parser|engine|notation|test-file [--seconds N] [--seed S] [--from NUMBER]
//! cargo run --release --example fuzz -- TARGET --try TEXT
//! ```
//!
//! Inputs follow from target, seed and number alone, so that every run can be repeated. What fails is made
//! shorter and shown, and the exit code is 1. `tests/promql/replay.rs` tries the corpus and a few inputs more in
//! each test run.

mod fuzzing;

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use fuzzing::{Fuzzer, Outcome, Target};

/// How long one input may take.
const TIME: Duration = Duration::from_secs(20);
/// How much memory all of it may take, in kibibytes.
const MEMORY: u64 = 1 << 20;
/// As much as threads of the server have.
const STACK: usize = 2 << 20;

struct Arguments {
    target: Target,
    seconds: u64,
    seed: u64,
    from: u64,
    tried: Option<String>,
}

/// What a number of inputs came to.
enum Report {
    Done(Outcome),
    Failed { number: u64, input: String, message: String },
}

fn main() -> io::Result<ExitCode> {
    let arguments = arguments().map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    let (sender, receiver) = mpsc::channel();
    let (target, seed, from) = (arguments.target, arguments.seed, arguments.from);
    let fuzzer = Fuzzer::new(target, Path::new(env!("CARGO_MANIFEST_DIR")))?;
    // What fails is told once, when it is as short as it gets.
    std::panic::set_hook(Box::new(|_| {}));
    if let Some(input) = &arguments.tried {
        return match failure(&fuzzer, input) {
            Ok(outcome) => writeln!(out, "{outcome:?}").map(|()| ExitCode::SUCCESS),
            Err(message) => writeln!(out, "{message}").map(|()| ExitCode::FAILURE),
        };
    }
    let known = Fuzzer::new(target, Path::new(env!("CARGO_MANIFEST_DIR")))?;
    // It ends with the process.
    let worker = move || {
        // The corpus itself first.
        let corpus = fuzzer
            .corpus()
            .iter()
            .find_map(|input| failure(&fuzzer, input).err().map(|message| (input.clone(), message)));
        if let Some((input, message)) = corpus {
            return drop(sender.send(Report::Failed { number: from, input, message }));
        }
        (from..).take_while(|number| sender.send(report(&fuzzer, seed, *number)).is_ok()).count();
    };
    thread::Builder::new().stack_size(STACK).spawn(worker)?;
    let start = now();
    let (mut count, mut accepted) = (0, 0);
    while now() - start < Duration::from_secs(arguments.seconds) {
        match receiver.recv_timeout(TIME) {
            Ok(Report::Done(outcome)) => {
                count += 1;
                accepted += u64::from(outcome == Outcome::Accepted);
            }
            Ok(Report::Failed { number, input, message }) => {
                writeln!(out, "{}: seed {seed}, number {number}\n{input}\n{message}", target.name())?;
                return Ok(ExitCode::FAILURE);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let number = from + count;
                let input = known.input(seed, number);
                writeln!(out, "{}: seed {seed}, number {number} does not end\n{input}", target.name())?;
                return Ok(ExitCode::FAILURE);
            }
        }
        if count % 256 == 0 && memory() > MEMORY {
            writeln!(out, "{}: too much memory at or before number {}", target.name(), from + count)?;
            return Ok(ExitCode::FAILURE);
        }
    }
    writeln!(
        out,
        "{}: seed {seed}: {count} inputs, {accepted} of them valid; {} MB at the most",
        target.name(),
        memory() / 1024
    )?;
    Ok(ExitCode::SUCCESS)
}

fn report(fuzzer: &Fuzzer, seed: u64, number: u64) -> Report {
    let input = fuzzer.input(seed, number);
    match failure(fuzzer, &input) {
        Ok(outcome) => Report::Done(outcome),
        Err(_) => {
            let input = shortened(fuzzer, input);
            let message = failure(fuzzer, &input).err().unwrap_or_default();
            Report::Failed { number, input, message }
        }
    }
}

fn failure(fuzzer: &Fuzzer, input: &str) -> Result<Outcome, String> {
    catch_unwind(AssertUnwindSafe(|| fuzzer.check(input))).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

/// Takes out what is not needed for a failure, in ever smaller pieces.
fn shortened(fuzzer: &Fuzzer, mut input: String) -> String {
    let mut size = input.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < input.len() {
            let end = (at + size).min(input.len());
            let without = match (input.get(..at), input.get(end..)) {
                (Some(before), Some(behind)) => format!("{before}{behind}"),
                _ => input.clone(),
            };
            if without.len() < input.len() && failure(fuzzer, &without).is_err() {
                input = without;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    input
}

#[expect(clippy::disallowed_methods, reason = "how long a run takes is not part of what is decided")]
fn now() -> Instant {
    Instant::now()
}

/// The most memory that the process had, in kibibytes; 0 where the system does not say.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn arguments() -> Result<Arguments, String> {
    const USAGE: &str =
        "usage: fuzz parser|engine|notation|test-file [--seconds N] [--seed S] [--from NUMBER] [--try TEXT]";
    let mut words = std::env::args().skip(1);
    let name = words.next().ok_or(USAGE)?;
    let target = Target::ALL.into_iter().find(|target| target.name() == name).ok_or(USAGE)?;
    let mut arguments = Arguments { target, seconds: 60, seed: 1, from: 0, tried: None };
    while let Some(word) = words.next() {
        let value = words.next().ok_or(USAGE)?;
        let number = || value.parse().map_err(|_| format!("{word} takes a number\n{USAGE}"));
        match word.as_str() {
            "--seconds" => arguments.seconds = number()?,
            "--seed" => arguments.seed = number()?,
            "--from" => arguments.from = number()?,
            "--try" => arguments.tried = Some(value),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(arguments)
}
