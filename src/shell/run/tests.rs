//! The loop with a disk that does what a test says: answers and notifications wait for it, but not for ever.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::net::TcpListener;

use super::{Handle, RequestError, World, queue, run};
use crate::config::read_routing;
use crate::config::routes::HttpSettings;
use crate::core::{Config, Core};
use crate::model::{Alert, Annotations, Duration, LabelSet, Timestamp};
use crate::router::{Answer, Request};
use crate::rules::RulesConfig;
use crate::shell::clock::{Clock, Stopwatch};
use crate::shell::data_source::DataSource;
use crate::shell::deliver::Deliverer;
use crate::shell::http::HttpClients;
use crate::shell::metrics::Metrics;
use crate::shell::status::Status;
use crate::shell::store::writer::{Pace, Reporter, Writer};
use crate::shell::store::{Batch, Key, Loaded, MemoryStore, Store, StoreError};

/// Commits only once it is told how that goes, by a test that knows when it has begun.
struct Disk {
    memory: MemoryStore,
    begun: tokio::sync::mpsc::UnboundedSender<()>,
    outcomes: Receiver<Result<(), StoreError>>,
    /// What a commit came to has been told to the loop.
    told: Sender<()>,
}

impl Store for Disk {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.memory.load()
    }

    fn commit(&mut self, batch: &Batch) -> Result<u64, StoreError> {
        let _ = self.begun.send(()); // an error: the test is over
        // Once the test lets go of it, the disk works.
        self.outcomes.recv().unwrap_or(Ok(()))?;
        self.memory.commit(batch)
    }

    fn is_kept(&mut self, key: &Key) -> Result<bool, StoreError> {
        self.memory.is_kept(key)
    }

    fn maintain(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        self.memory.maintain(now)
    }

    fn notices(&self) -> Vec<String> {
        let _ = self.told.send(()); // an error: the test is over
        Vec::new()
    }
}

struct Running {
    handle: Handle,
    status: Arc<Status>,
    memory: MemoryStore,
    begun: tokio::sync::mpsc::UnboundedReceiver<()>,
    outcomes: Option<Sender<Result<(), StoreError>>>,
    told: Receiver<()>,
    receiver: TcpListener,
    work: tokio::task::JoinHandle<()>,
}

/// A loop that tells a receiver at once, on a disk that answers when we say so.
async fn running(patience: Duration) -> Running {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let receiver = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", receiver.local_addr().expect("it is bound"));
    let text = format!(
        "route: {{receiver: ops, group_wait: 0s, group_by: [alertname]}}\n\
         receivers: [{{name: ops, webhook_configs: [{{url: '{url}'}}]}}]\n"
    );
    let routing = Arc::new(read_routing("routes.yml", &text).0.expect("it is right"));
    let rules = Arc::new(RulesConfig::default());
    let (clock, clients) = (Arc::new(Clock::default()), HttpClients::default());
    let (metrics, status) = (Arc::new(Metrics::default()), Arc::new(Status::default()));
    let nobody = "http://127.0.0.1:1".parse().expect("a URL");
    let world = World {
        clock: Arc::clone(&clock),
        data_source: DataSource::new(&nobody, HttpSettings::default(), clients.clone(), Duration::ZERO, 1),
        remote_write: None,
        deliverer: Arc::new(Deliverer::new(clients, Arc::clone(&clock), "http://us".into())),
        metrics: Arc::clone(&metrics),
        status: Arc::clone(&status),
    };
    let memory = MemoryStore::default();
    let (tell, begun) = tokio::sync::mpsc::unbounded_channel();
    let ((outcomes, heard), (say, told)) = (channel(), channel());
    let disk = Disk { memory: memory.clone(), begun: tell, outcomes: heard, told: say };
    let pace = Pace { retry: Duration::from_millis(5), patience };
    let reporter = Reporter { clock: Arc::clone(&clock), metrics, status: Arc::clone(&status) };
    let writer = Writer::start(disk, None, pace, reporter).expect("there is room for a thread");
    let (handle, inbox) = queue();
    let core = Core::restore(&Config { rules, routing }, 1, clock.now(), Vec::new());
    let work = tokio::spawn(run(core, writer, Arc::new(world), handle.clone(), inbox));
    Running { handle, status, memory, begun, outcomes: Some(outcomes), told, receiver, work }
}

fn alert(name: &str) -> Request {
    Request::Alerts(vec![Alert {
        labels: LabelSet::from_pairs([("alertname", name)]),
        annotations: Annotations::default(),
        starts_at: Timestamp::from_secs(1),
        ends_at: None,
        updated_at: Timestamp::from_secs(1),
        timeout: false,
        generator_url: "".into(),
    }])
}

