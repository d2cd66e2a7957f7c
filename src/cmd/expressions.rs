//! `--expressions` and `--enable-feature`: how expressions of rules are read.

use clap::{Args, ValueEnum};

use crate::config::expressions::Expressions;
use crate::promql::parser::Features;

/// The arguments that say it.
#[derive(Clone, Debug, Args)]
pub(super) struct ExpressionArguments {
    /// In which language the expressions of rules are
    #[arg(
        long,
        env = "SERENO_EXPRESSIONS",
        value_name = "LANGUAGE",
        value_enum,
        default_value_t = Language::Promql
    )]
    expressions: Language,
    /// Experimental parts of PromQL to accept, by Prometheus' names. Can be given several times
    #[arg(
        long = "enable-feature",
        env = "SERENO_ENABLE_FEATURE",
        value_name = "FEATURE",
        value_enum,
        value_delimiter = ','
    )]
    features: Vec<Feature>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// PromQL: errors are found when a file is read, and the data source is asked what was parsed
    Promql,
    /// Whatever the data source understands, such as MetricsQL: sent as written, not checked
    AsWritten,
}

/// What Prometheus and promtool have behind `--enable-feature`, as far as it is about PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Feature {
    /// Functions such as mad_over_time and info, aggregations limitk and limit_ratio
    #[value(name = "promql-experimental-functions")]
    ExperimentalFunctions,
    /// anchored and smoothed
    #[value(name = "promql-extended-range-selectors")]
    ExtendedRangeSelectors,
    /// fill, fill_left and fill_right
    #[value(name = "promql-binop-fill-modifiers")]
    BinopFillModifiers,
    /// Arithmetic on durations; always on
    #[value(name = "promql-duration-expr")]
    DurationExpr,
    /// Metric names are dropped at the end of an evaluation; only in `sereno test`
    #[value(name = "promql-delayed-name-removal")]
    DelayedNameRemoval,
    /// Start timestamps of samples (series NAME@st) tell rate, increase and the like of resets; only in `sereno test`
    #[value(name = "use-start-timestamps")]
    UseStartTimestamps,
}

impl Feature {
    /// The parts of the language that are on with these features.
    pub(super) fn language(features: &[Self]) -> Features {
        let on = |feature| features.contains(&feature);
        Features {
            experimental_functions: on(Self::ExperimentalFunctions),
            extended_range_selectors: on(Self::ExtendedRangeSelectors),
            fill_modifiers: on(Self::BinopFillModifiers),
        }
    }
}

impl ExpressionArguments {
    pub(super) fn expressions(&self) -> Expressions {
        match self.expressions {
            Language::Promql => Expressions::Promql(Feature::language(&self.features)),
            Language::AsWritten => Expressions::AsWritten,
        }
    }
}
