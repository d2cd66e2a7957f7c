//! From an attempt to what is sent: one integration a file. Pure: nothing is sent here.
//!
//! [`begin`] says the first [`Step`]; most integrations need one HTTP request, and [`outcome`] reads its
//! answer. One that needs more (a token first, a search, an upload) gives the step that follows from the
//! answer. What all of them share is in [`message`]: settings, secrets, rendered texts.

mod address;
pub mod aws;
pub mod console;
mod discord;
mod document;
pub mod email;
mod ids;
mod incidentio;
mod jira;
mod json;
mod mattermost;
pub mod message;
mod msteams;
mod msteamsv2;
mod nested;
mod opsgenie;
pub mod outcome;
mod pagerduty;
mod preview;
mod pushover;
mod redact;
mod rocketchat;
mod sigv4;
mod slack;
mod sns;
mod telegram;
mod templates;
#[cfg(test)]
mod testing;
mod truncate;
mod victorops;
mod webex;
mod webhook;
mod wechat;

use std::collections::VecDeque;
use std::sync::Arc;

use crate::config::routes::{HttpSettings, Integration, SecretSource, Settings};
use crate::config::setting::{Secret, Setting};
use crate::model::{Duration, Str, Timestamp};
use crate::router::{Failure, Memory, Outcome};

pub use email::mail::{Mail, MailAnswer};
pub use message::{Files, Message, Trouble};
pub use preview::{Preview, preview};
pub use redact::{redacted, redacted_remarks};

/// What is to be done next for an attempt.
#[derive(Debug)]
pub enum Step {
    /// Make this request, then go on with its answer.
    Http(Box<HttpCall>),
    /// Send this mail, then go on with what the server said.
    Mail(Box<MailCall>),
    /// Find credentials for AWS, then go on with them.
    Aws(Box<AwsCall>),
    /// Get a token, or take one that is still good, then go on with it.
    Token(Box<TokenCall>),
    /// Print this text on standard output; that is all.
    Print(String),
    /// Nothing more: this is what became of the attempt.
    Done {
        /// How it went.
        outcome: Outcome,
        /// What to remember of this group for the next notification to the integration, such as a thread's
        /// id; `None`: what was remembered before stays.
        memory: Option<Memory>,
    },
}

/// An HTTP request and what follows from its answer. One that is not answered ends the attempt.
pub struct HttpCall {
    /// What is sent.
    pub request: HttpRequest,
    /// Whether it tells somebody something: a search does not.
    pub tells: bool,
    /// What follows.
    pub then: Then,
}

/// Reads the answer to a request.
pub type Then = Box<dyn FnOnce(&Message<'_>, HttpAnswer) -> Step + Send>;

impl std::fmt::Debug for HttpCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpCall").field("request", &self.request).finish_non_exhaustive()
    }
}

/// A mail and what follows from the server's answer.
pub struct MailCall {
    /// What is sent.
    pub mail: Mail,
    /// What follows.
    pub then: ThenMail,
}

/// Reads a mail server's answer.
pub type ThenMail = Box<dyn FnOnce(&Message<'_>, MailAnswer) -> Step + Send>;

impl std::fmt::Debug for MailCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailCall").field("mail", &self.mail).finish_non_exhaustive()
    }
}

/// A look for credentials, and what follows from them. If there are none, the attempt ends.
pub struct AwsCall {
    /// Whose.
    pub identity: aws::Identity,
    /// For requests to this service.
    pub service: &'static str,
    /// The access key of those that the service does not take any more.
    pub refused: Option<String>,
    /// What follows.
    pub then: ThenAws,
}

/// Goes on with credentials.
pub type ThenAws = Box<dyn FnOnce(&Message<'_>, aws::Access) -> Step + Send>;

impl std::fmt::Debug for AwsCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsCall").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// A look for a token, and what follows from it. If there is none, the attempt ends.
pub struct TokenCall {
    /// Which token.
    pub wanted: WantedToken,
    /// What follows.
    pub then: ThenToken,
}

/// Goes on with a token.
pub type ThenToken = Box<dyn FnOnce(&Message<'_>, Secret) -> Step + Send>;

impl std::fmt::Debug for TokenCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCall").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

/// A token that a server gives for some time.
#[derive(Clone)]
pub struct WantedToken {
    /// What asks for it. While a token is good, who asks the same gets the same.
    pub request: HttpRequest,
    /// Reads the answer.
    pub read: ReadToken,
    /// One that the server does not take any more.
    pub refused: Option<Secret>,
}

/// Finds a token in an answer of this time, or why there is none.
pub type ReadToken = Arc<dyn Fn(&HttpAnswer, Timestamp) -> Result<GivenToken, Outcome> + Send + Sync>;

impl std::fmt::Debug for WantedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WantedToken").field("request", &self.request).finish_non_exhaustive()
    }
}

