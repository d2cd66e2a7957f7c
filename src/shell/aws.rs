//! Credentials for AWS: asks and reads what `notify/aws.rs` says, and keeps what ends until shortly before it does.
//! Only deliveries wait for this, each for its own receiver.

mod search;

use std::sync::Arc;
use std::time::Duration as StdDuration;

use self::search::Search;
use super::clock::{Clock, Stopwatch};
use super::http::HttpClients;
use super::places::Places;
use crate::model::{Duration, Timestamp};
use crate::notify::aws::{Access, Identity};
use crate::router::{Failure, Outcome};

/// How long before their end credentials are asked for anew. If that fails the old ones are good until then.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// How long then until it is tried again.
const PAUSE: Duration = Duration::from_secs(30);

/// Variables of the environment by name.
#[derive(Clone)]
pub struct Environment(Arc<ReadVariable>);

/// What reads a variable.
type ReadVariable = dyn Fn(&str) -> Option<String> + Send + Sync;

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

impl Environment {
    /// The one that this process has.
    #[must_use]
    pub fn of_process() -> Self {
        #[expect(clippy::disallowed_methods, reason = "where AWS' own tools look for credentials")]
        Self::new(|name| std::env::var(name).ok())
    }

    /// Another one.
    #[must_use]
    pub fn new(read: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// A variable; empty if it is not set.
    fn text(&self, name: &str) -> String {
        (self.0)(name).unwrap_or_default()
    }
}

/// Finds credentials.
#[derive(Debug)]
pub struct AwsAccess {
    clients: HttpClients,
    clock: Arc<Clock>,
    environment: Environment,
    kept: Places<Identity, Option<Kept>>,
}

/// Credentials that end.
#[derive(Debug)]
struct Kept {
    access: Access,
    ends_at: Timestamp,
    /// When they are asked for anew.
    ask_at: Timestamp,
}

impl AwsAccess {
    /// Asks through `clients`, and reads this environment.
    #[must_use]
    pub fn new(clients: HttpClients, clock: Arc<Clock>, environment: Environment) -> Self {
        Self { clients, clock, environment, kept: Places::default() }
    }

    /// What a request to `service` needs; answers after `timeout` at the latest. `refused`: the access key of
    /// credentials that the service does not take any more.
    ///
    /// # Errors
    /// There is none. What was looked at, and why each is of no use, or what STS said.
    pub async fn get(
        &self,
        identity: &Identity,
        service: &str,
        refused: Option<&str>,
        timeout: StdDuration,
    ) -> Result<Access, Outcome> {
        let watch = Stopwatch::start();
        let now = self.clock.now();
        let place = self.kept.of(identity, |kept| kept.as_ref().is_some_and(|kept| now < kept.ends_at));
        let late = |_| no_credentials(Failure::DeadlineExceeded, "no AWS credentials in time".to_owned());
        let mut kept = tokio::time::timeout(timeout, place.lock()).await.map_err(late)?;
        let now = self.clock.now();
        let is_good = |kept: &Kept| {
            now < kept.ends_at && refused.is_none_or(|key| key != kept.access.credentials.access_key)
        };
        *kept = kept.take().filter(is_good);
        if let Some(kept) = kept.as_ref().filter(|kept| now < kept.ask_at) {
            return Ok(kept.access.clone());
        }
        let left = timeout.saturating_sub(watch.elapsed());
        // Who has good ones must not wait so long for others that there is no time left to use any.
        let patience = if kept.is_some() { left / 2 } else { left };
        let mut search = Search::new(self, identity, patience);
        let found = tokio::time::timeout(patience, search.run(service)).await.map_err(late);
        match (found.and_then(|found| found), kept.as_mut()) {
            (Ok((access, ends_at)), _) => {
                let new = |ends_at| Kept { access: access.clone(), ends_at, ask_at: ends_at - EARLY };
                *kept = ends_at.map(new);
                Ok(access)
            }
            (Err(_), Some(kept)) => {
                kept.ask_at = self.clock.now() + PAUSE;
                Ok(kept.access.clone())
            }
            (Err(outcome), None) => Err(outcome),
        }
    }
}

/// There are none now.
fn no_credentials(failure: Failure, message: String) -> Outcome {
    Outcome::Retryable { failure, message, retry_after: None, maybe_taken: false }
}
