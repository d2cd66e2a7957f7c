//! Performs attempts: sends what `notify` made of them and reads how it went.
//!
//! A receiver that hangs holds up only itself: each integration has its own places, and an attempt that
//! waits for one still ends at its deadline.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::clock::Clock;
use super::http::{AnswerLimit, HttpClients, HttpError, Request, read_secret};
use crate::model::{Duration, Str};
use crate::notify::{self, Delivery, HttpRequest};
use crate::router::{Attempt, Failure, Outcome};

/// How many requests to one integration may be on their way at once.
const PLACES: usize = 16;

/// What is read of an answer, in bytes: a message for people.
const ANSWER_LIMIT: usize = 16 * 1024;

/// Sends notifications.
#[derive(Debug)]
pub struct Deliverer {
    clients: HttpClients,
    clock: Arc<Clock>,
    external_url: Str,
    places: Mutex<BTreeMap<Place, Arc<Semaphore>>>,
}

/// An integration: receiver, kind and index.
type Place = (Str, &'static str, usize);

impl Deliverer {
    /// Sends through `clients`; `external_url` is where people reach us.
    #[must_use]
    pub fn new(clients: HttpClients, clock: Arc<Clock>, external_url: Str) -> Self {
        Self { clients, clock, external_url, places: Mutex::default() }
    }

    /// Makes the attempt; answers at its deadline at the latest.
    pub async fn deliver(&self, attempt: &Attempt) -> Outcome {
        match notify::request(attempt, &self.external_url) {
            Delivery::Http(request) => {
                let left = attempt.deadline.since(self.clock.now()).max(Duration::ZERO);
                match tokio::time::timeout(left.to_std(), self.send(attempt, request, left)).await {
                    Ok(outcome) => outcome,
                    Err(_) => Outcome::Retryable {
                        failure: Failure::DeadlineExceeded,
                        message: "no answer before the deadline".to_owned(),
                        retry_after: None,
                        maybe_taken: true, // it may have been on its way
                    },
                }
            }
            Delivery::Print(text) => print(&text),
            Delivery::Undelivered { kind } => Outcome::Refused {
                failure: Failure::Other,
                message: format!("{kind} notifications are not delivered by this version"),
            },
        }
    }

    async fn send(&self, attempt: &Attempt, request: HttpRequest, left: Duration) -> Outcome {
        let _place = self.places_of(attempt).acquire_owned().await; // never closed
        let url = match read_secret(&request.url).await {
            Ok(url) => url,
            Err(error) => return failed(&error),
        };
        let timeout = if request.timeout.is_zero() { left } else { left.min(request.timeout) };
        let sent = Request {
            method: request.method,
            url: &url,
            http: &request.http,
            headers: request.headers.iter().map(|(name, value)| (*name, &**value)).collect(),
            body: request.body,
            timeout: timeout.to_std(),
            answer: AnswerLimit::Start(ANSWER_LIMIT),
        };
        match self.clients.send(sent).await {
            Ok(answer) => {
                let text = String::from_utf8_lossy(&answer.body);
                let retry_after = answer.retry_after.as_deref();
                notify::outcome::of_response(answer.status, retry_after, &text, self.clock.now())
            }
            Err(error) => failed(&error),
        }
    }

    fn places_of(&self, attempt: &Attempt) -> Arc<Semaphore> {
        let integration = &attempt.integration;
        let key = (Str::clone(&attempt.notification.receiver), integration.kind, integration.index);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(key).or_insert_with(|| Arc::new(Semaphore::new(PLACES))))
    }
}

/// Everything that keeps a request from being answered may be mended while we try again: a file that is
/// not there yet as well as a server that is restarting.
fn failed(error: &HttpError) -> Outcome {
    let failure = match error {
        HttpError::Timeout => Failure::DeadlineExceeded,
        HttpError::Secret { .. }
        | HttpError::Tls(_)
        | HttpError::Proxy
        | HttpError::Setup(_)
        | HttpError::Url
        | HttpError::Method(_)
        | HttpError::Header(_)
        | HttpError::Connect(_)
        | HttpError::Transport(_)
        | HttpError::TooLarge(_) => Failure::Other,
    };
    // After these the request was on its way, and only the answer may be missing.
    let maybe_taken = matches!(error, HttpError::Timeout | HttpError::Transport(_) | HttpError::TooLarge(_));
    Outcome::Retryable { failure, message: error.to_string(), retry_after: None, maybe_taken }
}

fn retryable(failure: Failure, message: String) -> Outcome {
    Outcome::Retryable { failure, message, retry_after: None, maybe_taken: false }
}

fn print(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    match write!(out, "{text}{newline}").and_then(|()| out.flush()) {
        Ok(()) => Outcome::Delivered,
        Err(error) => retryable(Failure::Other, format!("cannot write to standard output: {error}")),
    }
}
