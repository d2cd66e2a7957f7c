//! A silence as it is sent, and what Alertmanager asks of it before it looks at what it means.

use serde::Deserialize;

use super::body::{self, DateTime, Texts, ZERO_TIME};
use super::error::V2Error;
use super::shown_silence::{KIND, kind};
use crate::model::matcher::MatcherMode;
use crate::model::{MatchOp, Matcher, SilenceId, Str, Timestamp};
use crate::router::SilenceDraft;

/// A silence as it is sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PostableSilence {
    id: Option<String>,
    annotations: Option<Texts>,
    comment: Option<String>,
    created_by: Option<String>,
    ends_at: Option<DateTime>,
    matchers: Option<Vec<Option<PostableMatcher>>>,
    starts_at: Option<DateTime>,
    /// Not in Alertmanager: whether it may mute everything.
    force: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostableMatcher {
    is_equal: Option<bool>,
    is_regex: Option<bool>,
    name: Option<String>,
    value: Option<String>,
}

impl PostableSilence {
    /// What is wanted, checked in Alertmanager's order: first that everything is there, then the times, then
    /// each matcher.
    pub(super) fn draft(self, now: Timestamp, mode: MatcherMode) -> Result<SilenceDraft, V2Error> {
        let comment = self.comment.ok_or_else(|| V2Error::required("comment"))?;
        let created_by = self.created_by.ok_or_else(|| V2Error::required("createdBy"))?;
        let DateTime(ends_at) = self.ends_at.ok_or_else(|| V2Error::required("endsAt"))?;
        let matchers = complete(self.matchers)?;
        let DateTime(starts_at) = self.starts_at.ok_or_else(|| V2Error::required("startsAt"))?;
        if starts_at >= ends_at {
            return Err(invalid("Failed to create silence: start time must be before end time"));
        }
        if ends_at < now {
            return Err(invalid("Failed to create silence: end time can't be in the past"));
        }
        if starts_at == ZERO_TIME {
            return Err(invalid("invalid silence: invalid zero start timestamp"));
        }
        let mut annotations = self.annotations.unwrap_or_default();
        let kind = annotations.remove(KIND).flatten().map(|text| kind(&text)).unwrap_or_default();
        Ok(SilenceDraft {
            id: self.id.filter(|id| !id.is_empty()).map(|id| SilenceId(id.into())),
            matchers: (matchers.into_iter().enumerate())
                .map(|(at, complete)| matcher(mode, at, complete))
                .collect::<Result<_, _>>()?,
            starts_at,
            ends_at,
            created_by: created_by.into(),
            comment: comment.into(),
            annotations: body::texts(annotations)
                .map(|(name, text)| (Str::from(name), text.into()))
                .collect(),
            kind,
            force: self.force.unwrap_or_default(),
        })
    }
}

/// A matcher that has all it needs: name, operator, value.
type Complete = (String, MatchOp, String);

fn complete(matchers: Option<Vec<Option<PostableMatcher>>>) -> Result<Vec<Complete>, V2Error> {
    let matchers = matchers.ok_or_else(|| V2Error::required("matchers"))?;
    if matchers.is_empty() {
        let message = "matchers in body should have at least 1 items".to_owned();
        return Err(V2Error::Schema { code: 612, message });
    }
    let complete = |(at, matcher): (usize, Option<PostableMatcher>)| {
        let missing = |field: &str| V2Error::required(&format!("matchers.{at}.{field}"));
        let PostableMatcher { is_equal, is_regex, name, value } =
            matcher.ok_or_else(|| V2Error::required(&format!("matchers.{at}")))?;
        let op = match (is_regex.ok_or_else(|| missing("isRegex"))?, is_equal.unwrap_or(true)) {
            (false, true) => MatchOp::Equal,
            (false, false) => MatchOp::NotEqual,
            (true, true) => MatchOp::Regex,
            (true, false) => MatchOp::NotRegex,
        };
        Ok((name.ok_or_else(|| missing("name"))?, op, value.ok_or_else(|| missing("value"))?))
    };
    matchers.into_iter().enumerate().map(complete).collect()
}

fn matcher(mode: MatcherMode, at: usize, (name, op, value): Complete) -> Result<Matcher, V2Error> {
    let wrong = |reason: String| invalid(&format!("invalid silence: invalid label matcher {at}: {reason}"));
    if !mode.is_label_name(&name) {
        return Err(wrong(format!("invalid label name {name:?}")));
    }
    Matcher::new(name, op, value).map_err(|error| {
        let reason = format!("invalid regular expression {:?}: error parsing regexp: ", error.text);
        wrong(reason + &error.reason)
    })
}

fn invalid(reason: &str) -> V2Error {
    V2Error::Invalid(reason.to_owned())
}
