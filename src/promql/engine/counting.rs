//! Finds the selectors of which only counts and sums of histograms are asked for: their buckets need not be carried
//! along.

use super::prepare::{AggregatePlan, BinaryPlan, Kind, Plan};
use crate::promql::ast::BinaryOp;
use crate::promql::signature::Function;

/// What is around a part of the expression.
#[derive(Clone, Copy, Default)]
struct Around {
    /// `histogram_count` and its like.
    counts: bool,
    /// Something that needs buckets, wherever it is: quantiles, trimming, and subqueries, which find resets only by
    /// the buckets.
    buckets: bool,
}

/// Marks those selectors.
pub(super) fn mark(plan: &mut Plan<'_>) {
    mark_within(plan, Around::default());
}

fn mark_within(plan: &mut Plan<'_>, around: Around) {
    let counts_only = around.counts && !around.buckets;
    match &mut plan.kind {
        Kind::Number(_) | Kind::String(_) => {}
        Kind::Selector(selector) => selector.counts_only = counts_only,
        Kind::Range(range) => range.selector.counts_only = counts_only,
        Kind::Subquery(subquery) => mark_within(&mut subquery.inner, Around { buckets: true, ..around }),
        Kind::Aggregate(aggregate) => {
            let AggregatePlan { operand, param, .. } = &mut **aggregate;
            mark_within(operand, around);
            if let Some(param) = param {
                mark_within(param, around);
            }
        }
        Kind::Binary(binary) => {
            let BinaryPlan { node, left, right } = &mut **binary;
            let trims = matches!(node.op, BinaryOp::TrimUpper | BinaryOp::TrimLower);
            let around = Around { buckets: around.buckets || trims, ..around };
            mark_within(left, around);
            mark_within(right, around);
        }
        Kind::Call(call, args) => {
            let counts = matches!(
                call.function,
                Function::HistogramCount | Function::HistogramSum | Function::HistogramAvg
            );
            let buckets = matches!(
                call.function,
                Function::HistogramQuantile | Function::HistogramQuantiles | Function::HistogramFraction
            );
            let around = Around { counts: around.counts || counts, buckets: around.buckets || buckets };
            args.iter_mut().for_each(|arg| mark_within(arg, around));
        }
        Kind::Negated(inner) | Kind::Once(inner) => mark_within(inner, around),
    }
}

#[cfg(test)]
mod tests {
    use super::super::prepare::{Query, prepare};
    use super::{Kind, Plan};
    use crate::promql::parser::{Features, parse};

    /// What each selector is marked with, from left to right.
    fn marks(plan: &Plan<'_>) -> Vec<bool> {
        match &plan.kind {
            Kind::Number(_) | Kind::String(_) => Vec::new(),
            Kind::Selector(selector) => vec![selector.counts_only],
            Kind::Range(range) => vec![range.selector.counts_only],
            Kind::Subquery(subquery) => marks(&subquery.inner),
            Kind::Aggregate(aggregate) => marks(&aggregate.operand),
            Kind::Binary(binary) => [marks(&binary.left), marks(&binary.right)].concat(),
            Kind::Call(_, args) => args.iter().flat_map(marks).collect(),
            Kind::Negated(inner) | Kind::Once(inner) => marks(inner),
        }
    }

    #[test]
    fn buckets_are_left_out_where_nothing_around_needs_them() {
        for (text, marked) in [
            ("h", &[false][..]),
            ("histogram_count(h)", &[true]),
            ("histogram_sum(rate(h[5m])) / histogram_avg(-h @ 0) + h", &[true, true, false]),
            ("histogram_count(sum by (job) (increase(h[5m])))", &[true]),
            ("histogram_count(increase(h[5m:1m]))", &[false]),
            ("max_over_time(histogram_count(h)[5m:1m])", &[false]),
            ("histogram_count(h </ 5)", &[false]),
            ("histogram_quantile(scalar(histogram_count(a)), b)", &[false, false]),
        ] {
            let expr = parse(text, Features::ALL).expect(text);
            let plan = prepare(&expr, &Query { start: 0, end: 0, step: 0 }).expect(text);
            assert_eq!(marks(&plan), marked, "{text}");
        }
    }
}
