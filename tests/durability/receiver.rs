//! A webhook receiver that records what it is told, by whom and with which key.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use serde_json::Value;

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Which run of the server sent it.
    pub(crate) run: usize,
    /// `Idempotency-Key`.
    pub(crate) key: String,
    pub(crate) text: String,
    pub(crate) group: String,
    /// Name and status of the alerts in it.
    pub(crate) alerts: BTreeSet<(String, String)>,
}

#[derive(Clone)]
pub(crate) struct Receiver {
    port: u16,
    state: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    run: usize,
    told: Vec<Told>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let receiver = Self { port, state: Arc::default() };
        let app = Router::new().route("/", post(take)).with_state(receiver.clone());
        tokio::spawn(axum::serve(listener, app).into_future());
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// What comes from now on comes from another run of the server.
    pub(crate) fn next_run(&self) {
        self.state.lock().expect("not poisoned").run += 1;
    }

    pub(crate) fn told(&self) -> Vec<Told> {
        self.state.lock().expect("not poisoned").told.clone()
    }

    /// Whether some message says that the alert fires.
    pub(crate) fn knows(&self, name: &str) -> bool {
        let alert = (name.to_owned(), "firing".to_owned());
        self.state.lock().expect("not poisoned").told.iter().any(|told| told.alerts.contains(&alert))
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, text: String) {
    let body: Value = serde_json::from_str(&text).expect("JSON");
    let key = headers.get("idempotency-key").expect("every message has one");
    let field = |value: &Value| value.as_str().expect("a text").to_owned();
    let alerts = body["alerts"].as_array().expect("alerts").iter();
    let alerts =
        alerts.map(|alert| (field(&alert["labels"]["alertname"]), field(&alert["status"]))).collect();
    let group = field(&body["groupKey"]);
    let mut inner = receiver.state.lock().expect("not poisoned");
    let run = inner.run;
    inner.told.push(Told { run, key: key.to_str().expect("a text").to_owned(), text, group, alerts });
}
