//! How to connect to an HTTP server: every key of Prometheus' common client settings.

use super::super::schema::Kind::{
    AnyMap, Bool, Object, ObjectMap, Path, Paths, ProxyUrl, Secret, Secrets, SecretsMap, TextMap, Texts, Tls,
};
use super::super::schema::{Table, field, text};
use super::table;

/// `http_config`.
pub(crate) const HTTP: Table = table(
    "http_config",
    &[
        field("basic_auth", Object(&BASIC_AUTH)),
        field("authorization", Object(&AUTHORIZATION)),
        field("oauth2", Object(&OAUTH2)),
        field("bearer_token", Secret),
        field("bearer_token_file", Path),
        field("tls_config", Tls),
        field("follow_redirects", Bool).or("true").always_shown(),
        field("enable_http2", Bool).or("true").always_shown(),
        field("proxy_url", ProxyUrl),
        text("no_proxy"),
        field("proxy_from_environment", Bool),
        field("proxy_connect_header", SecretsMap),
        field("http_headers", ObjectMap(&HEADER)),
    ],
    &[],
    &[
        ("headers", "the key is called `http_headers`: `{NAME: {values: [VALUE]}}`"),
        ("insecure_skip_verify", "move it into `tls_config`"),
        ("username", "move it into `basic_auth`"),
        ("password", "move it into `basic_auth`"),
    ],
);

/// `basic_auth`.
pub(crate) const BASIC_AUTH: Table = table(
    "basic_auth",
    &[
        text("username"),
        field("username_file", Path),
        text("username_ref"),
        field("password", Secret),
        field("password_file", Path),
        text("password_ref"),
    ],
    &[],
    &[],
);

/// `authorization`.
pub(crate) const AUTHORIZATION: Table = table(
    "authorization",
    &[
        text("type").or("Bearer"),
        field("credentials", Secret),
        field("credentials_file", Path),
        text("credentials_ref"),
    ],
    &[],
    &[("token", "the key is called `credentials`"), ("bearer_token", "the key is called `credentials`")],
);

/// `oauth2`.
pub(crate) const OAUTH2: Table = table(
    "oauth2",
    &[
        text("client_id"),
        field("client_secret", Secret),
        field("client_secret_file", Path),
        text("client_secret_ref"),
        text("client_certificate_key_id"),
        field("client_certificate_key", Secret),
        field("client_certificate_key_file", Path),
        text("client_certificate_key_ref"),
        text("grant_type"),
        text("signature_algorithm"),
        text("iss"),
        text("audience"),
        field("claims", AnyMap),
        field("scopes", Texts),
        text("token_url"),
        field("endpoint_params", TextMap),
        field("tls_config", Tls),
        field("proxy_url", ProxyUrl),
        text("no_proxy"),
        field("proxy_from_environment", Bool),
        field("proxy_connect_header", SecretsMap),
    ],
    &[],
    &[],
);

/// `tls_config`.
pub(crate) const TLS: Table = table(
    "tls_config",
    &[
        text("ca"),
        text("cert"),
        field("key", Secret),
        field("ca_file", Path),
        field("cert_file", Path),
        field("key_file", Path),
        text("ca_ref"),
        text("cert_ref"),
        text("key_ref"),
        text("server_name"),
        field("insecure_skip_verify", Bool).or("false").always_shown(),
        text("min_version"),
        text("max_version"),
    ],
    &[],
    &[],
);

/// An entry of `http_headers`.
pub(crate) const HEADER: Table = table(
    "an http_headers entry",
    &[field("values", Texts), field("secrets", Secrets), field("files", Paths)],
    &[],
    &[],
);
