//! HTTP requests to others: connections, TLS, proxies, credentials, redirects, bounded answers. Data source,
//! remote write and delivery all send through here. Of a URL only host and port get into an error's text (of one that
//! a server sends us to also the path), of headers and credentials nothing.
//!
//! `pool` has the connections, `proxy` says which way they go, `auth` and `oauth2` show who we are, `redirect` says
//! where an answer sends us, `body` knows whether any of a request went out.

mod auth;
mod body;
mod jwt;
mod oauth2;
mod pool;
mod proxy;
mod redirect;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::body::Bytes;
use reqwest::header::RETRY_AFTER;

use self::auth::Headers;
use self::body::Progress;
use self::oauth2::Tokens;
use self::pool::{Pools, Transport};
use self::proxy::Proxies;
use self::redirect::Step;
use super::cause;
use super::clock::{Clock, Stopwatch};
use super::tls::TlsError;
use crate::config::http::{HttpSettings, ProxySettings};
use crate::model::Str;
use crate::notify::{HttpAnswer, HttpRequest};

pub use self::auth::read_secret;

/// What identifies us to servers.
pub const USER_AGENT: &str = concat!("Sereno/", env!("CARGO_PKG_VERSION"));

/// How long the rest of an answer is waited for once its status is known, if only its start is wanted.
const REST_OF_ANSWER: std::time::Duration = std::time::Duration::from_secs(5);

/// Why a request has no answer. Texts are for people and hold no secret.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// A secret's file cannot be read.
    #[error("cannot read the secret in {path}: {source}")]
    Secret {
        /// Where the secret should be.
        path: Str,
        /// Why it cannot be read.
        source: std::io::Error,
    },
    /// A certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The proxy's address is none, or one of its headers is not valid.
    #[error("{0} is not valid")]
    Proxy(&'static str),
    /// The client cannot be built.
    #[error("cannot set up the connection: {0}")]
    Setup(String),
    /// The address to send to is not a URL.
    #[error("not a valid URL")]
    Url,
    /// The method has characters that none may have.
    #[error("method {0:?} is not valid")]
    Method(String),
    /// A header's name or value has characters that no header may have.
    #[error("header {0} is not valid")]
    Header(String),
    /// The connection broke off, or what came is no answer.
    #[error("request to {to}: {cause}")]
    Transport {
        /// Host and port.
        to: String,
        /// What is wrong.
        cause: String,
    },
    /// No connection came about: nothing was sent.
    #[error("connect to {to}: {cause}")]
    Connect {
        /// Host and port, and those of the proxy on the way there.
        to: String,
        /// What is wrong.
        cause: String,
    },
    /// The time for the request is over.
    #[error("no answer in time")]
    Timeout,
    /// The time for the request is over, and nothing of it was sent yet.
    #[error("no connection in time")]
    NoConnection,
    /// There is no token to send the request with: nothing was sent.
    #[error("cannot get an OAuth2 token: {0}")]
    OAuth2(String),
    /// The server sends us elsewhere, but not with what the request says.
    #[error(
        "HTTP {status} redirects to {to}, where nothing of what is sent would arrive: if that is the new place, put \
         this URL into the configuration"
    )]
    Moved {
        /// The HTTP status.
        status: u16,
        /// Where to, without user, password and query.
        to: String,
    },
    /// The server sends us in circles, or to what is no place.
    #[error("{0}")]
    Redirect(&'static str),
    /// The answer is larger than anything we expect.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl HttpError {
    /// What the HTTP client says; `proxy`: the settings that it was sent with.
    fn transport(error: reqwest::Error, proxy: &ProxySettings) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::Timeout;
        }
        let (url, is_connect) = (error.url().cloned(), error.is_connect());
        let error = error.without_url();
        if error.is_builder() {
            return Self::Setup(cause::of(&error));
        }
        let cause = if is_connect && error.is_timeout() { "timed out".to_owned() } else { cause::of(&error) };
        let to = url.as_ref().map_or_else(|| "the server".to_owned(), host_and_port);
        if !is_connect {
            return Self::Transport { to, cause };
        }
        let through = url.and_then(|url| Proxies::new(proxy, proxy::environment).ok()??.address(&url));
        let through = through.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
        Self::Connect { to: to + &through, cause }
    }
}

/// Of a URL what may be shown.
fn host_and_port(url: &url::Url) -> String {
    let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

/// A request to somebody.
pub struct Request<'a> {
    /// `POST`, …
    pub method: &'a str,
    /// Where to; may hold a secret.
    pub url: &'a str,
    /// How to connect.
    pub http: &'a HttpSettings,
    /// Headers of this kind of request, such as `Content-Type`. The settings' headers win over them.
    pub headers: Vec<(&'a str, &'a str)>,
    /// What to send.
    pub body: Vec<u8>,
    /// Whether a redirect may drop the body and make the request a `GET`, as in Go's client: then a server may say
    /// that all is well and have heard nothing.
    pub may_drop_body: bool,
    /// How long until the whole answer must be there.
    pub timeout: std::time::Duration,
    /// How much of the answer to take.
    pub answer: AnswerLimit,
}

impl std::fmt::Debug for Request<'_> {
    /// Without what may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("http", &self.http)
            .field("timeout", &self.timeout)
            .field("answer", &self.answer)
            .finish_non_exhaustive()
    }
}

/// How much of an answer to take, in bytes.
#[derive(Clone, Copy, Debug)]
pub enum AnswerLimit {
    /// A larger answer is an error: a part of it would be of no use.
    Whole(usize),
    /// What is beyond is not read: it is only a text for people. Nor is what comes late or not at all.
    Start(usize),
}

