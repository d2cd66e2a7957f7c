//! A silence in the JSON of the API v2.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::model::{MatchOp, Matcher, Silence, SilenceKind, Timestamp};

/// The annotation that says the kind of a silence to those who know of no kinds.
pub(super) const KIND: &str = "sereno_kind";

/// A silence as it is shown at a time.
#[derive(Clone, Debug)]
pub(super) struct ShownSilence {
    pub(super) silence: Silence,
    pub(super) now: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GettableSilence<'a> {
    id: &'a str,
    status: Status,
    updated_at: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'a str, &'a str>,
    comment: &'a str,
    created_by: &'a str,
    ends_at: String,
    matchers: Vec<ApiMatcher<'a>>,
    starts_at: String,
}

#[derive(Serialize)]
struct Status {
    state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ApiMatcher<'a> {
    is_equal: bool,
    is_regex: bool,
    name: &'a str,
    value: &'a str,
}

impl<'a> ApiMatcher<'a> {
    fn of(matcher: &'a Matcher) -> Self {
        Self {
            is_equal: matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex),
            is_regex: matches!(matcher.op(), MatchOp::Regex | MatchOp::NotRegex),
            name: matcher.name(),
            value: matcher.value(),
        }
    }
}

impl Serialize for ShownSilence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let silence = &self.silence;
        let texts = silence.annotations.iter().map(|(name, value)| (&**name, &**value));
        let mut annotations: BTreeMap<&str, &str> = texts.collect();
        if let Some(word) = word(silence.kind) {
            annotations.insert(KIND, word);
        }
        let shown = GettableSilence {
            id: &silence.id.0,
            status: Status { state: silence.state_at(self.now).as_str() },
            updated_at: silence.updated_at.rfc3339_millis(),
            annotations,
            comment: &silence.comment,
            created_by: &silence.created_by,
            ends_at: silence.ends_at.rfc3339_millis(),
            matchers: silence.matchers.iter().map(ApiMatcher::of).collect(),
            starts_at: silence.starts_at.rfc3339_millis(),
        };
        shown.serialize(serializer)
    }
}

/// What the annotation says; a plain silence has none.
fn word(kind: SilenceKind) -> Option<&'static str> {
    match kind {
        SilenceKind::Plain => None,
        SilenceKind::UntilResolved => Some("until_resolved"),
        SilenceKind::Ack => Some("ack"),
    }
}

/// The kind that the annotation says; [`SilenceKind::Plain`] if there is none of that name.
pub(super) fn kind(text: &str) -> SilenceKind {
    let kinds = [SilenceKind::UntilResolved, SilenceKind::Ack];
    kinds.into_iter().find(|kind| word(*kind) == Some(text)).unwrap_or_default()
}
