//! What `/metrics` shows. Names that Prometheus and Alertmanager dashboards use are kept where the meaning
//! is the same; ours begin with `sereno_`. The encoder appends `_total` to counters.

mod http;
mod outbox;
mod summary;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

pub use self::http::AnswerSize;
use self::http::HttpMetrics;
use self::outbox::OutboxMetrics;
use self::summary::{Quantile, Summary};
use super::store::metrics::StoreMetrics;
use crate::config::routes::Routing;
use crate::core::View;
use crate::model::{Duration, Timestamp};
use crate::router::{Failure, Suppression};
use crate::rules::GroupView;

/// The version of Alertmanager whose interfaces we have, and our own. Clients such as karma choose by the
/// first how they speak to us.
pub const COMPATIBLE_VERSION: &str = concat!("0.34.0+sereno.", env!("CARGO_PKG_VERSION"));

/// Label names with their values.
pub(super) type Labels = Vec<(&'static str, String)>;
type Float = Gauge<f64, AtomicU64>;
type Counters = Family<Labels, Counter>;
type Gauges = Family<Labels, Float>;
type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

/// Prometheus' quantiles of what a rule takes.
const RULE_QUANTILES: &[Quantile] = &[("0.5", 500), ("0.9", 900), ("0.99", 990)];

/// Prometheus' quantiles of what a group takes.
const GROUP_QUANTILES: &[Quantile] = &[("0.01", 10), ("0.05", 50), ("0.5", 500), ("0.9", 900), ("0.99", 990)];

/// All metrics of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// The rule groups that have metrics, so that those of gone groups are removed.
    groups: Mutex<BTreeSet<String>>,
    group_gauges: GroupGauges,
    rule_durations: Summary,
    group_durations: Summary,
    pub(super) iterations: Counters,
    pub(super) iterations_missed: Counters,
    evaluations: Counters,
    pub(super) evaluation_failures: Counters,
    pub(super) template_failures: Counters,
    pub(super) alert_changes: Counters,
    /// What is counted of requests.
    pub http: HttpMetrics,
    /// What is counted by receiver.
    pub outbox: OutboxMetrics,
    alerts_received: Counters,
    alerts_invalid: Counters,
    pub(super) notifications: Counters,
    pub(super) notifications_failed: Counters,
    pub(super) notification_requests: Counters,
    pub(super) notification_requests_failed: Counters,
    pub(super) notification_latency: Histograms,
    pub(super) notifications_superseded: Counters,
    pub(super) notifications_suppressed: Counters,
    pub(super) alerts_limited: Counter,
    alerts_per_name: Gauge,
    silences: Family<Labels, Gauge>,
    alerts: Family<Labels, Gauge>,
    alerts_resolved: Gauge,
    aggregation_groups: Gauge,
    in_flight: Gauge,
    retrying: Gauge,
    reload_successful: Gauge,
    reload_success_at: Float,
    config_hash: Gauge<f64, AtomicU64>,
    integrations: Gauge,
    receivers: Gauge,
    queries: Counter,
    query_failures: Counters,
    query_duration: Histogram,
    writes: Counter,
    write_failures: Counter,
    written_samples: Counter,
    clock_set_back: Float,
    pub(super) store: StoreMetrics,
}

/// Gauges of rule groups, by Prometheus' names after `prometheus_rule_group_`.
#[derive(Debug, Default)]
struct GroupGauges {
    interval: Gauges,
    rules: Gauges,
    last_duration: Gauges,
    last_rule_durations: Gauges,
    last_evaluation: Gauges,
    last_samples: Gauges,
}

