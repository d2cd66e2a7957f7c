//! Resolved routing: the route tree, receivers, inhibition rules. What the router runs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::intervals::NamedInterval;
use super::setting::Setting;
use crate::model::matcher::MatcherMode;
use crate::model::{Duration, Matcher, Str};
use crate::template::message::Renderer;

pub use super::http::{
    Grant, HttpAuth, HttpSettings, JwtGrant, OAuth2Settings, ProxySettings, RsaHash, SecretSource,
    TlsSettings, TlsVersion,
};

/// A whole `routes.yml` (or `alertmanager.yml`), resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routing {
    /// The file's path as loaded.
    pub path: Str,
    /// The tree in depth-first order; index 0 is the root.
    pub routes: Vec<Route>,
    /// All receivers in file order.
    pub receivers: Vec<Arc<Receiver>>,
    /// Which alerts silence which.
    pub inhibit_rules: Vec<InhibitRule>,
    /// After how long an alert without an end is taken as resolved (`global.resolve_timeout`).
    pub resolve_timeout: Duration,
    /// The time intervals that routes name, in file order; `mute_time_intervals` first.
    pub time_intervals: Vec<NamedInterval>,
    /// Template files to load.
    pub templates: Vec<TemplatePath>,
    /// The language of inline templates: what the file says, or what they are.
    pub template_language: TemplateLanguage,
    /// The inline templates, to be tried when the file is loaded.
    pub inline_templates: Vec<InlineTemplate>,
    /// Whether to behave as Alertmanager also where we differ on purpose (`compat: strict`).
    pub strict: bool,
    /// How much may be kept.
    pub limits: Limits,
    /// By which grammar matchers are read: those of the file were, those of API requests are to be.
    pub matcher_mode: MatcherMode,
    /// The files that settings name, such as those of secrets: they are read when they are used.
    pub named_files: Vec<NamedFile>,
    /// The whole configuration as Alertmanager shows it: resolved, with defaults, each secret as
    /// `<secret>`, without keys that only we have. YAML that Alertmanager's tools read.
    pub original: Str,
    /// The templates of the file and those that come with the binary, compiled. Who loads the file sets it.
    pub renderer: Renderer,
    /// Where people reach us, as templates show it. It comes from a flag.
    pub external_url: Str,
}

/// How much the router may keep. These come from flags, not from the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most silences, ended ones that are still kept included. 0: no limit.
    pub max_silences: usize,
    /// The most bytes that one silence may have as JSON. 0: no limit.
    pub max_silence_size: usize,
    /// For how long a silence is kept after its end. Zero: not at all.
    pub silence_retention: Duration,
    /// The most unresolved alerts with one `alertname`; more of them are dropped. 0: no limit.
    pub alerts_per_name: usize,
    /// For how long a notification is tried before it is given up and becomes a dead letter.
    pub outbox_max_age: Duration,
}

impl Default for Limits {
    /// Alertmanager's: no limits, and silences are kept for five days. What cannot be delivered is tried for a
    /// day.
    fn default() -> Self {
        Self {
            max_silences: 0,
            max_silence_size: 0,
            silence_retention: Duration::from_mins(120 * 60),
            alerts_per_name: 0,
            outbox_max_age: Duration::from_mins(24 * 60),
        }
    }
}

/// A file that a setting names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// The setting's key, such as `password_file`.
    pub key: &'static str,
    /// The file's path.
    pub path: Str,
    /// Where the path stands in the routing file, in bytes.
    pub span: Range<usize>,
}

impl Routing {
    /// The receiver called `name`.
    #[must_use]
    pub fn receiver(&self, name: &str) -> Option<&Arc<Receiver>> {
        self.receivers.iter().find(|receiver| &*receiver.name == name)
    }
}

/// What inline templates of a routing file are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TemplateLanguage {
    /// Go's `text/template`, as in Alertmanager.
    Go,
    /// Handlebars.
    #[default]
    Handlebars,
}

/// An entry of `templates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplatePath {
    /// The path, which may hold wildcards; a relative one starts at the routing file's folder.
    pub path: Str,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
}

/// A template in the text of a routing file.
#[derive(Clone, PartialEq, Eq)]
pub struct InlineTemplate {
    /// The key that holds it, such as `title`.
    pub key: Str,
    /// Its text.
    pub text: Str,
    /// Whether it is rendered as HTML.
    pub is_html: bool,
    /// Whether it must not be shown: it may hold a token.
    pub is_secret: bool,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
}

