//! `--enable-feature`: which experimental parts of PromQL are accepted.

use clap::{Args, ValueEnum};

use crate::promql::parser::Features;

/// The argument that says it.
#[derive(Clone, Debug, Args)]
pub(super) struct FeatureArguments {
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

/// What Prometheus has behind `--enable-feature` that concerns PromQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Feature {
    /// Functions such as mad_over_time and info, aggregations limitk and limit_ratio
    #[value(name = "promql-experimental-functions")]
    ExperimentalFunctions,
    /// anchored and smoothed
    #[value(name = "promql-extended-range-selectors")]
    ExtendedRangeSelectors,
    /// fill, fill_left and fill_right
    #[value(name = "promql-binop-fill-modifiers")]
    BinopFillModifiers,
    /// Arithmetic on durations: always on, as in Prometheus
    #[value(name = "promql-duration-expr")]
    DurationExpr,
    /// Metric names are dropped at the end of an evaluation: for `sereno test`; a data source has its own flag
    #[value(name = "promql-delayed-name-removal")]
    DelayedNameRemoval,
    /// Start timestamps of samples (series NAME@st) tell rate, increase and the like of resets: for `sereno test`
    #[value(name = "use-start-timestamps")]
    UseStartTimestamps,
}

impl FeatureArguments {
    /// The parts of the language that are on.
    pub(super) fn of_language(&self) -> Features {
        Features {
            experimental_functions: self.has(Feature::ExperimentalFunctions),
            extended_range_selectors: self.has(Feature::ExtendedRangeSelectors),
            fill_modifiers: self.has(Feature::BinopFillModifiers),
        }
    }

    /// Whether metric names are dropped only at the end of an evaluation.
    pub(super) fn delayed_name_removal(&self) -> bool {
        self.has(Feature::DelayedNameRemoval)
    }

    /// Whether start timestamps of samples count.
    pub(super) fn use_start_timestamps(&self) -> bool {
        self.has(Feature::UseStartTimestamps)
    }

    /// What is on, by Prometheus' names.
    pub(super) fn names(&self) -> Vec<String> {
        let known = self.features.iter().filter_map(ValueEnum::to_possible_value);
        known.map(|feature| feature.get_name().to_owned()).collect()
    }

    fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }
}
