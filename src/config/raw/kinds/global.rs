//! The sections of a routing file that are tables: global, tracing, event_recorder.

use super::super::schema::Kind::{
    Bool, Duration, Float, HostPort, Http, Integer, NewPath, ObjectMap, Objects, Path, Secret, SecretUrl,
    Texts, Tls, Url, Word,
};
use super::super::schema::Rule::{NotBoth, Required};
use super::super::schema::{Table, field, text};
use super::{HEADER, table};

/// The global section.
pub(crate) const GLOBAL: Table = table(
    "the global section",
    &[
        field("resolve_timeout", Duration).or("5m"),
        field("http_config", Http),
        field("jira_api_url", Url),
        text("smtp_from"),
        text("smtp_hello").or("localhost"),
        field("smtp_smarthost", HostPort),
        text("smtp_auth_username"),
        field("smtp_auth_password", Secret),
        field("smtp_auth_password_file", Path),
        field("smtp_auth_secret", Secret),
        field("smtp_auth_secret_file", Path),
        text("smtp_auth_identity"),
        field("smtp_require_tls", Bool).or("true").always_shown(),
        field("smtp_tls_config", Tls),
        field("smtp_force_implicit_tls", Bool),
        field("slack_api_url", SecretUrl),
        field("slack_api_url_file", Path),
        field("slack_app_token", Secret),
        field("slack_app_token_file", Path),
        field("slack_app_url", Url).or("https://slack.com/api/chat.postMessage").shown_if_changed(),
        field("pagerduty_url", Url).or("https://events.pagerduty.com/v2/enqueue"),
        field("opsgenie_api_url", Url).or("https://api.opsgenie.com/"),
        field("opsgenie_api_key", Secret),
        field("opsgenie_api_key_file", Path),
        field("wechat_api_url", Url).or("https://qyapi.weixin.qq.com/cgi-bin/"),
        field("wechat_api_secret", Secret),
        field("wechat_api_secret_file", Path),
        text("wechat_api_corp_id"),
        field("victorops_api_url", Url)
            .or("https://alert.victorops.com/integrations/generic/20131114/alert/"),
        field("victorops_api_key", Secret),
        field("victorops_api_key_file", Path),
        field("telegram_api_url", Url).or("https://api.telegram.org"),
        field("telegram_bot_token", Secret),
        field("telegram_bot_token_file", Path),
        field("webex_api_url", Url).or("https://webexapis.com/v1/messages"),
        field("rocketchat_api_url", Url).or("https://open.rocket.chat/").shown_if_changed(),
        field("rocketchat_token", Secret),
        field("rocketchat_token_file", Path),
        field("rocketchat_token_id", Secret),
        field("rocketchat_token_id_file", Path),
        field("mattermost_webhook_url", SecretUrl),
        field("mattermost_webhook_url_file", Path),
    ],
    &[
        NotBoth(
            &["slack_app_token"],
            &["slack_app_token_file"],
            "at most one of slack_app_token & slack_app_token_file must be configured",
        ),
        NotBoth(
            &["slack_api_url"],
            &["slack_api_url_file"],
            "at most one of slack_api_url & slack_api_url_file must be configured",
        ),
        NotBoth(
            &["opsgenie_api_key"],
            &["opsgenie_api_key_file"],
            "at most one of opsgenie_api_key & opsgenie_api_key_file must be configured",
        ),
        NotBoth(
            &["victorops_api_key"],
            &["victorops_api_key_file"],
            "at most one of victorops_api_key & victorops_api_key_file must be configured",
        ),
        NotBoth(
            &["telegram_bot_token"],
            &["telegram_bot_token_file"],
            "at most one of telegram_bot_token & telegram_bot_token_file must be configured",
        ),
        NotBoth(
            &["smtp_auth_password"],
            &["smtp_auth_password_file"],
            "at most one of smtp_auth_password & smtp_auth_password_file must be configured",
        ),
        NotBoth(
            &["rocketchat_token"],
            &["rocketchat_token_file"],
            "at most one of rocketchat_token & rocketchat_token_file must be configured",
        ),
        NotBoth(
            &["rocketchat_token_id"],
            &["rocketchat_token_id_file"],
            "at most one of rocketchat_token_id & rocketchat_token_id_file must be configured",
        ),
        NotBoth(
            &["smtp_auth_secret"],
            &["smtp_auth_secret_file"],
            "at most one of smtp_auth_secret & smtp_auth_secret_file must be configured",
        ),
        NotBoth(
            &["wechat_api_secret"],
            &["wechat_api_secret_file"],
            "at most one of wechat_api_secret & wechat_api_secret_file must be configured",
        ),
        NotBoth(
            &["mattermost_webhook_url"],
            &["mattermost_webhook_url_file"],
            "at most one of mattermost_webhook_url & mattermost_webhook_url_file must be configured",
        ),
    ],
    &[
        ("smtp_password", "the key is called `smtp_auth_password`"),
        ("smtp_username", "the key is called `smtp_auth_username`"),
        ("smtp_host", "the key is called `smtp_smarthost`"),
        ("scrape_interval", "this key belongs to Prometheus' own configuration"),
        ("evaluation_interval", "this key belongs to Prometheus' own configuration"),
        ("group_wait", "timings belong to routes: `route: {group_wait: …}`"),
        ("group_interval", "timings belong to routes: `route: {group_interval: …}`"),
        ("repeat_interval", "timings belong to routes: `route: {repeat_interval: …}`"),
    ],
);

