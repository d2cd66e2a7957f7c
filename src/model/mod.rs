//! The words that every other part speaks: times, durations, labels, matchers, samples, alerts.
//!
//! Pure values without I/O or a clock. Nothing here knows of rules, routes or the network.

pub mod alert;
pub mod annotations;
pub mod duration;
pub mod finder;
pub mod intern;
pub mod labels;
pub mod lookup;
pub mod matcher;
pub mod number;
mod packed;
pub mod quote;
pub mod regex;
pub mod sample;
pub mod silence;
pub(crate) mod suggest;
pub mod text;
pub mod time;

pub use alert::Alert;
pub use annotations::Annotations;
pub use duration::Duration;
pub use finder::Finder;
pub use intern::Interner;
pub use labels::{Fingerprint, LabelSet, Str};
pub use lookup::Lookup;
pub use matcher::{MatchOp, Matcher};
pub use sample::{Histogram, QueryValue, Sample, SampleValue, SeriesPoint};
pub use silence::{Silence, SilenceId, SilenceKind, SilenceState};
pub use time::Timestamp;