impl GroupGauges {
    fn all(&self) -> [&Gauges; 6] {
        [
            &self.interval,
            &self.rules,
            &self.last_duration,
            &self.last_rule_durations,
            &self.last_evaluation,
            &self.last_samples,
        ]
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let build = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
        let compatible = vec![("version", COMPATIBLE_VERSION.to_owned())];
        let help = "The version of Alertmanager whose interfaces this has, and our own";
        registry.register("alertmanager_build", help, Info::new(compatible));
        registry.register("sereno_build", "The version that runs", Info::new(build));
        let mut add = Registrar(registry);
        let mut metrics = Self {
            groups: Mutex::default(),
            group_gauges: GroupGauges {
                interval: add
                    .make("prometheus_rule_group_interval_seconds", "How often a group is evaluated"),
                rules: add.make("prometheus_rule_group_rules", "Rules in a group"),
                last_duration: add.make(
                    "prometheus_rule_group_last_duration_seconds",
                    "How long a group's last evaluation took",
                ),
                last_rule_durations: add.make(
                    "prometheus_rule_group_last_rule_duration_sum_seconds",
                    "The sum of what a group's rules took in its last evaluation",
                ),
                last_evaluation: add.make(
                    "prometheus_rule_group_last_evaluation_timestamp_seconds",
                    "When a group was last evaluated",
                ),
                last_samples: add.make(
                    "prometheus_rule_group_last_evaluation_samples",
                    "Samples that a group's last evaluation returned",
                ),
            },
            rule_durations: Summary::new(
                "prometheus_rule_evaluation_duration_seconds",
                "How long a rule took, from its query to what came of it",
                RULE_QUANTILES,
            ),
            group_durations: Summary::new(
                "prometheus_rule_group_duration_seconds",
                "How long a group took",
                GROUP_QUANTILES,
            ),
            iterations: add.make(
                "prometheus_rule_group_iterations",
                "Evaluations of a group that were due, missed ones included",
            ),
            iterations_missed: add
                .make("prometheus_rule_group_iterations_missed", "Evaluations of a group that were left out"),
            evaluations: add.make("prometheus_rule_evaluations", "Rules evaluated, well or not"),
            evaluation_failures: add.make("prometheus_rule_evaluation_failures", "Rules not evaluated well"),
            template_failures: add
                .make("sereno_template_failures", "Labels and annotations that could not be expanded"),
            alert_changes: add.make("sereno_alert_changes", "State changes of rules' alerts"),
            http: HttpMetrics::new(&mut add),
            outbox: OutboxMetrics::new(&mut add),
            alerts_received: add.make(
                "alertmanager_alerts_received",
                "Alerts that others sent, repetitions included, by the way they came",
            ),
            alerts_invalid: add
                .make("alertmanager_alerts_invalid", "Alerts that others sent and that are none"),
            notifications: add.make("alertmanager_notifications", "Notifications, delivered or given up"),
            notifications_failed: add.make("alertmanager_notifications_failed", "Notifications given up"),
            notification_requests: add.make("alertmanager_notification_requests", "Attempts to deliver"),
            notification_requests_failed: add
                .make("alertmanager_notification_requests_failed", "Attempts to deliver that failed"),
            notification_latency: add.with(
                "alertmanager_notification_latency_seconds",
                "How long a delivered attempt took",
                Histograms::new_with_constructor(latency_buckets),
            ),
            notifications_superseded: add.make(
                "sereno_notifications_superseded",
                "Notifications that gave way to a newer one before they could be delivered",
            ),
            notifications_suppressed: add.make(
                "alertmanager_notifications_suppressed",
                "Alerts that were left out when their group was looked at, because they were muted",
            ),
            alerts_limited: add
                .make("alertmanager_alerts_limited", "Alerts dropped because too many had the same name"),
            alerts_per_name: add.make(
                "alertmanager_alerts_per_alert_limit",
                "How many unresolved alerts may have the same name; 0: any number",
            ),
            silences: add.make("alertmanager_silences", "Silences by state"),
            alerts: add.make("alertmanager_alerts", "Alerts by state"),
            alerts_resolved: add.make(
                "sereno_alerts_resolved",
                "Alerts that are resolved and of which somebody may still have to be told",
            ),
            aggregation_groups: add
                .make("alertmanager_dispatcher_aggregation_groups", "Alert groups that are active"),
            in_flight: add.make("sereno_notifications_in_flight", "Attempts on their way"),
            retrying: add
                .make("sereno_notifications_retrying", "Notifications that wait for another attempt"),
            reload_successful: add.make(
                "alertmanager_config_last_reload_successful",
                "Whether the last attempt to load the files went well",
            ),
            reload_success_at: add.make(
                "alertmanager_config_last_reload_success_timestamp_seconds",
                "When the files were last loaded",
            ),
            config_hash: add.make("alertmanager_config_hash", "A number that changes with the files"),
            integrations: add.make("alertmanager_integrations", "Configured integrations"),
            receivers: add.make("alertmanager_receivers", "Configured receivers"),
            queries: add.make("sereno_queries", "Queries to the data source"),
            query_failures: add.make("sereno_query_failures", "Queries without a usable result"),
            query_duration: add.with(
                "sereno_query_duration_seconds",
                "How long queries took",
                Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]),
            ),
            writes: add.make("sereno_remote_writes", "Requests to write samples"),
            write_failures: add
                .make("sereno_remote_write_failures", "Requests to write samples that were not taken"),
            written_samples: add.make("sereno_remote_write_samples", "Samples that were taken"),
            clock_set_back: add.make(
                "sereno_clock_set_back_seconds",
                "How far the system clock is behind; until it has caught up, nothing is evaluated",
            ),
            store: StoreMetrics::new(&mut add),
            registry: Registry::default(),
        };
        metrics.registry = add.0;
        metrics
    }
}

