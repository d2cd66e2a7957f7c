//! Receivers that keep incidents or issues: PagerDuty, OpsGenie, VictorOps, Jira, incident.io.

use super::super::schema::Kind::{
    AnyMap, Bool, Count, Duration, GoDuration, Objects, Path, Secret, TextMap, TextOrObject, Texts, Url, Word,
};
use super::super::schema::Rule::{NotBoth, OneOf, Required, Resolved};
use super::super::schema::{Table, field, text};
use super::Integration;
use super::table;

const LINK: Table = table("a link", &[text("href"), text("text")], &[], &[]);

const IMAGE: Table = table("an image", &[text("src"), text("alt"), text("href")], &[], &[]);

pub(super) const PAGERDUTY: Integration = Integration {
    kind: "pagerduty",
    key: "pagerduty_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a pagerduty_configs entry",
        &[
            field("service_key", Secret),
            field("service_key_file", Path),
            field("routing_key", Secret),
            field("routing_key_file", Path),
            field("url", Url).global("pagerduty_url"),
            text("client").or(r#"{{ template "pagerduty.default.client" . }}"#),
            text("client_url").or(r#"{{ template "pagerduty.default.clientURL" . }}"#),
            text("description").or(r#"{{ template "pagerduty.default.description" .}}"#),
            field("details", AnyMap),
            field("images", Objects(&IMAGE)),
            field("links", Objects(&LINK)),
            text("source"),
            text("severity"),
            text("class"),
            text("component"),
            text("group"),
            field("timeout", GoDuration),
        ],
        &[
            OneOf(
                &["routing_key", "service_key", "routing_key_file", "service_key_file"],
                "missing service or routing key in PagerDuty config",
            ),
            NotBoth(
                &["routing_key"],
                &["routing_key_file"],
                "at most one of routing_key & routing_key_file must be configured",
            ),
            NotBoth(
                &["service_key"],
                &["service_key_file"],
                "at most one of service_key & service_key_file must be configured",
            ),
        ],
        &[
            ("integration_key", "the key is called `routing_key` (Events API v2) or `service_key` (v1)"),
            ("api_key", "the key is called `routing_key` (Events API v2) or `service_key` (v1)"),
        ],
    ),
};

const RESPONDER: Table =
    table("a responder", &[text("id"), text("name"), text("username"), text("type")], &[], &[]);

pub(super) const OPSGENIE: Integration = Integration {
    kind: "opsgenie",
    key: "opsgenie_configs",
    send_resolved: true,
    http: true,
    table: table(
        "an opsgenie_configs entry",
        &[
            field("api_key", Secret).global("opsgenie_api_key"),
            field("api_key_file", Path).global("opsgenie_api_key_file"),
            field("api_url", Url).global("opsgenie_api_url"),
            text("message").or(r#"{{ template "opsgenie.default.message" . }}"#),
            text("description").or(r#"{{ template "opsgenie.default.description" . }}"#),
            text("source").or(r#"{{ template "opsgenie.default.source" . }}"#),
            field("details", TextMap),
            text("entity"),
            field("responders", Objects(&RESPONDER)),
            text("actions"),
            text("tags"),
            text("note"),
            text("priority"),
            field("update_alerts", Bool).or("false"),
        ],
        &[
            NotBoth(
                &["api_key"],
                &["api_key_file"],
                "at most one of api_key & api_key_file must be configured",
            ),
            Resolved(
                &["api_key", "api_key_file"],
                "no global OpsGenie API Key set either inline or in a file",
            ),
        ],
        &[("teams", "teams are responders: `responders: [{name: …, type: team}]`")],
    ),
};

pub(super) const VICTOROPS: Integration = Integration {
    kind: "victorops",
    key: "victorops_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a victorops_configs entry",
        &[
            field("api_key", Secret).global("victorops_api_key"),
            field("api_key_file", Path).global("victorops_api_key_file"),
            field("api_url", Url).global("victorops_api_url"),
            text("routing_key"),
            text("message_type").or("CRITICAL"),
            text("state_message").or(r#"{{ template "victorops.default.state_message" . }}"#),
            text("entity_display_name").or(r#"{{ template "victorops.default.entity_display_name" . }}"#),
            text("monitoring_tool").or(r#"{{ template "victorops.default.monitoring_tool" . }}"#),
            field("custom_fields", TextMap),
        ],
        &[
            Required("routing_key", "missing Routing key in VictorOps config"),
            NotBoth(
                &["api_key"],
                &["api_key_file"],
                "at most one of api_key & api_key_file must be configured",
            ),
            Resolved(&["api_key", "api_key_file"], "no global VictorOps API Key set"),
        ],
        &[],
    ),
};

const JIRA_FIELD: Table = table("a Jira field", &[text("template"), field("enable_update", Bool)], &[], &[]);

pub(super) const JIRA: Integration = Integration {
    kind: "jira",
    key: "jira_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a jira_configs entry",
        &[
            field("api_url", Url).global("jira_api_url"),
            field(
                "api_type",
                Word(
                    &["auto", "cloud", "datacenter"],
                    "unknown api_type on jira_config, must be auto, cloud or datacenter",
                ),
            )
            .or("auto"),
            text("project"),
            field("summary", TextOrObject(&JIRA_FIELD)),
            field("description", TextOrObject(&JIRA_FIELD)),
            field("labels", Texts),
            text("priority").or(r#"{{ template "jira.default.priority" . }}"#),
            text("issue_type"),
            text("reopen_transition"),
            text("resolve_transition"),
            text("wont_fix_resolution"),
            field("reopen_duration", Duration),
            field("fields", AnyMap),
        ],
        &[
            Required("project", "missing project in jira_config"),
            Required("issue_type", "missing issue_type in jira_config"),
            Resolved(&["api_url"], "no global Jira Cloud URL set"),
        ],
        &[("custom_fields", "the key is called `fields`")],
    ),
};

pub(super) const INCIDENTIO: Integration = Integration {
    kind: "incidentio",
    key: "incidentio_configs",
    send_resolved: true,
    http: true,
    table: table(
        "an incidentio_configs entry",
        &[
            field("url", Url),
            field("url_file", Path),
            field("alert_source_token", Secret),
            field("alert_source_token_file", Path),
            field("max_alerts", Count).or("0"),
            field("timeout", GoDuration),
        ],
        &[
            OneOf(&["url", "url_file"], "one of url or url_file must be configured"),
            NotBoth(&["url"], &["url_file"], "at most one of url & url_file must be configured"),
            NotBoth(
                &["alert_source_token"],
                &["alert_source_token_file"],
                "at most one of alert_source_token & alert_source_token_file must be configured",
            ),
        ],
        &[("token", "the key is called `alert_source_token`")],
    ),
};
