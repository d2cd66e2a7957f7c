//! Sums and differences of native histograms with what there is to say about them.

use super::Context;
use crate::model::LabelSet;
use crate::model::labels::METRIC_NAME;
use crate::promql::annotations::{Annotation, HistogramOperation};
use crate::promql::histogram::{Combined, FloatHistogram, HistogramError};

/// What is to be said about the range vector once it is known which of it stands.
pub(super) struct Notes<'a> {
    labels: &'a LabelSet,
    annotations: Vec<Annotation>,
}

impl<'a> Notes<'a> {
    /// Nothing so far, about the series with these labels.
    pub(super) fn about(labels: &'a LabelSet) -> Self {
        Self { labels, annotations: Vec::new() }
    }

    /// Says all of it, of the first argument.
    pub(super) fn tell(self, ctx: &mut Context<'_>) {
        for annotation in self.annotations {
            ctx.say_of(0, annotation);
        }
    }

    /// Forgets all that was noted.
    pub(super) fn forget(&mut self) {
        self.annotations.clear();
    }

    /// A histogram has no counter's hint where a counter is needed.
    pub(super) fn not_counter(&mut self) {
        let metric = self.metric();
        self.note(Annotation::HistogramNotCounter { metric });
    }

    /// A histogram has no gauge's hint where a gauge is needed.
    pub(super) fn not_gauge(&mut self) {
        let metric = self.metric();
        self.note(Annotation::HistogramNotGauge { metric });
    }

    /// Exponential and custom buckets are mixed.
    pub(super) fn mixed_buckets(&mut self) {
        let metric = self.metric();
        self.note(Annotation::MixedExponentialCustomHistograms { metric });
    }

    /// A start timestamp lies before the sample before, which has another.
    pub(super) fn start_overlap(&mut self) {
        let metric = self.metric();
        self.note(Annotation::StartTimeOverlap { metric, times: 1 });
    }

    /// Some say that the counter was reset, others that it was not.
    pub(super) fn collision(&mut self) {
        self.note(Annotation::CounterResetCollision(HistogramOperation::Aggregation));
    }

    /// Custom buckets had to be made the same for `operation`.
    pub(super) fn reconciled(&mut self, operation: HistogramOperation) {
        self.note(Annotation::MismatchedCustomBuckets(operation));
    }

    /// `base + other` in place; nothing if they do not fit.
    pub(super) fn add(&mut self, base: &mut FloatHistogram, other: &FloatHistogram) -> Option<()> {
        self.done(base.add(other), HistogramOperation::Addition)
    }

    /// `base - other` in place; nothing if they do not fit.
    pub(super) fn subtract(&mut self, base: &mut FloatHistogram, other: &FloatHistogram) -> Option<()> {
        self.done(base.sub(other), HistogramOperation::Subtraction)
    }

    fn done(
        &mut self,
        result: Result<Combined, HistogramError>,
        operation: HistogramOperation,
    ) -> Option<()> {
        match result {
            Ok(combined) => {
                if combined.reconciled {
                    self.reconciled(operation);
                }
                Some(())
            }
            Err(_) => {
                self.mixed_buckets();
                None
            }
        }
    }

    fn note(&mut self, annotation: Annotation) {
        if !self.annotations.contains(&annotation) {
            self.annotations.push(annotation);
        }
    }

    fn metric(&self) -> String {
        self.labels.value(METRIC_NAME).to_owned()
    }
}
