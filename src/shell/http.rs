//! HTTP requests to others: connections, TLS, credentials, bounded answers. Data source, remote write and
//! delivery all send through here. No URL, header or credential ever gets into an error's text.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;

use super::tls::{self, TlsError};
use crate::config::routes::{HttpAuth, HttpSettings, SecretSource, TlsSettings};
use crate::config::setting::Address;
use crate::model::Str;

/// What identifies us to servers.
pub const USER_AGENT: &str = concat!("Sereno/", env!("CARGO_PKG_VERSION"));

/// How long connecting may take, whatever the request's own limit is.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

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
    /// The proxy's address is none.
    #[error("proxy_url is not a valid URL")]
    Proxy,
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
    /// No connection, or it broke off.
    #[error("{0}")]
    Transport(String),
    /// No connection came about: nothing was sent.
    #[error("{0}")]
    Connect(String),
    /// The time for the request is over.
    #[error("no answer in time")]
    Timeout,
    /// The answer is larger than anything we expect.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl HttpError {
    fn transport(error: reqwest::Error) -> Self {
        if error.is_timeout() && !error.is_connect() {
            return Self::Timeout;
        }
        let connect = error.is_connect();
        let error = error.without_url();
        let mut text = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            if !text.contains(&cause_text) {
                text = format!("{text}: {cause_text}");
            }
            source = cause.source();
        }
        if connect { Self::Connect(text) } else { Self::Transport(text) }
    }
}

/// A request to somebody.
#[derive(Debug)]
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
    /// How long until the whole answer must be there.
    pub timeout: std::time::Duration,
    /// How much of the answer to take.
    pub answer: AnswerLimit,
}

/// How much of an answer to take, in bytes.
#[derive(Clone, Copy, Debug)]
pub enum AnswerLimit {
    /// A larger answer is an error: a part of it would be of no use.
    Whole(usize),
    /// What is beyond is not read: it is only a text for people.
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

/// Connection pools, one for each way to connect. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct HttpClients {
    pools: Arc<Mutex<Vec<Pool>>>,
}

#[derive(Debug)]
struct Pool {
    tls: TlsSettings,
    proxy_url: Option<Address>,
    follow_redirects: bool,
    client: reqwest::Client,
}

impl Pool {
    fn fits(&self, http: &HttpSettings) -> bool {
        self.tls == http.tls
            && self.proxy_url == http.proxy_url
            && self.follow_redirects == http.follow_redirects
    }
}

impl HttpClients {
    /// Forgets all connections, so that changed certificate files are read again.
    pub fn clear(&self) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// See [`HttpError`].
    pub async fn send(&self, to_send: Request<'_>) -> Result<Answer, HttpError> {
        let mut url = url::Url::parse(to_send.url).map_err(|_| HttpError::Url)?;
        let method = reqwest::Method::from_bytes(to_send.method.as_bytes());
        let method = method.map_err(|_| HttpError::Method(to_send.method.to_owned()))?;
        let mut headers = HeaderMap::new();
        for (name, value) in &to_send.headers {
            set_header(&mut headers, name, value, false)?;
        }
        for (name, value) in &to_send.http.headers {
            set_header(&mut headers, name, &read_secret(value).await?, true)?;
        }
        if to_send.http.auth != HttpAuth::None {
            // Credentials in the URL, which reqwest would add, give way to those of the settings. It fails
            // only for URLs that cannot have any.
            let _ = (url.set_username(""), url.set_password(None));
        }
        let client = self.client(to_send.http)?;
        let request = client.request(method, url).headers(headers).timeout(to_send.timeout);
        let request = authorize(request, &to_send.http.auth).await?.body(to_send.body);
        let response = request.send().await.map_err(HttpError::transport)?;
        read_answer(response, to_send.answer).await
    }

