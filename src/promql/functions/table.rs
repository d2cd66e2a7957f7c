//! Which function is computed how.

use super::{
    Context, Implementation, Window, changes, dates, go_math, histogram, math, over_time, rate, sort,
    statistics, trend, vectors,
};
use crate::promql::signature::Function;
use crate::promql::value::Value;

/// How `function` is computed.
#[must_use]
pub fn implementation(function: Function) -> Implementation {
    use Function as F;
    use Implementation::{Evaluator, Math, Scalar, Vector};
    match function {
        F::Abs => Math(f64::abs),
        F::Absent
        | F::AbsentOverTime
        | F::End
        | F::Info
        | F::LabelJoin
        | F::LabelReplace
        | F::Range
        | F::Scalar
        | F::Start
        | F::StartTimestamp
        | F::Step
        | F::Timestamp
        | F::Vector => Evaluator,
        F::Acos => Math(f64::acos),
        F::Acosh => Math(go_math::acosh),
        F::Asin => Math(f64::asin),
        F::Asinh => Math(go_math::asinh),
        F::Atan => Math(f64::atan),
        F::Atanh => Math(go_math::atanh),
        F::AvgOverTime => window(over_time::avg),
        F::Ceil => Math(f64::ceil),
        F::Changes => window(changes::changes),
        F::Clamp => Vector(vectors::clamp),
        F::ClampMax => Vector(vectors::clamp_max),
        F::ClampMin => Vector(vectors::clamp_min),
        F::Cos => Math(f64::cos),
        F::Cosh => Math(f64::cosh),
        F::CountOverTime => window(over_time::count),
        F::DayOfMonth => Vector(dates::day_of_month),
        F::DayOfWeek => Vector(dates::day_of_week),
        F::DayOfYear => Vector(dates::day_of_year),
        F::DaysInMonth => Vector(dates::days_in_month),
        F::Deg => Math(math::deg),
        F::Delta => window(rate::delta),
        F::Deriv => window(trend::deriv),
        F::DoubleExponentialSmoothing => window(trend::double_exponential_smoothing),
        F::Exp => Math(f64::exp),
        F::FirstOverTime => Implementation::Window { compute: over_time::first, keeps_name: true },
        F::Floor => Math(f64::floor),
        F::HistogramAvg => Vector(histogram::avg),
        F::HistogramCount => Vector(histogram::count),
        F::HistogramFraction => Vector(histogram::fraction),
        F::HistogramQuantile => Vector(histogram::quantile),
        F::HistogramQuantiles => Vector(histogram::quantiles),
        F::HistogramStddev => Vector(histogram::stddev),
        F::HistogramStdvar => Vector(histogram::stdvar),
        F::HistogramSum => Vector(histogram::sum),
        F::Hour => Vector(dates::hour),
        F::Idelta => window(rate::idelta),
        F::Increase => window(rate::increase),
        F::Irate => window(rate::irate),
        F::LastOverTime => Implementation::Window { compute: over_time::last, keeps_name: true },
        F::Ln => Math(go_math::ln),
        F::Log10 => Math(go_math::log10),
        F::Log2 => Math(go_math::log2),
        F::MadOverTime => window(statistics::mad_over_time),
        F::MaxOf => Scalar(math::max_of),
        F::MaxOverTime => window(over_time::max),
        F::MinOf => Scalar(math::min_of),
        F::MinOverTime => window(over_time::min),
        F::Minute => Vector(dates::minute),
        F::Month => Vector(dates::month),
        F::Pi => Scalar(math::pi),
        F::PredictLinear => window(trend::predict_linear),
        F::PresentOverTime => window(over_time::present),
        F::QuantileOverTime => window(statistics::quantile_over_time),
        F::Rad => Math(math::rad),
        F::Rate => window(rate::rate),
        F::Resets => window(changes::resets),
        F::Round => Vector(vectors::round),
        F::Sgn => Math(math::sgn),
        F::Sin => Math(f64::sin),
        F::Sinh => Math(f64::sinh),
        F::Sort => Vector(sort::ascending),
        F::SortByLabel => Vector(sort::by_label),
        F::SortByLabelDesc => Vector(sort::by_label_desc),
        F::SortDesc => Vector(sort::descending),
        F::Sqrt => Math(f64::sqrt),
        F::StddevOverTime => window(statistics::stddev_over_time),
        F::StdvarOverTime => window(statistics::stdvar_over_time),
        F::SumOverTime => window(over_time::sum),
        F::Tan => Math(f64::tan),
        F::Tanh => Math(f64::tanh),
        F::Time => Scalar(math::time),
        F::TsOfFirstOverTime => window(over_time::ts_of_first),
        F::TsOfLastOverTime => window(over_time::ts_of_last),
        F::TsOfMaxOverTime => window(over_time::ts_of_max),
        F::TsOfMinOverTime => window(over_time::ts_of_min),
        F::Year => Vector(dates::year),
    }
}

