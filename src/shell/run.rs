//! The loop: one task owns the core; everything else talks to it through one bounded queue.
//!
//! The loop never waits for the world: effects are performed in tasks of their own, whose answers come back
//! through the queue. `sim` has the same loop with a jumping clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};
use tracing::{error, info};

use super::clock::{Clock, Stopwatch};
use super::data_source::DataSource;
use super::deliver::Deliverer;
use super::metrics::Metrics;
use super::notes;
use super::remote_write::RemoteWrite;
use super::status::Status;
use super::store::Store;
use crate::core::{Core, Effect, Input, View};
use crate::model::{Duration, Str, Timestamp};
use crate::router::{Answer, Attempt, Failure, Notified, Outcome, Request, RequestId};
use crate::rules::{Query, QueryError, Sampled, Write, Written};

/// How many inputs may wait for the loop before their senders have to.
const QUEUE: usize = 1024;

/// How long a stop waits for deliveries that are on their way.
const DRAIN: Duration = Duration::from_secs(9);

/// What the loop is asked.
#[derive(Debug)]
enum Command {
    /// Something happened.
    Input(Box<Input>),
    /// Somebody asks for something that changes the state.
    Request(Box<Request>, oneshot::Sender<Result<Answer, RequestError>>),
    /// Somebody wants to see the state.
    Read(Read),
    /// Finish.
    Stop,
}

/// A look at the core: what it makes of it goes where the closure sends it.
struct Read(Box<Look>);

type Look = dyn FnOnce(&Core, Timestamp) + Send;

impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Read")
    }
}

/// The loop is gone, because the process is stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server is stopping")]
pub struct Stopped;

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The loop is gone, because the process is stopping.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// What was asked for is done and in force, but it could not be written to disk: the text says why. It is
    /// written as soon as that works again; if the process ends before, it is lost. So whoever asked must
    /// not take it for done.
    #[error("in force, but not kept on disk: {0}")]
    NotKept(Str),
}

/// How others talk to the loop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    queue: mpsc::Sender<Command>,
}

impl Handle {
    /// Hands an input to the core; waits while the queue is full.
    ///
    /// # Errors
    /// The loop is gone.
    pub async fn input(&self, input: Input) -> Result<(), Stopped> {
        self.queue.send(Command::Input(Box::new(input))).await.map_err(|_| Stopped)
    }

    /// The core's state after everything that was handed in before.
    ///
    /// # Errors
    /// The loop is gone.
    pub async fn view(&self) -> Result<View, Stopped> {
        self.read(|core, now| core.view(now)).await
    }

    /// What `read` makes of the core after everything that was handed in before. The loop waits for it: it
    /// must be quick, so what may be long is read in pages.
    ///
    /// # Errors
    /// The loop is gone.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Core, Timestamp) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let (reply, answer) = oneshot::channel();
        let read = Read(Box::new(move |core, now| {
            // An error means that nobody waits for the answer any more.
            let _ = reply.send(read(core, now));
        }));
        self.queue.send(Command::Read(read)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)
    }

    /// Asks for something that changes the state; answered once that is kept.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn request(&self, request: Request) -> Result<Answer, RequestError> {
        let (reply, answer) = oneshot::channel();
        self.queue.send(Command::Request(Box::new(request), reply)).await.map_err(|_| Stopped)?;
        answer.await.map_err(|_| Stopped)?
    }

    /// Asks the loop to finish what is on its way and to end.
    ///
    /// # Errors
    /// The loop is gone already.
    pub async fn stop(&self) -> Result<(), Stopped> {
        self.queue.send(Command::Stop).await.map_err(|_| Stopped)
    }
}

/// Where the loop takes its commands from.
#[derive(Debug)]
pub struct Inbox(mpsc::Receiver<Command>);

/// The queue of a loop.
#[must_use]
pub fn queue() -> (Handle, Inbox) {
    let (queue, inbox) = mpsc::channel(QUEUE);
    (Handle { queue }, Inbox(inbox))
}

/// Everything that effects act upon.
#[derive(Debug)]
pub struct World {
    /// The time.
    pub clock: Arc<Clock>,
    /// Who answers queries.
    pub data_source: DataSource,
    /// Who takes recorded samples; `None`: nobody, and that is fine.
    pub remote_write: Option<RemoteWrite>,
    /// Who tells people.
    pub deliverer: Deliverer,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// What `/health` shows.
    pub status: Arc<Status>,
}

/// Drives the core until a stop is asked for and what is on its way has arrived, or has had its time.
pub async fn run(core: Core, store: Box<dyn Store>, world: Arc<World>, handle: Handle, inbox: Inbox) {
    let on_the_way = Arc::new(AtomicUsize::new(0));
    let replies = BTreeMap::new();
    let mut serving =
        Loop { core, store, world, handle, on_the_way, draining: false, last_request: 0, replies };
    let mut inbox = inbox.0;
    serving.serve(&mut inbox).await;
    serving.draining = true;
    let deadline = serving.world.clock.now() + DRAIN;
    while serving.on_the_way.load(Ordering::Acquire) > 0 {
        tokio::select! {
            biased;
            Some(command) = inbox.recv() => match command {
                Command::Input(input) => serving.handle_input(*input),
                Command::Request(request, reply) => serving.handle_request(*request, reply),
                Command::Read(read) => serving.show(read),
                Command::Stop => {}
            },
            () = serving.world.clock.sleep_until(Some(deadline)) => {
                let left = serving.on_the_way.load(Ordering::Acquire);
                error!(left, "stopping although {left} notifications are still on their way");
                return;
            }
        }
    }
    info!("stopped");
}

