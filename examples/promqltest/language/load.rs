//! `load`: samples at equal distances, from the epoch on.

use sereno::model::LabelSet;
use sereno::promql::histogram::from_classic;
use sereno::promql::memory::MemoryStore;
use sereno::promql::notation::{self, SequenceValue, StartsNotation, UnpairedStarts};
use sereno::promql::value::{FloatPoint, Series, Value};

use super::script::duration;

/// Samples to add to the store.
pub(crate) struct Load {
    /// Milliseconds between two samples.
    interval: i64,
    /// Classic histograms are added as native ones with custom buckets too.
    with_native: bool,
    pub(super) series: Vec<Loaded>,
}

/// The samples of one series.
pub(crate) struct Loaded {
    pub(super) labels: LabelSet,
    pub(super) values: Vec<SequenceValue>,
    /// How far the start timestamp of each sample is from it, milliseconds; empty if no line gives them.
    pub(super) starts: Vec<Option<i64>>,
}

impl Load {
    /// Reads a command and the lines that follow it.
    pub(super) fn read(text: &str, body: &[&str]) -> Result<Self, String> {
        let (name, interval) = text.split_once(char::is_whitespace).ok_or("an interval is missing")?;
        let with_native = match name.to_lowercase().as_str() {
            "load" => false,
            "load_with_nhcb" => true,
            _ => return Err("no such command".to_owned()),
        };
        let mut load = Self { interval: duration(interval.trim())?, with_native, series: Vec::new() };
        let mut pending: Option<StartsNotation> = None;
        for line in body {
            let failed = |e: &dyn std::fmt::Display| format!("{line}: {e}");
            if let Some(starts) = notation::parse_starts(line).map_err(|e| failed(&e))? {
                if pending.replace(starts).is_some() {
                    return Err(failed(&UnpairedStarts::Alone));
                }
                continue;
            }
            let series = notation::parse_series(line).map_err(|e| failed(&e))?;
            let starts = match pending.take() {
                Some(starts) => starts.of(&series).map_err(|e| failed(&e))?,
                None => Vec::new(),
            };
            load.series.push(Loaded { labels: series.labels, values: series.values, starts });
        }
        match pending {
            Some(_) => Err(UnpairedStarts::Alone.to_string()),
            None => Ok(load),
        }
    }

    /// Adds all samples. Of two lines for one series the later counts.
    pub(super) fn append_to(&self, store: &mut MemoryStore) -> Result<(), String> {
        for (at, series) in self.series.iter().enumerate() {
            let is_replaced = self.series[at + 1..].iter().any(|later| later.labels == series.labels);
            if is_replaced {
                continue;
            }
            for ((t, value), start) in series.samples(self.interval).zip(series.starts()) {
                let start = start.map_or(0, |start| t + start);
                store
                    .append_with_start(&series.labels, t, start, value.clone())
                    .map_err(|e| format!("{}: {e}", series.labels))?;
            }
        }
        if self.with_native {
            for native in self.native()? {
                for point in native.histograms {
                    let value = Value::Histogram(point.h);
                    store
                        .append(&native.labels, point.t, value)
                        .map_err(|e| format!("{}: {e}", native.labels))?;
                }
            }
        }
        Ok(())
    }

    /// The classic histograms among the series as native ones.
    fn native(&self) -> Result<Vec<Series>, String> {
        let floats = |series: &Loaded| {
            let samples = series.samples(self.interval);
            let floats = samples.filter_map(|(t, value)| match value {
                Value::Float(v) => Some(FloatPoint { t, v: *v }),
                Value::Histogram(_) => None,
            });
            (series.labels.clone(), floats.collect::<Vec<_>>())
        };
        let floats: Vec<_> = self.series.iter().map(floats).collect();
        let series = floats.iter().map(|(labels, points)| (labels, points.as_slice()));
        from_classic(series).map_err(|e| e.to_string())
    }
}

impl Loaded {
    /// The samples that are not left out, with their times.
    pub(super) fn samples(&self, interval: i64) -> impl Iterator<Item = (i64, &Value)> {
        let times = (0..).map(move |at: i64| at * interval);
        times.zip(&self.values).filter_map(|(t, value)| match value {
            SequenceValue::Omitted => None,
            SequenceValue::Value(value) => Some((t, value)),
        })
    }

    /// How far the start timestamps of those samples are from them.
    fn starts(&self) -> impl Iterator<Item = Option<i64>> {
        let starts = self.starts.iter().copied().chain(std::iter::repeat(None));
        let values = self.values.iter().zip(starts);
        values.filter(|(value, _)| matches!(value, SequenceValue::Value(_))).map(|(_, start)| start)
    }
}