/// Registers each metric where it is made.
pub(super) struct Registrar(Registry);

impl Registrar {
    pub(super) fn make<M: Metric + Clone + Default>(&mut self, name: &str, help: &str) -> M {
        self.with(name, help, M::default())
    }

    pub(super) fn with<M: Metric + Clone>(&mut self, name: &str, help: &str, metric: M) -> M {
        self.0.register(name, help, metric.clone());
        metric
    }
}

/// Alertmanager's buckets.
fn latency_buckets() -> Histogram {
    Histogram::new([1.0, 5.0, 10.0, 15.0, 20.0])
}

impl Metrics {
    /// The exposition text at `now`, with gauges set from the core's state.
    #[must_use]
    pub fn text(&self, view: &View, now: Timestamp, clock_set_back: Duration) -> String {
        self.set_groups(&view.rules.groups);
        let counts = view.router.alerts;
        let state = |state: &str| vec![("state", state.to_owned())];
        let active = counts.firing.saturating_sub(counts.suppressed + counts.unprocessed);
        self.alerts.get_or_create(&state("active")).set(as_i64(active));
        self.alerts.get_or_create(&state("suppressed")).set(as_i64(counts.suppressed));
        self.alerts.get_or_create(&state("unprocessed")).set(as_i64(counts.unprocessed));
        self.alerts_resolved.set(as_i64(counts.resolved));
        let silences = view.router.silences;
        self.silences.get_or_create(&state("active")).set(as_i64(silences.active));
        self.silences.get_or_create(&state("pending")).set(as_i64(silences.pending));
        self.silences.get_or_create(&state("expired")).set(as_i64(silences.expired));
        self.aggregation_groups.set(as_i64(view.router.groups));
        self.in_flight.set(as_i64(view.router.in_flight));
        self.retrying.set(as_i64(view.router.retrying));
        self.outbox.set(view.router.dead_letters, view.router.held_back);
        self.clock_set_back.set(clock_set_back.as_secs_f64());
        match self.encode(now) {
            Ok(text) => text,
            Err(error) => format!("# {error}\n"), // writing to a String does not fail
        }
    }

