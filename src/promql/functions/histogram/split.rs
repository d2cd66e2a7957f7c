//! Which samples of a vector are native histograms, and which together are classic ones.

use super::{ClassicBuckets, shown_name};
use crate::model::number::parse_float;
use crate::model::{LabelSet, Lookup};
use crate::promql::annotations::Annotation;
use crate::promql::functions::Context;
use crate::promql::histogram::FloatHistogram;
use crate::promql::value::{Value, VectorSample};

/// The label of the upper bound of a classic bucket.
const BUCKET_LABEL: &str = "le";

/// The histograms of a vector, each with its labels.
pub(super) struct Histograms<'a> {
    /// Native ones.
    pub(super) native: Vec<(&'a LabelSet, &'a FloatHistogram)>,
    /// Classic ones; labels without `le`.
    pub(super) classic: Vec<(LabelSet, ClassicBuckets)>,
}

impl<'a> Histograms<'a> {
    /// Takes a vector apart, which is the argument `argument`. Where a classic and a native histogram have the same
    /// labels, nobody knows which one is meant: neither is there.
    pub(super) fn split(samples: &'a [VectorSample], argument: usize, context: &mut Context<'_>) -> Self {
        let mut histograms = Self { native: Vec::new(), classic: Vec::new() };
        let mut places: Lookup<LabelSet, usize> = Lookup::default();
        let mut last = None;
        for sample in samples {
            let count = match &sample.value {
                Value::Float(count) => *count,
                Value::Histogram(histogram) => {
                    histograms.native.push((&sample.labels, histogram));
                    continue;
                }
            };
            let le = sample.labels.value(BUCKET_LABEL);
            let Some(upper) = parse_float(le) else {
                let (metric, label) = (shown_name(&sample.labels, context), le.to_owned());
                context.say_of(argument, Annotation::BadBucketLabel { metric, label });
                continue;
            };
            // Buckets of a histogram mostly follow each other.
            let place = last.filter(|place: &usize| {
                let (labels, _) = &histograms.classic[*place];
                is_same_but_bucket(labels, &sample.labels)
            });
            let place = place.unwrap_or_else(|| {
                let labels = sample.labels.without(BUCKET_LABEL);
                *places.or_insert_with(labels.clone(), || {
                    histograms.classic.push((labels, ClassicBuckets::default()));
                    histograms.classic.len() - 1
                })
            });
            histograms.classic[place].1.push(upper, count);
            last = Some(place);
        }
        histograms.drop_ambiguous(&places, argument, context);
        histograms
    }

    fn drop_ambiguous(
        &mut self,
        places: &Lookup<LabelSet, usize>,
        argument: usize,
        context: &mut Context<'_>,
    ) {
        let mut ambiguous = vec![false; self.classic.len()];
        self.native.retain(|(labels, _)| match places.get(*labels) {
            None => true,
            Some(place) => {
                ambiguous[*place] = true;
                let metric = shown_name(labels, context);
                context.say_of(argument, Annotation::MixedClassicNativeHistograms { metric });
                false
            }
        });
        let mut ambiguous = ambiguous.into_iter();
        self.classic.retain(|_| ambiguous.next() != Some(true));
    }
}

fn is_same_but_bucket(labels: &LabelSet, bucket: &LabelSet) -> bool {
    labels.iter().eq(bucket.iter().filter(|(name, _)| *name != BUCKET_LABEL))
}
