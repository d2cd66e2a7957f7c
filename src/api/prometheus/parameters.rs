//! The parameters of a request: of the form in its body, then of its URL, as Go's `FormValue` finds them.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::error::ApiError;
use super::times;
use crate::api::selectors;
use crate::model::Matcher;
use crate::promql::source::TimeWindow;

/// Names and values in their order.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let read = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<Vec<_>>();
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_form = kind.is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
        let query = request.uri().query().unwrap_or_default().to_owned();
        let mut pairs = Vec::new();
        if request.method() == Method::POST && is_form {
            let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
            pairs = read(&body);
        }
        pairs.extend(read(query.as_bytes()));
        Ok(Self(pairs))
    }
}

impl Parameters {
    /// The first value with this name; empty if there is none.
    pub(super) fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether there is a value with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// How long a list may be; 0: as long as it is.
    pub(super) fn limit(&self) -> Result<usize, ApiError> {
        let text = self.value("limit");
        if text.is_empty() {
            return Ok(0);
        }
        match number(text) {
            Ok(limit) => {
                usize::try_from(limit).map_err(|_| ApiError::parameter("limit", "limit must be non-negative"))
            }
            Err(reason) => Err(ApiError::parameter("limit", reason)),
        }
    }

    /// The time with this name, in milliseconds; `otherwise` if it is not given.
    pub(super) fn time_or(&self, name: &'static str, otherwise: i64) -> Result<i64, ApiError> {
        match self.value(name) {
            "" => Ok(otherwise),
            text => times::time(text).map_err(|reason| {
                ApiError::parameter(name, format!("invalid time value for '{name}': {reason}"))
            }),
        }
    }

    /// The times from `start` to `end`; all times if they are not given.
    pub(super) fn window(&self) -> Result<TimeWindow, ApiError> {
        let from = self.time_or("start", i64::MIN)?;
        Ok(TimeWindow { from, to: self.time_or("end", i64::MAX)? })
    }

    /// The selectors of `match[]`; each must demand something.
    ///
    /// # Errors
    /// The reason, without the name of the parameter.
    pub(super) fn selectors(&self) -> Result<Vec<Vec<Matcher>>, String> {
        let given = self.0.iter().filter(|(name, _)| name == "match[]");
        selectors::parse(given.map(|(_, text)| text))
    }
}

/// A whole number, as Go's `Atoi` reads it, with its words for what is none.
pub(super) fn number(text: &str) -> Result<i64, String> {
    use std::num::IntErrorKind::{NegOverflow, PosOverflow};
    text.parse::<i64>().map_err(|error| {
        let why = match error.kind() {
            PosOverflow | NegOverflow => "value out of range",
            _ => "invalid syntax",
        };
        format!("strconv.Atoi: parsing {}: {why}", crate::model::quote::GoQuoted(text))
    })
}
