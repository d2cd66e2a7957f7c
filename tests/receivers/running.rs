//! The server's loop with everything that delivers, on a store in memory: alerts go in, and what happened is read
//! from the history.

use std::sync::Arc;

use sereno::config::read_routing;
use sereno::core::{Config, Core, Input};
use sereno::model::{Alert, Annotations, Duration, LabelSet, Timestamp};
use sereno::router::{Answer, Request};
use sereno::rules::RulesConfig;
use sereno::shell::clock::{Clock, Stopwatch, pause};
use sereno::shell::data_source::DataSource;
use sereno::shell::deliver::Deliverer;
use sereno::shell::history::{HistoryKind, HistoryRow};
use sereno::shell::http::HttpClients;
use sereno::shell::metrics::Metrics;
use sereno::shell::run::{self, Handle, World};
use sereno::shell::status::Status;
use sereno::shell::store::history::{HistoryQuery, HistoryReader};
use sereno::shell::store::memory::MemoryStore;
use sereno::shell::store::writer::{Pace, Reporter, Writer};

/// How long anything may take before a test fails.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// The loop.
pub(crate) struct Running {
    handle: Handle,
    store: MemoryStore,
    clock: Arc<Clock>,
    started: Timestamp,
}

/// What became of an attempt, as the history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    pub(crate) receiver: String,
    /// The group's label `alertname`.
    pub(crate) group: String,
    pub(crate) key: String,
    /// `delivered`, or class and text of the failure.
    pub(crate) outcome: String,
}

impl Running {
    /// Starts it with this routing file.
    pub(crate) fn start(routes: &str) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (handle, inbox) = run::queue();
        let (clock, clients, store) =
            (Arc::new(Clock::default()), HttpClients::default(), MemoryStore::default());
        let (metrics, status) = (Arc::new(Metrics::default()), Arc::new(Status::default()));
        let nobody = "http://127.0.0.1:1".parse().expect("a URL");
        let deliverer = Deliverer::new(clients.clone(), Arc::clone(&clock), "http://sereno:9093".into());
        let world = World {
            clock: Arc::clone(&clock),
            data_source: DataSource::new(&nobody, Default::default(), clients, Duration::ZERO, 1),
            remote_write: None,
            deliverer: Arc::new(deliverer),
            metrics: Arc::clone(&metrics),
            status: Arc::clone(&status),
        };
        let reporter = Reporter { clock: Arc::clone(&clock), metrics, status };
        let writer = Writer::start(store.clone(), None, Pace::default(), reporter).expect("a thread");
        let started = clock.now();
        let core = Core::restore(&config(routes), 1, started, Vec::new());
        tokio::spawn(run::run(core, writer, Arc::new(world), handle.clone(), inbox));
        Self { handle, store, clock, started }
    }

    /// Another routing file takes the place of the one that it has.
    pub(crate) async fn reload(&self, routes: &str) {
        self.handle.input(Input::Reload(config(routes))).await.expect("it runs");
    }

    /// Alerts of these names fire, each a group of its own.
    pub(crate) async fn fire(&self, names: &[impl AsRef<str>]) {
        self.take(names, None).await;
    }

    /// They are over.
    pub(crate) async fn resolve(&self, names: &[impl AsRef<str>]) {
        self.take(names, Some(self.clock.now())).await;
    }

    async fn take(&self, names: &[impl AsRef<str>], ends_at: Option<Timestamp>) {
        let alert = |name: &str| Alert {
            labels: LabelSet::from_pairs([("alertname", name)]),
            annotations: Annotations::from_pairs([("summary", "The disk is full")]),
            starts_at: self.started,
            ends_at,
            updated_at: self.clock.now(),
            timeout: false,
            generator_url: "".into(),
        };
        let alerts = names.iter().map(|name| alert(name.as_ref())).collect();
        let answer = self.handle.request(Request::Alerts(alerts)).await;
        assert_eq!(answer, Ok(Answer::AlertsTaken { limited: 0 }));
    }

    /// Everything that was tried so far, in order.
    pub(crate) fn tried(&self) -> Vec<Tried> {
        let kinds = vec![HistoryKind::Notification];
        let query = HistoryQuery { kinds, limit: usize::MAX, ..HistoryQuery::default() };
        let rows = self.store.read(&query).expect("it always may").rows;
        rows.iter().rev().filter_map(tried).collect()
    }

    fn last_tried(&self) -> Vec<Tried> {
        let tried = self.tried();
        tried[tried.len().saturating_sub(20)..].to_vec()
    }

    /// How many were delivered to that receiver.
    pub(crate) fn delivered(&self, receiver: &str) -> usize {
        let delivered = |tried: &&Tried| tried.receiver == receiver && tried.outcome == "delivered";
        self.tried().iter().filter(delivered).count()
    }

    /// How many attempts to tell that receiver of the group failed with this in their text.
    pub(crate) fn failed(&self, receiver: &str, group: &str, error: &str) -> usize {
        let tried =
            self.tried().into_iter().filter(|tried| tried.receiver == receiver && tried.group == group);
        tried.filter(|tried| tried.outcome != "delivered" && tried.outcome.contains(error)).count()
    }

    /// How many notifications wait for an outcome or for another attempt.
    pub(crate) async fn waiting(&self) -> usize {
        let view = self.handle.view().await.expect("it runs").router;
        view.in_flight + view.retrying
    }

    /// How many attempts to tell that receiver failed.
    pub(crate) fn all_failed(&self, receiver: &str) -> usize {
        let failed = |tried: &&Tried| tried.receiver == receiver && tried.outcome != "delivered";
        self.tried().iter().filter(failed).count()
    }

    /// Waits until everybody has been told everything.
    pub(crate) async fn until_nothing_waits(&self) {
        let waiting = Stopwatch::start();
        while self.waiting().await > 0 {
            assert!(waiting.elapsed() < PATIENCE, "{:#?}", self.last_tried());
            pause(Duration::from_millis(50)).await;
        }
    }

    /// Waits until that is so.
    pub(crate) async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let waiting = Stopwatch::start();
        while !is_so() {
            let is_late = waiting.elapsed() >= PATIENCE;
            assert!(!is_late, "not so after {PATIENCE:?}: {what}\n{:#?}", self.last_tried());
            pause(Duration::from_millis(50)).await;
        }
    }
}

fn tried(row: &HistoryRow) -> Option<Tried> {
    let text = |name: &str| row.detail.get(name).and_then(|value| value.as_str());
    let outcome = match text("outcome")? {
        "delivered" => "delivered".to_owned(),
        "failed" => format!("{}: {}", text("failure")?, text("error")?),
        "refused" => format!("refused {}: {}", text("failure")?, text("error")?),
        _ => return None,
    };
    Some(Tried {
        receiver: row.receiver.as_deref()?.to_owned(),
        group: row.labels.value("alertname").to_owned(),
        key: text("idempotency_key")?.to_owned(),
        outcome,
    })
}

fn config(routes: &str) -> Config {
    let (routing, problems) = read_routing("routes.yml", routes);
    assert_eq!(problems, [], "{routes}");
    let rules = RulesConfig { external_url: "http://sereno:9093".into(), ..RulesConfig::default() };
    Config { rules: Arc::new(rules), routing: Arc::new(routing.expect("valid")) }
}
