//! Finds and reads what a test file needs: itself, its rule files. Each rule file is read once, however many
//! test files name it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::config::problem::{Problem, Severity};
use crate::config::routes::Routing;
use crate::config::{load_templates, read_routing};
use crate::model::Str;
use crate::shell::files::read_text;
use crate::shell::glob;
use crate::shell::reload::read_templates;
use crate::testing::file::{Test, TestFile, read_test_file};
use crate::testing::report::Texts;
use crate::testing::verdict::FileVerdict;
use crate::testing::{Options, Ruleset, Suite};

/// What became of a test file, with the texts of all files that it needed.
#[derive(Debug)]
pub(super) struct Tested {
    pub(super) verdict: FileVerdict,
    pub(super) texts: Texts,
    /// The patterns of files that it names, seen from where we are, each with the files that there were.
    pub(super) named: Vec<(String, Vec<String>)>,
}

/// Reads files for tests.
#[derive(Debug)]
pub(super) struct Loader {
    options: Options,
    rules: Mutex<BTreeMap<String, Arc<OnceLock<Loaded>>>>,
}

/// A rule file, or why there is none.
#[derive(Clone, Debug)]
enum Loaded {
    /// Its text, itself unless it has mistakes, and those.
    Read { text: Str, rules: Option<Arc<Ruleset>>, problems: Vec<Problem> },
    /// It cannot be read.
    Unreadable(String),
}

impl Loader {
    pub(super) fn new(options: Options) -> Self {
        Self { options, rules: Mutex::default() }
    }

