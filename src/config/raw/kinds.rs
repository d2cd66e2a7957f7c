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

use self::chat::{DISCORD, MATTERMOST, MSTEAMS, MSTEAMSV2, ROCKETCHAT, SLACK, TELEGRAM, WEBEX, WECHAT};
use self::incidents::{INCIDENTIO, JIRA, OPSGENIE, PAGERDUTY, VICTOROPS};
use self::plain::{CONSOLE, EMAIL, PUSHOVER, SNS, WEBHOOK};
use super::schema::{Field, Rule, Table};

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
