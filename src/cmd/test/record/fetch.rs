//! Asks the data source for stored samples, within bounds, and which series ended.

use std::collections::{BTreeMap, BTreeSet};

use super::{Window, progress};
use crate::model::labels::{ALERT_NAME, METRIC_NAME};
use crate::model::quote::GoQuoted;
use crate::model::{Histogram, LabelSet, QueryValue, SampleValue, Timestamp};
use crate::promql::value::Value;
use crate::rules::QueryError;
use crate::shell::data_source::DataSource;
use crate::testing::record::grid::{self, Probe, Stored};
use crate::testing::record::histograms::Common;
use crate::testing::record::plan::{Plan, Selection};

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

/// A series and what was found of it.
type Found = BTreeMap<LabelSet, FoundSeries>;

/// What was found of a series.
#[derive(Debug)]
struct FoundSeries {
    /// The selector that found it, narrowed.
    query: String,
    /// By time.
    samples: BTreeMap<i64, SampleValue>,
}

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
    for (selector, Selection { query, reach }) in &plan.selections {
        let from = window.from - reach.before.max(plan.warm_up) - grid::LOOKBACK;
        let read = Window { from, to: window.to + reach.after };
        if fetch_selection(source, query, read, limits, &mut left, &mut found).await? == 0 {
            notes.push(format!("{selector} has no samples."));
        }
    }
    let queries: Vec<String> = found.values().map(|series| series.query.clone()).collect();
    let series = stored(found, &mut notes);
    let mut fetched = Fetched { series, ended: BTreeSet::new(), notes };
    find_ends(source, &mut fetched, &queries, window.to).await?;
    Ok(fetched)
}

/// The series with histograms put together, and what there is to say about these.
fn stored(found: Found, notes: &mut Vec<String>) -> Vec<Stored> {
    let mut metrics: BTreeMap<String, Vec<&Histogram>> = BTreeMap::new();
    for (labels, series) in &found {
        let histograms = series.samples.values().filter_map(|value| match value {
            SampleValue::Histogram(histogram) => Some(&**histogram),
            SampleValue::Float(_) => None,
        });
        metrics.entry(labels.value(METRIC_NAME).to_owned()).or_default().extend(histograms);
    }
    metrics.retain(|_, histograms| !histograms.is_empty());
    let common: BTreeMap<String, Common> =
        metrics.iter().map(|(name, all)| (name.clone(), Common::of(all.iter().copied()))).collect();
    let mut left_out: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::with_capacity(found.len());
    for (labels, series) in found {
        let name = labels.value(METRIC_NAME).to_owned();
        let mut samples = Vec::with_capacity(series.samples.len());
        for (at, value) in series.samples {
            match value {
                SampleValue::Float(value) => samples.push((at, Value::Float(value))),
                SampleValue::Histogram(told) => {
                    match common.get(&name).and_then(|common| common.rebuilt(&told)) {
                        Some(histogram) => samples.push((at, Value::Histogram(histogram))),
                        None => *left_out.entry(name.clone()).or_default() += 1,
                    }
                }
            }
        }
        all.push(Stored { labels, samples });
    }
    if !common.is_empty() {
        notes.push(
            "Native histograms are put together from their buckets: the API tells no bounds of empty ones and no \
             counter_reset_hint."
                .to_owned(),
        );
    }
    notes.extend(left_out.into_iter().map(|(name, count)| {
        format!("{count} native histograms of {name} are left out: their buckets cannot be written down.")
    }));
    all
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
    fetch_selection(source, &selector, window, limits, &mut left, &mut found).await?;
    Ok(stored(found, &mut Vec::new()))
}

