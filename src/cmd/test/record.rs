//! `sereno test record`: a unit test out of what a Prometheus has stored. What is written where is decided in
//! `testing::record`; here it is asked for and put into files.

mod fetch;
mod rules;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use self::fetch::{Fetched, Limits};
use self::rules::Rules;
use super::options;
use crate::cmd::FINE;
use crate::cmd::credentials::public;
use crate::cmd::data_source::DataSourceArguments;
use crate::cmd::features::FeatureArguments;
use crate::cmd::output::{note, print};
use crate::cmd::serve::to_the_end;
use crate::cmd::time_words::{duration, pair, past};
use crate::model::{Duration, LabelSet, Matcher, Timestamp};
use crate::promql::parser::parse_selector;
use crate::shell::clock::Clock;
use crate::shell::data_source::DataSource;
use crate::shell::http::HttpClients;
use crate::shell::query_response::{ApiGroup, RuleSettings};
use crate::testing::file::read_test_file;
use crate::testing::record::anonymize::{Anonymizer, same_course};
use crate::testing::record::compare::{self, Frame, Lives};
use crate::testing::record::document::{self, Document};
use crate::testing::record::grid::{self, Grid};
use crate::testing::record::notation::{self, Slot};
use crate::testing::record::plan::{Plan, plan};
use crate::testing::record::replay::replay;
use crate::testing::{self, Options, Ruleset, Suite};

/// The most assertions that are written.
const ASSERTIONS: usize = 100;

/// Where Prometheus is in a test with made-up values.
const MADE_UP_URL: &str = "http://prometheus.example";

/// The most differences that a comment lists.
const DIFFERENCES: usize = 10;

/// The arguments of `sereno test record`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno test record --prometheus-url http://prometheus:9090 \\
      --alert HighErrorRate -o tests/errors.yml \\
      --from 2026-12-24T21:30:00Z --to 2026-12-24T23:00:00Z
  sereno test tests/errors.yml
      What happened that night is a test from now on.
  sereno test record --alert Down --from 2h --selector 'instance=\"a:9100\"'
      The last two hours of one instance, to standard output.
  sereno test record --alert Down --from 2h --anonymize -o down.yml
      A test for others: instance=\"db1.example:9100\" is
      instance=\"instance-1:9100\" everywhere. Kept are values that rules name
      (job=\"api\", instance=~\"db.*\"), since with others the alert would be
      another; alertname, severity, le, quantile, ports, numbers below 1000, and
      each --keep-label. The rules stay as they are.

The series that the alert's rules read are written with the values that they
had, moved to a grid of times; what the rules make of them is asserted, and
compared with what Prometheus itself said (ALERTS). promtool reads the file too.

Exit codes: 0 written, 2 could not run: no such alert, no answer, too many
series.")]
pub(super) struct RecordArguments {
    /// The alert to test
    #[arg(long, value_name = "NAME")]
    alert: String,
    /// The start of the window: RFC 3339, Unix seconds, or a while ago such as 2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: String,
    /// The end of the window
    #[arg(long, value_name = "TIME", default_value = "now")]
    to: String,
    /// Rule files [default: rules/*.yml; if there are none, the rules of the data source]
    #[arg(long, env = "SERENO_RULES", value_name = "GLOB", value_delimiter = ',')]
    rules: Vec<String>,
    /// Record only series that match, such as 'instance="a"'; may be repeated
    #[arg(long, value_name = "MATCHERS")]
    selector: Vec<String>,
    /// Replace the values of labels by made-up ones
    #[arg(long)]
    anonymize: bool,
    /// With --anonymize: keep the values of this label; may be repeated
    #[arg(long, value_name = "LABEL", value_delimiter = ',', requires = "anonymize")]
    keep_label: Vec<String>,
    /// What templates see in $externalLabels [default: as the data source's configuration says]; may be repeated
    #[arg(long = "external-label", value_name = "NAME=VALUE", value_delimiter = ',', value_parser = pair)]
    external_labels: Vec<(String, String)>,
    /// Where to write the test [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
    /// The most series to record
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    max_series: usize,
    /// The most samples to record
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    max_samples: usize,
    /// How often the rules are evaluated [default: as their group says, in the file or at the data source; 1m]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    evaluation_interval: Option<Duration>,
    #[command(flatten)]
    features: FeatureArguments,
    #[command(flatten)]
    source: DataSourceArguments,
}

/// Records, and writes the test.
pub(super) fn run(arguments: &RecordArguments) -> Result<ExitCode, String> {
    let mut recorded = Recorded::default();
    let (kept, given) = (&mut recorded, arguments);
    to_the_end(async move {
        *kept = record(given).await?;
        Ok(())
    })?;
    let Recorded { test, rules } = recorded;
    match &arguments.output {
        None => Ok(print(&test, FINE)),
        Some(path) => {
            if let Some((path, text)) = rules {
                write(&path, &text, arguments.force)?;
                progress(&format!("written: {path}"));
            }
            write(path, &test, arguments.force)?;
            progress(&format!("written: {path}"));
            Ok(ExitCode::from(FINE))
        }
    }
}

/// What is to be written.
#[derive(Debug, Default)]
struct Recorded {
    /// The text of the test file.
    test: String,
    /// The path and the text of a rule file beside it.
    rules: Option<(String, String)>,
}

/// The times of a recording, milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: i64,
    to: i64,
}

