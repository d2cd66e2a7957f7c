//! The functions of PromQL: their names, what they take and what they give. How they are computed is elsewhere.
//!
//! One line a function, in the order of their names.

use super::ast::ValueType;
use ValueType::{Matrix, Scalar, String, Vector};

/// What a function takes and gives, as Prometheus 3.14 declares it.
#[derive(Debug)]
pub struct Signature {
    /// The name in expressions.
    pub name: &'static str,
    /// The types of its arguments.
    pub arguments: &'static [ValueType],
    /// How far the number of arguments may differ from the types given.
    pub arity: Arity,
    /// The type of the result.
    pub returns: ValueType,
    /// Whether it has to be enabled (Prometheus' feature `promql-experimental-functions`).
    pub experimental: bool,
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// One for each type.
    Exact,
    /// The last type may be absent, or be repeated so that there are at most this many more than types less one.
    UpTo(u8),
    /// The last type may be absent or repeated as often as one likes.
    Any,
}

macro_rules! functions {
    ($($name:literal $id:ident [$($argument:ident),*] $arity:expr, $returns:ident $(, $experimental:ident)?;)*) => {
        /// A function of PromQL.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Function {
            $(#[doc = concat!("`", $name, "()`")] $id,)*
        }

        impl Function {
            /// All functions, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// What it takes and gives.
            #[must_use]
            pub fn signature(self) -> &'static Signature {
                match self {
                    $(Self::$id => {
                        const SIGNATURE: Signature = Signature {
                            name: $name,
                            arguments: &[$($argument),*],
                            arity: $arity,
                            returns: $returns,
                            experimental: functions!(@flag $($experimental)?),
                        };
                        &SIGNATURE
                    })*
                }
            }
        }
    };
    (@flag experimental) => { true };
    (@flag) => { false };
}

