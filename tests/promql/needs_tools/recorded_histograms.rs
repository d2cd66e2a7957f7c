//! What `sereno test record` makes of native histograms that a real Prometheus tells it: what they were.

use std::collections::{BTreeMap, BTreeSet};

use sereno::model::Histogram;
use sereno::promql::histogram::{CounterResetHint, FloatHistogram};
use sereno::shell::query_response::{RawSeries, read_series};
use sereno::testing::record::histograms::Common;

use super::histogram_samples;
use super::histograms::loaded;
use super::samples::NOW;

#[tokio::test]
async fn histograms_are_what_they_were_before_prometheus_told_them() {
    let all = histogram_samples::series();
    let prometheus = loaded(&all).await;
    let now = (NOW / 1000).to_string();
    let mut compared = 0;
    let metrics: BTreeSet<&str> = all.iter().map(|series| series.labels.value("__name__")).collect();
    for metric in metrics.iter().filter(|metric| **metric != "up") {
        let selector = format!("{metric}[3h]");
        let answer =
            prometheus.get("/api/v1/query", &[("query", selector.as_str()), ("time", now.as_str())]).await;
        let told: Vec<RawSeries> = read_series(200, answer.to_string().as_bytes()).expect("an answer");
        let histograms = told.iter().flat_map(|series| &series.histograms);
        let common = Common::of(histograms.map(|(_, histogram)| histogram));
        for series in &told {
            let given =
                all.iter().find(|given| given.labels == series.labels).expect("a series that was given");
            let rebuilt = |told: &Histogram| common.rebuilt(told).map(|found| found.notation());
            let found: BTreeMap<i64, Option<String>> =
                series.histograms.iter().map(|(at, told)| (*at, rebuilt(told))).collect();
            let points = given.histograms.iter().filter(|point| !point.h.is_stale());
            let wanted: BTreeMap<i64, Option<String>> =
                points.map(|point| (point.t, Some(without_hint(&point.h).notation()))).collect();
            assert_eq!(found, wanted, "{}", series.labels);
            compared += found.len();
        }
    }
    assert!(compared > 3000, "{compared} histograms");
}

fn without_hint(histogram: &FloatHistogram) -> FloatHistogram {
    FloatHistogram { counter_reset_hint: CounterResetHint::Unknown, ..histogram.clone() }
}