    fn client(&self, http: &HttpSettings) -> Result<reqwest::Client, HttpError> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.iter().find(|pool| pool.fits(http)) {
            return Ok(pool.client.clone());
        }
        let client = build_client(http)?;
        pools.push(Pool {
            tls: http.tls.clone(),
            proxy_url: http.proxy_url.clone(),
            follow_redirects: http.follow_redirects,
            client: client.clone(),
        });
        Ok(client)
    }
}

/// The secret itself, read from its file if it has one, without white space around it.
///
/// # Errors
/// The file cannot be read.
pub async fn read_secret(secret: &SecretSource) -> Result<String, HttpError> {
    match secret {
        SecretSource::Inline(text) => Ok(text.to_string()),
        SecretSource::File(path) => {
            let name = Str::clone(path);
            let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(&*name)).await;
            let failed = |source| HttpError::Secret { path: Str::clone(path), source };
            let text = read.map_err(|error| failed(std::io::Error::other(error)))?.map_err(failed)?;
            Ok(text.trim().to_owned())
        }
    }
}

async fn authorize(
    request: reqwest::RequestBuilder,
    auth: &HttpAuth,
) -> Result<reqwest::RequestBuilder, HttpError> {
    Ok(match auth {
        HttpAuth::None => request,
        HttpAuth::Basic { username, password: None } => request.basic_auth(username, None::<&str>),
        HttpAuth::Basic { username, password: Some(password) } => {
            request.basic_auth(username, Some(read_secret(password).await?))
        }
        HttpAuth::Authorization { scheme, credentials } => {
            let credentials = read_secret(credentials).await?;
            let value = HeaderValue::from_str(&format!("{scheme} {credentials}"));
            let mut value = value.map_err(|_| HttpError::Header(AUTHORIZATION.to_string()))?;
            value.set_sensitive(true);
            request.header(AUTHORIZATION, value)
        }
    })
}

fn set_header(headers: &mut HeaderMap, name: &str, value: &str, is_secret: bool) -> Result<(), HttpError> {
    let invalid = || HttpError::Header(name.to_owned());
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
    value.set_sensitive(is_secret);
    headers.insert(key, value);
    Ok(())
}

fn build_client(http: &HttpSettings) -> Result<reqwest::Client, HttpError> {
    let redirects = if http.follow_redirects { Policy::limited(10) } else { Policy::none() };
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(redirects)
        .no_proxy();
    if let Some(proxy) = &http.proxy_url {
        builder = builder.proxy(reqwest::Proxy::all(&**proxy).map_err(|_| HttpError::Proxy)?);
    }
    if let Some(config) = tls::client_config(&http.tls)? {
        builder = builder.tls_backend_preconfigured(config);
    }
    builder.build().map_err(|error| HttpError::Setup(error.without_url().to_string()))
}

