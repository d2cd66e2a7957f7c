//! Runs files in the language of Prometheus' own PromQL tests on Sereno's engine.
//!
//! ```sh
//! cargo run --release --example promqltest -- [--quiet] [--scores TABLE [--write]] FILE…
//! ```
//!
//! Every failure is shown with its file and line, what was expected and what came, unless `--quiet` says no. The
//! exit code is 1 if something failed; with `--scores`, if the scores are not those of the table. `--write` makes
//! the table.

mod language;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use language::{Class, Outcome, Scores};

#[derive(Default)]
struct Arguments {
    files: Vec<PathBuf>,
    is_quiet: bool,
    table: Option<PathBuf>,
    is_written: bool,
}

fn main() -> io::Result<ExitCode> {
    let arguments = arguments().map_err(io::Error::other)?;
    let mut out = io::stdout().lock();
    let mut scores = Scores::default();
    for path in &arguments.files {
        let outcome = language::run(&std::fs::read_to_string(path)?);
        show(&mut out, path, &outcome, arguments.is_quiet)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        scores.0.insert(name, outcome.score);
    }
    let sum = scores.sum();
    writeln!(out)?;
    for class in Class::ALL {
        writeln!(out, "{}: {}", class.name(), sum.of(class))?;
    }
    writeln!(out, "{}", sum.sum())?;
    let Some(table) = &arguments.table else {
        let has_failed = sum.sum().passed < sum.sum().total;
        return Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS });
    };
    if arguments.is_written {
        std::fs::write(table, scores.to_string())?;
        return Ok(ExitCode::SUCCESS);
    }
    let old = Scores::read(&std::fs::read_to_string(table)?).map_err(io::Error::other)?;
    let (worse, better) = scores.differences(&old);
    for (word, lines) in [("worse", &worse), ("better", &better)] {
        for line in lines {
            writeln!(out, "{word}: {line}")?;
        }
    }
    Ok(if worse.is_empty() && better.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments::default();
    let mut all = std::env::args().skip(1);
    while let Some(argument) = all.next() {
        match argument.as_str() {
            "--quiet" => found.is_quiet = true,
            "--write" => found.is_written = true,
            "--scores" => found.table = Some(all.next().ok_or("--scores needs a file")?.into()),
            flag if flag.starts_with("--") => return Err(format!("no such flag: {flag}")),
            file => found.files.push(file.into()),
        }
    }
    if found.files.is_empty() {
        return Err("name at least one file".to_owned());
    }
    Ok(found)
}

fn show(out: &mut impl Write, path: &Path, outcome: &Outcome, is_quiet: bool) -> io::Result<()> {
    for failure in outcome.failures.iter().filter(|_| !is_quiet) {
        writeln!(out, "{}:{}: {}", path.display(), failure.line, failure.command)?;
        for line in failure.reason.lines() {
            writeln!(out, "  {line}")?;
        }
    }
    writeln!(out, "{}: {}", path.display(), outcome.score.sum())
}
