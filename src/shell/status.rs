//! What the shell knows of the world's health: when the data source last answered, who cannot be reached,
//! how the last reload went. Written by the loop, read by `/health` and `/metrics`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Serialize, Serializer};

use crate::model::Timestamp;

/// The shared, current state.
#[derive(Debug, Default)]
pub struct Status {
    inner: Mutex<Snapshot>,
}

/// What is known at one moment.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Snapshot {
    /// Queries.
    pub data_source: Peer,
    /// Writes of recorded samples.
    pub remote_write: Peer,
    /// Integrations whose last attempt failed, by `receiver/kind[index]`.
    pub failing_receivers: BTreeMap<String, Trouble>,
    /// The last attempt to load the files.
    pub reload: Reload,
    /// What is kept on disk.
    pub store: Store,
    /// Whether we are stopping.
    pub stopping: bool,
}

/// How keeping things on disk goes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Store {
    /// Where.
    pub folder: String,
    /// Since when and why nothing can be written.
    pub trouble: Option<Trouble>,
    /// How many records are in force that a restart would lose.
    pub unsaved_records: usize,
    /// What went wrong and does not mend itself, such as a damaged file; a restart begins anew.
    pub notices: Vec<String>,
}

/// A server that we talk to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Peer {
    /// When it last did what we asked.
    #[serde(serialize_with = "time")]
    pub last_success: Option<Timestamp>,
    /// When and why it last did not.
    pub last_error: Option<Trouble>,
}

/// Something that went wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Trouble {
    /// When.
    #[serde(serialize_with = "some_time")]
    pub at: Timestamp,
    /// What.
    pub message: String,
}

/// How loading the files went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Reload {
    /// When it last went well.
    #[serde(serialize_with = "time")]
    pub last_success: Option<Timestamp>,
    /// Why the last attempt failed; the configuration before it is still in force.
    pub failed: Option<Trouble>,
}

impl Peer {
    /// Whether the last thing we heard is an error.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.last_error.as_ref().is_some_and(|error| self.last_success.is_none_or(|ok| ok < error.at))
    }

    /// Takes the result of a request.
    pub fn heard<T, E: std::fmt::Display>(&mut self, at: Timestamp, result: &Result<T, E>) {
        match result {
            Ok(_) => self.last_success = Some(at),
            Err(error) => self.last_error = Some(Trouble { at, message: error.to_string() }),
        }
    }
}

impl Status {
    /// What is known now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is known.
    pub fn update(&self, change: impl FnOnce(&mut Snapshot)) {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

fn time<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}

fn some_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}
