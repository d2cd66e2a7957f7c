//! The loop: one task owns the core; everything else talks to it through one bounded queue.
//!
//! The loop never waits for the world: effects are performed in tasks of their own, whose answers come back
//! through the queue. Records go to the thread of the store, and what relies on them (notifications and
//! answers) is held back until they are kept; see `store::gate`. `sim` has the same loop with a jumping clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};
use tracing::{error, info};

use super::clock::{Clock, Stopwatch};
use super::data_source::DataSource;
use super::deliver::Deliverer;
use super::history::{self, HistoryRow};
use super::metrics::Metrics;
use super::notes;
use super::remote_write::RemoteWrite;
use super::status::{Status, Trouble};
use super::store::gate::{Gate, IsKept};
use super::store::writer::{Done, Writer};
use crate::core::{Core, Effect, Entry, Input, View};
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
    /// Something that is no matter of the core happened.
    History(HistoryRow),
    /// Somebody wants to see the state.
    Read(Read),
    /// Finish.
    Stop,
}

/// A look at the core: what it makes of it goes where the closure sends it.
struct Read(Box<Look>);

type Look = dyn FnOnce(&mut Core, Timestamp) + Send;

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

    /// Notes what happened outside of the core.
    ///
    /// # Errors
    /// The loop is gone.
    pub async fn note(&self, row: HistoryRow) -> Result<(), Stopped> {
        self.queue.send(Command::History(row)).await.map_err(|_| Stopped)
    }

    /// The core's state after everything that was handed in before.
    ///
    /// # Errors
    /// The loop is gone.
    pub async fn view(&self) -> Result<View, Stopped> {
        self.read(|core, now| core.view(now)).await
    }

    /// Waits until the loop has taken everything that was handed in before.
    ///
    /// # Errors
    /// The loop is gone.
    pub async fn catch_up(&self) -> Result<(), Stopped> {
        self.read(|_, _| ()).await
    }

    /// What `read` makes of the core after everything that was handed in before. The loop waits for it: it
    /// must be quick, so what may be long is read in pages. It may change nothing but the indexes that serve
    /// such questions: whatever else happens to the core is an input.
    ///
    /// # Errors
    /// The loop is gone.
    pub async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Core, Timestamp) -> T + Send + 'static,
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
    pub deliverer: Arc<Deliverer>,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// What `/health` shows.
    pub status: Arc<Status>,
}

/// Drives the core until a stop is asked for and what is on its way has arrived, or has had its time. When it
/// returns, everything that can be written is on disk.
pub async fn run(core: Core, writer: Writer, world: Arc<World>, handle: Handle, inbox: Inbox) {
    let patience = writer.pace.patience;
    let gate = Gate::new(patience, writer.trouble.clone());
    let mut serving = Loop {
        core,
        writer: Some(writer),
        gate,
        patience,
        has_given_up: false,
        world,
        handle,
        on_the_way: Arc::new(AtomicUsize::new(0)),
        draining: false,
        last_request: 0,
        replies: BTreeMap::new(),
    };
    let mut inbox = inbox.0;
    serving.serve(&mut inbox).await;
    serving.draining = true;
    let deadline = serving.world.clock.now() + DRAIN;
    serving.drain(&mut inbox, deadline).await;
    serving.close_store(deadline).await;
    info!("stopped");
}

/// What relies on records.
#[derive(Debug)]
enum Held {
    Notify(Attempt),
    Reply(RequestId, Answer),
}

struct Loop {
    core: Core,
    /// `None`: its thread has ended.
    writer: Option<Writer>,
    gate: Gate<Held>,
    /// How long the disk may take.
    patience: Duration,
    /// Whether the disk has hung for so long that we went on without.
    has_given_up: bool,
    world: Arc<World>,
    handle: Handle,
    /// Deliveries whose outcome the core has not been told yet, those included that wait at the gate.
    on_the_way: Arc<AtomicUsize>,
    /// Whether nothing new is begun any more.
    draining: bool,
    last_request: u64,
    /// Who waits for the answers to requests.
    replies: BTreeMap<RequestId, oneshot::Sender<Result<Answer, RequestError>>>,
}

/// The next word from the store's thread; never, once that has ended.
async fn next_done(writer: &mut Option<Writer>) -> Option<Done> {
    match writer {
        Some(writer) => writer.done().await,
        None => std::future::pending().await,
    }
}

impl Loop {
    async fn serve(&mut self, inbox: &mut mpsc::Receiver<Command>) {
        loop {
            let wake = [self.core.next_wake(), self.gate.patience_ends()].into_iter().flatten().min();
            tokio::select! {
                biased; // an input and a deadline at one instant: input first, as in `sim`
                done = next_done(&mut self.writer) => self.hear(done),
                command = inbox.recv() => match command {
                    Some(Command::Stop) | None => return,
                    Some(command) => self.handle_command(command),
                },
                () = self.world.clock.sleep_until(wake) => {}
            }
            self.on_time();
        }
    }

    /// Takes what comes back until nothing is on its way any more.
    async fn drain(&mut self, inbox: &mut mpsc::Receiver<Command>, deadline: Timestamp) {
        while self.on_the_way.load(Ordering::Acquire) > 0 {
            let wake = self.gate.patience_ends().map_or(deadline, |at| at.min(deadline));
            tokio::select! {
                biased;
                done = next_done(&mut self.writer) => self.hear(done),
                Some(command) = inbox.recv() => self.handle_command(command),
                () = self.world.clock.sleep_until(Some(wake)) => {}
            }
            let now = self.world.clock.now();
            self.lose_patience(now);
            if now >= deadline {
                let left = self.on_the_way.load(Ordering::Acquire);
                error!(left, "stopping although {left} notifications are still on their way");
                return;
            }
        }
    }