async fn record(arguments: &RecordArguments) -> Result<Recorded, String> {
    let now = Clock::default().now();
    let (from, to) = (past(now, &arguments.from)?, past(now, &arguments.to)?);
    let window = Window { from: from.millis(), to: to.millis() };
    if window.from >= window.to {
        return Err(format!("the window is empty: from {from} to {to}"));
    }
    if to > now {
        return Err(format!("the window ends in the future: {to}"));
    }
    if let Some(folder) = arguments.output.as_deref().and_then(|path| Path::new(path).parent())
        && folder != Path::new("")
        && !folder.is_dir()
    {
        return Err(format!("there is no folder {} for --output", folder.display()));
    }
    if let Some(path) = arguments.output.as_ref().filter(|path| !arguments.force && Path::new(path).exists())
    {
        return Err(format!("{path} exists; --force writes over it"));
    }
    let narrow = narrow(&arguments.selector)?;
    // What is recorded has limits of its own.
    let options = Options { limits: testing::Limits::NONE, ..options(&arguments.features) };
    let source = arguments.source.client(HttpClients::default());
    // Only Prometheus tells them.
    let settings = source.rule_settings().await.ok();
    let rules =
        rules::load(arguments, &source, &settings.clone().unwrap_or_default(), options.features).await?;
    let plan =
        plan(&rules.sets, &arguments.alert, &narrow, options.features).map_err(|error| error.to_string())?;
    let (rules, used) = rules.used(&plan, arguments)?;
    let evaluation = evaluation_interval(arguments, &rules, &used, &source).await;
    let limits = Limits { series: arguments.max_series, samples: arguments.max_samples };
    let mut fetched = fetch::fetch(&source, &plan, window, limits).await?;
    fetched.notes.extend(rules.notes(&used, evaluation));
    // ALERTS has the time that was looked back to.
    let late = rules.query_offset_of(&used).millis();
    let seen = Window { from: window.from - late, to: window.to - late };
    let mut alerts = fetch::alerts(&source, &arguments.alert, seen, limits).await?;
    alerts.retain(|series| {
        narrow
            .iter()
            .all(|matcher| series.labels.get(matcher.name()).is_none_or(|value| matcher.matches_value(value)))
    });
    alerts.iter_mut().flat_map(|series| &mut series.samples).for_each(|(at, _)| *at += late);
    let external = external(arguments, &plan, &source, settings, &mut fetched.notes).await;
    let recording =
        Recording { arguments, options, window, plan, rules, used, evaluation, fetched, alerts, external };
    let test = recording.text()?;
    Ok(Recorded { test, rules: recording.rules.to_write })
}

/// The matchers that are added to all selectors.
fn narrow(texts: &[String]) -> Result<Vec<Matcher>, String> {
    let mut all = Vec::new();
    for text in texts {
        let inner = text.trim().trim_start_matches('{').trim_end_matches('}');
        let matchers = parse_selector(&format!("{{{inner}}}"))
            .map_err(|errors| format!("--selector {text:?}: {errors}; write it as in 'instance=\"a\"'"))?;
        all.extend(matchers);
    }
    Ok(all)
}

async fn evaluation_interval(
    arguments: &RecordArguments,
    rules: &Rules,
    plan: &Plan,
    source: &DataSource,
) -> Duration {
    let of_file = plan.alerts.iter().find_map(|(file, group, _)| rules.sets[*file].groups()[*group].interval);
    if let Some(interval) = arguments.evaluation_interval.or(of_file) {
        return interval;
    }
    // A data source without rules is fine.
    let groups = source.rules().await.unwrap_or_default();
    let has = |group: &&ApiGroup| group.rules.iter().any(|rule| rule.name == arguments.alert);
    let interval =
        groups.iter().find(has).map(|group| Duration::from_millis((group.interval * 1000.0) as i64));
    interval.filter(|interval| *interval > Duration::ZERO).unwrap_or(Duration::from_mins(1))
}

