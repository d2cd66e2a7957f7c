//! Fakes of the APIs of receivers, one a file, and the server that they are run by.

pub(crate) mod aws;
pub(crate) mod consumer;
pub(crate) mod discord;
mod document;
pub(crate) mod incidentio;
pub(crate) mod jira;
pub(crate) mod mattermost;
pub(crate) mod msteams;
pub(crate) mod opsgenie;
pub(crate) mod pagerduty;
pub(crate) mod pushover;
pub(crate) mod rocketchat;
pub(crate) mod slack;
pub(crate) mod smtp;
pub(crate) mod sns;
pub(crate) mod telegram;
pub(crate) mod tls;
pub(crate) mod trouble;
pub(crate) mod victorops;
pub(crate) mod webex;
pub(crate) mod webhook;
pub(crate) mod wechat;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request as HttpRequest};
use axum::response::Response;
use axum::serve::Listener;
use serde::de::DeserializeOwned;

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What the fake says to it.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// How an API judges a request.
pub(crate) type Api = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

/// A server that runs an API on a port of its own.
pub(crate) struct Fake {
    /// `http://127.0.0.1:PORT`
    pub(crate) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    api: Api,
    received: Mutex<Vec<(Request, Reply)>>,
    failures: Mutex<VecDeque<Reply>>,
}

impl Request {
    /// A header's value; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The values of a query parameter's name, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The fields of a form, which the content type must say that it is.
    pub(crate) fn form(&self) -> Result<BTreeMap<String, String>, String> {
        let content_type = self.header("content-type");
        if content_type.split(';').next() != Some("application/x-www-form-urlencoded") {
            return Err(format!("the content type is {content_type:?}"));
        }
        Ok(url::form_urlencoded::parse(self.body.as_bytes()).into_owned().collect())
    }

    /// The body as JSON of a type that knows all fields, or what is wrong with it. Its content type must say
    /// that it is JSON.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, String> {
        let content_type = self.header("content-type");
        if content_type.split(';').next() != Some("application/json") {
            return Err(format!("the content type is {content_type:?}"));
        }
        serde_json::from_str(&self.body).map_err(|error| error.to_string())
    }
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body: body.into() }
    }

    pub(crate) fn text(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/plain", body)
    }

    pub(crate) fn json(status: u16, body: serde_json::Value) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.to_string())
    }

    /// What a proxy in between says instead of the API.
    pub(crate) fn garbage() -> Self {
        Self::new(200, "text/html", "<html><body>Please log in</body></html>")
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Fake {
    pub(crate) async fn start(api: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        Self::serve(url, listener, api)
    }

    /// Runs the API on what `listener` accepts.
    fn serve(
        url: String,
        listener: impl Listener<Addr: std::fmt::Debug>,
        api: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let (received, failures) = (Mutex::default(), Mutex::default());
        let inner = Arc::new(Inner { api: Box::new(api), received, failures });
        let app = axum::Router::new().fallback(judge).with_state(Arc::clone(&inner));
        tokio::spawn(axum::serve(listener, app).into_future());
        Self { url, inner }
    }

    /// The next request is answered so, whatever it is; of several, each is for one request.
    pub(crate) fn answer_next(&self, reply: Reply) {
        locked(&self.inner.failures).push_back(reply);
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        locked(&self.inner.received).iter().map(|(request, _)| request.clone()).collect()
    }

    /// The body of the last request, byte for byte.
    pub(crate) fn last_body(&self) -> String {
        locked(&self.inner.received).last().map(|(request, _)| request.body.clone()).expect("a request came")
    }
}

async fn judge(State(inner): State<Arc<Inner>>, request: HttpRequest<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 16 << 20).await.expect("the whole body comes");
    let request = Request {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: String::from_utf8(body.into()).expect("bodies are UTF-8"),
    };
    let failure = locked(&inner.failures).pop_front();
    let reply = failure.unwrap_or_else(|| (inner.api)(&request));
    locked(&inner.received).push((request, reply.clone()));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(reply.body)).expect("a valid answer")
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
