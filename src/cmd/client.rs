//! How commands talk to a server: one request after the other, each with a time limit, and errors that say
//! what to do.

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::credentials::{auth, public};
use crate::config::routes::{HttpSettings, TlsSettings};
use crate::model::{Duration, Str};
use crate::shell::http::{AnswerLimit, HttpClients, HttpError, Request};

/// The largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// Which server, and who we are to it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub(super) struct ServerArguments {
    /// The server. Its path may be a prefix
    #[arg(long, env = "SERENO_URL", value_name = "URL", default_value = "http://127.0.0.1:9093")]
    url: Url,
    /// User name for basic authentication
    #[arg(long, env = "SERENO_USERNAME", value_name = "NAME")]
    username: Option<String>,
    /// File with the password for basic authentication
    #[arg(long, env = "SERENO_PASSWORD_FILE", value_name = "FILE", requires = "username")]
    password_file: Option<String>,
    /// File with a bearer token
    #[arg(long, env = "SERENO_BEARER_TOKEN_FILE", value_name = "FILE", conflicts_with = "username")]
    bearer_token_file: Option<String>,
    /// Certificates (PEM) of the authorities to trust, instead of the system's
    #[arg(long, env = "SERENO_CA_FILE", value_name = "FILE")]
    ca_file: Option<String>,
    /// How long to wait for an answer
    #[arg(long, env = "SERENO_TIMEOUT", value_name = "DURATION", default_value = "30s")]
    timeout: Duration,
}

/// Talks to one server.
#[derive(Debug)]
pub(super) struct Client {
    base: Url,
    http: HttpSettings,
    timeout: std::time::Duration,
    clients: HttpClients,
    runtime: tokio::runtime::Runtime,
}

/// What a server answered to a request that it understood.
#[derive(Debug)]
pub(super) struct Answer {
    /// The body; `Null` if there is none.
    pub(super) body: Value,
}

/// Why there is no answer. The text is for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// The client cannot be set up.
    #[error("{0}")]
    Setup(String),
    /// Nobody is there.
    #[error(
        "nothing listens at {server} ({error}); start it with `sereno serve`, or name another with --url"
    )]
    NobodyThere {
        /// The server's URL, without credentials.
        server: String,
        /// What the system says.
        error: String,
    },
    /// It takes too long.
    #[error("{server} did not answer within {timeout:?}; --timeout allows more")]
    Timeout {
        /// The server's URL, without credentials.
        server: String,
        /// How long we waited.
        timeout: std::time::Duration,
    },
    /// The request did not come about, or broke off.
    #[error("cannot talk to {server}: {error}")]
    Transport {
        /// The server's URL, without credentials.
        server: String,
        /// What went wrong.
        error: String,
    },
    /// The server refuses.
    #[error("{message}{}", hint(*status))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the server says.
        message: String,
        /// The whole answer.
        body: Value,
    },
    /// What answers is no Sereno, or not one of our version.
    #[error(
        "{server} answered with something else than JSON: is it a sereno server? It begins with {start:?}"
    )]
    NotJson {
        /// The server's URL, without credentials.
        server: String,
        /// The beginning of the answer.
        start: String,
    },
    /// It is JSON, but not what we know.
    #[error("{server} answered with a document of another form: {error}")]
    Unexpected {
        /// The server's URL, without credentials.
        server: String,
        /// What is odd about it.
        error: String,
    },
}

fn hint(status: u16) -> &'static str {
    match status {
        401 | 403 => "; say who you are with --username and --password-file, or with --bearer-token-file",
        _ => "",
    }
}