/// What templates see of the server, as far as they look at it: external labels and URL.
async fn external(
    arguments: &RecordArguments,
    plan: &Plan,
    source: &DataSource,
    settings: Option<RuleSettings>,
    notes: &mut Vec<String>,
) -> (LabelSet, String) {
    let mut labels = LabelSet::default();
    if plan.reads_external_labels {
        let is_known = settings.is_some() || !arguments.external_labels.is_empty();
        if !is_known {
            notes.push(
                "A template reads external labels, which the data source does not tell: --external-label does."
                    .to_owned(),
            );
        }
        let mut builder = settings.unwrap_or_default().external_labels.to_builder();
        for (name, value) in &arguments.external_labels {
            builder.set(name, value);
        }
        labels = builder.build();
    }
    let mut url = String::new();
    if plan.reads_external_url {
        match source.external_url().await {
            Ok(Some(known)) => url = known,
            Ok(None) | Err(_) => notes.push(
                "A template reads the external URL, which the data source does not tell: it is empty here."
                    .to_owned(),
            ),
        }
    }
    (labels, url)
}

/// All that a test is made of.
struct Recording<'a> {
    arguments: &'a RecordArguments,
    options: Options,
    window: Window,
    plan: Plan,
    rules: Rules,
    /// The plan with the places that rules have in `rules`.
    used: Plan,
    evaluation: Duration,
    fetched: Fetched,
    /// The series of ALERTS, with the times of evaluations.
    alerts: Vec<grid::Stored>,
    /// External labels and URL.
    external: (LabelSet, String),
}

impl Recording<'_> {
    fn text(&self) -> Result<String, String> {
        let alert = self.arguments.alert.as_str();
        let start = self.start();
        let mut document = self.document(start);
        let since = |at: i64| Duration::from_millis(at - start);
        let (from, end) = (since(self.window.from), since(self.window.to));
        let mut replayed = replay(&self.suite(&document::text(&document, alert, &[]))?, alert, from, end)?;
        let evaluation = self.evaluation.millis();
        let frame = Frame {
            start,
            from: self.window.from,
            to: self.window.to,
            evaluation,
            tolerance: evaluation + document.interval.millis(),
        };
        let (mut here, mut there) =
            (compare::of_replay(&replayed, frame), compare::of_alerts(&self.alerts, frame));
        let mut warnings = Vec::new();
        if self.arguments.anonymize {
            let anonymizer = self.anonymize(&mut document, here.keys().chain(there.keys()));
            let made_up = self.suite(&document::text(&document, alert, &[]))?;
            let made_up = replay(&made_up, alert, from, end)?;
            if !same_course(&replayed, &made_up) {
                warnings.push(
                    "With made-up values the alerts are others than with the real ones: a label's values matter to \
                     the rules; find out which, and keep them with --keep-label."
                        .to_owned(),
                );
            }
            replayed = made_up;
            let hidden =
                |lives: Lives| lives.into_iter().map(|(labels, spans)| (anonymizer.labels(&labels), spans));
            (here, there) = (hidden(here).collect(), hidden(there).collect());
        }
        warnings.extend(compared(&here, &there, frame));
        let (assertions, whole) = document::assertions(&replayed, from, self.evaluation, ASSERTIONS);
        if !whole {
            document.comments.push(format!("Only the first {ASSERTIONS} changes are asserted."));
        }
        warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
        document.comments.extend(warnings);
        let text = document::text(&document, alert, &assertions);
        match self.suite(&text)?.run(|_| true).passed() {
            true => Ok(text),
            false => {
                note("warning: the test does not pass as it is written; please tell us");
                Ok(text)
            }
        }
    }

    /// Replaces the values of labels in the document by made-up ones, and says so there. `others`: labels that people
    /// are told of beside the series.
    fn anonymize<'l>(
        &self,
        document: &mut Document,
        others: impl Iterator<Item = &'l LabelSet>,
    ) -> Anonymizer {
        let mut all: Vec<LabelSet> = document.series.iter().map(|(labels, _)| labels.clone()).collect();
        all.push(document.external_labels.clone());
        all.extend(others.cloned());
        let anonymizer = Anonymizer::new(all.iter(), &self.plan.named, &self.arguments.keep_label);
        for (labels, _) in &mut document.series {
            *labels = anonymizer.labels(labels);
        }
        document.series.sort_by(|(one, _), (other, _)| one.cmp(other));
        document.external_labels = anonymizer.labels(&document.external_labels);
        if !document.external_url.is_empty() {
            document.external_url = MADE_UP_URL.to_owned();
        }
        let kept: Vec<&str> = anonymizer.kept().keys().map(String::as_str).collect();
        document.comments.push("Values of labels are made up.".to_owned());
        if !kept.is_empty() {
            let kept = kept.join(", ");
            document
                .comments
                .push(format!("Values that rules name are the real ones; there are such of: {kept}."));
        }
        anonymizer
    }

    /// The first evaluation: early enough for all that is read, and in step with Prometheus'.
    fn start(&self) -> i64 {
        let reach = self.plan.selections.values().map(|selection| selection.reach.before).max();
        let first = self.window.from - reach.unwrap_or_default().max(self.plan.warm_up);
        let beat = self.alerts.iter().find_map(|series| series.samples.first()).map_or(0, |(at, _)| *at);
        first - (first - beat).rem_euclid(self.evaluation.millis())
    }

    fn document(&self, start: i64) -> Document {
        let series = &self.fetched.series;
        let ahead = self.plan.selections.values().map(|selection| selection.reach.after).max();
        let ahead = ahead.unwrap_or_default();
        let interval = grid::common_interval(series, self.window.to + ahead - start);
        let places = usize::try_from((self.window.to + ahead - start) / interval + 2).unwrap_or_default();
        let grid = Grid { start, interval, places };
        let (mut written, mut lost, mut ended) = (Vec::new(), 0, 0);
        for (at, stored) in series.iter().enumerate() {
            let ends = self.fetched.ended.range((at, i64::MIN)..=(at, i64::MAX));
            let ends: Vec<i64> = ends.map(|(_, last)| *last).collect();
            let (slots, without_place) = grid::place(stored, grid, &ends);
            lost += without_place;
            ended += slots.iter().filter(|slot| matches!(slot, Slot::Stale)).count();
            let words = notation::write(&slots);
            if !words.is_empty() {
                written.push((stored.labels.clone(), words));
            }
        }
        let time = |millis| Timestamp::from_millis(millis).rfc3339();
        let (from, to) = (time(self.window.from), time(self.window.to));
        let source = match self.arguments.anonymize {
            true => String::new(),
            false => format!(" from {}", public(&self.arguments.source.prometheus_url)),
        };
        let mut comments = vec![
            format!("Recorded by `sereno test record`{source}."),
            format!("The window is {from} to {to}; what is before it, rules look back on."),
            format!("Samples are moved to a grid of {}.", Duration::from_millis(interval)),
        ];
        let features = self.arguments.features.names();
        if !features.is_empty() {
            comments.push(format!("To run it takes --enable-feature {}.", features.join(",")));
        }
        if ended > 0 {
            comments.push(
                "`stale` is written where the data source knew a series no longer: its API hides the markers."
                    .to_owned(),
            );
        }
        if lost > 0 {
            comments.push(format!("{lost} samples are left out: others are at the same place of the grid."));
        }
        comments.extend(self.fetched.notes.iter().chain(&self.plan.notes).cloned());
        Document {
            comments,
            rule_files: self.rules.paths_in_test.clone(),
            evaluation_interval: self.evaluation,
            group_eval_order: self.plan.groups.clone(),
            name: format!("{}, {from} to {to}", self.arguments.alert),
            interval: Duration::from_millis(interval),
            start: Timestamp::from_millis(start),
            reads_clock: self.plan.reads_clock,
            external_labels: self.external.0.clone(),
            external_url: self.external.1.clone(),
            series: written,
        }
    }

    fn suite(&self, text: &str) -> Result<Suite, String> {
        let (file, problems) = read_test_file("recorded test", text);
        let file = file.ok_or_else(|| {
            let first = problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
            format!("the recorded test cannot be read: {first}")
        })?;
        let mut places: Vec<usize> = self.used.rules.iter().map(|(file, ..)| *file).collect();
        places.dedup();
        let sets: Vec<Arc<Ruleset>> = places.into_iter().map(|at| Arc::clone(&self.rules.sets[at])).collect();
        Ok(Suite::new(file, &sets, self.options))
    }
}