const TAKEN: Result<Answer, RequestError> = Ok(Answer::AlertsTaken { limited: 0 });

#[tokio::test]
async fn an_answer_and_a_notification_wait_for_the_disk() {
    let mut running = running(Duration::from_secs(600)).await;
    let handle = running.handle.clone();
    let answer = tokio::spawn(async move { handle.request(alert("A")).await });
    running.begun.recv().await.expect("it commits");
    // The loop itself does not wait: it answers who only looks.
    let seen = running.handle.view().await.expect("it runs");
    assert_eq!(seen.router.alerts.firing, 1);
    assert!(!answer.is_finished(), "it is not on the disk yet");
    let told = std::future::poll_fn(|context| std::task::Poll::Ready(running.receiver.poll_accept(context)));
    assert!(told.await.is_pending(), "nobody is told yet");
    assert_eq!(kept(&mut running.memory), 0);
    running.outcomes = None;
    assert_eq!(answer.await.expect("it did not fail"), TAKEN);
    running.receiver.accept().await.expect("it is told");
    assert!(kept(&mut running.memory) > 0);
}

/// How many records there are.
fn kept(memory: &mut MemoryStore) -> usize {
    memory.load().expect("it always may").entries.len()
}

#[tokio::test]
async fn when_the_disk_refuses_notifications_go_on_and_who_asked_is_told() {
    let mut running = running(Duration::from_secs(600)).await;
    let outcomes = running.outcomes.take().expect("there");
    let full = || Err(StoreError::Unavailable("the disk is full".to_owned()));
    outcomes.send(full()).expect("taken");
    let not_kept = Err(RequestError::NotKept("the disk is full".into()));
    assert_eq!(running.handle.request(alert("A")).await, not_kept);
    running.receiver.accept().await.expect("it is told in spite of that");
    assert_eq!(running.handle.request(alert("B")).await, not_kept, "at once, while it is so");
    let trouble = running.status.snapshot().store.trouble.expect("health says so");
    assert_eq!(trouble.message, "the disk is full");
    drop(outcomes);
    wait_until_well(&running, alert("C")).await;
    assert!(running.status.snapshot().store.trouble.is_none());
    running.handle.stop().await.expect("it runs");
    drop(running.receiver);
    running.work.await.expect("it ends");
    let entries = format!("{:?}", running.memory.load().expect("it always may").entries);
    for name in ["A", "B", "C"] {
        assert!(entries.contains(&format!("\"{name}\"")), "{name}: {entries}");
    }
}

#[tokio::test]
async fn a_disk_that_hangs_is_not_waited_for_for_ever() {
    let mut running = running(Duration::from_millis(50)).await;
    let Err(RequestError::NotKept(why)) = running.handle.request(alert("A")).await else {
        panic!("the disk does not answer")
    };
    assert!(why.contains("has not answered for 50ms"), "{why}");
    running.receiver.accept().await.expect("it is told in spite of that");
    assert!(running.status.snapshot().store.trouble.is_some(), "health says so");
    running.outcomes = None;
    wait_until_well(&running, alert("B")).await;
    assert!(running.status.snapshot().store.trouble.is_none());
}

#[tokio::test]
async fn a_disk_that_has_answered_is_heard_however_late_we_come_to_it() {
    let patience = Duration::from_millis(100);
    let Running { handle, outcomes, told, .. } = running(patience).await;
    let hold_up = move |_: &mut Core, _: Timestamp| {
        let watch = Stopwatch::start();
        drop(outcomes);
        told.recv().expect("the disk answers");
        // Nobody will say more: this only waits.
        while watch.elapsed() <= patience.to_std() {
            let _ = told.recv_timeout(patience.to_std());
        }
    };
    // Both are in the queue before the loop looks at it.
    let (answer, held_up) = tokio::join!(handle.request(alert("A")), handle.read(hold_up));
    assert_eq!((answer, held_up), (TAKEN, Ok(())));
}

/// Asks until it is answered as it should be: the loop hears a little later that the disk works.
async fn wait_until_well(running: &Running, request: Request) {
    while running.handle.request(request.clone()).await != TAKEN {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_stop_waits_for_the_disk() {
    let mut running = running(Duration::from_secs(600)).await;
    let outcomes = running.outcomes.take().expect("there");
    let handle = running.handle.clone();
    let answer = tokio::spawn(async move { handle.request(alert("A")).await });
    running.begun.recv().await.expect("it commits");
    running.handle.stop().await.expect("it runs");
    running.handle.view().await.expect("it still answers");
    assert!(!running.work.is_finished());
    drop((outcomes, running.receiver));
    running.work.await.expect("it ends");
    assert_eq!(answer.await.expect("it did not fail"), TAKEN);
    assert!(kept(&mut running.memory) > 0);
}
