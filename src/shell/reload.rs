//! Loads rule files and routes, at start and again on SIGHUP or `POST /-/reload`. All or nothing: a file
//! with an error leaves the configuration before it in force, and all errors of all files are told at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::{error, info, warn};

use super::clock::Clock;
use super::files::read_text;
use super::findings::Findings;
use super::glob;
use super::history;
use super::http::HttpClients;
use super::metrics::Metrics;
use super::run::{Handle, Stopped};
use super::status::{Status, Trouble};
use crate::config::expressions::{Expressions, unusable_types};
use crate::config::problem::{Problem, Severity};
use crate::config::routes::{Limits, Routing};
use crate::config::rules::RuleGroup;
use crate::config::{load_templates, read_routing_as, read_rule_file_as, unreadable_files};
use crate::core::{Config, Input};
use crate::model::matcher::MatcherMode;
use crate::model::{Duration, LabelSet, Str, Timestamp};
use crate::rules::RulesConfig;

/// What to load, and what flags add to it.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Patterns of rule files.
    pub rules: Vec<String>,
    /// The routing file.
    pub routes: String,
    /// The interval of groups that name none.
    pub evaluation_interval: Duration,
    /// The query offset of groups that name none.
    pub query_offset: Duration,
    /// How long an unchanged firing alert waits before the router is told again.
    pub resend_delay: Duration,
    /// By which grammar matchers are read.
    pub matchers: MatcherMode,
    /// In which language the expressions of rules are.
    pub expressions: Expressions,
    /// How much the router may keep.
    pub limits: Limits,
    /// Labels added to each alert that lacks them.
    pub external_labels: LabelSet,
    /// Where people reach us.
    pub external_url: Str,
    /// Where people reach the data source.
    pub prometheus_external_url: Str,
}

/// Files that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// What they say.
    pub config: Config,
    /// What is odd about them, but not wrong.
    pub warnings: Findings,
    /// Changes with any of the files.
    pub hash: u64,
}

/// The files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A pattern or a file cannot be read.
    #[error("{}", .0.join("\n"))]
    Unreadable(Vec<String>),
    /// There are errors in them.
    #[error("{}", .0.error_lines())]
    Invalid(Findings),
    /// The loop is gone.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Reads all files.
///
/// # Errors
/// See [`LoadError`]; all that is wrong is in it.
pub fn load(sources: &Sources) -> Result<Loaded, LoadError> {
    let mut findings = Findings::default();
    let (paths, mut unreadable) = rule_paths(&sources.rules);
    let mut groups: Vec<Arc<RuleGroup>> = Vec::new();
    for path in &paths {
        match read_text(path) {
            Ok(text) => {
                findings.add_file(path, &text, |path, text| {
                    let (file, mut problems) = read_rule_file_as(path, text, sources.expressions);
                    if let Some(file) = &file {
                        problems.extend(unusable_types(file, text, Severity::Warning));
                    }
                    groups.extend(file.into_iter().flat_map(|file| file.groups));
                    problems
                });
            }
            Err(reason) => unreadable.push(reason),
        }
    }
    let mut routing: Option<Routing> = None;
    let mut templates = Vec::new();
    match read_text(&sources.routes) {
        Ok(text) => {
            findings.add_file(&sources.routes, &text, |path, text| {
                let (read, mut problems) = read_routing_as(path, text, sources.matchers);
                let external_url = Str::clone(&sources.external_url);
                routing = read.map(|read| Routing { limits: sources.limits, external_url, ..read });
                if let Some(routing) = &mut routing {
                    let (files, found) = load_templates(routing, &read_templates);
                    templates = files;
                    problems.extend(found);
                }
                problems.extend(routing.iter().flat_map(|routing| unreadable_files(routing, why_unreadable)));
                problems
            });
        }
        Err(reason) => unreadable.push(reason),
    }
    findings.texts.extend(templates);
    if !unreadable.is_empty() {
        unreadable.extend(findings.has_errors().then(|| findings.error_lines()));
        return Err(LoadError::Unreadable(unreadable));
    }
    match routing {
        Some(routing) if !findings.has_errors() => {
            let rules = Arc::new(rules_config(sources, groups));
            let hash = hash(&findings.texts);
            Ok(Loaded { config: Config { rules, routing: Arc::new(routing) }, warnings: findings, hash })
        }
        Some(_) | None => Err(LoadError::Invalid(findings)),
    }
}

/// Path and text of each template file that a pattern names.
///
/// # Errors
/// The pattern is none, or a file cannot be read.
pub fn read_templates(pattern: &str) -> Result<Vec<(Str, Str)>, String> {
    let files = glob::files(pattern).map_err(|bad| bad.to_string())?;
    files.into_iter().map(|path| Ok((path.as_str().into(), read_text(&path)?.into()))).collect()
}