/// A function of windows that drops the name of the metric.
fn window(compute: fn(&Window<'_>, &mut Context<'_>) -> Option<Value>) -> Implementation {
    Implementation::Window { compute, keeps_name: false }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::promql::ast::{Extension, ValueType};
    use crate::promql::functions::Argument;
    use crate::promql::functions::testing::{self, Spec, counted};

    /// Any float, special ones often.
    fn float() -> impl Strategy<Value = f64> {
        prop_oneof![
            proptest::num::f64::ANY,
            -10.0..100.0,
            prop::sample::select(vec![
                0.0,
                -0.0,
                1.0,
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                1e308,
                -1e308
            ]),
        ]
    }

    /// Samples each ten seconds, some floats, some histograms, in a window that may begin and end anywhere.
    fn spec() -> impl Strategy<Value = Spec> {
        let samples = prop::collection::vec((prop::bool::weighted(0.7), float(), 1_i64..90), 1..8);
        let extensions = vec![None, Some(Extension::Anchored), Some(Extension::Smoothed)];
        let extension = prop::sample::select(extensions);
        (samples, -60_i64..300, 1_i64..300, extension, prop::collection::vec(float(), 2)).prop_map(
            |(samples, start, length, extension, scalars)| {
                let (mut floats, mut histograms, mut t) = (Vec::new(), Vec::new(), 0);
                for (is_float, value, pause) in samples {
                    t += pause;
                    if is_float { floats.push((t, value)) } else { histograms.push((t, value)) }
                }
                let floats =
                    floats.into_iter().map(|(t, v)| crate::promql::value::FloatPoint { t: t * 1000, v });
                Spec {
                    floats: floats.collect(),
                    histograms: counted(&histograms),
                    start: start * 1000,
                    end: (start + length) * 1000,
                    extension,
                    scalars,
                    step: None,
                }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_window_is_too_strange(spec in spec()) {
            for function in Function::ALL {
                if let Implementation::Window { .. } = implementation(*function) {
                    let answer = testing::window(*function, &spec);
                    prop_assert!(answer.said.iter().all(|text| text.ends_with("(1:2)")), "{:?}", answer.said);
                }
            }
        }

        #[test]
        fn no_vector_is_too_strange(values in prop::collection::vec(float(), 0..20), number in float()) {
            let samples: Vec<_> =
                values.iter().enumerate().map(|(n, value)| testing::sample(&format!("m{{n=\"{n}\"}}"), *value)).collect();
            for function in Function::ALL {
                let args = function.signature().arguments.iter().map(|argument| match argument {
                    ValueType::Vector => Argument::Vector(&samples),
                    ValueType::String => Argument::String("n"),
                    ValueType::Scalar | ValueType::Matrix => Argument::Scalar(number),
                });
                let args: Vec<_> = args.collect();
                match implementation(*function) {
                    Implementation::Vector(_) => {
                        let (out, _) = testing::on_vector(*function, &args);
                        prop_assert!(out.len() <= samples.len().max(1));
                    }
                    Implementation::Scalar(_) => {
                        testing::scalar(*function, &args, 0);
                    }
                    Implementation::Math(compute) => {
                        compute(number);
                    }
                    Implementation::Window { .. } | Implementation::Evaluator => {}
                }
            }
        }
    }
}
