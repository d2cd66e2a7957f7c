//! `GET /api/sereno/v1/explain`: why an alert is told to whom, or why not.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde::Serialize;

use super::error::SerenoError;
use super::parameters::{self, wrong};
use super::words;
use crate::api::App;
use crate::core::explain::{Asked, Explained, Explanation, MOST_CANDIDATES};
use crate::model::matcher::MatcherMode;
use crate::model::{LabelSet, Matcher};

const KNOWN: [&str; 8] =
    ["fingerprint", "label", "label[]", "labels", "filter", "filter[]", "matchers", "exact"];

const HELP: &str = "name an alert: by fingerprint=…, by label=name=value (several times), by labels={…} as \
                    JSON, or by filter=… with matchers";

/// All that is known of the alert, and the same in sentences.
#[derive(Serialize)]
pub(in crate::api) struct Answer {
    #[serde(flatten)]
    explanation: Explanation,
    text: String,
}

/// Explains the alert that is asked about.
pub(in crate::api) async fn explain(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Answer>, SerenoError> {
    let asked = read(query.as_deref(), app.reloader.sources.matchers)?;
    match app.handle.read(move |core, now| core.explain(now, &asked)).await? {
        Explained::One(explanation) => {
            let text = explanation.text();
            Ok(Json(Answer { explanation: *explanation, text }))
        }
        Explained::Several(mut candidates) => {
            let more = candidates.len() > MOST_CANDIDATES;
            candidates.truncate(MOST_CANDIDATES);
            let count = if more { "more than 10".to_owned() } else { candidates.len().to_string() };
            let message = format!(
                "{count} alerts match: name one by its fingerprint or more of its labels, or say exact=true to \
                 ask about an alert with no other labels"
            );
            Err(SerenoError::Several { message, candidates })
        }
        Explained::Unknown => Err(SerenoError::NotFound(
            "no alert that is known matches; name labels to ask what would become of an alert that has them"
                .to_owned(),
        )),
    }
}

/// Reads which alert is asked about.
pub(super) fn read(query: Option<&str>, mode: MatcherMode) -> Result<Asked, SerenoError> {
    let (mut fingerprint, mut labels, mut exact) = (None, None, false);
    let mut matchers: Vec<Matcher> = Vec::new();
    for (name, value) in parameters::read(query, &KNOWN)? {
        let wrong = |reason: String| wrong(&name, &reason);
        match name.as_str() {
            "fingerprint" => fingerprint = Some(words::fingerprint(&value).map_err(wrong)?),
            "label" | "label[]" => {
                let (name, value) = words::label(&value).map_err(wrong)?;
                matchers.push(Matcher::equal(name, value));
            }
            "labels" => labels = Some(words::labels(&value).map_err(wrong)?),
            "exact" => exact = parameters::boolean("exact", &value)?,
            _ => matchers.extend(words::matchers(&value, mode).map_err(wrong)?),
        }
    }
    match (fingerprint, labels, matchers.as_slice()) {
        (Some(fingerprint), None, []) => Ok(Asked::Fingerprint(fingerprint)),
        (None, Some(labels), []) => Ok(Asked::Exactly(labels)),
        (None, None, [_, ..]) if exact => Ok(Asked::Exactly(exactly(&matchers)?)),
        (None, None, [_, ..]) => Ok(Asked::Matching(matchers)),
        (None, None, []) => Err(SerenoError::BadRequest(HELP.to_owned())),
        (_, _, _) => Err(SerenoError::BadRequest(format!("{HELP}; only one of these at once"))),
    }
}

fn exactly(matchers: &[Matcher]) -> Result<LabelSet, SerenoError> {
    match matchers.iter().find(|matcher| matcher.op() != crate::model::MatchOp::Equal) {
        Some(matcher) => {
            let message = format!("exact: an alert has labels with one value, {matcher} is none");
            Err(SerenoError::BadRequest(message))
        }
        None => {
            let pairs = matchers.iter().map(|matcher| (matcher.name().clone(), matcher.value().clone()));
            Ok(LabelSet::from_pairs(pairs))
        }
    }
}