/// A token, and how long it is good.
#[derive(Clone, Debug)]
pub struct GivenToken {
    /// The token.
    pub token: Secret,
    /// From now on; zero: for this message only.
    pub lasts: Duration,
}

/// An HTTP request. Its URL, headers and body may hold secrets.
#[derive(Clone, PartialEq)]
pub struct HttpRequest {
    /// `POST`, …
    pub method: &'static str,
    /// Where to.
    pub url: Secret,
    /// Headers of the message; those of `http` come on top.
    pub headers: Vec<(&'static str, Secret)>,
    /// What is sent.
    pub body: Vec<u8>,
    /// How long the request may take; zero: until the attempt's deadline.
    pub timeout: Duration,
    /// How to connect.
    pub http: HttpSettings,
}

impl std::fmt::Debug for HttpRequest {
    /// Without the body: several APIs want their key in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

/// What a server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The start of the body, up to [`ANSWER_LIMIT`] bytes.
    pub body: Vec<u8>,
}

/// How much of an answer is read, in bytes.
pub const ANSWER_LIMIT: usize = 64 * 1024;

impl Step {
    /// One request whose status says it all; see [`outcome::of_response`].
    #[must_use]
    pub fn request(request: HttpRequest) -> Self {
        Self::then(request, |message, answer| Self::done(outcome::of_answer(&answer, message.now)))
    }