    /// Lets the store write what there is, and waits until it has.
    async fn close_store(&mut self, deadline: Timestamp) {
        let Some(writer) = &self.writer else { return };
        writer.close();
        // Committing takes milliseconds; a disk that hangs must not keep us here for ever.
        let last = deadline.max(self.world.clock.now() + Duration::from_secs(1));
        while self.writer.is_some() {
            tokio::select! {
                biased;
                done = next_done(&mut self.writer) => self.hear(done),
                () = self.world.clock.sleep_until(Some(last)) => {
                    error!("stopping although the disk does not answer: the last changes may be lost");
                    return;
                }
            }
        }
    }

    /// What has become due. A queue that never empties must not hold it up.
    fn on_time(&mut self) {
        let now = self.world.clock.now();
        self.lose_patience(now);
        if self.core.next_wake().is_some_and(|at| at <= now) {
            self.handle_input(Input::Wake);
        }
    }

    fn handle_command(&mut self, command: Command) {
        match command {
            Command::Input(input) => self.handle_input(*input),
            Command::Request(request, reply) => self.handle_request(*request, reply),
            Command::History(row) => self.hand_over(Vec::new(), vec![row]),
            Command::Read(Read(read)) => read(&mut self.core, self.world.clock.now()),
            Command::Stop => {}
        }
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
        let effects = self.core.handle(now, input);
        let (mut entries, mut rows, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for effect in effects {
            match effect {
                Effect::Persist(entry) => entries.push(entry),
                Effect::Reply(id, answer) => held.push(Held::Reply(id, answer)),
                Effect::Note(event) => {
                    notes::note(&self.world.metrics, &self.world.status, now, &event);
                    rows.extend(history::rows(now, &event));
                }
                Effect::Query(_) | Effect::Write(_) | Effect::Notify(_) if self.draining => {}
                Effect::Query(query) => self.query(query),
                Effect::Write(write) => self.write(write),
                Effect::Notify(attempt) => {
                    self.on_the_way.fetch_add(1, Ordering::AcqRel);
                    held.push(Held::Notify(attempt));
                }
            }
        }
        self.hand_over(entries, rows);
        // The disk's time begins now: what the core took for the input is none of it.
        let since = self.world.clock.now();
        for effect in held {
            if let Some((effect, is_kept)) = self.gate.pass(since, effect) {
                self.perform(effect, is_kept);
            }
        }
        if is_outcome {
            self.on_the_way.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// All records of one input are written in one piece. So what is held back waits for all of them, also
    /// for those that came after it: that is no more than it needs, and never less.
    fn hand_over(&mut self, entries: Vec<Entry>, rows: Vec<HistoryRow>) {
        if entries.is_empty() && rows.is_empty() {
            return;
        }
        if let Some(writer) = &mut self.writer {
            self.gate.handed_over(writer.hand_over(entries, rows));
        }
    }

    /// Takes word from the store's thread.
    fn hear(&mut self, done: Option<Done>) {
        let done = done.unwrap_or_else(|| {
            self.writer = None;
            Done::Failed { why: "the store has ended".into() }
        });
        if matches!(done, Done::Kept { .. }) && std::mem::take(&mut self.has_given_up) {
            info!("the disk answers again");
        }
        for (effect, is_kept) in self.gate.hear(done) {
            self.perform(effect, is_kept);
        }
    }

    /// Goes on without the disk if it has hung for too long. If we were held up ourselves, on a machine with too
    /// much to do, its word may be here already.
    fn lose_patience(&mut self, now: Timestamp) {
        let is_over = |gate: &Gate<Held>| gate.patience_ends().is_some_and(|end| end <= now);
        while is_over(&self.gate)
            && let Some(done) = self.writer.as_mut().and_then(Writer::done_already)
        {
            self.hear(Some(done));
        }
        if !is_over(&self.gate) {
            return;
        }
        let why = Str::from(format!("the disk has not answered for {}", self.patience));
        self.world.status.update(|known| {
            known.store.trouble.get_or_insert(Trouble { at: now, message: why.to_string() });
        });
        self.world.metrics.store.hangs();
        error!("{why}; until it does, what happens is kept in memory only. Notifications go on");
        self.has_given_up = true;
        for (effect, is_kept) in self.gate.give_up(why) {
            self.perform(effect, is_kept);
        }
    }

    fn perform(&mut self, held: Held, is_kept: IsKept) {
        match held {
            Held::Notify(attempt) => self.notify(attempt),
            Held::Reply(id, answer) => {
                let Some(reply) = self.replies.remove(&id) else { return };
                let answer = match (answer, is_kept) {
                    // It changed nothing, so there is nothing to keep.
                    (Answer::Refused(why), _) => Ok(Answer::Refused(why)),
                    (answer, Ok(())) => Ok(answer),
                    (_, Err(why)) => Err(RequestError::NotKept(why)),
                };
                let _ = reply.send(answer); // an error: nobody waits any more
            }
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
        let (world, handle) = (Arc::clone(&self.world), self.handle.clone());
        tokio::spawn(async move {
            let id = attempt.id;
            let told = tokio::spawn(async move { world.deliverer.deliver(&attempt).await }).await;
            let (outcome, memory) = told.unwrap_or_else(|died| {
                let message = died.to_string();
                let failure = Failure::Other;
                (Outcome::Retryable { failure, message, retry_after: None, maybe_taken: true }, None)
            });
            // gone: we are stopping
            let _ = handle.input(Input::Notified(Notified { attempt: id, outcome, memory })).await;
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

#[cfg(test)]
mod tests;