/// What a server said.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After` as text.
    pub retry_after: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Connections and tokens, kept for the next request. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct HttpClients {
    pools: Pools,
    tokens: Tokens,
    clock: Arc<Clock>,
}

/// The deadline of a request, while it passes.
struct Deadline {
    watch: Stopwatch,
    timeout: std::time::Duration,
}

impl Deadline {
    fn left(&self) -> std::time::Duration {
        self.timeout.saturating_sub(self.watch.elapsed())
    }

    /// What `work` comes to, or nothing if the time is over before.
    async fn keep<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(self.left(), work).await.ok()
    }
}

impl HttpClients {
    /// Forgets all connections and tokens.
    pub fn clear(&self) {
        self.pools.clear();
        self.tokens.clear();
    }

    /// Sends what an integration made, which may take as long as it says itself, and never longer than `timeout`.
    /// `may_drop_body`: see [`Request`].
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn send_made(
        &self,
        made: HttpRequest,
        timeout: std::time::Duration,
        answer: AnswerLimit,
        may_drop_body: bool,
    ) -> Result<HttpAnswer, HttpError> {
        let own = made.timeout.to_std();
        let to_send = Request {
            method: made.method,
            url: made.url.reveal(),
            http: &made.http,
            headers: made.headers.iter().map(|(name, value)| (*name, &**value.reveal())).collect(),
            body: made.body,
            may_drop_body,
            timeout: if own.is_zero() { timeout } else { own.min(timeout) },
            answer,
        };
        let Answer { status, retry_after, body } = self.send(to_send).await?;
        Ok(HttpAnswer { status, retry_after, body })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn send(&self, to_send: Request<'_>) -> Result<Answer, HttpError> {
        let deadline = Deadline { watch: Stopwatch::start(), timeout: to_send.timeout };
        let url = url::Url::parse(to_send.url).map_err(|_| HttpError::Url)?;
        let method = reqwest::Method::from_bytes(to_send.method.as_bytes());
        let method = method.map_err(|_| HttpError::Method(to_send.method.to_owned()))?;
        let body = Some(Bytes::from(to_send.body));
        let first = Step { url, method, body, may_drop_body: to_send.may_drop_body, is_trusted: true };
        let http = to_send.http;
        let mut headers =
            deadline.keep(auth::headers(http, &to_send.headers)).await.ok_or(HttpError::NoConnection)??;
        let Some(oauth2) = headers.wants_token() else {
            return self.exchange(http, first, &headers, to_send.answer, &deadline).await;
        };
        let mut refused = None;
        loop {
            let token = deadline.keep(self.token(oauth2, refused.as_ref())).await;
            let token = token.ok_or_else(|| HttpError::OAuth2("no answer in time".to_owned()))??;
            headers.authorize(token.clone());
            let answer = self.exchange(http, first.clone(), &headers, to_send.answer, &deadline).await?;
            // A token may be taken back before its time. If a new one does not help, it is something else.
            if answer.status != 401 || refused.replace(token).is_some() {
                return Ok(answer);
            }
        }
    }

    /// Sends the request and follows where the answers lead, if the settings want that.
    async fn exchange(
        &self,
        http: &HttpSettings,
        mut step: Step,
        headers: &Headers<'_>,
        limit: AnswerLimit,
        deadline: &Deadline,
    ) -> Result<Answer, HttpError> {
        let client = deadline.keep(self.pools.client(Transport::of(http))).await;
        let client = client.ok_or(HttpError::NoConnection)??;
        let proxy = &http.proxy;
        for _ in 0..=redirect::MOST {
            let mut request =
                client.request(step.method.clone(), step.url.clone()).headers(headers.of(&step));
            let progress = Progress::default();
            if let Some(body) = &step.body {
                request = request.body(limit.body(body.clone(), &progress));
            }
            let response = deadline.keep(request.send()).await.ok_or_else(|| progress.when_late())?;
            let response = response.map_err(|error| HttpError::transport(error, proxy))?;
            let next = if http.follow_redirects { step.next(&response)? } else { None };
            match next {
                Some(next) => step = next,
                None => return read_answer(response, limit, deadline.left(), proxy).await,
            }
        }
        Err(HttpError::Redirect("stopped after 10 redirects"))
    }
}

/// Reads an answer, whose status is known, for that long. What only has a start that is wanted may also break
/// off: the status says how the request went, and who then wants more of the body looks whether it is there.
async fn read_answer(
    mut response: reqwest::Response,
    limit: AnswerLimit,
    left: std::time::Duration,
    proxy: &ProxySettings,
) -> Result<Answer, HttpError> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.map(str::to_owned);
    let mut body = Vec::new();
    match limit {
        AnswerLimit::Whole(most) => {
            let read = tokio::time::timeout(left, read_body(&mut response, &mut body, most, proxy)).await;
            if read.map_err(|_| HttpError::Timeout)?? {
                return Err(HttpError::TooLarge(most));
            }
        }
        AnswerLimit::Start(most) => {
            let read = read_body(&mut response, &mut body, most, proxy);
            let _ = tokio::time::timeout(left.min(REST_OF_ANSWER), read).await; // what came is enough
        }
    }
    Ok(Answer { status, retry_after, body })
}

/// Appends to `body` what comes, up to `most` bytes; answers whether there is more.
async fn read_body(
    response: &mut reqwest::Response,
    body: &mut Vec<u8>,
    most: usize,
    proxy: &ProxySettings,
) -> Result<bool, HttpError> {
    let failed = |error| HttpError::transport(error, proxy);
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok(true);
        }
    }
    Ok(false)
}
