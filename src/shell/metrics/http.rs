//! What is counted of requests to the API, by Alertmanager's names.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use super::{Counters, Gauges, Histograms, Labels, Registrar};

/// Counters of requests.
#[derive(Debug)]
pub struct HttpMetrics {
    durations: Histograms,
    sizes: Histograms,
    in_flight: Gauges,
    refused: Counters,
}

/// A request that is being answered.
#[derive(Debug)]
pub struct InFlight(super::Float);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The length of an answer, noted when it is dropped.
#[derive(Debug)]
pub struct AnswerSize {
    sizes: Histogram,
    bytes: u64,
}

impl AnswerSize {
    /// So many bytes more.
    pub fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
}

impl Drop for AnswerSize {
    fn drop(&mut self) {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        self.sizes.observe(self.bytes as f64);
    }
}

impl HttpMetrics {
    pub(super) fn new(add: &mut Registrar) -> Self {
        let made = Self {
            durations: add.with(
                "alertmanager_http_request_duration_seconds",
                "How long requests took until their answer began",
                Histograms::new_with_constructor(seconds),
            ),
            sizes: add.with(
                "alertmanager_http_response_size_bytes",
                "How long answers are",
                Histograms::new_with_constructor(|| Histogram::new(exponential_buckets(100.0, 10.0, 7))),
            ),
            in_flight: add.make("alertmanager_http_requests_in_flight", "Requests that are being answered"),
            refused: add.make(
                "alertmanager_http_concurrency_limit_exceeded",
                "Requests that were refused because too many came at once",
            ),
        };
        drop(made.in_flight.get_or_create(&of_get()));
        drop(made.refused.get_or_create(&of_get()));
        made
    }

    /// Notes that a `GET` is being answered, until what is returned is dropped.
    #[must_use]
    pub fn begin(&self) -> InFlight {
        let gauge: Gauge<f64, _> = self.in_flight.get_or_create(&of_get()).clone();
        gauge.inc();
        InFlight(gauge)
    }

    /// Notes that a `GET` was refused because too many came at once.
    pub fn refused(&self) {
        let counter: Counter = self.refused.get_or_create(&of_get()).clone();
        counter.inc();
    }

    /// Notes an answer with this status code. `handler` must be one of few. How long it is is noted when
    /// what is returned is dropped.
    #[must_use]
    pub fn answered(
        &self,
        handler: &'static str,
        method: &str,
        code: u16,
        took: std::time::Duration,
    ) -> AnswerSize {
        let known = ["GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS"].contains(&method);
        let method = if known { method.to_ascii_lowercase() } else { "unknown".to_owned() };
        let labels = vec![("handler", handler.to_owned()), ("method", method)];
        let sizes = self.sizes.get_or_create(&labels).clone();
        let code = ("code", code.to_string());
        let labels = [labels, vec![code]].concat();
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        AnswerSize { sizes, bytes: 0 }
    }
}

fn of_get() -> Labels {
    vec![("method", "get".to_owned())]
}

/// The default buckets of Prometheus' client.
fn seconds() -> Histogram {
    Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
}
