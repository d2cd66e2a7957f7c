//! What there is: series, names and values of labels, as Prometheus' API lists them. Always sorted.

use std::collections::BTreeSet;

use super::{MemoryStore, Stored};
use crate::model::{LabelSet, Matcher};
use crate::promql::source::TimeWindow;

/// All times: no series has to be looked at.
const EVER: TimeWindow = TimeWindow { from: i64::MIN, to: i64::MAX };

impl MemoryStore {
    /// The series with a sample in `window` that match all matchers of one of `selectors`, or all series if there
    /// is no selector (as `match[]` in Prometheus' API).
    #[must_use]
    pub fn series(&self, selectors: &[Vec<Matcher>], window: TimeWindow) -> Vec<&LabelSet> {
        self.listed(selectors, window).into_iter().collect()
    }

    /// The names of all labels of such series.
    #[must_use]
    pub fn label_names(&self, selectors: &[Vec<Matcher>], window: TimeWindow) -> Vec<&str> {
        if selectors.is_empty() && window == EVER {
            return self.postings.names().collect();
        }
        let names = self.listed(selectors, window).into_iter().flat_map(LabelSet::iter).map(|(name, _)| name);
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The values that the label `name` has in such series.
    #[must_use]
    pub fn label_values(&self, name: &str, selectors: &[Vec<Matcher>], window: TimeWindow) -> Vec<&str> {
        if selectors.is_empty() && window == EVER {
            return self.postings.values(name).collect();
        }
        let values = self.listed(selectors, window).into_iter().filter_map(|labels| labels.get(name));
        values.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn listed(&self, selectors: &[Vec<Matcher>], window: TimeWindow) -> BTreeSet<&LabelSet> {
        let everything = [Vec::new()];
        let selectors = if selectors.is_empty() { &everything } else { selectors };
        let mut found = BTreeSet::new();
        for matchers in selectors {
            let places = self.places(matchers);
            let series =
                places.map(|place| &self.series[place]).filter(|stored| stored.is_touched_by(window));
            found.extend(series.map(|stored| &stored.labels));
        }
        found
    }
}

impl Stored {
    fn is_touched_by(&self, window: TimeWindow) -> bool {
        let part = self.within(window);
        !part.floats.is_empty() || !part.histograms.is_empty()
    }
}
