//! Errors of the API v2, in the forms that Alertmanager has for them: its schema checker answers an object
//! with a code, its handlers a bare JSON string, and some answers have no body at all.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::router::Refusal;
use crate::shell::run::{RequestError, Stopped};

/// Why a request is not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub(in crate::api) enum V2Error {
    /// A part of the request is missing or not of its type.
    #[error("{message}")]
    Schema {
        /// The schema checker's number for what is wrong.
        code: u16,
        /// What is wrong, and where.
        message: String,
    },
    /// The body is not what it should be.
    #[error("parsing {what} body from \"\" failed, because {reason}")]
    Unreadable {
        /// The parameter's name: `alerts`, `silence`.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The body is longer than we read.
    #[error("the body is longer than {limit} bytes: send less at once")]
    TooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// The body is not JSON, by its own words.
    #[error("unsupported media type {0:?}, only [application/json] are allowed")]
    MediaType(String),
    /// The sender does not want JSON.
    #[error("unsupported media type requested, only [application/json] are available")]
    NotAcceptable,
    /// No such endpoint.
    #[error("path {0} was not found")]
    UnknownPath(String),
    /// The endpoint has other methods.
    #[error("method {method} is not allowed, but [{allowed}] are")]
    Method {
        /// What was asked.
        method: String,
        /// What can be asked, with commas.
        allowed: &'static str,
    },
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// There is no such silence; the answer says it by its status alone.
    #[error("silence not found")]
    NoSuchSilence,
    /// A silence that does not exist cannot be changed.
    #[error("silence not found")]
    CannotChange,
    /// It cannot be done now.
    #[error("{0}")]
    Unavailable(String),
}

impl V2Error {
    /// A required part of the request is missing.
    pub(super) fn required(path: &str) -> Self {
        Self::Schema { code: 602, message: format!("{path} in body is required") }
    }
}

impl From<Stopped> for V2Error {
    fn from(error: Stopped) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<RequestError> for V2Error {
    fn from(error: RequestError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<Refusal> for V2Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownSilence => Self::CannotChange,
            Refusal::MatchesEverything => Self::Invalid(format!(
                "invalid silence: {refusal}: \"force\": true in the body, or ?force=true in the URL"
            )),
            Refusal::NoMatchers
            | Refusal::MatchesEmpty
            | Refusal::EndsBeforeStart
            | Refusal::EndsInThePast
            | Refusal::TooManySilences { .. }
            | Refusal::SilenceTooLarge { .. }
            | Refusal::NothingFires
            | Refusal::UnknownDeadLetter(_)
            | Refusal::StaleDeadLetter(_)
            | Refusal::StuckDeadLetter(_) => Self::Invalid(refusal.to_string()),
        }
    }
}

impl IntoResponse for V2Error {
    fn into_response(self) -> Response {
        let message = self.to_string();
        let coded = |code: u16| json!({"code": code, "message": message});
        let (status, body) = match &self {
            Self::Schema { code, .. } => (StatusCode::UNPROCESSABLE_ENTITY, coded(*code)),
            Self::Unreadable { .. } => (StatusCode::BAD_REQUEST, coded(400)),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, coded(413)),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, coded(415)),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, coded(406)),
            Self::UnknownPath(_) => (StatusCode::NOT_FOUND, coded(404)),
            Self::Method { .. } => (StatusCode::METHOD_NOT_ALLOWED, coded(405)),
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, Value::from(message)),
            Self::NoSuchSilence => return StatusCode::NOT_FOUND.into_response(),
            Self::CannotChange => (StatusCode::NOT_FOUND, Value::from(message)),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, Value::from(message)),
        };
        let allowed = match &self {
            Self::Method { allowed, .. } => Some([("allow", *allowed)]),
            _ => None,
        };
        (status, allowed, [(CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
    }
}
