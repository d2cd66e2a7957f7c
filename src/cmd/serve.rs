//! `sereno serve`: the server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};
use url::Url;

use super::credentials::public;
use super::data_source::DataSourceArguments;
use super::expressions::ExpressionArguments;
use super::logging::{self, LogFormat};
use super::matchers::MatchersArgument;
use super::{COULD_NOT_RUN, FINE, could_not_run};
use crate::api::{self, App, RawUrls, WebLimits};
use crate::config::render::Format;
use crate::config::routes::Limits;
use crate::config::rules::RuleKind;
use crate::core::{Config, Core};
use crate::model::{Duration, LabelSet, Str, Timestamp};
use crate::shell::clock::Clock;
use crate::shell::deliver::Deliverer;
use crate::shell::http::HttpClients;
use crate::shell::metrics::Metrics;
use crate::shell::reload::{self, LoadError, Reloader, Sources};
use crate::shell::remote_write::RemoteWrite;
use crate::shell::run::{self, Handle, World};
use crate::shell::status::Status;
use crate::shell::store::sqlite::{Settings, SqliteStore};
use crate::shell::store::writer::{Pace, Reporter, Writer};
use crate::shell::store::{History, Store};

/// The arguments of `sereno serve`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sereno serve
      Evaluate rules/*.yml against http://127.0.0.1:9090, tell people as
      routes.yml says.
  sereno serve --rules 'rules/*.yml' --rules extra.yml \\
      --routes alertmanager.yml --external-label cluster=eu1 \\
      --prometheus-url https://prometheus.example/prefix
      An existing alertmanager.yml works unedited.
  kill -HUP PID, or curl -X POST http://127.0.0.1:9093/-/reload
      Load rules and routes again. Files with errors change nothing.

Exit codes: 0 stopped by SIGTERM or SIGINT, 2 could not run (such as an error in
a file).")]
pub struct ServeArguments {
    /// Rule files, in Prometheus' format; `*`, `?` and `[a-z]` match names. Can be given several times
    #[arg(
        long,
        env = "SERENO_RULES",
        value_name = "GLOB",
        value_delimiter = ',',
        default_value = "rules/*.yml"
    )]
    rules: Vec<String>,
    /// Routes and receivers: routes.yml, or an alertmanager.yml
    #[arg(long, env = "SERENO_ROUTES", value_name = "FILE", default_value = "routes.yml")]
    routes: String,
    /// Where to listen. Port 0 picks a free one, which the line `listening address=…` (JSON: message `listening`) names
    #[arg(long, env = "SERENO_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:9093")]
    listen: String,
    /// Where people reach this server: the base of links in messages [default: http://LISTEN]
    #[arg(long, env = "SERENO_EXTERNAL_URL", value_name = "URL")]
    external_url: Option<Url>,
    /// The path under which everything is [default: the path of --external-url]
    #[arg(long, env = "SERENO_ROUTE_PREFIX", value_name = "PATH")]
    route_prefix: Option<String>,
    /// How often groups without an interval of their own are evaluated
    #[arg(long, env = "SERENO_EVALUATION_INTERVAL", value_name = "DURATION", default_value = "1m", value_parser = positive)]
    evaluation_interval: Duration,
    /// How far back groups without an offset of their own look
    #[arg(long, env = "SERENO_QUERY_OFFSET", value_name = "DURATION", default_value = "0s", value_parser = duration)]
    query_offset: Duration,
    /// How long an unchanged firing alert waits before the router is told of it again
    #[arg(long, env = "SERENO_RESEND_DELAY", value_name = "DURATION", default_value = "1m", value_parser = duration)]
    resend_delay: Duration,
    /// A label to add to each alert that lacks it. Can be given several times
    #[arg(long = "external-label", env = "SERENO_EXTERNAL_LABEL", value_name = "NAME=VALUE", value_delimiter = ',', value_parser = label)]
    external_labels: Vec<(String, String)>,
    /// Where alerts, silences, timers, what was told and what happened are kept. Each server needs a folder of
    /// its own; it is made if it is not there
    #[arg(long, env = "SERENO_DATA_DIR", value_name = "FOLDER", default_value = "data")]
    data_dir: PathBuf,
    /// How long it is remembered what happened
    #[arg(long, env = "SERENO_HISTORY_RETENTION", value_name = "DURATION", default_value = "30d", value_parser = duration)]
    history_retention: Duration,
    /// How much room that may take on disk; then the oldest is forgotten
    #[arg(long, env = "SERENO_HISTORY_MAX_SIZE", value_name = "SIZE", default_value = "1GiB", value_parser = size)]
    history_max_size: u64,
    /// How log lines are written
    #[arg(long, env = "SERENO_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text)]
    log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace
    #[arg(long, env = "SERENO_LOG_LEVEL", value_name = "LEVEL", default_value = "info")]
    log_level: String,
    /// How many GET requests to /api/v2 are answered at once; more get 503. 0: one for each core, at least 8
    #[arg(
        long = "web-get-concurrency",
        visible_alias = "web.get-concurrency",
        env = "SERENO_WEB_GET_CONCURRENCY",
        value_name = "COUNT",
        default_value_t = 0
    )]
    web_get_concurrency: usize,
    /// After how long a request to the API is answered 503; 0s: never
    #[arg(long = "web-timeout", visible_alias = "web.timeout", env = "SERENO_WEB_TIMEOUT", value_name = "DURATION", default_value = "0s", value_parser = duration)]
    web_timeout: Duration,
    #[command(flatten)]
    matchers: MatchersArgument,
    #[command(flatten)]
    expressions: ExpressionArguments,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    prometheus: PrometheusArguments,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
struct LimitArguments {
    /// The most silences, ended ones that are still kept included; 0: no limit
    #[arg(long, env = "SERENO_MAX_SILENCES", value_name = "COUNT", default_value_t = 0)]
    max_silences: usize,
    /// The most bytes that one silence may have; 0: no limit
    #[arg(long, env = "SERENO_MAX_SILENCE_SIZE", value_name = "BYTES", default_value_t = 0)]
    max_silence_size: usize,
    /// For how long a silence is kept after its end
    #[arg(long, env = "SERENO_SILENCE_RETENTION", value_name = "DURATION", default_value = "120h", value_parser = duration)]
    silence_retention: Duration,
    /// The most unresolved alerts with the same alertname; more are dropped. 0: no limit
    #[arg(long, env = "SERENO_ALERTS_PER_NAME", value_name = "COUNT", default_value_t = 0)]
    alerts_per_name: usize,
    /// For how long a notification that cannot be delivered is tried; then it becomes a dead letter
    #[arg(long, env = "SERENO_OUTBOX_MAX_AGE", value_name = "DURATION", default_value = "24h", value_parser = duration)]
    outbox_max_age: Duration,
}

impl LimitArguments {
    fn limits(&self) -> Limits {
        Limits {
            max_silences: self.max_silences,
            max_silence_size: self.max_silence_size,
            silence_retention: self.silence_retention,
            alerts_per_name: self.alerts_per_name,
            outbox_max_age: self.outbox_max_age,
        }
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Data source")]
struct PrometheusArguments {
    #[command(flatten)]
    source: DataSourceArguments,
    /// Where people reach the data source: the base of links from alerts to their expression, and
    /// `$externalURL` in rules [default: the data source's URL]
    #[arg(long, env = "SERENO_PROMETHEUS_EXTERNAL_URL", value_name = "URL")]
    prometheus_external_url: Option<Url>,
    /// Where recorded series and ALERTS are written (Prometheus remote write), such as
    /// http://127.0.0.1:9090/api/v1/write. Without it they are not kept
    #[arg(long, env = "SERENO_REMOTE_WRITE_URL", value_name = "URL")]
    remote_write_url: Option<Url>,
}

/// Runs the server until it is told to stop.
pub(super) fn run(arguments: ServeArguments) -> ExitCode {
    let format = arguments.log_format;
    if let Err(reason) = logging::start(format, &arguments.log_level) {
        return could_not_run(&reason);
    }
    match to_the_end(serve(arguments)) {
        Ok(()) => ExitCode::from(FINE),
        Err(reason) => failed(format, &reason),
    }
}

/// Runs a server on threads of its own.
pub(super) fn to_the_end(server: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    // Fails only if a provider is installed already, and then there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start the runtime: {error}"))?;
    let served = runtime.block_on(server);
    // Requests of others that still hang must not hold up the end.
    runtime.shutdown_background();
    served
}

/// Says why the server could not run, in the form of the log.
fn failed(format: LogFormat, reason: &str) -> ExitCode {
    match format {
        LogFormat::Text => could_not_run(reason),
        LogFormat::Json => {
            error!("{reason}");
            ExitCode::from(COULD_NOT_RUN)
        }
    }
}

async fn serve(arguments: ServeArguments) -> Result<(), String> {
    let listener = listen(&arguments.listen).await?;
    let clock = Arc::new(Clock::default());
    let store = SqliteStore::new(store_settings(&arguments), Arc::clone(&clock));
    let history = History::new(store.history());
    serve_on(arguments, Ground { listener, beside: None, clock, store, history }).await
}

/// Listens at an address such as `127.0.0.1:0`.
pub(super) async fn listen(address: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}

/// What a server stands on; the rest follows from its arguments.
pub(super) struct Ground<S> {
    /// Where it listens.
    pub(super) listener: TcpListener,
    /// Another server, which is to tell of the rules too.
    pub(super) beside: Option<(TcpListener, axum::Router)>,
    /// Its time.
    pub(super) clock: Arc<Clock>,
    /// What outlives it, or does not.
    pub(super) store: S,
    /// What happened, as the store has it.
    pub(super) history: History,
}

/// Serves until a signal comes.
pub(super) async fn serve_on<S: Store + 'static>(
    arguments: ServeArguments,
    ground: Ground<S>,
) -> Result<(), String> {
    let Ground { listener, beside, clock, mut store, history } = ground;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let sources = sources(&arguments, address);
    let loaded = reload::load(&sources).map_err(|error| problems(&error, arguments.log_format))?;
    let (handle, inbox) = run::queue();
    let kept = store.load().map_err(|error| error.to_string())?;
    let mut app = app(sources, handle.clone(), clock, history);
    app.limits = WebLimits { get_concurrency: arguments.web_get_concurrency, timeout: arguments.web_timeout };
    app.status.update(|known| {
        known.store.folder = arguments.data_dir.display().to_string();
        known.store.notices = store.notices();
    });
    loaded.announce(&app.metrics, &app.status, app.clock.now());
    warn_of_recording(&arguments, &loaded.config);
    let world = Arc::new(world(&arguments, &app));
    let now = app.clock.now();
    // Only spreads retries: what it is does not matter, that it differs between processes does.
    let seed = now.millis().unsigned_abs() ^ u64::from(std::process::id()).rotate_left(32);
    let core = Core::restore(&loaded.config, seed, now, kept.entries);
    let reporter = Reporter {
        clock: Arc::clone(&app.clock),
        metrics: Arc::clone(&app.metrics),
        status: Arc::clone(&app.status),
    };
    let writer = Writer::start(store, kept.trouble, Pace::default(), reporter)
        .map_err(|error| format!("cannot start the store: {error}"))?;
    let work = tokio::spawn(run::run(core, writer, world, handle.clone(), inbox));
    watch_reloads(Arc::clone(&app.reloader))?;
    // Before scripts learn that we are there: an early signal would end us on the spot.
    let mut stop = StopSignals::watch()?;
    announce(address, arguments.log_format, app.clock.now());
    let (closed, closing) = tokio::sync::oneshot::channel::<()>();
    if let Some((listener, router)) = beside {
        let router = router.merge(api::of_rules(app.clone()));
        tokio::spawn(axum::serve(RawUrls(listener), router).into_future());
    }
    let server = axum::serve(RawUrls(listener), api::router(app.clone(), &route_prefix(&arguments)))
        .with_graceful_shutdown(async move {
            let _ = closing.await; // a dropped sender means the same
        });
    let server = tokio::spawn(server.into_future());
    stop.next().await;
    info!("stopping; a second signal stops at once");
    app.status.update(|known| known.stopping = true);
    tokio::select! {
        _ = async {
            let _ = handle.stop().await; // gone already: nothing left to stop
            work.await
        } => {}
        () = stop.next() => warn!("a second signal: notifications that are on their way are given up"),
    }
    drop(closed);
    server.abort(); // idle keep-alive connections would hold it open
    Ok(())
}

/// Where the routes begin: empty, or with a slash at its start and none at its end.
fn route_prefix(arguments: &ServeArguments) -> String {
    let of_url = || arguments.external_url.as_ref().map_or("", Url::path);
    let path = arguments.route_prefix.as_deref().unwrap_or_else(of_url).trim_matches('/');
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

fn sources(arguments: &ServeArguments, address: SocketAddr) -> Sources {
    let external_url = match &arguments.external_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    };
    let prometheus = &arguments.prometheus;
    Sources {
        rules: arguments.rules.clone(),
        routes: arguments.routes.clone(),
        evaluation_interval: arguments.evaluation_interval,
        query_offset: arguments.query_offset,
        resend_delay: arguments.resend_delay,
        matchers: arguments.matchers.mode(),
        expressions: arguments.expressions.expressions(),
        limits: arguments.limits.limits(),
        external_labels: LabelSet::from_pairs(arguments.external_labels.clone()),
        external_url: external_url.into(),
        prometheus_external_url: public(
            prometheus.prometheus_external_url.as_ref().unwrap_or(&prometheus.source.prometheus_url),
        ),
    }
}

fn store_settings(arguments: &ServeArguments) -> Settings {
    Settings {
        folder: arguments.data_dir.clone(),
        history_retention: arguments.history_retention,
        history_max_size: arguments.history_max_size,
    }
}

fn app(sources: Sources, handle: Handle, clock: Arc<Clock>, history: History) -> App {
    let (metrics, status) = (Arc::new(Metrics::default()), Arc::new(Status::default()));
    let clients = HttpClients::default();
    let external_url = Str::clone(&sources.external_url);
    let deliverer = Arc::new(Deliverer::new(clients.clone(), Arc::clone(&clock), external_url));
    let reloader = Reloader {
        sources,
        handle: handle.clone(),
        clock: Arc::clone(&clock),
        metrics: Arc::clone(&metrics),
        status: Arc::clone(&status),
        clients,
        turn: tokio::sync::Mutex::default(),
    };
    App {
        handle,
        clock,
        metrics,
        status,
        history,
        reloader: Arc::new(reloader),
        deliverer,
        limits: WebLimits::default(),
    }
}

fn world(arguments: &ServeArguments, app: &App) -> World {
    let (prometheus, clients) = (&arguments.prometheus, &app.reloader.clients);
    let source = &prometheus.source;
    let write =
        |url: &Url| RemoteWrite::new(url.clone(), source.http(), clients.clone(), source.query_timeout);
    World {
        clock: Arc::clone(&app.clock),
        remote_write: prometheus.remote_write_url.as_ref().map(write),
        data_source: source.client(clients.clone()),
        deliverer: Arc::clone(&app.deliverer),
        metrics: Arc::clone(&app.metrics),
        status: Arc::clone(&app.status),
    }
}

/// What a person reads who starts the server with files that cannot be used.
fn problems(error: &LoadError, format: LogFormat) -> String {
    let LoadError::Invalid(findings) = error else {
        return format!("cannot load the configuration:\n{error}");
    };
    let colour = format == LogFormat::Text && logging::wants_colour(&std::io::stderr());
    format!("cannot load the configuration\n\n{}", findings.render(Format::Full, colour).trim_end())
}

fn warn_of_recording(arguments: &ServeArguments, config: &Config) {
    let rules = config.rules.groups.iter().flat_map(|group| &group.rules);
    let count = rules.filter(|rule| matches!(rule.kind, RuleKind::Recording)).count();
    if count > 0 && arguments.prometheus.remote_write_url.is_none() {
        warn!(
            count,
            "{count} recording rules are evaluated, but without --remote-write-url nothing keeps them"
        );
    }
}

/// The line that tells scripts where the server is.
#[expect(clippy::print_stderr, reason = "an interface: it must not depend on the log level")]
fn announce(address: SocketAddr, format: LogFormat, now: Timestamp) {
    match format {
        LogFormat::Text => eprintln!("listening address={address}"),
        LogFormat::Json => eprintln!(
            "{}",
            serde_json::json!({
                "timestamp": now.rfc3339(), "level": "INFO", "message": "listening", "address": address,
            })
        ),
    }
}

/// Loads the files again at each SIGHUP.
fn watch_reloads(reloader: Arc<Reloader>) -> Result<(), String> {
    let mut hangups =
        signal(SignalKind::hangup()).map_err(|error| format!("cannot watch signals: {error}"))?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            let _ = reloader.reload().await; // the log has the reason
        }
    });
    Ok(())
}

/// SIGTERM and SIGINT, from when they are watched on.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn watch() -> Result<Self, String> {
        let watch = |kind| signal(kind).map_err(|error| format!("cannot watch signals: {error}"));
        Ok(Self { terminate: watch(SignalKind::terminate())?, interrupt: watch(SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// A duration as people write it: `90s`, `1m 30s`, `1m30s`.
fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map(Duration::from_std).map_err(|error| error.to_string())
}

fn positive(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than 0".to_owned()),
        duration => Ok(duration),
    }
}

/// A size in bytes as people write it: `512MiB`, `1GiB`, `1000000`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1_u64 << 40,
        _ => return Err("must be a number with B, KiB, MiB, GiB or TiB, such as 512MiB".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "must begin with a number, such as 512MiB".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "is too large".to_owned())
}

/// `NAME=VALUE`.
fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be NAME=VALUE".to_owned()),
    }
}
