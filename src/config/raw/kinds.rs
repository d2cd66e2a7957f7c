//! The tables of all receivers and of the global section, as in Alertmanager 0.34, and our own keys.

mod chat;
mod file;
mod global;
mod http;
mod incidents;
mod plain;

pub(crate) use file::{INHIBIT_RULE, INTERVAL, ROUTE};
pub(crate) use global::{EVENT_RECORDER, GLOBAL, TRACING};
pub(crate) use http::{AUTHORIZATION, BASIC_AUTH, HEADER, HTTP, OAUTH2, TLS};
pub(crate) use plain::SNS_TARGET;

use self::chat::{DISCORD, MATTERMOST, MSTEAMS, MSTEAMSV2, ROCKETCHAT, SLACK, TELEGRAM, WEBEX, WECHAT};
use self::incidents::{INCIDENTIO, JIRA, OPSGENIE, PAGERDUTY, VICTOROPS};
use self::plain::{CONSOLE, EMAIL, PUSHOVER, SNS, WEBHOOK};
use super::schema::{Field, Kind, Rule, Table};

/// One `*_configs` list of a receiver.
pub(crate) struct Integration {
    /// Its name in metrics and in the notification log.
    pub(crate) kind: &'static str,
    /// Its key in a receiver.
    pub(crate) key: &'static str,
    /// Whether it wants to hear that alerts are resolved, unless the file says otherwise.
    pub(crate) send_resolved: bool,
    /// Whether it has `http_config`.
    pub(crate) http: bool,
    pub(crate) table: Table,
}

const fn table(
    what: &'static str,
    fields: &'static [Field],
    rules: &'static [Rule],
    advice: &'static [(&'static str, &'static str)],
) -> Table {
    Table { what, fields, advice, rules }
}

/// All kinds, in the order in which Alertmanager builds them.
pub(crate) static INTEGRATIONS: &[Integration] = &[
    WEBHOOK, EMAIL, PAGERDUTY, OPSGENIE, WECHAT, SLACK, VICTOROPS, PUSHOVER, SNS, TELEGRAM, DISCORD, WEBEX,
    MSTEAMS, MSTEAMSV2, JIRA, INCIDENTIO, ROCKETCHAT, MATTERMOST, CONSOLE,
];

/// Keys that do not exist, but that people write where a secret belongs.
const SECRET_GUESSES: &[&str] =
    &["bearer", "integration_key", "pass", "passwd", "secret", "smtp_password", "token"];

/// Whether a key has a mapping with secrets: given as a text, it is one itself.
pub(crate) fn is_secret_holder(name: &str) -> bool {
    matches!(
        name,
        "authorization" | "basic_auth" | "hmac" | "http_headers" | "oauth2" | "sigv4" | "tls_config"
    )
}

/// Whether a key holds a secret, wherever it stands.
pub(crate) fn is_secret_key(name: &str) -> bool {
    let tables = INTEGRATIONS.iter().map(|kind| &kind.table);
    let sections = [&GLOBAL, &TRACING, &EVENT_RECORDER, &HTTP, &TLS];
    // `url` is a secret in some places only: `is_public_url_list` says in which it is none.
    name != "url"
        && (SECRET_GUESSES.contains(&name) || tables.chain(sections).any(|table| has_secret(table, name)))
}

/// Whether the entries of a list have a `url` that is no secret, as that of a webhook is.
pub(crate) fn is_public_url_list(name: &str) -> bool {
    matches!(name, "actions" | "incidentio_configs" | "pagerduty_configs" | "pushover_configs")
}

fn has_secret(table: &Table, name: &str) -> bool {
    table.fields.iter().any(|field| match field.kind {
        Kind::Secret | Kind::SecretUrl | Kind::TemplateUrl | Kind::Secrets | Kind::SecretsMap => {
            field.name == name
        }
        Kind::Object(table) | Kind::Objects(table) | Kind::TextOrObject(table) | Kind::ObjectMap(table) => {
            has_secret(table, name)
        }
        // Both stand beside these tables.
        Kind::Tls | Kind::Http => false,
        Kind::Text
        | Kind::Path
        | Kind::NewPath
        | Kind::Bool
        | Kind::Integer
        | Kind::Count
        | Kind::Duration
        | Kind::GoDuration
        | Kind::Url
        | Kind::ProxyUrl
        | Kind::HostPort
        | Kind::HeaderName
        | Kind::Texts
        | Kind::Paths
        | Kind::TextMap
        | Kind::Matchers
        | Kind::AnyMap
        | Kind::Any
        | Kind::Float
        | Kind::Word(..) => false,
    })
}