/// What there is to say about the alerts here and in Prometheus.
fn compared(here: &Lives, there: &Lives, frame: Frame) -> Vec<String> {
    let mut warnings = Vec::new();
    if there.is_empty() && !here.is_empty() {
        warnings.push(
            "Prometheus has no ALERTS of it in the window; there is nothing to compare with.".to_owned(),
        );
    } else {
        let mut differences = compare::differences(here, there, frame);
        let more = differences.len().saturating_sub(DIFFERENCES);
        differences.truncate(DIFFERENCES);
        if !differences.is_empty() {
            warnings
                .push("Other than in Prometheus (ALERTS; times are since the start of the test):".to_owned());
            warnings.extend(differences.into_iter().map(|line| format!("  {line}")));
        }
        if more > 0 {
            warnings.push(format!("  and {more} more"));
        }
    }
    if here.is_empty() {
        warnings.push("The alert is never pending or firing in the window.".to_owned());
    }
    warnings
}

/// Writes a file that is not there yet, or over it.
fn write(path: &str, text: &str, force: bool) -> Result<(), String> {
    let mut how = std::fs::OpenOptions::new();
    how.write(true).create(true).truncate(true);
    if !force {
        how.create_new(true);
    }
    let written = how.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("cannot write {path}: {error}"))
}

/// Says how far it is, to somebody who waits.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        note(text);
    }
}
