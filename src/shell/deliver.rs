//! Performs attempts: sends what `notify` made of them and reads how it went.
//!
//! A receiver that hangs holds up only itself: each integration has its own places, and an attempt that
//! waits for one still ends at its deadline.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::aws::{AwsAccess, Environment};
use super::clock::Clock;
use super::http::{AnswerLimit, HttpClients, HttpError, read_secret};
use super::mail::MailSender;
use super::places::Places;
use crate::config::routes::SecretSource;
use crate::config::setting::Secret;
use crate::model::{Duration, Str, Timestamp};
use crate::notify::{self, Files, GivenToken, HttpAnswer, HttpRequest, Message, Step, WantedToken};
use crate::router::{Attempt, Failure, IntegrationName, Memory, Outcome};

/// How many requests to one integration may be on their way at once.
const PLACES: usize = 16;

/// How long before an attempt's deadline a server must have answered: so that we know how far it came.
const REPORT: Duration = Duration::from_millis(100);

/// How long before its end a token is not used any more.
const EARLY: Duration = Duration::from_secs(10);

/// An attempt that has less time left when its turn comes is not begun.
const LEAST: Duration = Duration::from_millis(500);

/// What is wrong with an attempt whose turn did not come: nothing was sent.
const NO_TURN: &str = "no turn before the deadline: other messages to this receiver are not answered";

/// Sends notifications.
#[derive(Debug)]
pub struct Deliverer {
    clients: HttpClients,
    mails: MailSender,
    aws: AwsAccess,
    tokens: Places<HttpRequest, Option<KeptToken>>,
    clock: Arc<Clock>,
    external_url: Str,
    places: Mutex<BTreeMap<IntegrationName, Arc<Semaphore>>>,
}

/// A token that a server gave for some time.
#[derive(Debug)]
struct KeptToken {
    token: Secret,
    /// When it is not used any more.
    until: Timestamp,
}

impl Deliverer {
    /// Sends through `clients`; `external_url` is where people reach us.
    #[must_use]
    pub fn new(clients: HttpClients, clock: Arc<Clock>, external_url: Str) -> Self {
        let mails = MailSender::new(Arc::clone(&clock));
        let aws = AwsAccess::new(clients.clone(), Arc::clone(&clock), Environment::of_process());
        let tokens = Places::default();
        Self { clients, mails, aws, tokens, clock, external_url, places: Mutex::default() }
    }

    /// The same, with another environment for those who look for credentials there.
    #[must_use]
    pub fn with_environment(mut self, environment: Environment) -> Self {
        self.aws = AwsAccess::new(self.clients.clone(), Arc::clone(&self.clock), environment);
        self
    }

    /// Makes the attempt; answers at its deadline at the latest. Beside how it went comes what to remember of
    /// the group for the next notification, if that changes.
    pub async fn deliver(&self, attempt: &Attempt) -> (Outcome, Option<Memory>) {
        let wait = self.time_left(attempt).saturating_sub(LEAST.to_std());
        let Ok(_place) = tokio::time::timeout(wait, self.places_of(attempt).acquire_owned()).await else {
            return (retryable(Failure::DeadlineExceeded, NO_TURN.to_owned()), None);
        };
        let left = attempt.deadline.since(self.clock.now()).max(Duration::ZERO);
        let on_its_way = AtomicBool::new(false);
        let outcome = match tokio::time::timeout(left.to_std(), self.perform(attempt, &on_its_way)).await {
            Ok(done) => return done,
            Err(_) => Outcome::Retryable {
                failure: Failure::DeadlineExceeded,
                message: "no answer before the deadline".to_owned(),
                retry_after: None,
                maybe_taken: on_its_way.load(Ordering::Relaxed),
            },
        };
        (outcome, None)
    }

    /// Takes step after step. `on_its_way` becomes true when something may be sent.
    async fn perform(&self, attempt: &Attempt, on_its_way: &AtomicBool) -> (Outcome, Option<Memory>) {
        let files = read_files(notify::files(&attempt.integration)).await;
        let message = Message::new(attempt, &files, &self.external_url, self.clock.now());
        let mut step = notify::begin(&message);
        let mut some_told = false;
        let (outcome, memory) = loop {
            on_its_way.fetch_or(tells(&step), Ordering::Relaxed);
            step = match step {
                Step::Http(call) => match self.send(attempt, call.request).await {
                    Ok(answer) => {
                        some_told |= call.tells;
                        (call.then)(&message, answer)
                    }
                    Err(error) => break (failed(&error, some_told || call.tells && is_sent(&error)), None),
                },
                Step::Mail(call) => {
                    let answer = self.mails.send(&call.mail, self.time_left(attempt)).await;
                    (call.then)(&message, answer)
                }
                Step::Aws(call) => {
                    let left = self.time_left(attempt);
                    match self.aws.get(&call.identity, call.service, call.refused.as_deref(), left).await {
                        Ok(access) => (call.then)(&message, access),
                        Err(outcome) => break (outcome, None),
                    }
                }
                Step::Token(call) => match self.token(attempt, call.wanted).await {
                    Ok(token) => (call.then)(&message, token),
                    Err(outcome) => break (outcome, None),
                },
                Step::Print(text) => break (print(&text), None),
                Step::Done { outcome, memory } => break (outcome, memory),
            };
        };
        for remark in notify::redacted_remarks(&message) {
            let (kind, index) = (attempt.integration.kind, attempt.integration.index);
            tracing::warn!(receiver = %attempt.notification.receiver, integration = %format_args!("{kind}[{index}]"), "{remark}");
        }
        (notify::redacted(&message, outcome), memory)
    }