functions! {
    "abs" Abs [Vector] Arity::Exact, Vector;
    "absent" Absent [Vector] Arity::Exact, Vector;
    "absent_over_time" AbsentOverTime [Matrix] Arity::Exact, Vector;
    "acos" Acos [Vector] Arity::Exact, Vector;
    "acosh" Acosh [Vector] Arity::Exact, Vector;
    "asin" Asin [Vector] Arity::Exact, Vector;
    "asinh" Asinh [Vector] Arity::Exact, Vector;
    "atan" Atan [Vector] Arity::Exact, Vector;
    "atanh" Atanh [Vector] Arity::Exact, Vector;
    "avg_over_time" AvgOverTime [Matrix] Arity::Exact, Vector;
    "ceil" Ceil [Vector] Arity::Exact, Vector;
    "changes" Changes [Matrix] Arity::Exact, Vector;
    "clamp" Clamp [Vector, Scalar, Scalar] Arity::Exact, Vector;
    "clamp_max" ClampMax [Vector, Scalar] Arity::Exact, Vector;
    "clamp_min" ClampMin [Vector, Scalar] Arity::Exact, Vector;
    "cos" Cos [Vector] Arity::Exact, Vector;
    "cosh" Cosh [Vector] Arity::Exact, Vector;
    "count_over_time" CountOverTime [Matrix] Arity::Exact, Vector;
    "day_of_month" DayOfMonth [Vector] Arity::UpTo(1), Vector;
    "day_of_week" DayOfWeek [Vector] Arity::UpTo(1), Vector;
    "day_of_year" DayOfYear [Vector] Arity::UpTo(1), Vector;
    "days_in_month" DaysInMonth [Vector] Arity::UpTo(1), Vector;
    "deg" Deg [Vector] Arity::Exact, Vector;
    "delta" Delta [Matrix] Arity::Exact, Vector;
    "deriv" Deriv [Matrix] Arity::Exact, Vector;
    "double_exponential_smoothing" DoubleExponentialSmoothing [Matrix, Scalar, Scalar] Arity::Exact, Vector, experimental;
    "end" End [] Arity::Exact, Scalar, experimental;
    "exp" Exp [Vector] Arity::Exact, Vector;
    "first_over_time" FirstOverTime [Matrix] Arity::Exact, Vector;
    "floor" Floor [Vector] Arity::Exact, Vector;
    "histogram_avg" HistogramAvg [Vector] Arity::Exact, Vector;
    "histogram_count" HistogramCount [Vector] Arity::Exact, Vector;
    "histogram_fraction" HistogramFraction [Scalar, Scalar, Vector] Arity::Exact, Vector;
    "histogram_quantile" HistogramQuantile [Scalar, Vector] Arity::Exact, Vector;
    "histogram_quantiles" HistogramQuantiles [Vector, String, Scalar, Scalar] Arity::UpTo(9), Vector, experimental;
    "histogram_stddev" HistogramStddev [Vector] Arity::Exact, Vector;
    "histogram_stdvar" HistogramStdvar [Vector] Arity::Exact, Vector;
    "histogram_sum" HistogramSum [Vector] Arity::Exact, Vector;
    "hour" Hour [Vector] Arity::UpTo(1), Vector;
    "idelta" Idelta [Matrix] Arity::Exact, Vector;
    "increase" Increase [Matrix] Arity::Exact, Vector;
    "info" Info [Vector, Vector] Arity::UpTo(1), Vector, experimental;
    "irate" Irate [Matrix] Arity::Exact, Vector;
    "label_join" LabelJoin [Vector, String, String, String] Arity::Any, Vector;
    "label_replace" LabelReplace [Vector, String, String, String, String] Arity::Exact, Vector;
    "last_over_time" LastOverTime [Matrix] Arity::Exact, Vector;
    "ln" Ln [Vector] Arity::Exact, Vector;
    "log10" Log10 [Vector] Arity::Exact, Vector;
    "log2" Log2 [Vector] Arity::Exact, Vector;
    "mad_over_time" MadOverTime [Matrix] Arity::Exact, Vector, experimental;
    "max_of" MaxOf [Scalar, Scalar] Arity::Exact, Scalar, experimental;
    "max_over_time" MaxOverTime [Matrix] Arity::Exact, Vector;
    "min_of" MinOf [Scalar, Scalar] Arity::Exact, Scalar, experimental;
    "min_over_time" MinOverTime [Matrix] Arity::Exact, Vector;
    "minute" Minute [Vector] Arity::UpTo(1), Vector;
    "month" Month [Vector] Arity::UpTo(1), Vector;
    "pi" Pi [] Arity::Exact, Scalar;
    "predict_linear" PredictLinear [Matrix, Scalar] Arity::Exact, Vector;
    "present_over_time" PresentOverTime [Matrix] Arity::Exact, Vector;
    "quantile_over_time" QuantileOverTime [Scalar, Matrix] Arity::Exact, Vector;
    "rad" Rad [Vector] Arity::Exact, Vector;
    "range" Range [] Arity::Exact, Scalar, experimental;
    "rate" Rate [Matrix] Arity::Exact, Vector;
    "resets" Resets [Matrix] Arity::Exact, Vector;
    "round" Round [Vector, Scalar] Arity::UpTo(1), Vector;
    "scalar" Scalar [Vector] Arity::Exact, Scalar;
    "sgn" Sgn [Vector] Arity::Exact, Vector;
    "sin" Sin [Vector] Arity::Exact, Vector;
    "sinh" Sinh [Vector] Arity::Exact, Vector;
    "sort" Sort [Vector] Arity::Exact, Vector;
    "sort_by_label" SortByLabel [Vector, String] Arity::Any, Vector, experimental;
    "sort_by_label_desc" SortByLabelDesc [Vector, String] Arity::Any, Vector, experimental;
    "sort_desc" SortDesc [Vector] Arity::Exact, Vector;
    "sqrt" Sqrt [Vector] Arity::Exact, Vector;
    "start" Start [] Arity::Exact, Scalar, experimental;
    "start_timestamp" StartTimestamp [Vector] Arity::Exact, Vector, experimental;
    "stddev_over_time" StddevOverTime [Matrix] Arity::Exact, Vector;
    "stdvar_over_time" StdvarOverTime [Matrix] Arity::Exact, Vector;
    "step" Step [] Arity::Exact, Scalar, experimental;
    "sum_over_time" SumOverTime [Matrix] Arity::Exact, Vector;
    "tan" Tan [Vector] Arity::Exact, Vector;
    "tanh" Tanh [Vector] Arity::Exact, Vector;
    "time" Time [] Arity::Exact, Scalar;
    "timestamp" Timestamp [Vector] Arity::Exact, Vector;
    "ts_of_first_over_time" TsOfFirstOverTime [Matrix] Arity::Exact, Vector, experimental;
    "ts_of_last_over_time" TsOfLastOverTime [Matrix] Arity::Exact, Vector, experimental;
    "ts_of_max_over_time" TsOfMaxOverTime [Matrix] Arity::Exact, Vector, experimental;
    "ts_of_min_over_time" TsOfMinOverTime [Matrix] Arity::Exact, Vector, experimental;
    "vector" Vector [Scalar] Arity::Exact, Vector;
    "year" Year [Vector] Arity::UpTo(1), Vector;
}

impl Function {
    /// The function called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let at = Self::ALL.binary_search_by(|function| function.signature().name.cmp(name)).ok()?;
        Some(Self::ALL[at])
    }
}