    /// A request and what follows from its answer.
    #[must_use]
    pub fn then(
        request: HttpRequest,
        then: impl FnOnce(&Message<'_>, HttpAnswer) -> Self + Send + 'static,
    ) -> Self {
        Self::Http(Box::new(HttpCall { request, tells: true, then: Box::new(then) }))
    }

    /// A request that only asks something, and what follows from its answer: whatever becomes of it, nobody was told.
    #[must_use]
    pub fn ask(
        request: HttpRequest,
        then: impl FnOnce(&Message<'_>, HttpAnswer) -> Self + Send + 'static,
    ) -> Self {
        Self::Http(Box::new(HttpCall { request, tells: false, then: Box::new(then) }))
    }

    /// Requests one after the other, each only if those before it were taken. There is at least one.
    fn in_turn(requests: Vec<HttpRequest>) -> Self {
        Self::rest_in_turn(requests.into(), false)
    }

    fn rest_in_turn(mut requests: VecDeque<HttpRequest>, some_taken: bool) -> Self {
        let Some(request) = requests.pop_front() else { return Self::done(Outcome::Delivered) };
        Self::then(request, move |message, answer| match outcome::of_answer(&answer, message.now) {
            Outcome::Delivered => Self::rest_in_turn(requests, true),
            Outcome::Retryable { failure, message, retry_after, maybe_taken } => {
                let maybe_taken = maybe_taken || some_taken;
                Self::done(Outcome::Retryable { failure, message, retry_after, maybe_taken })
            }
            refused @ Outcome::Refused { .. } => Self::done(refused),
        })
    }

    /// The end; what was remembered before stays.
    #[must_use]
    pub fn done(outcome: Outcome) -> Self {
        Self::Done { outcome, memory: None }
    }
}

impl From<Trouble> for Step {
    fn from(trouble: Trouble) -> Self {
        Self::done(trouble.into())
    }
}

/// How an integration begins: its first step, or why there is none.
type Begin = fn(&Message<'_>) -> Result<Step, Trouble>;

/// The kinds of integrations whose settings are a table of keys, by name.
const KINDS: &[(&str, Begin)] = &[
    ("discord", discord::begin),
    ("email", email::begin),
    ("incidentio", incidentio::begin),
    ("jira", jira::begin),
    ("mattermost", mattermost::begin),
    ("msteams", msteams::begin),
    ("msteamsv2", msteamsv2::begin),
    ("opsgenie", opsgenie::begin),
    ("pagerduty", pagerduty::begin),
    ("pushover", pushover::begin),
    ("rocketchat", rocketchat::begin),
    ("slack", slack::begin),
    ("sns", sns::begin),
    ("telegram", telegram::begin),
    ("victorops", victorops::begin),
    ("webex", webex::begin),
    ("webhook", webhook::begin),
    ("wechat", wechat::begin),
];

/// The first step of an attempt.
#[must_use]
pub fn begin(message: &Message<'_>) -> Step {
    let integration = message.integration();
    match &integration.settings {
        Settings::Console => Step::Print(console::text(&message.attempt.notification, false)),
        Settings::Keys { .. } => match KINDS.iter().find(|(kind, _)| *kind == integration.kind) {
            Some((_, begin)) => begin(message).unwrap_or_else(Step::from),
            None => Step::done(Outcome::Refused {
                failure: Failure::Other,
                message: format!("{} notifications are not delivered by this version", integration.kind),
            }),
        },
    }
}

/// The files whose texts [`Message::files`] must have: those of secrets that are kept in files, also of those
/// that only the connection needs, so that they can be hidden in answers.
#[must_use]
pub fn files(integration: &Integration) -> Vec<Str> {
    let Settings::Keys { values, http } = &integration.settings else { return Vec::new() };
    let signature = values.get("hmac").and_then(Setting::map);
    let keys = values.iter().chain(signature.into_iter().flatten());
    let named = keys.filter(|(key, _)| key.ends_with("_file")).filter_map(|(_, value)| value.reveal());
    let own = named.filter(|path| !path.is_empty()).cloned();
    let of_connection = http.secrets().filter_map(|secret| match secret {
        SecretSource::File(path) => Some(path.clone()),
        SecretSource::Inline(_) => None,
    });
    own.chain(of_connection).collect()
}

/// A text that is no secret, where a request takes one.
fn open(text: impl Into<Str>) -> Secret {
    Secret::new(text.into())
}

/// `User-Agent` of all requests.
const USER_AGENT: &str = concat!("Sereno/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::testing::{alert, attempt, keys, message, notification};
    use super::{Step, begin, files};
    use crate::config::routes::{HttpSettings, Settings};
    use crate::config::setting::Setting;
    use crate::model::Duration;
    use crate::router::Attempt;

    fn webhook_with_a_url_in_a_file() -> Attempt {
        let values = BTreeMap::from([
            ("url_file".into(), Setting::text("/run/url")),
            ("timeout".into(), Setting::text("5s")),
        ]);
        let http = HttpSettings { http1_only: true, ..HttpSettings::default() };
        let settings = Settings::Keys { values, http };
        attempt("webhook", settings, notification(vec![alert("alertname=X<y>&", &[], None)]))
    }

    #[test]
    fn a_webhook_is_a_post_with_a_key_that_lets_receivers_drop_repeats() {
        let attempt = webhook_with_a_url_in_a_file();
        assert_eq!(files(&attempt.integration), ["/run/url".into()]);
        let step = message(&attempt, &[("/run/url", Ok("http://hook/secret"))], begin);
        let Step::Http(call) = step else { panic!("a webhook is told by HTTP") };
        let got = call.request;
        assert_eq!((got.method, got.timeout), ("POST", Duration::from_secs(5)));
        assert_eq!(&**got.url.reveal(), "http://hook/secret");
        assert!(got.http.http1_only);
        let headers: Vec<String> =
            got.headers.iter().map(|(name, value)| format!("{name}: {}", value.reveal())).collect();
        let agent = format!("User-Agent: Sereno/{}", env!("CARGO_PKG_VERSION"));
        let want = ["Content-Type: application/json", &agent, "Idempotency-Key: 0123456789abcdef-100000"];
        assert_eq!(headers, want);
        assert!(got.body.ends_with(b"\"truncatedAlerts\":0}\n"));
    }

    #[test]
    fn a_secret_that_cannot_be_read_is_worth_another_try() {
        let attempt = webhook_with_a_url_in_a_file();
        let step = message(&attempt, &[("/run/url", Err("no such file"))], begin);
        let Step::Done { outcome, .. } = step else { panic!("there is nowhere to send it to") };
        assert_eq!(
            format!("{outcome:?}"),
            "Retryable { failure: Other, message: \"cannot read the secret in /run/url: no such file\", \
             retry_after: None, maybe_taken: false }"
        );
    }

    #[test]
    fn every_kind_that_a_file_may_have_is_delivered() {
        let kinds: Vec<&str> = crate::config::integration_kinds().filter(|kind| *kind != "console").collect();
        assert_eq!(kinds.len(), 18);
        for kind in kinds {
            assert!(super::KINDS.iter().any(|(known, _)| *known == kind), "{kind}");
        }
    }

    #[test]
    fn a_request_and_its_message_are_shown_without_secrets() {
        let values = BTreeMap::from([("routing_key_file".into(), Setting::text("/run/key"))]);
        let attempt = attempt("pagerduty", keys(values), notification(vec![]));
        let shown = message(&attempt, &[("/run/key", Ok("ABC"))], |message| {
            let Step::Http(call) = begin(message) else { panic!("an event is posted") };
            assert!(call.request.body.windows(3).any(|part| part == b"ABC"));
            format!("{call:?} {message:?}")
        });
        assert!(!shown.contains("ABC") && !shown.contains("65, 66, 67"), "{shown}");
    }

    #[test]
    fn others_are_printed_or_not_delivered() {
        let alerts = vec![alert("alertname=X<y>&", &[], None)];
        let console = attempt("console", Settings::Console, notification(alerts));
        let step = message(&console, &[], begin);
        assert!(matches!(step, Step::Print(text) if text.contains("[FIRING:1]")));
        let unknown = attempt("pigeon", keys(BTreeMap::new()), notification(vec![]));
        let step = message(&unknown, &[], begin);
        assert!(matches!(step, Step::Done { outcome: crate::router::Outcome::Refused { .. }, .. }));
    }
}
