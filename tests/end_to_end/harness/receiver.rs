//! A webhook receiver that records what it gets and does as it is told.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;

use super::eventually;

/// What the receiver does with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Takes them.
    Take,
    /// Answers 500.
    Fail,
    /// Never answers.
    Hang,
}

/// A message and the path that it came to.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) path: String,
    pub(crate) mode: Mode,
    /// The body as it came.
    pub(crate) text: String,
    pub(crate) body: Value,
    /// `User-Agent`: who sent it.
    pub(crate) agent: String,
    pub(crate) content_type: String,
}

#[derive(Clone)]
pub(crate) struct Receiver {
    port: u16,
    state: Arc<Mutex<Inner>>,
}

struct Inner {
    mode: Mode,
    messages: Vec<Message>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(Mutex::new(Inner { mode: Mode::Take, messages: Vec::new() }));
        let receiver = Self { port, state };
        let app = Router::new().route("/{path}", post(take)).with_state(receiver.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        receiver
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn set_mode(&self, mode: Mode) {
        self.state.lock().expect("not poisoned").mode = mode;
    }

    /// Everything that came, whatever was answered.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.state.lock().expect("not poisoned").messages.clone()
    }

    /// The statuses of the messages that were taken, in order.
    pub(crate) fn taken(&self) -> Vec<String> {
        let taken = self.messages().into_iter().filter(|message| message.mode == Mode::Take);
        taken.map(|message| message.body["status"].as_str().expect("a status").to_owned()).collect()
    }

    /// Waits for that many taken messages and gives the last of them.
    pub(crate) async fn wait_taken(&self, count: usize) -> Value {
        eventually(&format!("{count} messages are taken"), || async {
            let taken = self.messages().into_iter().filter(|message| message.mode == Mode::Take);
            taken.map(|message| message.body).nth(count - 1)
        })
        .await
    }
}

/// `/hang` hangs and `/fail` fails whatever the mode is.
async fn take(
    State(receiver): State<Receiver>,
    Path(path): Path<String>,
    headers: HeaderMap,
    text: String,
) -> StatusCode {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (agent, content_type) = (header("user-agent").to_owned(), header("content-type").to_owned());
    let Ok(body) = serde_json::from_str(&text) else { return StatusCode::BAD_REQUEST };
    let mode = {
        let mut inner = receiver.state.lock().expect("not poisoned");
        let mode = match path.as_str() {
            "hang" => Mode::Hang,
            "fail" => Mode::Fail,
            _ => inner.mode,
        };
        inner.messages.push(Message { path, mode, text, body, agent, content_type });
        mode
    };
    match mode {
        Mode::Take => StatusCode::OK,
        Mode::Fail => StatusCode::INTERNAL_SERVER_ERROR,
        Mode::Hang => std::future::pending().await,
    }
}