impl Client {
    /// Gets ready; nothing is sent yet.
    ///
    /// # Errors
    /// The URL is none for HTTP, or the system gives no means.
    pub(super) fn new(arguments: &ServerArguments) -> Result<Self, ClientError> {
        if !matches!(arguments.url.scheme(), "http" | "https") {
            return Err(ClientError::Setup(format!(
                "{}: --url must begin with http:// or https://",
                arguments.url
            )));
        }
        // Fails only if a provider is installed already, and then there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self {
            base: arguments.url.clone(),
            http: arguments.http(),
            timeout: arguments.timeout.to_std(),
            clients: HttpClients::default(),
            runtime: runtime.map_err(|error| ClientError::Setup(error.to_string()))?,
        })
    }

    /// Asks for what is at `path`, such as `/api/v2/alerts`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub(super) fn get(&self, path: &str, query: &[(&str, String)]) -> Result<Answer, ClientError> {
        self.send("GET", path, query, None)
    }

    /// Asks for what is at `path` and reads it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub(super) fn one<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, ClientError> {
        let answer = self.get(path, query)?;
        serde_json::from_value(answer.body)
            .map_err(|error| ClientError::Unexpected { server: self.server(), error: error.to_string() })
    }

    /// Asks for the list that is at `path` and reads it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub(super) fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Vec<T>, ClientError> {
        self.one(path, query)
    }

    /// Sends a JSON document to `path`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Answer, ClientError> {
        self.send("POST", path, &[], Some(body))
    }

    /// Deletes what is at `path`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub(super) fn delete(&self, path: &str) -> Result<Answer, ClientError> {
        self.send("DELETE", path, &[], None)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Answer, ClientError> {
        let url = self.address(path, query);
        let request = Request {
            method,
            url: url.as_str(),
            http: &self.http,
            headers: body.map(|_| vec![("Content-Type", "application/json")]).unwrap_or_default(),
            body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
            may_drop_body: false,
            timeout: self.timeout,
            answer: AnswerLimit::Whole(ANSWER_LIMIT),
        };
        let answer =
            self.runtime.block_on(self.clients.send(request)).map_err(|error| self.explain(&error))?;
        self.read(answer.status, &answer.body)
    }

    /// The server's URL with a path beneath its own, and a query.
    fn address(&self, path: &str, query: &[(&str, String)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    fn read(&self, status: u16, body: &[u8]) -> Result<Answer, ClientError> {
        let json = match body {
            [] => Some(Value::Null),
            body => serde_json::from_slice(body).ok(),
        };
        match (status, json) {
            (200..=299, Some(body)) => Ok(Answer { body }),
            (200..=299, None) => Err(ClientError::NotJson { server: self.server(), start: start(body) }),
            (_, json) => {
                let message = json.as_ref().and_then(message).unwrap_or_else(|| match start(body) {
                    empty if empty.is_empty() => {
                        format!("{} answered with HTTP status {status}", self.server())
                    }
                    text => format!("{} answered with HTTP status {status}: {text}", self.server()),
                });
                Err(ClientError::Refused { status, message, body: json.unwrap_or_default() })
            }
        }
    }

    fn explain(&self, error: &HttpError) -> ClientError {
        let server = self.server();
        match error {
            HttpError::Connect { cause, .. } => ClientError::NobodyThere { server, error: cause.clone() },
            HttpError::Timeout | HttpError::NoConnection => {
                ClientError::Timeout { server, timeout: self.timeout }
            }
            HttpError::Secret { .. }
            | HttpError::Tls(_)
            | HttpError::Proxy(_)
            | HttpError::OAuth2(_)
            | HttpError::Setup(_)
            | HttpError::Url
            | HttpError::Method(_)
            | HttpError::Header(_) => ClientError::Setup(error.to_string()),
            HttpError::Transport { .. }
            | HttpError::Moved { .. }
            | HttpError::Redirect(_)
            | HttpError::TooLarge(_) => ClientError::Transport { server, error: error.to_string() },
        }
    }

    /// The server's URL as it may be shown.
    fn server(&self) -> String {
        public(&self.base).to_string()
    }
}

impl ServerArguments {
    fn http(&self) -> HttpSettings {
        let (user, password) = (self.username.as_deref(), self.password_file.as_deref());
        let auth = auth(user, password, self.bearer_token_file.as_deref());
        let tls = TlsSettings { ca_file: self.ca_file.as_deref().map(Str::from), ..TlsSettings::default() };
        HttpSettings { auth, tls, follow_redirects: true, ..HttpSettings::default() }
    }
}

/// What the server says in words: a JSON text (Alertmanager's API v2), or an object's `error` or `message`.
fn message(body: &Value) -> Option<String> {
    let text =
        body.as_str().or_else(|| body.get("error")?.as_str()).or_else(|| body.get("message")?.as_str());
    text.map(str::to_owned)
}

/// The beginning of an answer, in one line.
fn start(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(400)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Client, ServerArguments};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        server: ServerArguments,
    }

    fn client(url: &str) -> Client {
        let line = Line::try_parse_from(["x", "--url", url]).expect("valid");
        Client::new(&line.server).expect("ready")
    }

    #[test]
    fn a_path_may_stand_before_ours() {
        for (url, want) in [
            ("http://a:1", "http://a:1/api/x?filter=b%3Dc"),
            ("http://a:1/", "http://a:1/api/x?filter=b%3Dc"),
            ("http://a:1/alerts/", "http://a:1/alerts/api/x?filter=b%3Dc"),
            ("http://a:1/alerts?q=1#f", "http://a:1/alerts/api/x?filter=b%3Dc"),
        ] {
            assert_eq!(client(url).address("/api/x", &[("filter", "b=c".to_owned())]).as_str(), want);
        }
    }

    #[test]
    fn answers_are_read_whatever_their_form() {
        let client = client("http://user:secret@a:1/");
        let read = |status, body: &str| match client.read(status, body.as_bytes()) {
            Ok(answer) => answer.body.to_string(),
            Err(error) => error.to_string(),
        };
        for (status, body, want) in [
            (200, "[1]", "[1]"),
            (204, "", "null"),
            (
                200,
                "<html>\n hello",
                r#"http://a:1 answered with something else than JSON: is it a sereno server? It begins with "<html> hello""#,
            ),
            (400, r#""bad matcher""#, "bad matcher"),
            (404, r#"{"error":"no such alert"}"#, "no such alert"),
            (404, "", "http://a:1 answered with HTTP status 404"),
            (502, "Bad\nGateway", "http://a:1 answered with HTTP status 502: Bad Gateway"),
            (
                401,
                r#"{"message":"who are you?"}"#,
                "who are you?; say who you are with --username and --password-file, or with --bearer-token-file",
            ),
        ] {
            assert_eq!(read(status, body), want, "{status} {body}");
        }
    }

    #[test]
    fn nobody_there_says_what_to_do() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let error = client(&format!("http://127.0.0.1:{port}")).get("/x", &[]).expect_err("nobody");
        let text = error.to_string();
        assert!(text.starts_with(&format!("nothing listens at http://127.0.0.1:{port} (")), "{text}");
        assert!(text.contains("refused") && text.contains("`sereno serve`"), "{text}");
    }
}
