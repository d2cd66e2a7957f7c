//! Asks the data source for stored samples, within bounds, and which series ended.

use std::collections::{BTreeMap, BTreeSet};

use super::{Window, progress};
use crate::model::labels::ALERT_NAME;
use crate::model::quote::GoQuoted;
use crate::model::{LabelSet, QueryValue, Timestamp};
use crate::rules::QueryError;
use crate::shell::data_source::DataSource;
use crate::testing::record::grid::{self, Probe, Stored};
use crate::testing::record::plan::Plan;

/// How many samples are asked for at once.
const PAGE: usize = 200_000;

/// How many questions are asked about gaps; then series count as ended.
const QUESTIONS: usize = 200;

/// The most that is recorded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) series: usize,
    pub(super) samples: usize,
}

/// What the data source has.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// The series in order of their labels.
    pub(super) series: Vec<Stored>,
    /// Which of them ended after which sample.
    pub(super) ended: BTreeSet<(usize, i64)>,
    /// What a reader of the test should know.
    pub(super) notes: Vec<String>,
}

/// A series, the selector that found it, and its samples by time.
type Found = BTreeMap<LabelSet, (String, BTreeMap<i64, f64>)>;

/// Fetches all that a plan needs.
///
/// # Errors
/// The text says what the data source says, or which limit is reached and how to stay below it.
pub(super) async fn fetch(
    source: &DataSource,
    plan: &Plan,
    window: Window,
    limits: Limits,
) -> Result<Fetched, String> {
    let (mut found, mut left, mut notes) = (Found::new(), limits, Vec::new());
    for (selector, reach) in &plan.selections {
        let from = window.from - reach.before.max(plan.warm_up) - grid::LOOKBACK;
        let read = Window { from, to: window.to + reach.after };
        let histograms = selection(source, selector, read, limits, &mut left, &mut found).await?;
        if histograms > 0 {
            notes.push(format!(
                "{histograms} series of {selector} have native histograms, which the API does not tell exactly: \
                 left out."
            ));
        }
        if !found.values().any(|(by, _)| by == selector) {
            notes.push(format!("{selector} has no samples."));
        }
    }
    let selectors: Vec<String> = found.values().map(|(selector, _)| selector.clone()).collect();
    let stored = |(labels, (_, samples)): (LabelSet, (String, BTreeMap<i64, f64>))| Stored {
        labels,
        samples: samples.into_iter().collect(),
    };
    let series: Vec<Stored> = found.into_iter().map(stored).collect();
    let mut fetched = Fetched { series, ended: BTreeSet::new(), notes };
    ended(source, &mut fetched, &selectors, window.to).await?;
    Ok(fetched)
}

/// What Prometheus says about the alert in the window.
///
/// # Errors
/// As for [`fetch`].
pub(super) async fn alerts(
    source: &DataSource,
    name: &str,
    window: Window,
    limits: Limits,
) -> Result<Vec<Stored>, String> {
    let (mut found, mut left) = (Found::new(), limits);
    let selector = format!("ALERTS{{{ALERT_NAME}={}}}", GoQuoted(name));
    selection(source, &selector, window, limits, &mut left, &mut found).await?;
    let stored = |(labels, (_, samples)): (LabelSet, (String, BTreeMap<i64, f64>))| Stored {
        labels,
        samples: samples.into_iter().collect(),
    };
    Ok(found.into_iter().map(stored).collect())
}

/// Adds what one selector selects; how many of its series have native histograms.
async fn selection(
    source: &DataSource,
    selector: &str,
    window: Window,
    limits: Limits,
    left: &mut Limits,
    found: &mut Found,
) -> Result<usize, String> {
    let range = window.to - window.from + 1;
    let counted = format!("count_over_time({selector}[{range}ms])");
    let series = number(source, &format!("count({counted})"), window.to).await?;
    let samples = number(source, &format!("sum({counted})"), window.to).await?;
    progress(&format!("{selector}: {series} series, {samples} samples"));
    let narrow =
        "narrow the recording with --selector, as in --selector 'instance=\"a\"', or with a shorter window";
    if series > left.series {
        let most = limits.series;
        return Err(format!(
            "{selector} has {series} series, more than --max-series {most} allows; {narrow}"
        ));
    }
    if samples > left.samples {
        let most = limits.samples;
        return Err(format!(
            "{selector} has {samples} samples, more than --max-samples {most} allows; {narrow}"
        ));
    }
    *left = Limits { series: left.series - series, samples: left.samples - samples };
    if series == 0 {
        return Ok(0);
    }
    let pages = i64::try_from(samples / PAGE + 1).unwrap_or(1);
    let length = range / pages + 1;
    let mut with_histograms = BTreeSet::new();
    let mut from = window.from;
    while from <= window.to {
        let to = (from + length - 1).min(window.to);
        let page = source.samples(selector, Timestamp::from_millis(from), Timestamp::from_millis(to)).await;
        for series in page.map_err(|error| told(selector, &error))? {
            if series.histograms > 0 {
                with_histograms.insert(series.labels.clone());
            }
            if !series.floats.is_empty() {
                let (_, samples) =
                    found.entry(series.labels).or_insert_with(|| (selector.to_owned(), BTreeMap::new()));
                samples.extend(series.floats);
            }
        }
        from = to + 1;
    }
    Ok(with_histograms.len())
}

/// Finds out which gaps are ends: there the data source no longer knows the series, although it would look back
/// on its last sample.
async fn ended(
    source: &DataSource,
    fetched: &mut Fetched,
    selectors: &[String],
    end: i64,
) -> Result<(), String> {
    let fallback = grid::common_interval(&fetched.series);
    let questions = grid::questions(grid::probes(&fetched.series, end, fallback));
    let mut asked = 0;
    for (at, probes) in questions {
        let mut by_selector: BTreeMap<&str, Vec<Probe>> = BTreeMap::new();
        for probe in probes {
            by_selector.entry(&selectors[probe.series]).or_default().push(probe);
        }
        for (selector, probes) in by_selector {
            asked += 1;
            let there = match asked > QUESTIONS {
                true => BTreeSet::new(),
                false => present(source, selector, at).await?,
            };
            let gone = probes.iter().filter(|probe| !there.contains(&fetched.series[probe.series].labels));
            fetched.ended.extend(gone.map(|probe| (probe.series, probe.last)));
        }
    }
    if asked > QUESTIONS {
        fetched.notes.push(format!(
            "There are many gaps: after the first {QUESTIONS}, series are taken for ended without asking."
        ));
    }
    Ok(())
}

async fn present(source: &DataSource, selector: &str, at: i64) -> Result<BTreeSet<LabelSet>, String> {
    match source.query(selector, Timestamp::from_millis(at)).await {
        Ok(QueryValue::Vector(samples)) => Ok(samples.into_iter().map(|sample| sample.labels).collect()),
        Ok(_) => Ok(BTreeSet::new()),
        Err(error) => Err(told(selector, &error)),
    }
}

/// The one number that an expression gives; 0 if it gives none.
async fn number(source: &DataSource, expr: &str, at: i64) -> Result<usize, String> {
    match source.query(expr, Timestamp::from_millis(at)).await {
        Ok(QueryValue::Vector(samples)) => {
            Ok(samples.first().map_or(0, |sample| sample.value.as_float() as usize))
        }
        Ok(other) => Err(format!("the data source answers {expr} with {other:?}")),
        Err(error) => Err(told(expr, &error)),
    }
}

fn told(expr: &str, error: &QueryError) -> String {
    format!("cannot get {expr}: {error}")
}