    /// Runs the wanted tests of a file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn test(&self, path: &str, wanted: &dyn Fn(&Test) -> bool) -> Result<Tested, String> {
        let text = read_text(path)?;
        let (file, mut problems) = read_test_file(path, &text);
        let mut texts: Texts = [(path.into(), text.into())].into();
        let named = file.as_ref().map(named).unwrap_or_default();
        let verdict = match file {
            None => FileVerdict { path: path.into(), problems, ..FileVerdict::default() },
            Some(file) => {
                if file.tests.is_empty() {
                    problems.push(Problem {
                        check: "no-tests",
                        severity: Severity::Warning,
                        file: path.into(),
                        span: None,
                        message: "there are no tests in this file".to_owned(),
                        help: Some(
                            "a test is an item of the list `tests`; docs/testing.md has examples".to_owned(),
                        ),
                    });
                }
                // As in promtool: rules that no test asks for are not looked at.
                let is_needed = file.tests.iter().any(wanted);
                let rulesets = match is_needed {
                    true => self.rulesets(&file, &mut texts, &mut problems),
                    false => Vec::new(),
                };
                let routing = match is_needed {
                    true => self.routing(&file, &mut texts, &mut problems),
                    false => None,
                };
                if problems.iter().any(|problem| problem.severity == Severity::Error) {
                    FileVerdict { path: path.into(), problems, ..FileVerdict::default() }
                } else {
                    let verdict = Suite::new(file, &rulesets, self.options).with_routing(routing).run(wanted);
                    FileVerdict { problems, ..verdict }
                }
            }
        };
        Ok(Tested { verdict, texts, named })
    }

    /// The rule files that a test file names.
    fn rulesets(&self, file: &TestFile, texts: &mut Texts, problems: &mut Vec<Problem>) -> Vec<Arc<Ruleset>> {
        let mut rulesets = Vec::new();
        let mut report = |severity, check, span: &Range<usize>, message: String, help: Option<&str>| {
            let (file, span, help) = (file.path.clone(), Some(span.clone()), help.map(str::to_owned));
            problems.push(Problem { check, severity, file, span, message, help });
        };
        let mut found: Vec<(String, Range<usize>)> = Vec::new();
        for pattern in &file.rule_files {
            let path = beside(&file.path, &pattern.value);
            match glob::files(&path) {
                Ok(files) if files.is_empty() => {
                    let help = Some("paths are relative to the folder of the test file");
                    let message = match Path::new(&path).is_dir() {
                        true => glob::why_none(&path),
                        false => format!("no file matches {path}"),
                    };
                    report(Severity::Warning, "no-rule-file", &pattern.span, message, help);
                }
                Ok(files) => found.extend(files.into_iter().map(|file| (file, pattern.span.clone()))),
                Err(bad) => report(Severity::Error, "bad-pattern", &pattern.span, bad.to_string(), None),
            }
        }
        let mut of_rules = Vec::new();
        for (path, span) in found {
            match self.ruleset(&path) {
                Loaded::Read { text, rules, problems } => {
                    if texts.insert(path.as_str().into(), text).is_none() {
                        rulesets.extend(rules);
                        of_rules.extend(problems);
                    }
                }
                Loaded::Unreadable(reason) => report(Severity::Error, "unreadable-file", &span, reason, None),
            }
        }
        problems.extend(of_rules);
        rulesets
    }

    /// The routing file that a test file names, with its templates. Only its errors are of interest here.
    fn routing(
        &self,
        file: &TestFile,
        texts: &mut Texts,
        problems: &mut Vec<Problem>,
    ) -> Option<Arc<Routing>> {
        let routes = file.routes.as_ref()?;
        let path = beside(&file.path, &routes.value);
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(message) => {
                let (check, severity) = ("unreadable-file", Severity::Error);
                let (file, span) = (file.path.clone(), Some(routes.span.clone()));
                let help = Some("the path is relative to the folder of the test file".to_owned());
                problems.push(Problem { check, severity, file, span, message, help });
                return None;
            }
        };
        let (routing, mut found) = read_routing(&path, &text);
        texts.insert(path.as_str().into(), text.into());
        let routing = routing.map(|mut routing| {
            let (files, of_templates) = load_templates(&mut routing, &read_templates);
            texts.extend(files);
            found.extend(of_templates);
            Arc::new(routing)
        });
        problems.extend(found.into_iter().filter(|problem| problem.severity == Severity::Error));
        routing
    }

    fn ruleset(&self, path: &str) -> Loaded {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let cell = Arc::clone(rules.entry(path.to_owned()).or_default());
        drop(rules); // other files need not wait for this one
        cell.get_or_init(|| match read_text(path) {
            Ok(text) => {
                let (rules, problems) = Ruleset::read(path, &text, self.options.features);
                Loaded::Read { text: text.into(), rules: rules.map(Arc::new), problems }
            }
            Err(reason) => Loaded::Unreadable(reason),
        })
        .clone()
    }
}

/// The patterns of files that a test file names, with the files that there are.
fn named(file: &TestFile) -> Vec<(String, Vec<String>)> {
    let patterns = file.rule_files.iter().chain(&file.routes);
    let patterns = patterns.map(|pattern| beside(&file.path, &pattern.value));
    patterns.map(|pattern| (pattern.clone(), glob::files(&pattern).unwrap_or_default())).collect()
}

/// A path that a file names, seen from where we are: relative to the file's folder, without `.` and `..` where
/// that is possible.
fn beside(file: &str, path: &str) -> String {
    let whole = match file.rsplit_once('/') {
        Some((folder, _)) if !path.starts_with('/') && !path.is_empty() => format!("{folder}/{path}"),
        Some(_) | None => path.to_owned(),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let root = if whole.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn paths_are_relative_to_the_file() {
        for (file, path, want) in [
            ("t.yml", "rules/*.yml", "rules/*.yml"),
            ("tests/t.yml", "../rules/a.yml", "rules/a.yml"),
            ("tests/t.yml", "./a.yml", "tests/a.yml"),
            ("../t.yml", "../a.yml", "../../a.yml"),
            ("/x/tests/t.yml", "../a.yml", "/x/a.yml"),
            ("tests/t.yml", "/a.yml", "/a.yml"),
        ] {
            assert_eq!(beside(file, path), want, "{file} {path}");
        }
    }
}
