//! Receivers that get a message as it is: webhook, email, pushover, SNS, the console.

use super::super::schema::Kind::{
    Any, Bool, Count, GoDuration, HeaderName, HostPort, Object, Path, Secret, TemplateUrl, TextMap, Tls,
};
use super::super::schema::Rule::{NotBoth, NotBothTrue, OneOf, Required, Resolved, Together};
use super::super::schema::{Table, field, text};
use super::Integration;
use super::table;

/// How a webhook's requests are signed.
const HMAC: Table = table(
    "hmac",
    &[
        field("secret", Secret),
        field("secret_file", Path),
        field("header", HeaderName).or("X-Sereno-Signature"),
        field("timestamp_header", HeaderName).or("X-Sereno-Timestamp"),
    ],
    &[
        OneOf(&["secret", "secret_file"], "one of secret or secret_file must be configured"),
        NotBoth(&["secret"], &["secret_file"], "at most one of secret & secret_file must be configured"),
    ],
    &[],
);

pub(super) const WEBHOOK: Integration = Integration {
    kind: "webhook",
    key: "webhook_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a webhook_configs entry",
        &[
            field("url", TemplateUrl),
            field("url_file", Path),
            field("max_alerts", Count).or("0"),
            field("timeout", GoDuration),
            field("payload", Any),
            field("batch", Bool).ours(),
            field("hmac", Object(&HMAC)).ours(),
        ],
        &[
            OneOf(&["url", "url_file"], "one of url or url_file must be configured"),
            NotBoth(&["url"], &["url_file"], "at most one of url & url_file must be configured"),
        ],
        &[
            ("headers", "headers go into `http_config: {http_headers: {NAME: {values: [VALUE]}}}`"),
            ("http_headers", "move it into `http_config`"),
            ("basic_auth", "move it into `http_config`"),
            (
                "bearer_token",
                "move it into `http_config`, or better `http_config: {authorization: {credentials: …}}`",
            ),
            ("body", "the key is called `payload`"),
        ],
    ),
};

const THREADING: Table =
    table("threading", &[field("enabled", Bool).or("false"), text("thread_by_date").or("none")], &[], &[]);

pub(super) const EMAIL: Integration = Integration {
    kind: "email",
    key: "email_configs",
    send_resolved: false,
    http: false,
    table: table(
        "an email_configs entry",
        &[
            text("to"),
            text("from").global("smtp_from"),
            text("hello").global("smtp_hello"),
            field("smarthost", HostPort).global("smtp_smarthost"),
            text("auth_username").global("smtp_auth_username"),
            field("auth_password", Secret).global("smtp_auth_password"),
            field("auth_password_file", Path).global("smtp_auth_password_file"),
            field("auth_secret", Secret).global("smtp_auth_secret"),
            field("auth_secret_file", Path).global("smtp_auth_secret_file"),
            text("auth_identity").global("smtp_auth_identity"),
            field("headers", TextMap),
            text("html").or(r#"{{ template "email.default.html" . }}"#),
            text("text"),
            field("require_tls", Bool).global("smtp_require_tls"),
            field("tls_config", Tls).global("smtp_tls_config"),
            field("force_implicit_tls", Bool).global("smtp_force_implicit_tls"),
            field("threading", Object(&THREADING)).shown_if_changed(),
        ],
        &[
            Required("to", "missing to address in email config"),
            Resolved(&["smarthost"], "no global SMTP smarthost set"),
            Resolved(&["from"], "no global SMTP from set"),
        ],
        &[
            ("subject", "the subject is a header: `headers: {Subject: …}`"),
            ("body", "the body is called `text`, or `html`"),
            ("cc", "a header does that: `headers: {Cc: …}`; the addresses must also be in `to`"),
            ("bcc", "put the addresses into `to`"),
            ("reply_to", "a header does that: `headers: {Reply-To: …}`"),
            ("smtp_smarthost", "inside a receiver the key is called `smarthost`"),
            ("smtp_from", "inside a receiver the key is called `from`"),
            ("password", "the key is called `auth_password`"),
            ("username", "the key is called `auth_username`"),
            ("starttls", "the key is called `require_tls`"),
        ],
    ),
};

pub(super) const PUSHOVER: Integration = Integration {
    kind: "pushover",
    key: "pushover_configs",
    send_resolved: true,
    http: true,
    table: table(
        "a pushover_configs entry",
        &[
            field("user_key", Secret),
            field("user_key_file", Path),
            field("token", Secret),
            field("token_file", Path),
            text("title").or(r#"{{ template "pushover.default.title" . }}"#),
            text("message").or(r#"{{ template "pushover.default.message" . }}"#),
            text("url").or(r#"{{ template "pushover.default.url" . }}"#),
            text("url_title"),
            text("device"),
            text("sound"),
            text("priority").or(r#"{{ if eq .Status "firing" }}2{{ else }}0{{ end }}"#),
            field("retry", GoDuration).or("1m"),
            field("expire", GoDuration).or("1h"),
            field("ttl", GoDuration),
            field("html", Bool).or("false"),
            field("monospace", Bool).or("false"),
        ],
        &[
            OneOf(&["user_key", "user_key_file"], "one of user_key or user_key_file must be configured"),
            NotBoth(
                &["user_key"],
                &["user_key_file"],
                "at most one of user_key & user_key_file must be configured",
            ),
            OneOf(&["token", "token_file"], "one of token or token_file must be configured"),
            NotBoth(&["token"], &["token_file"], "at most one of token & token_file must be configured"),
            NotBothTrue("monospace", "html", "at most one of monospace & html must be configured"),
        ],
        &[],
    ),
};

const SIGV4: Table = table(
    "sigv4",
    &[
        text("region"),
        text("access_key"),
        field("secret_key", Secret),
        text("profile"),
        text("role_arn"),
        text("external_id"),
        field("use_fips_sts_endpoint", Bool),
    ],
    &[Together(
        "access_key",
        "secret_key",
        "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config",
    )],
    &[],
);

pub(super) const SNS: Integration = Integration {
    kind: "sns",
    key: "sns_configs",
    send_resolved: true,
    http: true,
    table: table(
        "an sns_configs entry",
        &[
            text("api_url"),
            field("sigv4", Object(&SIGV4)),
            text("topic_arn"),
            text("phone_number"),
            text("target_arn"),
            text("subject").or(r#"{{ template "sns.default.subject" . }}"#),
            text("message").or(r#"{{ template "sns.default.message" . }}"#),
            field("attributes", TextMap),
            field("use_aws_http_client", Bool).or("false"),
        ],
        &[OneOf(&["target_arn", "topic_arn", "phone_number"], SNS_TARGET)],
        &[],
    ),
};

/// What Alertmanager says if there is no target, and if there are two.
pub(crate) const SNS_TARGET: &str =
    "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config";

pub(super) const CONSOLE: Integration = Integration {
    kind: "console",
    key: "console_configs",
    send_resolved: true,
    http: false,
    table: table("a console_configs entry", &[], &[], &[]),
};
