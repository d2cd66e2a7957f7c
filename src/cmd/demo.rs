//! `sereno demo`: a server at work on made-up services, with nothing else to install.

mod files;
mod guide;
mod series;
mod story;

use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::Resettable;
use clap::{Args, CommandFactory, FromArgMatches, Parser};
use tokio::net::TcpListener;

use super::logging::{self, LogFormat};
use super::serve::{self, Ground, ServeArguments};
use super::{FINE, could_not_run};
use crate::api::prometheus::{self, QueryLimits};
use crate::demo::World;
use crate::model::{Duration, Timestamp};
use crate::shell::clock::Clock;
use crate::shell::store::{History, MemoryStore};
use files::Files;
use guide::Guide;
use series::Scraped;
use story::Story;

/// How many ports are tried from the usual one on.
const PORTS: u16 = 100;

/// What a query of the demo may take: less than a server's, since scrapes wait for it.
const LIMITS: QueryLimits =
    QueryLimits { timeout: Duration::from_secs(10), max_samples: 5_000_000, concurrency: 4 };

/// The arguments of `sereno demo`.
#[derive(Debug, Args)]
#[command(after_help = "What there is:
  A dozen instances of the services web, api, db, worker and redis, and the
  machines they run on, as a Prometheus would have scraped them every two
  seconds, with an hour of history. Ten seconds after the start, and every five
  minutes from then on, one service goes down in one zone for three quarters of
  a minute; errors rise before it. A disk fills up slowly. All of it lives in
  memory and is gone at the end.

What to watch in the first minute:
  0:05  DiskFillingSoon fires, but nobody is told of that at this time of day
  0:06  ErrorsRising is pending; it fires after three seconds; the team is told
  0:10  ServiceDown is pending for two instances of the api
  0:42  both have fired and are one message; the warning is inhibited by them
  0:57  the cooldown is over: one message tells what was resolved meanwhile, and
        what is new
  1:20  everything is resolved

Examples:
  sereno demo
      Prometheus' API on port 9090 and Sereno on 9093, or the next free ports.
  sereno demo --rules 'rules/*.yml' --routes routes.yml
      Try rules and routes of your own on these services. Their metrics:
      curl http://127.0.0.1:9090/api/v1/metadata
  sereno demo --seed 7
      Other services go down, in another order.

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 2 could not run.")]
pub struct DemoArguments {
    /// Where Sereno listens [default: 127.0.0.1:9093, or the next free port]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where the services' data can be asked for by Prometheus' API [default: 127.0.0.1:9090, or the next
    /// free port]
    #[arg(long, value_name = "ADDRESS")]
    prometheus_listen: Option<String>,
    /// What chance makes of the services. Equal seeds give equal worlds
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Rule files to use instead of the demo's. Can be given several times
    #[arg(long, value_name = "GLOB", value_delimiter = ',')]
    rules: Vec<String>,
    /// A routing file to use instead of the demo's
    #[arg(long, value_name = "FILE")]
    routes: Option<String>,
    /// What is logged: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL", default_value = "warn")]
    log_level: String,
}

/// Runs the demo until it is told to stop.
pub(super) fn run(arguments: &DemoArguments) -> ExitCode {
    if let Err(reason) = logging::start(LogFormat::Text, &arguments.log_level) {
        return could_not_run(&reason);
    }
    match serve::to_the_end(demo(arguments)) {
        Ok(()) => ExitCode::from(FINE),
        Err(reason) => could_not_run(&reason),
    }
}

async fn demo(arguments: &DemoArguments) -> Result<(), String> {
    let data = listen(arguments.prometheus_listen.as_deref(), 9090).await?;
    let listener = listen(arguments.listen.as_deref(), 9093).await?;
    let address = |listener: &TcpListener| listener.local_addr().map_err(|error| error.to_string());
    let urls = [format!("http://{}", address(&data)?), format!("http://{}", address(&listener)?)];
    let [data_url, url] = urls;
    let files = Files::write()?;
    let clock = Arc::new(Clock::default());
    let (scraped, start) = begin_world(arguments.seed, &clock).await?;
    let storage = Arc::clone(&scraped);
    let router = prometheus::router(storage, Arc::clone(&clock), LIMITS);
    let scrapes = Arc::clone(&scraped).scrape_on(Arc::clone(&clock));
    tokio::spawn(scrapes);

    let rules = match arguments.rules.as_slice() {
        [] => vec![files.rules()],
        given => given.to_vec(),
    };
    let routes = arguments.routes.clone().unwrap_or_else(|| files.routes());
    let guide = Guide { data_url: &data_url, url: &url, rules: &rules, routes: &routes };
    guide::say(&guide.welcome());
    let store = MemoryStore::default();
    let history = History::new(store.clone());
    let told = Story::new(start, scraped.outage_from(start), &guide, history.clone());
    tokio::spawn(told.tell(Arc::clone(&clock)));
    let served = serve_arguments(&data_url, &rules, &routes, &files)?;
    let beside = Some((data, router));
    let ended = serve::serve_on(served, Ground { listener, beside, clock, store, history }).await;
    ended.map(|()| guide::say("\nStopped. Nothing is left behind.\n"))
}

/// Listens at the address; if none is given, on the first free port of this machine from `port` on.
async fn listen(address: Option<&str>, port: u16) -> Result<TcpListener, String> {
    if let Some(address) = address {
        return serve::listen(address).await;
    }
    for port in port..port + PORTS {
        match TcpListener::bind(("127.0.0.1", port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(format!("cannot listen on 127.0.0.1:{port}: {error}")),
        }
    }
    Err(format!("no port from {port} to {} of 127.0.0.1 is free", port + PORTS - 1))
}

/// The world of a seed with its history, and when its story begins: now.
async fn begin_world(seed: u64, clock: &Clock) -> Result<(Arc<Scraped>, Timestamp), String> {
    let start = clock.now() + series::PREPARATION;
    let begin = move || Scraped::with_history(World::new(seed, start.millis()), start);
    let scraped = tokio::task::spawn_blocking(begin).await;
    Ok((Arc::new(scraped.map_err(|died| format!("cannot make the services: {died}"))?), start))
}

/// What `sereno serve` would be called with.
fn serve_arguments(
    data_url: &str,
    rules: &[String],
    routes: &str,
    files: &Files,
) -> Result<ServeArguments, String> {
    #[derive(Debug, Parser)]
    struct Serve {
        #[command(flatten)]
        arguments: ServeArguments,
    }
    let folder = files.data_folder();
    let mut words = vec!["sereno", "--prometheus-url", data_url, "--routes", routes];
    words.extend(["--evaluation-interval", "1s", "--data-dir", &folder]);
    rules.iter().for_each(|rules| words.extend(["--rules", rules]));
    // The environment is for servers at work: a demo must not write its alerts to their storage, say.
    let command = Serve::command().mut_args(|argument| argument.env(Resettable::Reset));
    let read = command.try_get_matches_from(words).and_then(|matches| Serve::from_arg_matches(&matches));
    read.map(|serve| serve.arguments).map_err(|error| error.to_string())
}
