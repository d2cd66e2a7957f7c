//! What each metric of the demo says: types and help texts.

/// What is known about a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, without `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// What it says.
    pub help: &'static str,
}

const fn metric(name: &'static str, kind: &'static str, help: &'static str) -> Metric {
    Metric { name, kind, help }
}

/// All metrics that targets export; `up` is none of them, since the scrape makes it.
pub const METRICS: [Metric; 16] = [
    metric("db_connections_active", "gauge", "Connections in use."),
    metric("http_request_duration_seconds", "histogram", "How long requests took."),
    metric("http_requests_active", "gauge", "Requests in progress."),
    metric("http_requests_total", "counter", "Requests by endpoint and status."),
    metric("node_cpu_seconds_total", "counter", "Seconds the CPUs spent in each mode."),
    metric("node_filesystem_avail_bytes", "gauge", "Filesystem space available to non-root users in bytes."),
    metric("node_filesystem_readonly", "gauge", "Filesystem read-only status."),
    metric("node_filesystem_size_bytes", "gauge", "Filesystem size in bytes."),
    metric("node_load1", "gauge", "1m load average."),
    metric("node_memory_MemAvailable_bytes", "gauge", "Memory that programs can get, in bytes."),
    metric("node_memory_MemTotal_bytes", "gauge", "Memory of the machine in bytes."),
    metric("redis_memory_max_bytes", "gauge", "The most memory that Redis may use."),
    metric("redis_memory_used_bytes", "gauge", "Memory that Redis uses."),
    metric("redis_up", "gauge", "Whether Redis answers its exporter."),
    metric("worker_jobs_done_total", "counter", "Jobs done."),
    metric("worker_queue_length", "gauge", "Jobs that wait."),
];