async fn read_answer(mut response: reqwest::Response, limit: AnswerLimit) -> Result<Answer, HttpError> {
    let status = response.status().as_u16();
    let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = retry_after.map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(HttpError::transport)? {
        match limit {
            AnswerLimit::Whole(most) if body.len() + chunk.len() > most => {
                return Err(HttpError::TooLarge(most));
            }
            AnswerLimit::Start(most) if body.len() + chunk.len() > most => {
                body.extend_from_slice(&chunk[..most - body.len()]);
                break;
            }
            AnswerLimit::Whole(_) | AnswerLimit::Start(_) => body.extend_from_slice(&chunk),
        }
    }
    Ok(Answer { status, retry_after, body })
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use axum::Router;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;

    use super::{AnswerLimit, HttpClients, HttpError, Request};
    use crate::config::routes::{HttpAuth, HttpSettings, SecretSource};

    /// A server that answers with what it was sent, and one path that never answers.
    async fn server() -> String {
        // An error means that another test of this process was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let echo = |headers: HeaderMap, body: String| async move {
            let header =
                |name: &str| headers.get_all(name).iter().map(|v| format!("{v:?} ")).collect::<String>();
            (StatusCode::ACCEPTED, format!("{}| {}| {body}", header("authorization"), header("x-team")))
        };
        let app = Router::new().route("/echo", post(echo)).route("/hang", post(std::future::pending::<()>));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        tokio::spawn(axum::serve(listener, app).into_future());
        address.to_string()
    }

    async fn send(url: &str, http: &HttpSettings, answer: AnswerLimit) -> Result<String, HttpError> {
        let request = Request {
            method: "POST",
            url,
            http,
            headers: vec![("X-Team", "default")],
            body: b"hello".to_vec(),
            timeout: Duration::from_millis(500),
            answer,
        };
        let answer = HttpClients::default().send(request).await?;
        Ok(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)))
    }

    const WHOLE: AnswerLimit = AnswerLimit::Whole(1000);

    #[tokio::test]
    async fn credentials_and_headers_are_those_of_the_settings() {
        let address = server().await;
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        writeln!(file, "s3cret").expect("written");
        let secret = SecretSource::File(file.path().display().to_string().into());
        let basic = HttpAuth::Basic { username: "ops".into(), password: Some(secret.clone()) };
        let bearer = HttpAuth::Authorization { scheme: "Bearer".into(), credentials: secret };
        let team = vec![("X-Team".into(), SecretSource::Inline("db".into()))];
        for (url, auth, headers, want) in [
            ("http://HOST/echo", HttpAuth::None, vec![], r#"202 | "default" | hello"#),
            ("http://HOST/echo", HttpAuth::None, team, r#"202 | "db" | hello"#),
            ("http://HOST/echo", basic, vec![], r#"202 "Basic b3BzOnMzY3JldA==" | "default" | hello"#),
            ("http://HOST/echo", bearer.clone(), vec![], r#"202 "Bearer s3cret" | "default" | hello"#),
            ("http://a:b@HOST/echo", HttpAuth::None, vec![], r#"202 "Basic YTpi" | "default" | hello"#),
            ("http://a:b@HOST/echo", bearer, vec![], r#"202 "Bearer s3cret" | "default" | hello"#),
        ] {
            let http = HttpSettings { auth, headers, ..HttpSettings::default() };
            let got = send(&url.replace("HOST", &address), &http, WHOLE).await;
            assert_eq!(got.expect("answered"), want, "{url}");
        }
    }

    #[tokio::test]
    async fn answers_are_bounded() {
        let url = format!("http://{}/echo", server().await);
        let http = HttpSettings::default();
        let whole = send(&url, &http, AnswerLimit::Whole(10)).await;
        assert!(matches!(whole, Err(HttpError::TooLarge(10))), "{whole:?}");
        assert_eq!(send(&url, &http, AnswerLimit::Start(6)).await.expect("answered"), r#"202 | "def"#);
    }

    #[tokio::test]
    async fn no_error_shows_a_url_or_a_secret() {
        let address = server().await;
        let http = HttpSettings::default();
        let bad_header = HttpSettings {
            auth: HttpAuth::Authorization {
                scheme: "Bearer".into(),
                credentials: SecretSource::Inline("hidden\nhidden".into()),
            },
            ..HttpSettings::default()
        };
        for (url, http, want) in [
            ("http://hidden:hidden@HOST/hang?hidden", &http, "no answer in time"),
            ("http://hidden:hidden@127.0.0.1:1/hidden", &http, "onnection refused"),
            ("hidden", &http, "not a valid URL"),
            ("gopher://hidden/hidden", &http, "URL scheme is not allowed"),
            ("http://HOST/echo", &bad_header, "header authorization is not valid"),
        ] {
            let error = send(&url.replace("HOST", &address), http, WHOLE).await.expect_err(want).to_string();
            assert!(error.contains(want) && !error.contains("hidden"), "{error}");
        }
        let http = HttpSettings {
            auth: HttpAuth::Basic {
                username: "a".into(),
                password: Some(SecretSource::File("/none".into())),
            },
            ..HttpSettings::default()
        };
        let error = send(&format!("http://{address}/echo"), &http, WHOLE).await.expect_err("no file");
        assert!(error.to_string().starts_with("cannot read the secret in /none: "), "{error}");
    }
}