    fn encode(&self, now: Timestamp) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        self.rule_durations.write(now, &mut text)?;
        self.group_durations.write(now, &mut text)?;
        encode_eof(&mut text)?;
        Ok(text)
    }

    /// Notes that a rule of the group was evaluated, well or not.
    pub(super) fn rule_evaluated(&self, now: Timestamp, group: &str, took: Duration) {
        self.evaluations.get_or_create(&rule_group(group)).inc();
        self.rule_durations.observe(now, took);
    }

    /// Notes that a group was evaluated.
    pub(super) fn group_evaluated(&self, now: Timestamp, took: Duration) {
        self.group_durations.observe(now, took);
    }

    /// Notes alerts that others sent, by `version` of the API they used.
    pub fn alerts_came(&self, version: &'static str, firing: u64, resolved: u64, invalid: u64) {
        let version = ("version", version.to_owned());
        for (status, count) in [("firing", firing), ("resolved", resolved)] {
            let labels = vec![("status", status.to_owned()), version.clone()];
            self.alerts_received.get_or_create(&labels).inc_by(count);
        }
        self.alerts_invalid.get_or_create(&vec![version]).inc_by(invalid);
    }

    /// Notes that files were loaded.
    pub fn loaded(&self, at: Timestamp, hash: u64, routing: &Routing) {
        self.reload_successful.set(1);
        self.reload_success_at.set(at.as_secs_f64());
        // 48 bits fit a float exactly, as Alertmanager does.
        self.config_hash.set(f64::from((hash >> 32) as u32) * 65_536.0 + f64::from((hash >> 16) as u16));
        self.receivers.set(as_i64(routing.receivers.len()));
        self.alerts_per_name.set(as_i64(routing.limits.alerts_per_name));
        let integrations = routing.receivers.iter().map(|receiver| receiver.integrations.len()).sum();
        self.integrations.set(as_i64(integrations));
        for why in Suppression::ALL {
            let reason = vec![("reason", why.as_str().to_owned())];
            drop(self.notifications_suppressed.get_or_create(&reason));
        }
        self.outbox.announce(routing);
        for receiver in &routing.receivers {
            receiver.integrations.iter().for_each(|integration| self.announce(integration.kind));
        }
    }

    /// Shows the counters of a kind of integration before anything was counted, as Alertmanager does: an
    /// expression over a series that does not exist yet finds nothing, and its first increase is missed.
    fn announce(&self, kind: &str) {
        let labels = vec![("integration", kind.to_owned())];
        let counters = [&self.notifications, &self.notification_requests, &self.notification_requests_failed];
        for counter in counters {
            drop(counter.get_or_create(&labels));
        }
        for failure in Failure::ALL {
            let reason = ("reason", failure.as_str().to_owned());
            drop(self.notifications_failed.get_or_create(&vec![labels[0].clone(), reason]));
        }
    }

    /// Notes that files could not be loaded.
    pub fn load_failed(&self) {
        self.reload_successful.set(0);
    }

    /// Notes a query; `failure` is its kind.
    pub fn queried(&self, took: std::time::Duration, failure: Option<&'static str>) {
        self.queries.inc();
        self.query_duration.observe(took.as_secs_f64());
        if let Some(kind) = failure {
            self.query_failures.get_or_create(&vec![("kind", kind.to_owned())]).inc();
        }
    }

    /// Notes a write of so many samples.
    pub fn wrote(&self, samples: usize, is_ok: bool) {
        self.writes.inc();
        if is_ok {
            self.written_samples.inc_by(samples as u64);
        } else {
            self.write_failures.inc();
        }
    }

    fn set_groups(&self, groups: &[GroupView]) {
        let mut known = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let now: BTreeSet<String> = groups.iter().map(|group| group.key.to_string()).collect();
        for gone in known.difference(&now) {
            self.forget_group(gone);
        }
        for group in groups {
            self.set_group(group);
        }
        *known = now;
    }

    fn forget_group(&self, key: &str) {
        let labels = rule_group(key);
        for gauges in self.group_gauges.all() {
            gauges.remove(&labels);
        }
        for counters in
            [&self.iterations, &self.iterations_missed, &self.evaluations, &self.evaluation_failures]
        {
            counters.remove(&labels);
        }
    }

    fn set_group(&self, group: &GroupView) {
        let labels = rule_group(&group.key);
        let values = [
            group.interval.as_secs_f64(),
            as_f64(group.rules.len()),
            group.evaluation_time.as_secs_f64(),
            group.rule_durations.as_secs_f64(),
            group.last_evaluation.map_or(0.0, Timestamp::as_secs_f64),
            as_f64(group.last_samples),
        ];
        for (gauges, value) in self.group_gauges.all().into_iter().zip(values) {
            gauges.get_or_create(&labels).set(value);
        }
        self.iterations.get_or_create(&labels).inner().store(group.iterations, Ordering::Relaxed);
        self.iterations_missed.get_or_create(&labels).inner().store(group.missed, Ordering::Relaxed);
        // So that "no failure yet" is a 0 and not an absent series.
        drop((self.evaluations.get_or_create(&labels), self.evaluation_failures.get_or_create(&labels)));
    }
}

/// The label of rule groups' metrics.
pub(super) fn rule_group(key: &str) -> Labels {
    vec![("rule_group", key.to_owned())]
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts of rules and samples are far below 2^53")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