/// Why a file cannot be read when it is needed; `None` if it can.
#[must_use]
pub fn why_unreadable(path: &str) -> Option<String> {
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => Some("it is a folder".to_owned()),
        // Opening a pipe would wait for its other end.
        Ok(found) if !found.is_file() => None,
        Ok(_) => std::fs::File::open(path).err().map(|error| error.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

fn rules_config(sources: &Sources, groups: Vec<Arc<RuleGroup>>) -> RulesConfig {
    RulesConfig {
        groups,
        evaluation_interval: sources.evaluation_interval,
        query_offset: sources.query_offset,
        resend_delay: sources.resend_delay,
        external_labels: sources.external_labels.clone(),
        external_url: Str::clone(&sources.prometheus_external_url),
    }
}

/// The files that the patterns name, each once, in order, and what is wrong with the patterns. A path that
/// is no pattern must exist.
fn rule_paths(patterns: &[String]) -> (Vec<String>, Vec<String>) {
    let mut paths: Vec<String> = Vec::new();
    let mut problems = Vec::new();
    for pattern in patterns {
        match glob::files(pattern) {
            Ok(found) if found.is_empty() && !glob::is_pattern(pattern) => {
                problems.push(glob::why_none(pattern));
            }
            Ok(found) => {
                if found.is_empty() {
                    warn!(pattern, "no file matches {pattern}");
                }
                for path in found {
                    if !paths.contains(&path) {
                        paths.push(path);
                    }
                }
            }
            Err(bad) => problems.push(bad.to_string()),
        }
    }
    (paths, problems)
}

fn hash(texts: &BTreeMap<Str, Str>) -> u64 {
    LabelSet::from_pairs(texts.iter().map(|(path, text)| (Str::clone(path), Str::clone(text))))
        .fingerprint()
        .0
}

/// Loads the files anew and hands them to the loop.
#[derive(Debug)]
pub struct Reloader {
    /// What to load.
    pub sources: Sources,
    /// Who gets it.
    pub handle: Handle,
    /// The time.
    pub clock: Arc<Clock>,
    /// What `/metrics` shows.
    pub metrics: Arc<Metrics>,
    /// What `/health` shows.
    pub status: Arc<Status>,
    /// Connections, forgotten so that certificates are read again.
    pub clients: HttpClients,
    /// One at a time.
    pub turn: tokio::sync::Mutex<()>,
}

impl Reloader {
    /// Loads the files; on success they are in force when this returns, on failure the old ones still are.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn reload(&self) -> Result<(), LoadError> {
        let _turn = self.turn.lock().await;
        let sources = self.sources.clone();
        let loading = tokio::task::spawn_blocking(move || load(&sources)).await;
        let loaded = loading
            .unwrap_or_else(|died| Err(LoadError::Unreadable(vec![format!("loading failed: {died}")])));
        let now = self.clock.now();
        match loaded {
            Ok(loaded) => {
                self.clients.clear();
                self.handle.input(Input::Reload(loaded.config.clone())).await?;
                self.handle.catch_up().await?;
                loaded.announce(&self.metrics, &self.status, now);
                info!("loaded the configuration");
                Ok(())
            }
            Err(error) => {
                self.metrics.load_failed();
                let row = history::reload_failed(now, &error.to_string());
                let _ = self.handle.note(row).await; // gone: we are stopping
                let trouble = Trouble { at: now, message: error.to_string() };
                self.status.update(|known| known.reload.failed = Some(trouble));
                error!("cannot load the configuration, the one before it stays in force: {error}");
                Err(error)
            }
        }
    }
}

impl Loaded {
    /// Tells metrics, health and log that these files are in force.
    pub fn announce(&self, metrics: &Metrics, status: &Status, now: Timestamp) {
        metrics.loaded(now, self.hash, &self.config.routing);
        status.update(|known| {
            known.reload.last_success = Some(now);
            known.reload.failed = None;
        });
        for (problem, count) in self.kinds_of_problems() {
            let mut line = self.warnings.line(problem);
            if count > 1 {
                line.push_str(&format!(" (and {} more places; `sereno check` names them)", count - 1));
            }
            match problem.severity {
                Severity::Error | Severity::Warning => warn!(check = problem.check, count, "{line}"),
                Severity::Info => info!(check = problem.check, count, "{line}"),
            }
        }
    }

    /// Each message once, with its first place and how often it is there. A big file has hundreds of places
    /// of the same kind.
    fn kinds_of_problems(&self) -> Vec<(&Problem, usize)> {
        let mut kinds: Vec<(&Problem, usize)> = Vec::new();
        let mut known: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        for problem in &self.warnings.problems {
            let at = *known.entry((&problem.file, problem.check, &problem.message)).or_insert(kinds.len());
            match kinds.get_mut(at) {
                Some((_, count)) => *count += 1,
                None => kinds.push((problem, 1)),
            }
        }
        kinds
    }
}
