//! `--matchers`: by which grammar matchers are read.

use clap::{Args, ValueEnum};

use crate::model::matcher::MatcherMode;

/// The argument that says it.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct MatchersArgument {
    /// By which syntax matchers are read, as Alertmanager's feature flags classic-mode and utf8-strict-mode
    #[arg(
        id = "matchers",
        long = "matchers",
        env = "SERENO_MATCHERS",
        value_name = "SYNTAX",
        value_enum,
        default_value_t = Syntax::Fallback
    )]
    syntax: Syntax,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Syntax {
    /// Both; where they disagree, the classic one, with a warning
    Fallback,
    /// The one of before Alertmanager 0.27
    Classic,
    /// The new one alone, with any UTF-8 in names
    Utf8,
}

impl MatchersArgument {
    pub(super) fn mode(self) -> MatcherMode {
        match self.syntax {
            Syntax::Fallback => MatcherMode::Fallback,
            Syntax::Classic => MatcherMode::Classic,
            Syntax::Utf8 => MatcherMode::Utf8Strict,
        }
    }
}
