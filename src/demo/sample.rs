//! What each series follows: the value of a gauge, or how fast a counter rises, under the conditions of a
//! moment.

/// Memory of a machine, bytes.
pub(super) const MEMORY: f64 = 8.0 * 1024.0 * 1024.0 * 1024.0;
/// Size of a disk, bytes.
pub(super) const DISK: f64 = 100e9;
/// What Redis may use, bytes.
pub(super) const REDIS_MEMORY: f64 = 2.0 * 1024.0 * 1024.0 * 1024.0;

/// How long the disk that fills up takes from one clean-up to the next, milliseconds.
const FILLING: f64 = 5.0 * 3_600_000.0;
/// How much of it is used after a clean-up, and how much more before the next.
const FILLED: (f64, f64) = (0.6, 0.37);
/// How far it has come at the start: it will be full within hours, and is not yet.
const FILLED_AT_START: f64 = 0.5;

/// How long a request takes on average, seconds: usually, and how much more if all fail.
const LATENCY: (f64, f64) = (0.08, 0.6);
/// Requests a second to an instance.
const REQUESTS: f64 = 40.0;

/// How an instance fares at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conditions {
    /// Milliseconds since the start of the world; negative before it.
    pub(super) since_start: i64,
    /// How busy it is; 1 is usual.
    pub(super) load: f64,
    /// Something that changes slowly, from -1 to 1.
    pub(super) drift: f64,
    /// The share of requests that an outage fails.
    pub(super) errors: f64,
}

/// What a series follows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Follows {
    /// Nothing: it stays the same.
    Constant(f64),
    /// Requests to one endpoint that end in one status. `share` of all requests go there.
    Requests { share: f64, status: &'static str },
    /// Requests that took at most `bound` seconds.
    Bucket { bound: f64 },
    /// Seconds that requests took.
    DurationSum,
    /// Requests in progress.
    RequestsActive,
    /// Connections of a database.
    Connections,
    /// Jobs that a worker did.
    JobsDone,
    /// Jobs that wait for a worker.
    QueueLength,
    /// What Redis uses.
    RedisMemory,
    /// Seconds of a processor in a mode.
    Cpu(Mode),
    /// Memory that programs can get.
    MemoryAvailable,
    /// How much there is to do.
    Load,
    /// Space that is left on a disk.
    DiskAvailable { fills_up: bool },
}

/// What a processor does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    Idle,
    User,
    System,
    Iowait,
}

impl Mode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::User => "user",
            Self::System => "system",
            Self::Iowait => "iowait",
        }
    }

    /// The share of time, when so much of it is busy.
    fn share(self, busy: f64) -> f64 {
        match self {
            Self::Idle => 1.0 - busy,
            Self::User => busy * 0.7,
            Self::System => busy * 0.25,
            Self::Iowait => busy * 0.05,
        }
    }
}

/// A gauge's value, or how a counter rises.
#[derive(Clone, Copy, Debug)]
pub(super) enum Growth {
    /// The value.
    Is(f64),
    /// So much a second; shown in whole numbers, or as it is.
    Rises { rate: f64, whole: bool },
}

impl Follows {
    /// Where it is under these conditions.
    pub(super) fn growth(self, now: &Conditions) -> Growth {
        let requests = REQUESTS * now.load;
        let latency = LATENCY.0 + LATENCY.1 * now.errors;
        let busy = (0.35 * now.load + 0.1 * now.drift).clamp(0.02, 0.95);
        let counts = |rate: f64| Growth::Rises { rate, whole: true };
        let measures = |rate: f64| Growth::Rises { rate, whole: false };
        match self {
            Self::Constant(value) => Growth::Is(value),
            Self::Requests { share, status } => counts(requests * share * ended(status, now.errors)),
            Self::Bucket { bound } => counts(requests * (1.0 - (-bound / latency).exp())),
            Self::DurationSum => measures(requests * latency),
            Self::RequestsActive => Growth::Is((requests * latency).round()),
            Self::Connections => Growth::Is((20.0 * now.load + 5.0 * now.drift).round()),
            Self::JobsDone => counts(6.0 * now.load),
            Self::QueueLength => Growth::Is((12.0 * now.load + 8.0 * now.drift).max(0.0).round()),
            Self::RedisMemory => Growth::Is((REDIS_MEMORY * (0.6 + 0.1 * now.drift)).round()),
            Self::Cpu(mode) => measures(mode.share(busy)),
            Self::MemoryAvailable => Growth::Is((MEMORY * (0.4 + 0.1 * now.drift)).round()),
            Self::Load => Growth::Is((busy * 200.0).round() / 100.0),
            Self::DiskAvailable { fills_up: true } => {
                let part = (now.since_start as f64 / FILLING + FILLED_AT_START).rem_euclid(1.0);
                Growth::Is((DISK * (1.0 - FILLED.0 - FILLED.1 * part)).round())
            }
            Self::DiskAvailable { fills_up: false } => Growth::Is((DISK * (0.55 + 0.02 * now.drift)).round()),
        }
    }
}

/// The share of requests that end in this status; all shares together are 1.
fn ended(status: &str, errors: f64) -> f64 {
    const NOT_FOUND: f64 = 0.01;
    const BROKEN: f64 = 0.002;
    match status {
        "404" => NOT_FOUND,
        "500" => BROKEN,
        "503" => errors,
        _ => 1.0 - NOT_FOUND - BROKEN - errors,
    }
}