pub(crate) const TRACING: Table = table(
    "the tracing section",
    &[
        field(
            "client_type",
            Word(&["", "http", "grpc"], "expected tracing client type to be to be http or grpc, but got {}"),
        ),
        text("endpoint"),
        field("sampling_fraction", Float),
        field("insecure", Bool),
        field("tls_config", Tls),
        field("headers", ObjectMap(&HEADER)),
        field("compression", Word(&["", "gzip"], "invalid compression type {}")),
        field("timeout", Duration),
    ],
    &[Required("endpoint", "tracing endpoint must be set")],
    &[],
);

const FILE_OUTPUT: Table = table(
    "a file_outputs entry",
    &[field("path", NewPath)],
    &[Required("path", "event_recorder file output requires a path")],
    &[],
);

const STDOUT_OUTPUT: Table = table("a stdout_outputs entry", &[], &[], &[]);

const WEBHOOK_OUTPUT: Table = table(
    "a webhook_outputs entry",
    &[
        field("url", SecretUrl),
        field("http_config", Http),
        field("timeout", Duration),
        field("workers", Integer),
        field("max_retries", Integer),
        field("retry_backoff", Duration),
        field("batch", Bool),
        field("batch_max_events", Integer),
        field("batch_max_bytes", Integer),
        field("batch_flush_interval", Duration),
    ],
    &[Required("url", "event_recorder webhook output requires a url")],
    &[],
);

const KAFKA_OUTPUT: Table = table(
    "a kafka_outputs entry",
    &[
        field("brokers", Texts),
        text("topic"),
        text("client_id"),
        text("format"),
        text("acks"),
        text("compression"),
        field("buffer_size", Integer),
        field("tls_config", Tls),
    ],
    &[
        Required("brokers", "event_recorder kafka output requires brokers"),
        Required("topic", "event_recorder kafka output requires a topic"),
    ],
    &[],
);

pub(crate) const EVENT_RECORDER: Table = table(
    "the event_recorder section",
    &[
        field("file_outputs", Objects(&FILE_OUTPUT)),
        field("stdout_outputs", Objects(&STDOUT_OUTPUT)),
        field("webhook_outputs", Objects(&WEBHOOK_OUTPUT)),
        field("kafka_outputs", Objects(&KAFKA_OUTPUT)),
    ],
    &[],
    &[],
);