struct Loop {
    core: Core,
    store: Box<dyn Store>,
    world: Arc<World>,
    handle: Handle,
    /// Deliveries whose outcome the core has not been told yet.
    on_the_way: Arc<AtomicUsize>,
    /// Whether nothing new is begun any more.
    draining: bool,
    last_request: u64,
    /// Who waits for the answers to requests.
    replies: BTreeMap<RequestId, oneshot::Sender<Result<Answer, RequestError>>>,
}

impl Loop {
    async fn serve(&mut self, inbox: &mut mpsc::Receiver<Command>) {
        loop {
            tokio::select! {
                biased; // an input and a deadline at one instant: input first, as in `sim`
                command = inbox.recv() => match command {
                    Some(Command::Input(input)) => self.handle_input(*input),
                    Some(Command::Request(request, reply)) => self.handle_request(*request, reply),
                    Some(Command::Read(read)) => self.show(read),
                    Some(Command::Stop) | None => return,
                },
                () = self.world.clock.sleep_until(self.core.next_wake()) => self.handle_input(Input::Wake),
            }
            // A queue that never empties must not hold up the core's own deadlines.
            if self.core.next_wake().is_some_and(|at| at <= self.world.clock.now()) {
                self.handle_input(Input::Wake);
            }
        }
    }

    fn show(&self, read: Read) {
        (read.0)(&self.core, self.world.clock.now());
    }

    fn handle_request(&mut self, request: Request, reply: oneshot::Sender<Result<Answer, RequestError>>) {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.replies.insert(id, reply);
        self.handle_input(Input::Request(id, request));
    }

    fn handle_input(&mut self, input: Input) {
        let now = self.world.clock.now();
        let is_outcome = matches!(input, Input::Notified(_));
        for effect in self.core.handle(now, input) {
            match effect {
                Effect::Persist(entry) => self.store.keep(entry),
                Effect::Reply(id, answer) => {
                    if let Some(reply) = self.replies.remove(&id) {
                        let _ = reply.send(Ok(answer)); // an error: nobody waits any more
                    }
                }
                Effect::Note(event) => notes::note(&self.world.metrics, &self.world.status, now, &event),
                Effect::Query(_) | Effect::Write(_) | Effect::Notify(_) if self.draining => {}
                Effect::Query(query) => self.query(query),
                Effect::Write(write) => self.write(write),
                Effect::Notify(attempt) => self.notify(attempt),
            }
        }
        if is_outcome {
            self.on_the_way.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn query(&self, query: Query) {
        let (world, handle) = (Arc::clone(&self.world), self.handle.clone());
        tokio::spawn(async move {
            let eval = query.eval;
            let asked = tokio::spawn(async move { world.query(&query).await }).await;
            let result = asked.unwrap_or_else(|died| Err(QueryError::Malformed(died.to_string())));
            let _ = handle.input(Input::Sampled(Sampled { eval, result })).await; // gone: we are stopping
        });
    }

    fn write(&self, write: Write) {
        let (world, handle) = (Arc::clone(&self.world), self.handle.clone());
        tokio::spawn(async move {
            let id = write.id;
            let written = tokio::spawn(async move { world.write(&write).await }).await;
            let result = written.unwrap_or_else(|died| Err(died.to_string()));
            let _ = handle.input(Input::Written(Written { id, result })).await; // gone: we are stopping
        });
    }

    fn notify(&self, attempt: Attempt) {
        self.on_the_way.fetch_add(1, Ordering::AcqRel);
        let (world, handle) = (Arc::clone(&self.world), self.handle.clone());
        tokio::spawn(async move {
            let id = attempt.id;
            let told = tokio::spawn(async move { world.deliverer.deliver(&attempt).await }).await;
            let outcome = told.unwrap_or_else(|died| Outcome::Retryable {
                failure: Failure::Other,
                message: died.to_string(),
                retry_after: None,
                maybe_taken: true,
            });
            // gone: we are stopping
            let _ = handle.input(Input::Notified(Notified { attempt: id, outcome })).await;
        });
    }
}

impl World {
    async fn query(&self, query: &Query) -> Result<crate::model::QueryValue, QueryError> {
        let started = Stopwatch::start();
        let result = self.data_source.query(&query.expr, query.at).await;
        self.metrics.queried(started.elapsed(), result.as_ref().err().map(kind));
        let now = self.clock.now();
        self.status.update(|known| match &result {
            // An error in one expression says nothing about the data source: it did answer.
            Err(QueryError::Refused { kind, .. }) if is_of_the_expression(kind) => {
                known.data_source.last_success = Some(now);
            }
            other => known.data_source.heard(now, other),
        });
        result
    }

    async fn write(&self, write: &Write) -> Result<(), String> {
        let Some(remote_write) = &self.remote_write else { return Ok(()) };
        let result = remote_write.write(&write.points).await;
        self.metrics.wrote(write.points.len(), result.is_ok());
        let now = self.clock.now();
        self.status.update(|known| known.remote_write.heard(now, &result));
        result
    }
}

fn is_of_the_expression(kind: &str) -> bool {
    matches!(kind, "bad_data" | "execution" | "422")
}

/// The label `kind` of `sereno_query_failures_total`.
fn kind(error: &QueryError) -> &'static str {
    match error {
        QueryError::Unreachable(_) => "unreachable",
        QueryError::Refused { .. } => "refused",
        QueryError::Incomplete(_) => "incomplete",
        QueryError::Malformed(_) => "malformed",
    }
}
