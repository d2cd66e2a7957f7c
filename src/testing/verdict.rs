//! What became of the tests of a file: data for every way to show it. Texts are made in `report/`.

use std::ops::Range;

use super::coverage::Coverage;
use super::diff::Block;
use super::file::ExpectedState;
use crate::config::problem::Problem;
use crate::model::{Duration, Str};

/// What became of the tests of a file.
#[derive(Clone, Debug, Default)]
pub struct FileVerdict {
    /// The file's path as the user gave it.
    pub path: Str,
    /// What is wrong with it or with the files that it names; with an error, no test ran.
    pub problems: Vec<Problem>,
    /// Its tests that ran, in file order.
    pub tests: Vec<TestVerdict>,
    /// What its tests touched.
    pub coverage: Coverage,
}

impl FileVerdict {
    /// Whether nothing failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.has_errors() && self.tests.iter().all(TestVerdict::passed)
    }

    /// Whether a problem kept the tests from running.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == crate::config::problem::Severity::Error)
    }
}

/// What became of a test.
#[derive(Clone, Debug)]
pub struct TestVerdict {
    /// Its name, or its place in the file.
    pub title: Str,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
    /// How many things it asserts.
    pub assertions: usize,
    /// What was not as expected, in the order in which it was found.
    pub failures: Vec<Failure>,
    /// What happened, if the test is about notifications and failed, or if it is wanted.
    pub timeline: Vec<Moment>,
    /// What is odd about it although it may have passed.
    pub warnings: Vec<Problem>,
    /// How many rules were evaluated, of how many.
    pub evaluated: (usize, usize),
}

impl TestVerdict {
    /// Whether nothing failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Something that is not as expected.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where the expectation stands in the test file, in bytes.
    pub span: Range<usize>,
    /// What is not as expected.
    pub kind: FailureKind,
}

/// What is not as expected.
#[derive(Clone, Debug)]
pub enum FailureKind {
    /// A text of the test, or a rule's expression, cannot be read.
    Unreadable(Problem),
    /// A rule failed, which ends the test.
    Rule {
        /// `file;name` of its group.
        group: Str,
        /// Its name.
        rule: Str,
        /// When, since the start of the test.
        at: Duration,
        /// Why.
        error: String,
    },
    /// Alerts are not the expected ones.
    Alerts(AlertMismatch),
    /// An expression gives something else.
    Samples(SampleMismatch),
    /// What is told is not what is expected.
    Notifications(NotificationMismatch),
    /// An expression gives nothing at all.
    Query {
        /// The expression.
        expr: Str,
        /// When, since the start of the test.
        at: Duration,
        /// Why.
        error: String,
    },
}

/// Alerts that are not the expected ones.
#[derive(Clone, Debug)]
pub struct AlertMismatch {
    /// The alerts' name.
    pub alertname: Str,
    /// When, since the start of the test.
    pub at: Duration,
    /// Which alerts were compared.
    pub state: ExpectedState,
    /// How many are expected: as `count` says, or as many as are listed.
    pub expected: usize,
    /// How many there are.
    pub found: usize,
    /// The alerts side by side.
    pub blocks: Vec<Block>,
    /// What may be the reason, if that can be told.
    pub hint: Option<String>,
}

/// An expression that gives something else.
#[derive(Clone, Debug)]
pub struct SampleMismatch {
    /// The expression.
    pub expr: Str,
    /// When, since the start of the test.
    pub at: Duration,
    /// How many samples are expected.
    pub expected: usize,
    /// How many there are.
    pub found: usize,
    /// The samples side by side.
    pub blocks: Vec<Block>,
    /// What may be the reason, if that can be told.
    pub hint: Option<String>,
}

/// What is told is not what is expected.
#[derive(Clone, Debug)]
pub struct NotificationMismatch {
    /// What is expected: `a firing notification to oncall/email at 2m45s`.
    pub what: String,
    /// What there is, in a few words.
    pub found: String,
    /// What is told at that time, beside what is expected.
    pub blocks: Vec<Block>,
    /// Why nothing else is told, each a sentence.
    pub why: Vec<String>,
    /// What the same receiver is told at other times.
    pub nearby: Vec<String>,
}

/// Something that happened in a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When, since the start of the test.
    pub at: Duration,
    /// What, in a word or two: `firing`, `told`, `inhibited`, …
    pub what: &'static str,
    /// To what or whom.
    pub text: String,
}
