//! Credentials for AWS: asks and reads what `notify/aws.rs` says, and keeps what ends until shortly before it does.
//! Only deliveries wait for this, each for its own receiver.

mod search;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use tokio::sync::Mutex as AsyncMutex;

use self::search::Search;
use super::clock::{Clock, Stopwatch};
use super::http::HttpClients;
use crate::model::{Duration, Timestamp};
use crate::notify::aws::{Access, Identity};
use crate::router::{Failure, Outcome};

/// How long before their end credentials are asked for anew. If that fails the old ones are good until then.
const EARLY: Duration = Duration::from_secs(5 * 60);

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
    places: Mutex<Vec<(Identity, Place)>>,
}

/// Where the credentials for some settings are. Who looks for them has the place to himself, so that many
/// messages at once ask once.
type Place = Arc<AsyncMutex<Option<Kept>>>;

/// Credentials that end.
#[derive(Debug)]
struct Kept {
    access: Access,
    ends_at: Timestamp,
}

impl AwsAccess {
    /// Asks through `clients`, and reads this environment.
    #[must_use]
    pub fn new(clients: HttpClients, clock: Arc<Clock>, environment: Environment) -> Self {
        Self { clients, clock, environment, places: Mutex::default() }
    }

    /// What a request to `service` needs; answers after `timeout` at the latest.
    ///
    /// # Errors
    /// There is none. What was looked at, and why each is of no use, or what STS said.
    pub async fn get(
        &self,
        identity: &Identity,
        service: &str,
        timeout: StdDuration,
    ) -> Result<Access, Outcome> {
        let watch = Stopwatch::start();
        let place = self.place(identity);
        let late = |_| no_credentials(Failure::DeadlineExceeded, "no AWS credentials in time".to_owned());
        let mut kept = tokio::time::timeout(timeout, place.lock()).await.map_err(late)?;
        let now = self.clock.now();
        if let Some(kept) = kept.as_ref().filter(|kept| now + EARLY < kept.ends_at) {
            return Ok(kept.access.clone());
        }
        let left = timeout.saturating_sub(watch.elapsed());
        let mut search = Search::new(self, identity, left);
        let found = tokio::time::timeout(left, search.run(service)).await.map_err(late);
        match (found.and_then(|found| found), kept.as_ref()) {
            (Ok((access, ends_at)), _) => {
                *kept = ends_at.map(|ends_at| Kept { access: access.clone(), ends_at });
                Ok(access)
            }
            (Err(_), Some(kept)) if now < kept.ends_at => Ok(kept.access.clone()),
            (Err(outcome), _) => Err(outcome),
        }
    }

    fn place(&self, identity: &Identity) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, place)) = places.iter().find(|(known, _)| known == identity) {
            return Arc::clone(place);
        }
        // Of settings that were reloaded nobody asks again.
        let now = self.clock.now();
        let is_good = |kept: &Option<Kept>| kept.as_ref().is_some_and(|kept| now < kept.ends_at);
        places.retain(|(_, place)| place.try_lock().map_or(true, |kept| is_good(&kept)));
        let place = Place::default();
        places.push((identity.clone(), Arc::clone(&place)));
        place
    }
}

/// There are none now.
fn no_credentials(failure: Failure, message: String) -> Outcome {
    Outcome::Retryable { failure, message, retry_after: None, maybe_taken: false }
}
