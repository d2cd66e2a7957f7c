//! Which services there are, where they run, and what each instance exports.

use super::sample::{Follows, Mode};
use super::target::{Place, Target};
use crate::model::LabelSet;

/// A service, as the label `job` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Job {
    Web,
    Api,
    Db,
    Worker,
    Redis,
    Node,
}

impl Job {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Api => "api",
            Self::Db => "db",
            Self::Worker => "worker",
            Self::Redis => "redis",
            Self::Node => "node",
        }
    }

    /// The service in the same zone without which its requests fail.
    pub(super) fn needs(self) -> Option<Self> {
        match self {
            Self::Web => Some(Self::Api),
            Self::Api => Some(Self::Db),
            Self::Db | Self::Worker | Self::Redis | Self::Node => None,
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Web | Self::Api => 8080,
            Self::Db => 9187,
            Self::Worker => 8081,
            Self::Redis => 9121,
            Self::Node => 9100,
        }
    }
}

/// Where an instance runs, as the label `zone` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    A,
    B,
}

impl Zone {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::A => "eu-1a",
            Self::B => "eu-1b",
        }
    }
}

/// Each host with the service on it and its number among those of the service in its zone. On each there is a
/// `node_exporter` too.
const HOSTS: [(&str, Job, Zone, usize); 12] = [
    ("api-1", Job::Api, Zone::A, 0),
    ("api-2", Job::Api, Zone::A, 1),
    ("api-3", Job::Api, Zone::A, 2),
    ("api-4", Job::Api, Zone::B, 0),
    ("web-1", Job::Web, Zone::A, 0),
    ("web-2", Job::Web, Zone::B, 0),
    ("web-3", Job::Web, Zone::B, 1),
    ("db-1", Job::Db, Zone::A, 0),
    ("db-2", Job::Db, Zone::B, 0),
    ("worker-1", Job::Worker, Zone::A, 0),
    ("worker-2", Job::Worker, Zone::B, 0),
    ("redis-1", Job::Redis, Zone::B, 0),
];

/// The host whose disk fills up.
const FULL_HOST: &str = "db-1";

/// Upper bounds of the buckets of `http_request_duration_seconds`, seconds.
const BOUNDS: [f64; 11] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, f64::INFINITY];

const ENDPOINTS: [&str; 3] = ["/cart", "/login", "/search"];
const STATUSES: [&str; 4] = ["200", "404", "500", "503"];
const MODES: [Mode; 4] = [Mode::Idle, Mode::User, Mode::System, Mode::Iowait];

/// A metric, its labels beside those of the target, and what its value follows.
type Export = (&'static str, Vec<(&'static str, String)>, Follows);

/// All targets: the services first, then the machines.
pub(super) fn targets(seed: u64, start: i64) -> Vec<Target> {
    let places = HOSTS.iter().zip(1..);
    let services = places.clone().map(|((host, job, zone, number), place)| {
        let place = Place { seed, start, place, job: *job, zone: *zone, number: *number };
        target(place, host, exports(*job))
    });
    let machines = places.map(|((host, _, zone, _), place)| {
        let place = Place { seed, start, place: 100 + place, job: Job::Node, zone: *zone, number: 0 };
        target(place, host, machine(*host == FULL_HOST))
    });
    services.chain(machines).collect()
}

fn target(place: Place, host: &str, exports: Vec<Export>) -> Target {
    let labels = LabelSet::from_pairs([
        ("job", place.job.name()),
        ("instance", &format!("{host}:{}", place.job.port())),
        ("zone", place.zone.name()),
    ]);
    let series = exports.into_iter().map(|(name, more, follows)| {
        let mut labels = labels.to_builder();
        labels.set("__name__", name);
        for (name, value) in more {
            labels.set(name, value);
        }
        (labels.build(), follows)
    });
    Target::new(place, &labels, series)
}

fn exports(job: Job) -> Vec<Export> {
    match job {
        Job::Web | Job::Api => http(),
        Job::Db => vec![("db_connections_active", Vec::new(), Follows::Connections)],
        Job::Worker => vec![
            ("worker_jobs_done_total", Vec::new(), Follows::JobsDone),
            ("worker_queue_length", Vec::new(), Follows::QueueLength),
        ],
        Job::Redis => vec![
            ("redis_up", Vec::new(), Follows::Constant(1.0)),
            ("redis_memory_used_bytes", Vec::new(), Follows::RedisMemory),
            ("redis_memory_max_bytes", Vec::new(), Follows::Constant(super::sample::REDIS_MEMORY)),
        ],
        Job::Node => machine(false),
    }
}

fn http() -> Vec<Export> {
    let mut all: Vec<Export> = vec![("http_requests_active", Vec::new(), Follows::RequestsActive)];
    for (endpoint, share) in ENDPOINTS.into_iter().zip([0.5, 0.2, 0.3]) {
        all.extend(STATUSES.into_iter().map(|status| {
            let labels = vec![("endpoint", endpoint.to_owned()), ("status", status.to_owned())];
            ("http_requests_total", labels, Follows::Requests { share, status })
        }));
    }
    all.extend(BOUNDS.into_iter().map(|bound| {
        let le = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
        ("http_request_duration_seconds_bucket", vec![("le", le)], Follows::Bucket { bound })
    }));
    let count = Follows::Bucket { bound: f64::INFINITY };
    all.push(("http_request_duration_seconds_count", Vec::new(), count));
    all.push(("http_request_duration_seconds_sum", Vec::new(), Follows::DurationSum));
    all
}

/// What `node_exporter` says, as far as the example rules ask for it.
fn machine(fills_up: bool) -> Vec<Export> {
    let mut all: Vec<Export> = vec![
        ("node_memory_MemTotal_bytes", Vec::new(), Follows::Constant(super::sample::MEMORY)),
        ("node_memory_MemAvailable_bytes", Vec::new(), Follows::MemoryAvailable),
        ("node_load1", Vec::new(), Follows::Load),
    ];
    for cpu in ["0", "1"] {
        all.extend(MODES.into_iter().map(|mode| {
            let labels = vec![("cpu", cpu.to_owned()), ("mode", mode.name().to_owned())];
            ("node_cpu_seconds_total", labels, Follows::Cpu(mode))
        }));
    }
    for (device, mountpoint, fills_up) in [("/dev/vda1", "/", false), ("/dev/vdb1", "/data", fills_up)] {
        let labels = || {
            let pairs = [("device", device), ("fstype", "ext4"), ("mountpoint", mountpoint)];
            pairs.map(|(name, value)| (name, value.to_owned())).to_vec()
        };
        all.push(("node_filesystem_size_bytes", labels(), Follows::Constant(super::sample::DISK)));
        all.push(("node_filesystem_avail_bytes", labels(), Follows::DiskAvailable { fills_up }));
        all.push(("node_filesystem_readonly", labels(), Follows::Constant(0.0)));
    }
    all
}