/// Adds what a selector selects; how many series those are.
async fn fetch_selection(
    source: &DataSource,
    query: &str,
    window: Window,
    limits: Limits,
    left: &mut Limits,
    found: &mut Found,
) -> Result<usize, String> {
    let range = window.to - window.from + 1;
    let counted = format!("count_over_time({query}[{range}ms])");
    let series = number(source, &format!("count({counted})"), window.to).await?;
    let samples = number(source, &format!("sum({counted})"), window.to).await?;
    progress(&format!("{query}: {series} series, {samples} samples"));
    let narrow =
        "narrow the recording with --selector, as in --selector 'instance=\"a\"', or with a shorter window";
    if series > left.series {
        let most = limits.series;
        return Err(format!("{query} has {series} series, more than --max-series {most} allows; {narrow}"));
    }
    if samples > left.samples {
        let most = limits.samples;
        return Err(format!(
            "{query} has {samples} samples, more than --max-samples {most} allows; {narrow}"
        ));
    }
    *left = Limits { series: left.series - series, samples: left.samples - samples };
    if series == 0 {
        return Ok(0);
    }
    let pages = i64::try_from(samples / PAGE + 1).unwrap_or(1);
    let length = range / pages + 1;
    let mut from = window.from;
    while from <= window.to {
        let to = (from + length - 1).min(window.to);
        let page = source.samples(query, Timestamp::from_millis(from), Timestamp::from_millis(to)).await;
        for series in page.map_err(|error| told(query, &error))? {
            let floats = series.floats.into_iter().map(|(at, value)| (at, SampleValue::Float(value)));
            let histograms =
                series.histograms.into_iter().map(|(at, told)| (at, SampleValue::Histogram(told.into())));
            let known = found
                .entry(series.labels)
                .or_insert_with(|| FoundSeries { query: query.to_owned(), samples: BTreeMap::new() });
            known.samples.extend(floats.chain(histograms));
        }
        from = to + 1;
    }
    Ok(series)
}

/// Finds out which gaps are ends: there the data source no longer knows the series, although it would look back
/// on its last sample.
async fn find_ends(
    source: &DataSource,
    fetched: &mut Fetched,
    queries: &[String],
    end: i64,
) -> Result<(), String> {
    let fallback = grid::common_interval(&fetched.series, 0);
    let questions = grid::questions(grid::probes(&fetched.series, end, fallback));
    let mut asked = 0;
    for (at, probes) in questions {
        let mut by_query: BTreeMap<&str, Vec<Probe>> = BTreeMap::new();
        for probe in probes {
            by_query.entry(&queries[probe.series]).or_default().push(probe);
        }
        for (query, probes) in by_query {
            asked += 1;
            let there = match asked > QUESTIONS {
                true => BTreeSet::new(),
                false => present(source, query, at).await?,
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

async fn present(source: &DataSource, query: &str, at: i64) -> Result<BTreeSet<LabelSet>, String> {
    match source.query(query, Timestamp::from_millis(at)).await {
        Ok(QueryValue::Vector(samples)) => Ok(samples.into_iter().map(|sample| sample.labels).collect()),
        Ok(_) => Ok(BTreeSet::new()),
        Err(error) => Err(told(query, &error)),
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

#[cfg(test)]
mod tests {
    use super::{Found, FoundSeries, stored};
    use crate::model::{LabelSet, SampleValue};
    use crate::promql::notation::parse_histogram;
    use crate::testing::record::notation::{Slot, write};

    #[test]
    fn native_histograms_are_recorded_beside_floats() {
        let mut found = Found::new();
        let told = |text: &str| SampleValue::Histogram(parse_histogram(text).expect(text).to_model().into());
        for (name, instance, samples) in [
            ("latency", "a", vec![told("{{schema:2 count:3 sum:1 buckets:[1 2]}}"), SampleValue::Float(1.0)]),
            ("latency", "b", vec![told("{{schema:2 sum:Inf}}"), told("{{schema:2}}")]),
            ("up", "a", vec![SampleValue::Float(1.0)]),
        ] {
            let labels = LabelSet::from_pairs([("__name__", name), ("instance", instance)]);
            let samples = (0..).step_by(15_000).zip(samples).collect();
            found.insert(labels, FoundSeries { query: name.to_owned(), samples });
        }
        let mut notes = Vec::new();
        let shown = stored(found, &mut notes).into_iter().map(|series| {
            let slots: Vec<Slot> = series.samples.into_iter().map(|(_, value)| Slot::Value(value)).collect();
            format!("{} {}", series.labels, write(&slots).join(" "))
        });
        insta::assert_snapshot!(shown.chain(notes).collect::<Vec<_>>().join("\n"), @r#"
        {__name__="latency", instance="a"} {{schema:2 count:3 sum:1 z_bucket_w:2.938735877055719e-39 buckets:[1 2]}} 1
        {__name__="latency", instance="b"} {{schema:2 z_bucket_w:2.938735877055719e-39}}
        {__name__="up", instance="a"} 1
        Native histograms are put together from their buckets: the API tells no bounds of empty ones and no counter_reset_hint.
        1 native histograms of latency are left out: their buckets cannot be written down.
        "#);
    }
}
