//! A real loop behind real handlers, without a network: what tests of the API ask.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use serde_json::Value;
use tower::ServiceExt;

use super::{App, WebLimits, router};
use crate::config::expressions::Expressions;
use crate::config::read_routing;
use crate::config::routes::{Limits, Routing};
use crate::core::{Config, Core};
use crate::model::matcher::MatcherMode;
use crate::model::{Alert, Annotations, Duration, LabelSet, Timestamp};
use crate::router::{Answer, Request as RouterRequest};
use crate::rules::RulesConfig;
use crate::shell::clock::Clock;
use crate::shell::data_source::DataSource;
use crate::shell::deliver::Deliverer;
use crate::shell::http::HttpClients;
use crate::shell::metrics::Metrics;
use crate::shell::reload::{Reloader, Sources};
use crate::shell::run::{self, Handle, World};
use crate::shell::status::Status;
use crate::shell::store::History;
use crate::shell::store::memory::MemoryStore;
use crate::shell::store::writer::{Pace, Reporter, Writer};

/// What flags say of the server.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) matchers: MatcherMode,
    pub(super) limits: Limits,
    pub(super) web: WebLimits,
}

/// A server without a network.
pub(super) struct Server {
    router: Router,
    handle: Handle,
    pub(super) store: MemoryStore,
}

impl Server {
    /// Starts it with this routing file.
    pub(super) fn start(routes: &str) -> Self {
        Self::start_with(routes, Flags::default())
    }

    /// Starts it with this routing file and these flags.
    pub(super) fn start_with(routes: &str, flags: Flags) -> Self {
        let (handle, inbox) = run::queue();
        let (clock, metrics) = (Arc::new(Clock::default()), Arc::new(Metrics::default()));
        let (status, clients, store) =
            (Arc::new(Status::default()), HttpClients::default(), MemoryStore::default());
        let url: url::Url = "http://127.0.0.1:1".parse().expect("valid");
        let deliverer = Deliverer::new(clients.clone(), Arc::clone(&clock), "http://sereno".into());
        let deliverer = Arc::new(deliverer);
        let world = World {
            clock: Arc::clone(&clock),
            data_source: DataSource::new(
                &url,
                Default::default(),
                clients.clone(),
                Duration::from_secs(1),
                1,
            ),
            remote_write: None,
            deliverer: Arc::clone(&deliverer),
            metrics: Arc::clone(&metrics),
            status: Arc::clone(&status),
        };
        let reporter = Reporter {
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            status: Arc::clone(&status),
        };
        let writer = Writer::start(store.clone(), None, Pace::default(), reporter).expect("a thread");
        let core = Core::restore(&config(routes, flags.limits), 1, clock.now(), Vec::new());
        tokio::spawn(run::run(core, writer, Arc::new(world), handle.clone(), inbox));
        let reloader = Reloader {
            sources: Sources { matchers: flags.matchers, ..sources() },
            handle: handle.clone(),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            status: Arc::clone(&status),
            clients,
            turn: tokio::sync::Mutex::default(),
        };
        let history = History::new(store.clone());
        let reloader = Arc::new(reloader);
        let (handle_too, limits) = (handle.clone(), flags.web);
        let app = App { handle: handle_too, clock, metrics, status, history, deliverer, reloader, limits };
        Self { router: router(app, ""), handle, store }
    }

    /// Status and JSON body of a request.
    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder().method(method).uri(path).header("Content-Type", "application/json");
        let request = request.body(body).expect("valid");
        let response = self.router.clone().oneshot(request).await.expect("it answers");
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        let json = match &bytes[..] {
            [] => Value::Null,
            bytes => serde_json::from_slice(bytes).unwrap_or_else(|_| panic!("no JSON: {bytes:?}")),
        };
        (status, json)
    }

    /// The answer to a request, its body not read yet.
    pub(super) async fn begin(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.expect("it answers")
    }

    /// Status, headers and body of any request.
    pub(super) async fn send(&self, request: Request<Body>) -> (u16, HeaderMap, String) {
        let response = self.begin(request).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, headers, String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }

    /// Status and JSON body of a `GET`.
    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, None).await
    }

    /// These alerts fire: `name instance`.
    pub(super) async fn fire(&self, alerts: &[LabelSet]) {
        let now = Timestamp::from_secs(1_700_000_000);
        let alert = |labels: &LabelSet| Alert {
            labels: labels.clone(),
            annotations: Annotations::default(),
            starts_at: now,
            ends_at: None,
            updated_at: now,
            timeout: false,
            generator_url: "".into(),
        };
        let answer = self.handle.request(RouterRequest::Alerts(alerts.iter().map(alert).collect())).await;
        assert_eq!(answer, Ok(Answer::AlertsTaken { limited: 0 }));
    }
}

fn config(routes: &str, limits: Limits) -> Config {
    let (routing, problems) = read_routing("routes.yml", routes);
    assert_eq!(problems, []);
    let routing = routing.map(|routing| Routing { limits, ..routing });
    let rules = RulesConfig { external_url: "http://sereno".into(), ..RulesConfig::default() };
    Config { rules: Arc::new(rules), routing: Arc::new(routing.expect("valid")) }
}

fn sources() -> Sources {
    Sources {
        rules: Vec::new(),
        routes: String::new(),
        evaluation_interval: Duration::from_secs(60),
        query_offset: Duration::ZERO,
        resend_delay: Duration::from_mins(1),
        matchers: MatcherMode::default(),
        expressions: Expressions::default(),
        limits: Default::default(),
        external_labels: LabelSet::default(),
        external_url: "".into(),
        prometheus_external_url: "".into(),
    }
}
