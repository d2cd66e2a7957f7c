//! Subqueries: an expression at many times, which are multiples of the step whatever the time of the query.

use std::sync::Arc;

use super::error::EvalError;
use super::evaluator::Evaluator;
use super::prepare::SubqueryPlan;
use super::steps::Steps;
use super::window::Frame;
use crate::promql::histogram::CounterResetHint;
use crate::promql::value::Series;

impl Evaluator<'_> {
    /// All points of a subquery that any of the steps needs, and which of them each step sees.
    pub(super) fn subquery(
        &mut self,
        plan: &SubqueryPlan<'_>,
        steps: Steps,
    ) -> Result<(Vec<Series>, Frame), EvalError> {
        let interval = plan.step.unwrap_or(self.options.default_subquery_step).max(1);
        let first = plan.shift.of(steps.start).saturating_sub(plan.range);
        let end = plan.shift.of(steps.last());
        let inner = Steps::new(aligned_after(first, interval), end, interval);
        self.limits.allow(inner)?;
        let matrix = self.eval(&plan.inner, inner)?;
        let frame =
            Frame { range: plan.range, shift: plan.shift, extension: None, lookback: self.options.lookback };
        Ok((matrix, frame))
    }
}

/// The first multiple of the interval after a time.
fn aligned_after(t: i64, interval: i64) -> i64 {
    t.div_euclid(interval).saturating_add(1).saturating_mul(interval)
}

/// Histograms that do not claim to know whether there was a reset before them: samples may have been left out.
pub(super) fn with_unknown_resets(mut matrix: Vec<Series>) -> Vec<Series> {
    for point in matrix.iter_mut().flat_map(|series| &mut series.histograms) {
        match point.h.counter_reset_hint {
            CounterResetHint::Reset | CounterResetHint::NotReset => {
                Arc::make_mut(&mut point.h).counter_reset_hint = CounterResetHint::Unknown;
            }
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
    }
    matrix
}

#[cfg(test)]
mod tests {
    #[test]
    fn subqueries_are_aligned_to_the_epoch() {
        for (t, interval, wanted) in [(7, 5, 10), (10, 5, 15), (0, 5, 5), (-7, 5, -5), (-10, 5, -5)] {
            assert_eq!(super::aligned_after(t, interval), wanted, "{t} by {interval}");
        }
    }
}
