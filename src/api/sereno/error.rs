//! Errors of our own API: what is wrong, for people.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::model::{Fingerprint, LabelSet};
use crate::router::Refusal;
use crate::shell::run::{RequestError, Stopped};
use crate::shell::store::StoreError;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::api) enum SerenoError {
    /// The request is wrong.
    #[error("{0}")]
    BadRequest(String),
    /// What is asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// It is not clear which alert is meant.
    #[error("{message}")]
    Several {
        /// What to do.
        message: String,
        /// Some of the alerts that may be meant.
        candidates: Vec<LabelSet>,
    },
    /// The router refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is in force, but may be lost; or we are stopping.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// History cannot be read.
    #[error("history cannot be read: {0}")]
    History(#[from] StoreError),
}

impl From<Stopped> for SerenoError {
    fn from(stopped: Stopped) -> Self {
        Self::Request(RequestError::Stopped(stopped))
    }
}

#[derive(Serialize)]
struct Body {
    error: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<Candidate>,
}

#[derive(Serialize)]
struct Candidate {
    fingerprint: Fingerprint,
    labels: LabelSet,
}

impl SerenoError {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::Several { .. } => StatusCode::BAD_REQUEST,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Refused(refusal) => match refusal {
                Refusal::UnknownSilence | Refusal::NothingFires | Refusal::UnknownDeadLetter(_) => {
                    StatusCode::NOT_FOUND
                }
                Refusal::StaleDeadLetter(_) | Refusal::StuckDeadLetter(_) => StatusCode::CONFLICT,
                Refusal::NoMatchers
                | Refusal::MatchesEmpty
                | Refusal::MatchesEverything
                | Refusal::EndsBeforeStart
                | Refusal::EndsInThePast
                | Refusal::TooManySilences { .. }
                | Refusal::SilenceTooLarge { .. } => StatusCode::BAD_REQUEST,
            },
            Self::Request(RequestError::Stopped(_) | RequestError::NotKept(_)) | Self::History(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }
}

impl IntoResponse for SerenoError {
    fn into_response(self) -> Response {
        let (status, error) = (self.status(), self.to_string());
        let candidates = match self {
            Self::Several { candidates, .. } => candidates,
            Self::BadRequest(_)
            | Self::NotFound(_)
            | Self::Refused(_)
            | Self::Request(_)
            | Self::History(_) => Vec::new(),
        };
        let candidate = |labels: LabelSet| Candidate { fingerprint: labels.fingerprint(), labels };
        let candidates = candidates.into_iter().map(candidate).collect();
        (status, Json(Body { error, candidates })).into_response()
    }
}
