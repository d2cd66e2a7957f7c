//! What a test file holds: promtool's keys as they are, and ours beside them. Reading is in `file/`.

mod alerts;
mod expected;
mod notifications;
mod read;
mod scalars;

use std::ops::Range;

pub use read::read_test_file;

use crate::model::regex::AnchoredRegex;
use crate::model::{Duration, LabelSet, Matcher, Str, Timestamp};

/// Something of a file with its place in the text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// What stands there.
    pub value: T,
    /// Where.
    pub span: Range<usize>,
}

/// A file of unit tests.
#[derive(Clone, Debug)]
pub struct TestFile {
    /// Its path as the user gave it.
    pub path: Str,
    /// Its text.
    pub text: Str,
    /// Patterns of rule files as written, relative to the folder of this file.
    pub rule_files: Vec<Located<Str>>,
    /// The routing file as written, relative to the folder of this file.
    pub routes: Option<Located<Str>>,
    /// How often all groups are evaluated.
    pub evaluation_interval: Duration,
    /// Names of groups that are evaluated before others, in this order.
    pub group_eval_order: Vec<Str>,
    /// Whether values may differ by the least step of a float.
    pub fuzzy_compare: bool,
    /// The tests in file order.
    pub tests: Vec<Test>,
}

/// One test: series, and what is to become of them. All times are relative to [`Test::start`].
#[derive(Clone, Debug)]
pub struct Test {
    /// Its name; empty if it has none.
    pub name: Str,
    /// Where it stands in its file, from 0.
    pub index: usize,
    /// Where it stands in the text.
    pub span: Range<usize>,
    /// The time between two values of a series.
    pub interval: Duration,
    /// The time of the first values and of the first evaluation.
    pub start: Timestamp,
    /// Groups run at their own interval instead of the file's `evaluation_interval`.
    pub group_intervals: bool,
    /// What templates see as `$externalLabels`, and what notifications have; never compared by
    /// `alert_rule_test`.
    pub external_labels: LabelSet,
    /// What templates see as `$externalURL`.
    pub external_url: Str,
    /// The series that there are.
    pub input_series: Vec<InputSeries>,
    /// What is expected of alerts.
    pub alert_tests: Vec<AlertTest>,
    /// What is expected of expressions.
    pub expr_tests: Vec<ExprTest>,
    /// The silences that somebody makes.
    pub silences: Vec<TestSilence>,
    /// When receivers cannot be told.
    pub outages: Vec<Outage>,
    /// Every notification must be expected by one of the notification tests.
    pub exhaustive: bool,
    /// What is expected to be told to people.
    pub notification_tests: Vec<NotificationTest>,
}

impl Test {
    /// Its name, or `unnamed#0` after its place, as promtool calls it.
    #[must_use]
    pub fn title(&self) -> Str {
        if self.name.is_empty() { format!("unnamed#{}", self.index).into() } else { self.name.clone() }
    }

    /// Whether it says who is told what, so that the router has to run.
    #[must_use]
    pub fn is_about_notifications(&self) -> bool {
        !self.notification_tests.is_empty() || self.exhaustive
    }
}

/// A series in promtool's notation, not yet parsed.
#[derive(Clone, Debug)]
pub struct InputSeries {
    /// Name and labels.
    pub series: Located<Str>,
    /// The values.
    pub values: Located<Str>,
}

/// What the alerts of one name are to be at a time.
#[derive(Clone, Debug)]
pub struct AlertTest {
    /// Where it stands.
    pub span: Range<usize>,
    /// When; what the last evaluation up to then left is compared.
    pub eval_time: Duration,
    /// The alerts' name.
    pub alertname: Str,
    /// Which alerts are compared.
    pub state: ExpectedState,
    /// Whether there may be more than is expected.
    pub matching: Matching,
    /// How many alerts there are to be in the state.
    pub count: Option<usize>,
    /// The alerts.
    pub exp_alerts: Vec<ExpectedAlert>,
}

/// Which alerts a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedState {
    /// Those that fire: promtool's meaning.
    Firing,
    /// Those that are pending.
    Pending,
    /// None of the expected alerts may be pending or firing; without any, no alert of the name.
    Inactive,
}

impl ExpectedState {
    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Pending => "pending",
            Self::Inactive => "inactive",
        }
    }
}

/// Whether there may be more than what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// Alerts, labels and annotations are exactly those: promtool's meaning.
    Exact,
    /// There may be other alerts, and the expected ones may have more labels and annotations.
    Subset,
}

/// An alert that is expected.
#[derive(Clone, Debug)]
pub struct ExpectedAlert {
    /// Its labels by name.
    pub labels: Vec<(Str, Expected)>,
    /// Its annotations by name.
    pub annotations: Vec<(Str, Expected)>,
}

/// What a label, an annotation or a text is expected to be.
#[derive(Clone, Debug)]
pub enum Expected {
    /// `text`: this, and nothing else.
    Equal(Str),
    /// `{regex: …}`: matched as a whole, as matchers do.
    Regex(AnchoredRegex),
    /// `{contains: …}`: this is a part of it.
    Contains(Str),
    /// `{absent: true}`: it is not there, or empty.
    Absent,
}

impl Expected {
    /// Whether `found` is it; `None`: there is no such label, annotation or text.
    #[must_use]
    pub fn takes(&self, found: Option<&str>) -> bool {
        match self {
            Self::Equal(text) => found == Some(text),
            Self::Regex(regex) => regex.is_match(found.unwrap_or_default()),
            Self::Contains(part) => found.is_some_and(|found| found.contains(&**part)),
            Self::Absent => found.is_none_or(str::is_empty),
        }
    }
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Equal(text) => f.write_str(text),
            Self::Regex(regex) => write!(f, "regex: {}", regex.as_str()),
            Self::Contains(part) => write!(f, "contains: {part}"),
            Self::Absent => f.write_str("absent"),
        }
    }
}

