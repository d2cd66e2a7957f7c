//! `sereno check`: what is wrong with rule files and routes, all of it at once, with exact places.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::expressions::ExpressionArguments;
use super::logging::wants_colour;
use super::matchers::MatchersArgument;
use super::{COULD_NOT_RUN, FINDINGS, FINE, could_not_run, parallel};
use crate::check::{FileKind, Options, check_file};
use crate::config::problem::Severity;
use crate::config::render::Format;
use crate::shell::files::read_text;
use crate::shell::findings::Findings;
use crate::shell::glob;
use crate::shell::reload::{read_templates, why_unreadable};

/// What is checked if no file is named.
const DEFAULTS: [&str; 2] = ["rules/*.yml", "routes.yml"];

/// The arguments of `sereno check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno check
      Check rules/*.yml and routes.yml.
  sereno check --format concise rules/*.yml alertmanager.yml
      One line a finding, for editors and CI.
  sereno check --format github rules/*.yml
      Annotations on the lines of a pull request, in a GitHub workflow; `sarif`
      is for other hosts.
  sereno check --expressions as-written rules/*.yml
      Rules in MetricsQL: everything is checked but the expressions.

Exit codes: 0 no errors (warnings do not count), 1 errors found, 2 could not
run: a file cannot be read.")]
pub struct CheckArguments {
    /// Rule files and routing files, or patterns of them [default: rules/*.yml routes.yml]
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    /// How findings are printed
    #[arg(long, env = "SERENO_FORMAT", value_name = "FORMAT", value_enum, default_value_t = FormatName::Full)]
    format: FormatName,
    #[command(flatten)]
    matchers: MatchersArgument,
    #[command(flatten)]
    expressions: ExpressionArguments,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// With the lines they are in, and help
    Full,
    /// One line each
    Concise,
    /// One JSON array
    Json,
    /// Annotations of lines, in a GitHub workflow
    Github,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

impl From<FormatName> for Format {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Full => Self::Full,
            FormatName::Concise => Self::Concise,
            FormatName::Json => Self::Json,
            FormatName::Github => Self::Github,
            FormatName::Sarif => Self::Sarif,
        }
    }
}

/// Checks the files and prints what is wrong on standard output.
pub(super) fn run(arguments: &CheckArguments) -> ExitCode {
    let paths = match paths(&arguments.files) {
        Ok(paths) => paths,
        Err(reason) => return could_not_run(&reason),
    };
    let (mut findings, mut unreadable) = (Findings::default(), Vec::new());
    for checked in parallel::map(&paths, |path| check(path, arguments)) {
        match checked {
            Ok(Findings { problems, texts }) => {
                findings.problems.extend(problems);
                findings.texts.extend(texts);
            }
            Err(reason) => unreadable.push(reason),
        }
    }
    if !unreadable.is_empty() {
        return could_not_run(&unreadable.join("\n"));
    }
    let out = std::io::stdout();
    let mut text = findings.render(arguments.format.into(), wants_colour(&out));
    if arguments.format == FormatName::Full {
        text.push_str(&summary(&findings, paths.len()));
    }
    match out.lock().write_all(text.as_bytes()) {
        Ok(()) if findings.has_errors() => ExitCode::from(FINDINGS),
        Ok(()) => ExitCode::from(FINE),
        Err(_) => ExitCode::from(COULD_NOT_RUN), // nobody reads us, so nobody could be told
    }
}

/// Checks one file; with what is found go its text and those of the template files that it names.
fn check(path: &str, arguments: &CheckArguments) -> Result<Findings, String> {
    let text = read_text(path)?;
    let templates = RefCell::new(Vec::new());
    let read_templates = |pattern: &str| {
        let found = read_templates(pattern)?;
        templates.borrow_mut().extend(found.iter().cloned());
        Ok(found)
    };
    let options = Options {
        matchers: arguments.matchers.mode(),
        expressions: arguments.expressions.expressions(),
        why_unreadable: &why_unreadable,
        read_templates: &read_templates,
    };
    // The default routing file is one even if it is empty.
    let kind = (path == DEFAULTS[1]).then_some(FileKind::Routing);
    let problems = check_file(path, &text, kind, options);
    let texts = templates.take().into_iter().chain([(path.into(), text.into())]).collect();
    Ok(Findings { problems, texts })
}

fn summary(findings: &Findings, files: usize) -> String {
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let errors = plural(findings.count(Severity::Error), "error");
    let warnings = plural(findings.count(Severity::Warning), "warning");
    let gap = if findings.problems.is_empty() { "" } else { "\n" };
    format!("{gap}{} checked: {errors}, {warnings}\n", plural(files, "file"))
}

/// The files to check, each once, in the order in which they are named.
fn paths(named: &[String]) -> Result<Vec<String>, String> {
    let patterns: Vec<&str> = match named.is_empty() {
        true => DEFAULTS.to_vec(),
        false => named.iter().map(String::as_str).collect(),
    };
    let (mut paths, mut problems) = (Vec::new(), Vec::new());
    for pattern in patterns {
        match glob::files(pattern) {
            Ok(found) if found.is_empty() && !named.is_empty() => problems.push(glob::why_none(pattern)),
            Ok(found) if found.is_empty() && !glob::is_pattern(pattern) => {
                let reason = glob::why_none(pattern);
                problems.push(format!("{reason}; name the files to check, as in `sereno check FILE …`"));
            }
            Ok(found) => paths.extend(found),
            Err(bad) => problems.push(bad.to_string()),
        }
    }
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    if problems.is_empty() { Ok(paths) } else { Err(problems.join("\n")) }
}
