//! `sort`, `sort_desc`, `sort_by_label`, `sort_by_label_desc`.

use std::cmp::Ordering;

use super::natural;
use super::vectors::vector;
use super::{Argument, Context};
use crate::promql::annotations::Annotation;
use crate::promql::value::{Value, VectorSample};

/// Up to so many elements Go sorts by insertion, which makes something of the pairs that have no order.
const FEW: usize = 12;

/// `sort`: floats from the least to the greatest, NaN last; histograms are left out.
pub(super) fn ascending(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    by_value(args, ctx, |a, b| a.partial_cmp(&b))
}

/// `sort_desc`: floats from the greatest to the least, NaN last; histograms are left out.
pub(super) fn descending(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    by_value(args, ctx, |a, b| b.partial_cmp(&a))
}

fn by_value(
    args: &[Argument<'_>],
    ctx: &mut Context<'_>,
    compare: fn(f64, f64) -> Option<Ordering>,
) -> Vec<VectorSample> {
    say_if_ineffective(ctx);
    let floats = vector(args, 0).iter().filter_map(|sample| match sample.value {
        Value::Float(value) => Some((value, sample)),
        Value::Histogram(_) => None,
    });
    let (mut nans, mut numbers): (Vec<_>, Vec<_>) = floats.partition(|(value, _)| value.is_nan());
    numbers.sort_by(|(a, _), (b, _)| compare(*a, *b).unwrap_or(Ordering::Equal));
    // Prometheus' sort puts each further NaN before those it has met.
    nans.reverse();
    numbers.into_iter().chain(nans).map(|(_, sample)| sample.clone()).collect()
}

/// `sort_by_label`: by the values of the given labels in natural order, then by all labels.
pub(super) fn by_label(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    by_labels(args, ctx, false)
}

/// `sort_by_label_desc`: the other way round.
pub(super) fn by_label_desc(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    by_labels(args, ctx, true)
}

fn by_labels(args: &[Argument<'_>], ctx: &mut Context<'_>, descending: bool) -> Vec<VectorSample> {
    say_if_ineffective(ctx);
    let names: Vec<&str> = args
        .iter()
        .skip(1)
        .filter_map(|argument| match argument {
            Argument::String(name) => Some(*name),
            Argument::Vector(_) | Argument::Scalar(_) => None,
        })
        .collect();
    let mut samples = vector(args, 0).to_vec();
    if samples.len() <= FEW {
        sort_by_insertion(&mut samples, |a, b| {
            compare(a, b, &names, descending, |a, b| {
                // As Prometheus calls it: never equal.
                if natural::precedes(a, b) { Ordering::Less } else { Ordering::Greater }
            })
        });
    } else {
        samples.sort_by(|a, b| compare(a, b, &names, descending, natural::compare));
    }
    samples
}

fn compare(
    a: &VectorSample,
    b: &VectorSample,
    names: &[&str],
    descending: bool,
    texts: fn(&str, &str) -> Ordering,
) -> Ordering {
    let values = names.iter().map(|name| (a.labels.value(name), b.labels.value(name)));
    let order = match values.into_iter().find(|(a, b)| a != b) {
        Some((a, b)) => texts(a, b),
        None => a.labels.cmp(&b.labels),
    };
    if descending { order.reverse() } else { order }
}

fn sort_by_insertion<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    for next in 1..items.len() {
        let mut place = next;
        while place > 0 && compare(&items[place], &items[place - 1]) == Ordering::Less {
            items.swap(place, place - 1);
            place -= 1;
        }
    }
}

fn say_if_ineffective(ctx: &mut Context<'_>) {
    if ctx.query.start != ctx.query.end {
        ctx.say(Annotation::SortInRangeQuery);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::functions::Function;
    use crate::promql::functions::testing::{on_vector, sample};

    fn order(function: Function, samples: &[VectorSample], names: &[&str]) -> String {
        let mut args = vec![Argument::Vector(samples)];
        args.extend(names.iter().map(|name| Argument::String(name)));
        let (out, _) = on_vector(function, &args);
        out.into_iter().map(|(labels, value)| format!("{labels} {value}")).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn values_in_order_with_nan_last() {
        let values = [3.0, f64::NAN, -1.0, f64::INFINITY, 2.0];
        let samples: Vec<_> =
            values.iter().enumerate().map(|(n, value)| sample(&format!("m{{n=\"{n}\"}}"), *value)).collect();
        let values = |function| -> Vec<String> {
            let (out, _) = on_vector(function, &[Argument::Vector(&samples)]);
            out.into_iter().map(|(_, value)| value.to_string()).collect()
        };
        assert_eq!(values(Function::Sort), ["-1", "2", "3", "inf", "NaN"]);
        assert_eq!(values(Function::SortDesc), ["inf", "3", "2", "-1", "NaN"]);
    }

    #[test]
    fn of_several_nans_the_last_comes_first() {
        let samples = ["a", "b", "c"].map(|name| sample(name, f64::NAN));
        let names = order(Function::Sort, &samples, &[]);
        assert_eq!(names.lines().map(|line| &line[11..12]).collect::<String>(), "cba");
    }

    #[test]
    fn by_labels_in_natural_order() {
        let samples = [
            sample(r#"m{i="node10", job="b"}"#, 1.0),
            sample(r#"m{i="node9", job="b"}"#, 2.0),
            sample(r#"m{i="node9", job="a"}"#, 3.0),
        ];
        insta::assert_snapshot!(order(Function::SortByLabel, &samples, &["i"]), @r#"
        {__name__="m", i="node9", job="a"} 3
        {__name__="m", i="node9", job="b"} 2
        {__name__="m", i="node10", job="b"} 1
        "#);
        insta::assert_snapshot!(order(Function::SortByLabelDesc, &samples, &["job", "i"]), @r#"
        {__name__="m", i="node10", job="b"} 1
        {__name__="m", i="node9", job="b"} 2
        {__name__="m", i="node9", job="a"} 3
        "#);
        insta::assert_snapshot!(order(Function::SortByLabel, &samples, &[]), @r#"
        {__name__="m", i="node10", job="b"} 1
        {__name__="m", i="node9", job="a"} 3
        {__name__="m", i="node9", job="b"} 2
        "#);
    }

    #[test]
    fn few_and_many_are_sorted_alike() {
        let samples: Vec<_> =
            (0..40).map(|n| sample(&format!("m{{i=\"{}\"}}", n * 7 % 40), f64::from(n * 7 % 40))).collect();
        for count in [3, 12, 13, 40] {
            let (out, _) = on_vector(
                Function::SortByLabel,
                &[Argument::Vector(&samples[..count]), Argument::String("i")],
            );
            assert!(out.is_sorted_by(|(_, a), (_, b)| a < b), "{count}: {out:?}");
        }
    }
}