/// What an expression is to give at a time.
#[derive(Clone, Debug)]
pub struct ExprTest {
    /// Where it stands.
    pub span: Range<usize>,
    /// The expression.
    pub expr: Located<Str>,
    /// When.
    pub eval_time: Duration,
    /// Its samples.
    pub exp_samples: Vec<ExpectedSample>,
}

/// A sample that is expected.
#[derive(Clone, Debug)]
pub struct ExpectedSample {
    /// Its name and labels in PromQL's notation, not yet parsed.
    pub labels: Located<Str>,
    /// Its value if it is a float.
    pub value: f64,
    /// Its value in promtool's notation if it is a native histogram, not yet parsed.
    pub histogram: Option<Located<Str>>,
}

/// A silence that somebody makes in the course of a test.
#[derive(Clone, Debug)]
pub struct TestSilence {
    /// Where it stands.
    pub span: Range<usize>,
    /// When it is made, and begins.
    pub at: Duration,
    /// How long it lasts.
    pub duration: Duration,
    /// Which alerts it mutes.
    pub matchers: Vec<Matcher>,
    /// Who made it.
    pub created_by: Str,
    /// Why.
    pub comment: Str,
}

/// A time in which a receiver, or one integration of it, cannot be told.
#[derive(Clone, Debug)]
pub struct Outage {
    /// Where it stands.
    pub span: Range<usize>,
    /// Who.
    pub receiver: Located<Str>,
    /// By what: `email`, or `email[1]` for the second one; `None`: by anything.
    pub integration: Option<Located<Str>>,
    /// The first attempt that fails is at this time or later.
    pub from: Duration,
    /// The first attempt that does not fail any more is at this time or later; `None`: they fail on.
    pub until: Option<Duration>,
    /// Messages are refused for good, and not tried again.
    pub refuses: bool,
}

/// What is expected to be told, or not told.
#[derive(Clone, Debug)]
pub struct NotificationTest {
    /// Where it stands.
    pub span: Range<usize>,
    /// When; `None`: at any time of the test.
    pub when: Option<When>,
    /// Who; `None`: anybody.
    pub receiver: Option<Located<Str>>,
    /// By what: `email`, or `email[1]` for the second one; `None`: by anything.
    pub integration: Option<Located<Str>>,
    /// Whether it says that alerts fire, or that all are resolved.
    pub status: Option<Status>,
    /// The labels that its alerts are grouped by.
    pub group_labels: Option<Vec<(Str, Expected)>>,
    /// The alerts in it.
    pub exp_alerts: Option<Vec<ExpectedNotified>>,
    /// Whether alerts, labels and annotations may be more than those.
    pub matching: Matching,
    /// How many alerts there are in it.
    pub alerts: Option<usize>,
    /// Its texts: `subject`, `title`, `body`, `text`, or a place in the settings of the integration.
    pub texts: Vec<(Str, Expected)>,
    /// How many such notifications there are; `None`: at least one.
    pub count: Option<usize>,
    /// Nothing of that kind may be told.
    pub none: bool,
    /// Why nothing is told.
    pub reason: Option<KeptBack>,
}

/// An alert that is expected in a notification.
#[derive(Clone, Debug)]
pub struct ExpectedNotified {
    /// Its labels and annotations.
    pub alert: ExpectedAlert,
    /// Whether it fires or is resolved.
    pub status: Option<Status>,
}

/// Why somebody is not told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptBack {
    /// Another alert inhibits it.
    Inhibited,
    /// A silence mutes it.
    Silenced,
    /// Time intervals keep its route quiet.
    Muted,
    /// The receiver was told of its group a short while ago.
    Cooldown,
    /// The receiver was told too much of late.
    RateLimited,
    /// Its group waits for more alerts, or for its next look.
    Waiting,
    /// The receiver knows.
    Unchanged,
    /// It was over before anybody was told.
    NeverTold,
    /// It is over, and the receiver knows.
    StillResolved,
    /// It is over, and the receiver does not want to hear of that.
    ResolvedUnwanted,
    /// The receiver is a fallback, and the one before it can be told.
    StandBy,
    /// The receiver cannot be told.
    Failed,
    /// It fires, and goes to others.
    NotRouted,
    /// No such alert fires.
    NotFiring,
}

impl KeptBack {
    /// All of them, by their words in files.
    pub const WORDS: &[(&str, Self)] = &[
        ("inhibited", Self::Inhibited),
        ("silenced", Self::Silenced),
        ("muted", Self::Muted),
        ("cooldown", Self::Cooldown),
        ("rate_limited", Self::RateLimited),
        ("waiting", Self::Waiting),
        ("unchanged", Self::Unchanged),
        ("never_told", Self::NeverTold),
        ("still_resolved", Self::StillResolved),
        ("resolved_unwanted", Self::ResolvedUnwanted),
        ("stand_by", Self::StandBy),
        ("failed", Self::Failed),
        ("not_routed", Self::NotRouted),
        ("not_firing", Self::NotFiring),
    ];

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS.iter().find(|(_, reason)| *reason == self).map_or("", |(word, _)| word)
    }
}

/// When something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At that time exactly.
    At(Duration),
    /// From the first to the second, both included.
    Between(Duration, Duration),
}

/// What a notification says as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// At least one alert fires.
    Firing,
    /// All alerts are resolved.
    Resolved,
}

impl Status {
    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}
