//! Sends mails: a few connections to each server, kept for a short while after use.

mod auth;
mod connection;
mod mime;
mod wire;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::connection::{Connection, SmtpError};
use super::clock::{Clock, pause};
use crate::model::{Duration, Timestamp};
use crate::notify::email::mail::{Mail, MailAnswer, MailFailure, MailServer};
use crate::router::Failure;

/// How many connections to one server, with the same credentials, there may be. Some providers take no more
/// than three.
const CONNECTIONS: usize = 3;

/// For how long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(30);

/// Sends mails. Cloning copies a pointer.
#[derive(Clone, Debug)]
pub struct MailSender(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<Clock>,
    /// What stands after the `@` of message ids.
    hostname: String,
    servers: Mutex<Vec<Server>>,
}

/// A server that mails are or were lately sent to.
#[derive(Debug)]
struct Server {
    settings: MailServer,
    places: Arc<Semaphore>,
    idle: Vec<(Connection, Timestamp)>,
}

impl MailSender {
    /// Without any connection.
    #[must_use]
    pub fn new(clock: Arc<Clock>) -> Self {
        Self(Arc::new(Inner { clock, hostname: hostname(), servers: Mutex::default() }))
    }

    /// Sends a mail; answers after `timeout` at the latest.
    pub async fn send(&self, mail: &Mail, timeout: StdDuration) -> MailAnswer {
        let on_its_way = AtomicBool::new(false);
        let sent = tokio::time::timeout(timeout, self.try_send(mail, &on_its_way)).await;
        let failure = match sent {
            Ok(Ok(answer)) => return answer,
            Ok(Err(error)) => error.into_failure(on_its_way.load(Ordering::Relaxed)),
            Err(_) => MailFailure {
                failure: Failure::DeadlineExceeded,
                is_final: false,
                maybe_taken: on_its_way.load(Ordering::Relaxed),
                message: "the mail server did not answer in time".to_owned(),
            },
        };
        MailAnswer { recipients: Vec::new(), end: Err(failure) }
    }

    async fn try_send(&self, mail: &Mail, on_its_way: &AtomicBool) -> Result<MailAnswer, SmtpError> {
        let bytes = mime::message(mail, &self.0.hostname)?;
        let _place = self.place(&mail.server).await;
        let mut connection = self.connection(&mail.server).await?;
        let answer = connection.send(mail, &bytes, on_its_way).await;
        if connection.is_usable() {
            self.keep(&mail.server, connection);
        }
        answer
    }

    /// Waits until there may be one more connection to the server.
    async fn place(&self, settings: &MailServer) -> Option<OwnedSemaphorePermit> {
        let places = self.with(settings, |server| Arc::clone(&server.places));
        places.acquire_owned().await.ok() // never closed
    }

    /// A connection that still works, or a new one.
    async fn connection(&self, settings: &MailServer) -> Result<Connection, SmtpError> {
        while let Some((mut connection, _)) = self.with(settings, |server| server.idle.pop()) {
            if connection.is_alive().await {
                return Ok(connection);
            }
        }
        Connection::open(settings).await
    }

    /// Keeps a connection for the next mail, for a while.
    fn keep(&self, settings: &MailServer, connection: Connection) {
        let now = self.0.clock.now();
        self.with(settings, |server| server.idle.push((connection, now)));
        let servers = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            pause(IDLE).await;
            let Some(inner) = servers.upgrade() else { return };
            for connection in inner.take_unused() {
                connection.close().await;
            }
        });
    }

    fn with<T>(&self, settings: &MailServer, then: impl FnOnce(&mut Server) -> T) -> T {
        let mut servers = self.0.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let place = servers.iter().position(|server| server.settings == *settings).unwrap_or_else(|| {
            let places = Arc::new(Semaphore::new(CONNECTIONS));
            servers.push(Server { settings: settings.clone(), places, idle: Vec::new() });
            servers.len() - 1
        });
        then(&mut servers[place])
    }
}

impl Inner {
    /// Connections that nobody has used for a while. Servers without any are forgotten.
    fn take_unused(&self) -> Vec<Connection> {
        let until = self.clock.now() - IDLE;
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unused = Vec::new();
        for server in servers.iter_mut() {
            let (old, idle) = server.idle.drain(..).partition(|(_, since)| *since <= until);
            server.idle = idle;
            let old: Vec<(Connection, Timestamp)> = old;
            unused.extend(old.into_iter().map(|(connection, _)| connection));
        }
        // Somebody who has or waits for a place holds a copy.
        servers.retain(|server| !server.idle.is_empty() || Arc::strong_count(&server.places) > 1);
        unused
    }
}

/// The name of this machine.
fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    match name.trim() {
        name if is_name(name) => name.to_owned(),
        _ => "localhost.localdomain".to_owned(),
    }
}
