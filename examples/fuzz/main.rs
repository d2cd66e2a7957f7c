//! Looks for inputs that make Sereno panic, hang, grow without bounds or contradict itself.
//!
//! ```sh
//! cargo run --release --example fuzz -- parser|engine|notation|test-file [--seconds N] [--seed S] [--from NUMBER]
//! cargo run --release --example fuzz -- TARGET --try TEXT
//! ```
//!
//! Inputs follow from target, seed and number alone, so that every run can be repeated; those of the corpus come
//! first. What fails is made shorter and shown, and the exit code is 1. What was tried last when the process itself
//! died (its stack or memory was not enough) is in `target/fuzz/TARGET`. `tests/promql/replay.rs` tries the corpus
//! and a few inputs more in each test run.

mod fuzzing;

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use fuzzing::{Fuzzer, Outcome, Target};

/// How long one input may take.
const TIME: Duration = Duration::from_secs(20);
/// How long making one shorter may take.
const SHORTENING: Duration = Duration::from_secs(120);
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

/// What an input came to.
enum Report {
    Done(Outcome),
    /// It is made shorter now: another of these follows.
    Failed(Failure),
}

struct Failure {
    input: String,
    /// Where it panicked, `FILE:LINE:COLUMN`.
    place: String,
    message: String,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}: {}", self.input, self.place, self.message)
    }
}

/// The place of the last panic.
static PLACE: Mutex<String> = Mutex::new(String::new());

fn main() -> io::Result<ExitCode> {
    let arguments = arguments().map_err(io::Error::other)?;
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fuzzer = Arc::new(Fuzzer::new(arguments.target, project)?);
    let Arguments { target, seconds, seed, from, tried } = arguments;
    let run = Run { fuzzer, seed, from, tried };
    // What fails is told once, when it is as short as it gets.
    std::panic::set_hook(Box::new(|panic| {
        *PLACE.lock().unwrap_or_else(PoisonError::into_inner) =
            panic.location().map(ToString::to_string).unwrap_or_default();
    }));
    let folder = project.join("target/fuzz");
    fs::create_dir_all(&folder)?;
    let last = File::create(folder.join(target.name()))?;
    // Little may wait, so that a look at the memory is one at what is tried now.
    let (sender, reports) = mpsc::sync_channel(64);
    let worker = run.clone();
    // It ends with the process.
    thread::Builder::new().stack_size(STACK).spawn(move || worker.report_all(&sender, &last))?;
    let (is_fine, said) = run.watch(&reports, Duration::from_secs(seconds));
    writeln!(io::stdout(), "{}: {said}", target.name())?;
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A fuzzer and which inputs it tries.
#[derive(Clone)]
struct Run {
    fuzzer: Arc<Fuzzer>,
    seed: u64,
    from: u64,
    /// The only input, if one was given.
    tried: Option<String>,
}

/// Nobody listens any more.
struct Over;

impl Run {
    /// The input that is tried after so many others, and how to name it.
    fn nth(&self, count: u64) -> (String, String) {
        if let Some(input) = &self.tried {
            return (input.clone(), "as given".to_owned());
        }
        let corpus = self.fuzzer.corpus();
        if let Some(input) = usize::try_from(count).ok().and_then(|at| corpus.get(at)) {
            return (input.clone(), format!("input {} of the corpus", count + 1));
        }
        let number = self.from + count - corpus.len() as u64;
        (self.fuzzer.input(self.seed, number), format!("seed {}, number {number}", self.seed))
    }

    /// Tries all inputs until nobody listens any more.
    fn report_all(&self, reports: &SyncSender<Report>, last: &File) {
        let all = if self.tried.is_some() { 1 } else { u64::MAX };
        let tried = (0..all).map(|count| self.report(self.nth(count).0, reports, last));
        tried.take_while(Result::is_ok).for_each(drop);
    }

    /// Tries one input.
    fn report(&self, input: String, reports: &SyncSender<Report>, mut last: &File) -> Result<(), Over> {
        // If it cannot be written, a run says less of what kills it.
        let _ = last
            .rewind()
            .and_then(|()| last.write_all(input.as_bytes()))
            .and_then(|()| last.set_len(input.len() as u64));
        let failure = match self.check(&input) {
            Ok(outcome) => return reports.send(Report::Done(outcome)).map_err(|_| Over),
            Err(failure) => failure,
        };
        let place = failure.place.clone();
        reports.send(Report::Failed(failure)).map_err(|_| Over)?;
        let shorter = self.check(&self.shortened(input, &place)).err();
        shorter.map_or(Err(Over), |shorter| reports.send(Report::Failed(shorter)).map_err(|_| Over))
    }

    fn check(&self, input: &str) -> Result<Outcome, Failure> {
        catch_unwind(AssertUnwindSafe(|| self.fuzzer.check(input))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Failure { input: input.to_owned(), place, message: text.unwrap_or_default() }
        })
    }

    /// Takes out what is not needed to fail at a place, in ever smaller pieces.
    fn shortened(&self, mut input: String, place: &str) -> String {
        let mut size = input.len() / 2;
        while size > 0 {
            let mut at = 0;
            while at < input.len() {
                let end = (at + size).min(input.len());
                let without = match (input.get(..at), input.get(end..)) {
                    (Some(before), Some(behind)) => format!("{before}{behind}"),
                    _ => input.clone(),
                };
                if without.len() < input.len()
                    && self.check(&without).is_err_and(|failure| failure.place == place)
                {
                    input = without;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
        input
    }

    /// Waits until something is wrong or the time is over; whether all is well, and what there is to say.
    fn watch(&self, reports: &Receiver<Report>, time: Duration) -> (bool, String) {
        let start = now();
        let (mut count, mut accepted) = (0, 0);
        while now() - start < time {
            match reports.recv_timeout(TIME) {
                Ok(Report::Done(outcome)) => {
                    count += 1;
                    accepted += u64::from(outcome == Outcome::Accepted);
                }
                Ok(Report::Failed(failure)) => {
                    let shorter = match reports.recv_timeout(SHORTENING) {
                        Ok(Report::Failed(shorter)) => shorter,
                        Ok(Report::Done(_)) | Err(_) => failure,
                    };
                    return (false, format!("{}\n{shorter}", self.nth(count).1));
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let (input, name) = self.nth(count);
                    return (false, format!("{name} does not end\n{input}"));
                }
                // That was the only one.
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if count % 256 == 0 && memory() > MEMORY {
                return (false, format!("too much memory at {} or a little before", self.nth(count).1));
            }
        }
        let (seed, most) = (self.seed, memory() / 1024);
        (true, format!("seed {seed}: {count} inputs, {accepted} of them valid; {most} MB at the most"))
    }
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
