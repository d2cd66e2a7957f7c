//! `sereno test`: unit tests of rules, in virtual time. promtool's files run unchanged.

mod load;
mod record;
mod watch;

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use self::load::{Loader, Tested};
use super::features::FeatureArguments;
use super::logging::wants_colour;
use super::output::{end, note, print};
use super::{FINDINGS, FINE, parallel};
use crate::model::regex::unanchored;
use crate::shell::clock::Stopwatch;
use crate::shell::glob;
use crate::testing::coverage::Coverage;
use crate::testing::file::Test;
use crate::testing::report::{self, Look, Texts};
use crate::testing::verdict::FileVerdict;
use crate::testing::{Limits, Options};

/// The arguments of `sereno test`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "A test gives series, and says what comes of them. tests/up.yml:

  rule_files: [../rules/*.yml]
  evaluation_interval: 15s
  tests:
  - name: a server that is down for five minutes
    input_series:
    - series: up{job=\"api\", instance=\"a:9100\"}
      values: 1 0x20                 # 1, then 21 times 0, a minute apart
    alert_rule_test:
    - {eval_time: 4m, alertname: ServiceDown, state: pending, count: 1}
    - eval_time: 10m
      alertname: ServiceDown
      match: subset          # there may be more alerts and labels than these
      exp_alerts:
      - exp_labels: {instance: {regex: 'a:.*'}}
        exp_annotations: {summary: {contains: down}}
    promql_expr_test:
    - {expr: 'sum(up)', eval_time: 2m, exp_samples: [{labels: '{}', value: 0}]}

Examples:
  sereno test tests/*.yml
      Run all tests.
  sereno test tests/up.yml --run 'five minutes' --watch
      Run the tests of that name, again and again while files change.
  sereno test tests/*.yml --coverage --format junit > report.xml
      For CI; with --format text or json, rules that no test touched are listed.

With `routes: routes.yml` in the file, a test also says who is told what, and
why others are not:
    notification_test:
    - {at: 6m10s, receiver: oncall, integration: email, status: firing,
       subject: {contains: ServiceDown}}
    - {receiver: team, none: true, reason: inhibited}

promtool's files run unchanged, with the same verdicts; docs/testing.md has what
is new.

Exit codes: 0 all passed, 1 a test failed or a file has mistakes, 2 could not
run: a file cannot be read."
)]
pub struct TestArguments {
    #[command(subcommand)]
    command: Option<TestCommand>,
    /// Files of unit tests, or patterns of them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Run only tests whose name matches; may be repeated, any of them is enough
    #[arg(long, value_name = "REGEX")]
    run: Vec<String>,
    /// How verdicts are printed
    #[arg(long, env = "SERENO_TEST_FORMAT", value_name = "FORMAT", value_enum, default_value_t = FormatName::Text)]
    format: FormatName,
    /// List the rules, routes, receivers and inhibit rules that no test touched
    #[arg(long)]
    coverage: bool,
    /// Show passed tests too, what was evaluated, and all of what differs
    #[arg(long, short)]
    verbose: bool,
    /// Run again whenever one of the files changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// The most evaluations of one test, and the most instants at which its router has something to do
    #[arg(long, value_name = "COUNT", default_value_t = Limits::DEFAULT.steps)]
    max_steps: usize,
    /// The most samples of one test: those of its series and those that rules write
    #[arg(long, value_name = "COUNT", default_value_t = Limits::DEFAULT.samples)]
    max_samples: usize,
    #[command(flatten)]
    features: FeatureArguments,
}

#[derive(Debug, Subcommand)]
enum TestCommand {
    /// Write a unit test of an alert out of what a Prometheus has stored
    Record(Box<record::RecordArguments>),
}

/// How verdicts are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// For people
    Text,
    /// One JSON document
    Json,
    /// JUnit's XML, for CI
    Junit,
}

impl TestArguments {
    fn options(&self) -> Options {
        let limits = Limits { steps: self.max_steps, samples: self.max_samples };
        Options { timelines: self.verbose, limits, ..options(&self.features) }
    }

    /// Whether a test is to run; by its name as written, as in promtool.
    fn filter(&self) -> Result<impl Fn(&Test) -> bool + Sync, String> {
        let compile =
            |text: &String| unanchored(text).map_err(|error| format!("--run {text:?}: {}", error.reason));
        let wanted = self.run.iter().map(compile).collect::<Result<Vec<_>, _>>()?;
        Ok(move |test: &Test| wanted.is_empty() || wanted.iter().any(|regex| regex.is_match(&test.name)))
    }
}

/// How expressions are read and evaluated; all else as usual.
fn options(features: &FeatureArguments) -> Options {
    Options {
        features: features.of_language(),
        delayed_name_removal: features.delayed_name_removal(),
        use_start_timestamps: features.use_start_timestamps(),
        ..Options::default()
    }
}

/// Runs the tests and prints what became of them.
pub(super) fn run(arguments: &TestArguments) -> ExitCode {
    if let Some(TestCommand::Record(arguments)) = &arguments.command {
        return end(record::run(arguments));
    }
    if arguments.watch { end(watch::run(arguments)) } else { end(once(arguments).map(|(code, _)| code)) }
}

/// The files that a run read with their texts, and the patterns that named them with what they matched.
#[derive(Debug, Default)]
struct Read {
    texts: Texts,
    named: Vec<(String, Vec<String>)>,
}

/// One run: its exit code, and what it read.
fn once(arguments: &TestArguments) -> Result<(ExitCode, Read), String> {
    let watch = Stopwatch::start();
    let filter = arguments.filter()?;
    let paths = paths(&arguments.files)?;
    let tested = test_all(&paths, arguments.options(), &filter)?;
    let mut read = Read::default();
    let mut verdicts = Vec::with_capacity(tested.len());
    for Tested { verdict, texts, named } in tested {
        read.texts.extend(texts);
        read.named.extend(named);
        verdicts.push(verdict);
    }
    let is_idle = verdicts.iter().all(|verdict| verdict.tests.is_empty() && !verdict.has_errors());
    if is_idle && !arguments.run.is_empty() {
        return Err(format!("no test has a name that matches --run {}", arguments.run.join(" or ")));
    }
    let took = format!("{:.2} s", watch.elapsed().as_secs_f64());
    let passed = verdicts.iter().all(FileVerdict::passed);
    let code = print(&report(arguments, &verdicts, &read.texts, &took), if passed { FINE } else { FINDINGS });
    Ok((code, read))
}

fn report(arguments: &TestArguments, verdicts: &[FileVerdict], texts: &Texts, took: &str) -> String {
    let mut covered = Coverage::default();
    if arguments.coverage {
        verdicts.iter().for_each(|verdict| covered.merge(&verdict.coverage));
    }
    match arguments.format {
        FormatName::Json => report::json(verdicts, arguments.coverage.then_some(&covered), texts),
        FormatName::Junit => {
            if arguments.coverage {
                note(report::coverage(&covered, texts, Look::default()).trim_end());
            }
            report::junit(verdicts, texts)
        }
        FormatName::Text => {
            let look = Look { colour: wants_colour(&std::io::stdout()), verbose: arguments.verbose };
            let mut text = String::new();
            for verdict in verdicts {
                text.push_str(&report::text(verdict, texts, look));
                text.push('\n');
            }
            if arguments.coverage {
                text.push_str(&report::coverage(&covered, texts, look));
                text.push('\n');
            }
            text + &report::summary(verdicts, took, look)
        }
    }
}

/// Tests all files.
fn test_all(
    paths: &[String],
    options: Options,
    filter: &(impl Fn(&Test) -> bool + Sync),
) -> Result<Vec<Tested>, String> {
    let loader = Loader::new(options);
    let (mut done, mut unreadable) = (Vec::with_capacity(paths.len()), Vec::new());
    for tested in parallel::map(paths, |path| loader.test(path, filter)) {
        match tested {
            Ok(tested) => done.push(tested),
            Err(reason) => unreadable.push(reason),
        }
    }
    if unreadable.is_empty() { Ok(done) } else { Err(unreadable.join("\n")) }
}

/// The files, each once, in the order in which they are named.
fn paths(named: &[String]) -> Result<Vec<String>, String> {
    let (mut paths, mut problems): (Vec<String>, Vec<String>) = Default::default();
    for pattern in named {
        match glob::files(pattern) {
            Ok(found) if found.is_empty() => problems.push(glob::why_none(pattern)),
            Ok(found) => {
                let new = found.into_iter().filter(|path| !paths.contains(path));
                let new: Vec<String> = new.collect();
                paths.extend(new);
            }
            Err(bad) => problems.push(bad.to_string()),
        }
    }
    if problems.is_empty() { Ok(paths) } else { Err(problems.join("\n")) }
}
