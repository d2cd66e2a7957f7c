//! `--expressions` and `--enable-feature`: how expressions of rules are read.

use clap::{Args, ValueEnum};

use super::features::FeatureArguments;
use crate::config::expressions::Expressions;

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
    #[command(flatten)]
    features: FeatureArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// PromQL: errors are found when a file is read, and the data source is asked what was parsed
    Promql,
    /// Whatever the data source understands, such as MetricsQL: sent as written, not checked
    AsWritten,
}

impl ExpressionArguments {
    pub(super) fn expressions(&self) -> Expressions {
        match self.expressions {
            Language::Promql => Expressions::Promql(self.features.of_language()),
            Language::AsWritten => Expressions::AsWritten,
        }
    }
}
