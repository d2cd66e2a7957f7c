//! Parts of the language that Prometheus has behind flags.

use super::ParseErrorKind;

/// Which parts of the language are on that Prometheus has behind flags. Duration expressions always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Experimental functions and aggregations: `limitk`, `info`, `mad_over_time`, …
    pub experimental_functions: bool,
    /// `anchored` and `smoothed`.
    pub extended_range_selectors: bool,
    /// `fill`, `fill_left`, `fill_right`.
    pub fill_modifiers: bool,
}

impl Features {
    /// Everything on.
    pub const ALL: Self =
        Self { experimental_functions: true, extended_range_selectors: true, fill_modifiers: true };
}

/// A part of the language that may be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Features`")]
pub enum Feature {
    ExperimentalFunctions,
    ExtendedRangeSelectors,
    FillModifiers,
}

impl Feature {
    /// What Prometheus' flag `--enable-feature` calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExperimentalFunctions => "promql-experimental-functions",
            Self::ExtendedRangeSelectors => "promql-extended-range-selectors",
            Self::FillModifiers => "promql-binop-fill-modifiers",
        }
    }
}

impl ParseErrorKind {
    /// What would have to be on for this to be no error.
    #[must_use]
    pub fn feature(&self) -> Option<Feature> {
        match self {
            Self::FunctionNotEnabled(_) | Self::AggregationNotEnabled(_) => {
                Some(Feature::ExperimentalFunctions)
            }
            Self::ExtensionNotEnabled(_) => Some(Feature::ExtendedRangeSelectors),
            Self::FillNotEnabled => Some(Feature::FillModifiers),
            _ => None,
        }
    }
}