    /// How long a request may take: a little less than the attempt.
    fn time_left(&self, attempt: &Attempt) -> std::time::Duration {
        (attempt.deadline - REPORT).since(self.clock.now()).max(Duration::ZERO).to_std()
    }

    async fn send(&self, attempt: &Attempt, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        let answer = AnswerLimit::Start(notify::ANSWER_LIMIT);
        self.clients.send_made(request, self.time_left(attempt), answer, attempt.notification.strict).await
    }

    /// A token that is still good, or a new one. Many messages at once ask once.
    async fn token(&self, attempt: &Attempt, wanted: WantedToken) -> Result<Secret, Outcome> {
        let WantedToken { request, read, refused } = wanted;
        let now = self.clock.now();
        let place = self.tokens.of(&request, |kept| kept.as_ref().is_some_and(|kept| now < kept.until));
        let mut kept = place.lock().await;
        let now = self.clock.now();
        let is_good = |kept: &KeptToken| now < kept.until && refused.as_ref() != Some(&kept.token);
        *kept = kept.take().filter(is_good);
        if let Some(kept) = &*kept {
            return Ok(kept.token.clone());
        }
        let answer = self.send(attempt, request).await.map_err(|error| failed(&error, false))?;
        let GivenToken { token, lasts } = read(&answer, now)?;
        *kept = Some(KeptToken { token: token.clone(), until: now + lasts - EARLY });
        Ok(token)
    }

    fn places_of(&self, attempt: &Attempt) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(attempt.to()).or_insert_with(|| Arc::new(Semaphore::new(PLACES))))
    }
}

/// The texts of these files, or why they cannot be read.
async fn read_files(paths: Vec<Str>) -> Files {
    let mut files = Files::new();
    for path in paths {
        let text = match read_secret(&SecretSource::File(path.clone())).await {
            Ok(text) => Ok(Secret::new(text.into())),
            Err(HttpError::Secret { source, .. }) => Err(source.to_string()),
            Err(error) => Err(error.to_string()),
        };
        files.insert(path, text);
    }
    files
}

/// Whether somebody may be told by this.
fn tells(step: &Step) -> bool {
    match step {
        Step::Http(call) => call.tells,
        Step::Mail(_) => true,
        Step::Aws(_) | Step::Token(_) | Step::Print(_) | Step::Done { .. } => false,
    }
}

/// Everything that keeps a request from being answered may be mended while we try again: a file that is
/// not there yet as well as a server that is restarting, or an address in the configuration.
fn failed(error: &HttpError, maybe_taken: bool) -> Outcome {
    let failure = match error {
        HttpError::Timeout | HttpError::NoConnection => Failure::DeadlineExceeded,
        HttpError::Secret { .. }
        | HttpError::Tls(_)
        | HttpError::Proxy(_)
        | HttpError::OAuth2(_)
        | HttpError::Moved { .. }
        | HttpError::Redirect(_)
        | HttpError::Setup(_)
        | HttpError::Url
        | HttpError::Method(_)
        | HttpError::Header(_)
        | HttpError::Connect { .. }
        | HttpError::Transport { .. }
        | HttpError::TooLarge(_) => Failure::Other,
    };
    Outcome::Retryable { failure, message: error.to_string(), retry_after: None, maybe_taken }
}

/// Whether the request was on its way, so that only the answer may be missing. There are servers that take what they
/// are told before they send us elsewhere.
fn is_sent(error: &HttpError) -> bool {
    match error {
        HttpError::Timeout
        | HttpError::Transport { .. }
        | HttpError::TooLarge(_)
        | HttpError::Moved { .. } => true,
        HttpError::NoConnection
        | HttpError::Secret { .. }
        | HttpError::Tls(_)
        | HttpError::Proxy(_)
        | HttpError::OAuth2(_)
        | HttpError::Redirect(_)
        | HttpError::Setup(_)
        | HttpError::Url
        | HttpError::Method(_)
        | HttpError::Header(_)
        | HttpError::Connect { .. } => false,
    }
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