impl std::fmt::Debug for InlineTemplate {
    /// Without the text, which may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InlineTemplate")
            .field("key", &self.key)
            .field("span", &self.span)
            .finish_non_exhaustive()
    }
}

/// The place of a route in [`Routing::routes`].
pub type RouteIndex = usize;

/// One node of the route tree with everything it inherits.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The keys of all routes from the root, `{}/{severity="page"}`: the first part of a group's key.
    pub key: Str,
    /// [`Route::key`] with the place among its siblings at each level: unique in the tree, and the same
    /// after a reload that does not touch this branch. It tells apart siblings with equal matchers.
    pub id: Str,
    /// The children, in file order.
    pub children: Vec<RouteIndex>,
    /// The conditions an alert must meet, sorted.
    pub matchers: Vec<Matcher>,
    /// Whether an alert that matched goes on to the following siblings.
    pub continues: bool,
    /// Who is told. Exists in [`Routing::receivers`].
    pub receiver: Str,
    /// Which alerts are told together.
    pub group_by: GroupBy,
    /// How long a new group waits for more alerts before its first notification.
    pub group_wait: Duration,
    /// How long a group waits between notifications when its alerts change. Never zero.
    pub group_interval: Duration,
    /// How long until an unchanged group is told again. Never zero.
    pub repeat_interval: Duration,
    /// The least time between two notifications of a group to a receiver, whatever changed. Zero: none.
    pub cooldown: Duration,
    /// Names of time intervals in which the route is quiet. Not inherited.
    pub mute_time_intervals: Vec<Str>,
    /// Names of time intervals outside of which the route is quiet. Not inherited.
    pub active_time_intervals: Vec<Str>,
    /// Labels of the route, templated for each group (Alertmanager 0.34).
    pub labels: BTreeMap<Str, Str>,
    /// Where the route stands in the file, in bytes.
    pub span: Range<usize>,
}

/// Which labels make a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// `'...'`: every label, so each alert is a group of its own.
    All,
    /// These labels, sorted. Empty: one group for the whole route.
    Labels(Vec<Str>),
}

/// Somebody to tell, by one or several integrations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Receiver {
    /// Its name, unique.
    pub name: Str,
    /// Its labels (Alertmanager 0.33).
    pub labels: BTreeMap<Str, Str>,
    /// How it is told, in the order: kind as listed in the file's schema, then place in the list.
    pub integrations: Vec<Arc<Integration>>,
    /// The receiver to tell when this one cannot be told.
    pub fallback: Option<Str>,
    /// How long this one may be out of reach before the other is told.
    pub fallback_after: Duration,
    /// The most notifications it gets.
    pub rate_limit: Option<RateLimit>,
    /// Where its name stands in the file, in bytes.
    pub span: Range<usize>,
}

/// `rate_limit: 30/1h`: at most so many notifications in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// How many notifications. Never zero.
    pub notifications: usize,
    /// In how much time. Never zero.
    pub per: Duration,
}

/// One `*_configs` entry of a receiver.
#[derive(Clone, Debug, PartialEq)]
pub struct Integration {
    /// The kind's name as in metrics and the notification log: `webhook`, `email`, `slack`, …
    pub kind: &'static str,
    /// Its place among the receiver's integrations of the same kind.
    pub index: usize,
    /// Whether it wants to hear that alerts are resolved.
    pub send_resolved: bool,
    /// What it needs to deliver.
    pub settings: Settings,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
}

/// What an integration needs to deliver.
#[expect(clippy::large_enum_variant, reason = "there is one for each entry of the file")]
#[derive(Clone, Debug, PartialEq)]
pub enum Settings {
    /// The message on standard output.
    Console,
    /// Any other kind: its keys as resolved, with all that they inherit and their defaults.
    Keys {
        /// The keys. `http_config` is among them, for those who show the configuration.
        values: BTreeMap<Str, Setting>,
        /// How to connect; not used by email.
        http: HttpSettings,
    },
}

/// While an alert that matches `source` fires, alerts that match `target` are not told.
#[derive(Clone, Debug, PartialEq)]
pub struct InhibitRule {
    /// Its name; may be empty.
    pub name: Str,
    /// Which alerts inhibit.
    pub source: Vec<Matcher>,
    /// Which alerts are inhibited.
    pub target: Vec<Matcher>,
    /// Labels that must have the same value in both.
    pub equal: Vec<Str>,
    /// Where it stands in the file, in bytes.
    pub span: Range<usize>,
}
