//! What an HTTP answer means for an attempt: delivered, try again, or refused.
//!
//! As Alertmanager, except that 429 is always worth another try and that `Retry-After` is obeyed.

use super::HttpAnswer;
use crate::model::{Duration, Timestamp};
use crate::router::{Failure, Outcome};

/// The most of an answer's body that is kept for people.
const MAX_MESSAGE: usize = 512;

/// Reads an answer; see [`of_response`].
#[must_use]
pub fn of_answer(answer: &HttpAnswer, now: Timestamp) -> Outcome {
    let text = String::from_utf8_lossy(&answer.body);
    of_response(answer.status, answer.retry_after.as_deref(), &text, now)
}

/// As [`of_answer`], where the body is JSON in which `details` finds what went wrong; where it finds nothing, the
/// body is told as it is.
#[must_use]
pub(super) fn of_details(
    answer: &HttpAnswer,
    now: Timestamp,
    details: impl FnOnce(&serde_json::Value) -> String,
) -> Outcome {
    let details = serde_json::from_slice(&answer.body).map(|body| details(&body)).unwrap_or_default();
    if details.is_empty() {
        return of_answer(answer, now);
    }
    of_response(answer.status, answer.retry_after.as_deref(), &details, now)
}

/// The texts of a list or of one text, joined.
#[must_use]
pub(super) fn texts(value: &serde_json::Value) -> String {
    let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    items.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(", ")
}

/// Reads a status, the `Retry-After` header (seconds, or a date) and the start of the body.
///
/// Any 2xx is success. 5xx and 429 are worth another try, everything else is refused.
#[must_use]
pub fn of_response(status: u16, retry_after: Option<&str>, body: &str, now: Timestamp) -> Outcome {
    let message = || match shortened(body.trim()) {
        "" => format!("unexpected status code {status}"),
        text => format!("unexpected status code {status}: {text}"),
    };
    let failure = match status {
        200..=299 => return Outcome::Delivered,
        401 | 403 => Failure::AuthError,
        429 => Failure::RateLimited,
        400..=499 => Failure::ClientError,
        500..=599 => Failure::ServerError,
        _ => Failure::Other,
    };
    match failure {
        Failure::RateLimited | Failure::ServerError => Outcome::Retryable {
            failure,
            message: message(),
            retry_after: retry_after.and_then(|text| parse_retry_after(text, now)),
            maybe_taken: false, // it says that it did not
        },
        Failure::AuthError | Failure::ClientError | Failure::DeadlineExceeded | Failure::Other => {
            Outcome::Refused { failure, message: message() }
        }
    }
}

/// The outcome with a few words before its message: what it is about.
#[must_use]
pub fn about(what: &str, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Delivered => Outcome::Delivered,
        Outcome::Retryable { failure, message, retry_after, maybe_taken } => {
            Outcome::Retryable { failure, message: format!("{what}: {message}"), retry_after, maybe_taken }
        }
        Outcome::Refused { failure, message } => {
            Outcome::Refused { failure, message: format!("{what}: {message}") }
        }
    }
}

/// A failure that is named in the body of an answer: `failure` says whether another try may help, as for
/// statuses. As there, only the start of what the server says is kept.
#[must_use]
pub fn of_failure(failure: Failure, mut message: String, retry_after: Option<Duration>) -> Outcome {
    message.truncate(message.floor_char_boundary(MAX_MESSAGE));
    match failure {
        Failure::RateLimited | Failure::ServerError | Failure::DeadlineExceeded => {
            Outcome::Retryable { failure, message, retry_after, maybe_taken: false }
        }
        Failure::AuthError | Failure::ClientError | Failure::Other => Outcome::Refused { failure, message },
    }
}

/// An answer that says success, but not in the receiver's words: from a proxy in between, or cut off. Another
/// try is better than a notification that nobody got.
#[must_use]
pub fn of_garbage(answer: &HttpAnswer) -> Outcome {
    let text = String::from_utf8_lossy(&answer.body);
    Outcome::Retryable {
        failure: Failure::Other,
        message: format!("cannot understand the answer {:?}", shortened(text.trim())),
        retry_after: None,
        maybe_taken: true,
    }
}

/// The outcome of a request that only asked something: nobody was told.
#[must_use]
pub fn of_question(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Retryable { failure, message, retry_after, maybe_taken: _ } => {
            Outcome::Retryable { failure, message, retry_after, maybe_taken: false }
        }
        Outcome::Delivered | Outcome::Refused { .. } => outcome,
    }
}

/// What the header `Retry-After` asks for.
#[must_use]
pub fn retry_after(answer: &HttpAnswer, now: Timestamp) -> Option<Duration> {
    answer.retry_after.as_deref().and_then(|text| parse_retry_after(text, now))
}

/// Whole seconds, or a date as HTTP writes it (`Sun, 06 Nov 1994 08:49:37 GMT`). Anything else is ignored.
fn parse_retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(i64::from(seconds)));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?;
    let wait = Timestamp::from_millis(date.timestamp().as_millisecond()).since(now);
    Some(wait.max(Duration::ZERO))
}

/// The start of a text, cut between characters.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_MESSAGE)]
}

#[cfg(test)]
mod tests {
    use super::{of_failure, of_response};
    use crate::model::Timestamp;
    use crate::router::{Failure, Outcome};

    #[test]
    fn statuses() {
        let now = Timestamp::parse_rfc3339("2026-03-01T12:00:00Z").expect("valid");
        for (status, retry_after, want) in [
            (200, None, "delivered"),
            (204, None, "delivered"),
            (301, None, "refused other: unexpected status code 301: why"),
            (400, None, "refused clientError: unexpected status code 400: why"),
            (401, None, "refused authError: unexpected status code 401: why"),
            (403, Some("60"), "refused authError: unexpected status code 403: why"),
            (429, None, "retry rateLimited: unexpected status code 429: why"),
            (429, Some("120"), "retry rateLimited: unexpected status code 429: why, after 2m"),
            (429, Some("soon"), "retry rateLimited: unexpected status code 429: why"),
            (500, None, "retry serverError: unexpected status code 500: why"),
            (
                503,
                Some("Sun, 01 Mar 2026 12:00:30 GMT"),
                "retry serverError: unexpected status code 503: why, after 30s",
            ),
            (
                503,
                Some("Sun, 01 Mar 2026 11:00:30 GMT"),
                "retry serverError: unexpected status code 503: why, after 0s",
            ),
        ] {
            let got = match of_response(status, retry_after, " why\n", now) {
                Outcome::Delivered => "delivered".to_owned(),
                Outcome::Retryable { failure, message, retry_after: None, .. } => {
                    format!("retry {}: {message}", failure.as_str())
                }
                Outcome::Retryable { failure, message, retry_after: Some(after), .. } => {
                    format!("retry {}: {message}, after {after}", failure.as_str())
                }
                Outcome::Refused { failure, message } => format!("refused {}: {message}", failure.as_str()),
            };
            assert_eq!(got, want);
        }
    }

    #[test]
    fn so_is_what_is_said_in_a_document() {
        let outcome = of_failure(Failure::ClientError, "é".repeat(10_000), None);
        assert_eq!(outcome.error(), Some(&*"é".repeat(256)));
    }

    #[test]
    fn a_long_answer_is_cut_between_characters() {
        let body = "é".repeat(1000);
        let Outcome::Refused { message, .. } = of_response(400, None, &body, Timestamp::EPOCH) else {
            panic!("refused")
        };
        assert_eq!(message, format!("unexpected status code 400: {}", "é".repeat(256)));
    }
}
