//! `http_config` and `tls_config`: every key and check of Prometheus' common client settings.

use std::ops::Range;

use super::kinds::{AUTHORIZATION, BASIC_AUTH, HEADER, HTTP, OAUTH2, TLS};
use super::{Fields, Reader};
use crate::config::routes::{HttpAuth, HttpSettings, SecretSource, TlsSettings};
use crate::config::setting::Address;
use crate::config::yaml::Node;
use crate::model::Str;

/// Headers that the client sets itself.
const RESERVED: [&str; 18] = [
    "authorization",
    "host",
    "content-encoding",
    "content-length",
    "content-type",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "www-authenticate",
    "accept-encoding",
    "x-prometheus-remote-write-version",
    "x-prometheus-remote-read-version",
    "x-prometheus-scrape-timeout-seconds",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
];

/// Keys that are read but not obeyed, with their places.
type Unsupported = Vec<(Str, Range<usize>)>;

impl Reader<'_> {
    pub(crate) fn http_settings(&mut self, node: &Node) -> Option<HttpSettings> {
        let fields = self.table(node, &HTTP, &[])?;
        let mut unsupported = Unsupported::new();
        let auth = self.auth(&fields, &mut unsupported);
        let tls = fields.get("tls_config").and_then(|node| self.tls_settings(node, &mut unsupported));
        let flag = |reader: &mut Self, key| fields.get(key).and_then(|node| reader.boolean(node, key));
        let follow_redirects = flag(self, "follow_redirects").unwrap_or(true);
        if flag(self, "enable_http2") == Some(false) {
            unsupported.push(("enable_http2".into(), fields.key_span("enable_http2")));
        }
        if let Some(node) = fields.get("oauth2") {
            unsupported.push(("oauth2".into(), fields.key_span("oauth2")));
            self.oauth2(node);
        }
        let proxy_url = self.proxy(&fields, &mut unsupported);
        let headers = fields.get("http_headers").map_or_else(Vec::new, |node| self.http_headers(node));
        Some(HttpSettings {
            auth,
            tls: tls.unwrap_or_default(),
            follow_redirects,
            headers,
            proxy_url,
            unsupported,
        })
    }

    fn auth(&mut self, fields: &Fields<'_>, unsupported: &mut Unsupported) -> HttpAuth {
        let bearer = ["bearer_token", "bearer_token_file"];
        self.at_most_one(
            fields,
            &bearer,
            "at most one of bearer_token & bearer_token_file must be configured",
        );
        let has = |key: &str| fields.get(key).is_some();
        let has_bearer = bearer.into_iter().find(|key| has(key));
        if let Some(key) = has_bearer
            && (has("basic_auth") || has("oauth2"))
        {
            let message =
                "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured";
            self.error_help("exclusive-fields", &fields.key_span(key), message, "remove one of them");
        }
        if let Some(key) = has_bearer.filter(|_| has("authorization")) {
            let message = "authorization is not compatible with bearer_token & bearer_token_file";
            self.error_help("exclusive-fields", &fields.key_span(key), message, "remove one of them");
        }
        let ways = ["basic_auth", "oauth2", "authorization"];
        self.at_most_one(
            fields,
            &ways,
            "at most one of basic_auth, oauth2 & authorization must be configured",
        );
        if let Some(node) = fields.get("basic_auth") {
            return self.basic_auth(node, unsupported);
        }
        if let Some(node) = fields.get("authorization") {
            return self.authorization(node, unsupported);
        }
        match self.secret(fields, "bearer_token", "bearer_token_file") {
            Some(credentials) => HttpAuth::Authorization { scheme: "Bearer".into(), credentials },
            None => HttpAuth::None,
        }
    }

    fn basic_auth(&mut self, node: &Node, unsupported: &mut Unsupported) -> HttpAuth {
        let Some(fields) = self.table(node, &BASIC_AUTH, &[]) else { return HttpAuth::None };
        let names = ["username", "username_file", "username_ref"];
        let message = "at most one of basic_auth username, username_file & username_ref must be configured";
        self.at_most_one(&fields, &names, message);
        let passwords = ["password", "password_file", "password_ref"];
        let message = "at most one of basic_auth password, password_file & password_ref must be configured";
        self.at_most_one(&fields, &passwords, message);
        self.not_obeyed(&fields, &["username_file", "username_ref", "password_ref"], unsupported);
        let username = fields.get("username").and_then(|node| self.text(node, "username"));
        let password = self.secret(&fields, "password", "password_file");
        HttpAuth::Basic { username: username.unwrap_or_else(|| "".into()), password }
    }

    fn authorization(&mut self, node: &Node, unsupported: &mut Unsupported) -> HttpAuth {
        let Some(fields) = self.table(node, &AUTHORIZATION, &[]) else { return HttpAuth::None };
        let keys = ["credentials", "credentials_file", "credentials_ref"];
        let message = "at most one of authorization credentials & credentials_file must be configured";
        self.at_most_one(&fields, &keys, message);
        self.not_obeyed(&fields, &["credentials_ref"], unsupported);
        let scheme = fields.get("type").and_then(|node| self.text(node, "type"));
        let scheme = scheme.map(|scheme| scheme.trim().into()).filter(|scheme: &Str| !scheme.is_empty());
        let scheme = scheme.unwrap_or_else(|| "Bearer".into());
        if scheme.eq_ignore_ascii_case("basic") {
            let message = "authorization type cannot be set to \"basic\", use \"basic_auth\" instead";
            self.error("bad-value", &fields.key_span("type"), message);
        }
        match self.secret(&fields, "credentials", "credentials_file") {
            Some(credentials) => HttpAuth::Authorization { scheme, credentials },
            None => HttpAuth::None,
        }
    }

    fn oauth2(&mut self, node: &Node) {
        let Some(fields) = self.table(node, &OAUTH2, &[]) else { return };
        for (key, message) in [
            ("client_id", "oauth2 client_id must be configured"),
            ("token_url", "oauth2 token_url must be configured"),
        ] {
            if fields.get(key).is_none() {
                self.error("missing-field", &fields.start(), message);
            }
        }
        let keys = ["client_secret", "client_secret_file", "client_secret_ref"];
        let message =
            "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured";
        self.at_most_one(&fields, &keys, message);
        if let Some(node) = fields.get("grant_type")
            && let Some(grant) = self.text(node, "grant_type")
            && !matches!(&*grant, "" | "client_credentials" | "urn:ietf:params:oauth:grant-type:jwt-bearer")
        {
            self.error("bad-value", &node.span, format!("unsupported oauth2 grant_type {grant:?}"));
        }
        if let Some(node) = fields.get("tls_config") {
            self.tls_settings(node, &mut Vec::new());
        }
        self.proxy(&fields, &mut Vec::new());
    }

    fn proxy(&mut self, fields: &Fields<'_>, unsupported: &mut Unsupported) -> Option<Address> {
        let url = fields.get("proxy_url").and_then(|node| self.text(node, "proxy_url"));
        let url = url.filter(|url| !url.is_empty());
        let from_environment = fields.get("proxy_from_environment");
        let from_environment = from_environment.and_then(|node| self.boolean(node, "proxy_from_environment"));
        let from_environment = from_environment.unwrap_or(false);
        let set = |key: &str| {
            fields.get(key).is_some_and(|node| node.scalar().is_none_or(|text| !text.text.is_empty()))
        };
        let mut refuse = |key: &str, message: &str| self.error("proxy", &fields.key_span(key), message);
        if from_environment && url.is_some() {
            refuse("proxy_url", "if proxy_from_environment is configured, proxy_url must not be configured");
        }
        if from_environment && set("no_proxy") {
            refuse("no_proxy", "if proxy_from_environment is configured, no_proxy must not be configured");
        }
        if !from_environment && url.is_none() && set("no_proxy") {
            refuse("no_proxy", "if no_proxy is configured, proxy_url must also be configured");
        }
        if !from_environment && url.is_none() && set("proxy_connect_header") {
            let message = "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured";
            refuse("proxy_connect_header", message);
        }
        if from_environment {
            unsupported.push(("proxy_from_environment".into(), fields.key_span("proxy_from_environment")));
        }
        self.not_obeyed(fields, &["no_proxy", "proxy_connect_header"], unsupported);
        url.map(Address::new)
    }

    fn http_headers(&mut self, node: &Node) -> Vec<(Str, SecretSource)> {
        let Some(pairs) = self.mapping(node, "http_headers") else { return Vec::new() };
        let mut headers = Vec::new();
        for (key, value) in pairs {
            let Some(name) = self.text(key, "http_headers") else { continue };
            if RESERVED.contains(&&*name.to_ascii_lowercase()) {
                self.error("bad-value", &key.span, format!("setting header {name:?} is not allowed"));
            }
            let Some(fields) = self.table(value, &HEADER, &[]) else { continue };
            for list in ["values", "secrets", "files"] {
                let Some(node) = fields.get(list) else { continue };
                for item in self.list(node, list) {
                    let Some(text) = self.text(item, list) else { continue };
                    let source = match list {
                        "files" => SecretSource::File(self.path(&text)),
                        _ => SecretSource::Inline(text),
                    };
                    headers.push((name.clone(), source));
                }
            }
        }
        headers
    }

    pub(crate) fn tls_settings(&mut self, node: &Node, unsupported: &mut Unsupported) -> Option<TlsSettings> {
        let fields = self.table(node, &TLS, &[])?;
        for (keys, message) in [
            (["ca", "ca_file", "ca_ref"], "at most one of ca, ca_file & ca_ref must be configured"),
            (
                ["cert", "cert_file", "cert_ref"],
                "at most one of cert, cert_file & cert_ref must be configured",
            ),
            (["key", "key_file", "key_ref"], "at most one of key and key_file must be configured"),
        ] {
            self.at_most_one(&fields, &keys, message);
        }
        let any = |keys: [&'static str; 3]| keys.into_iter().find(|key| fields.get(key).is_some());
        let (cert, key) = (any(["cert", "cert_file", "cert_ref"]), any(["key", "key_file", "key_ref"]));
        match (cert, key) {
            (Some(cert), None) => {
                let message = "exactly one of key or key_file must be configured when a client certificate is configured";
                self.error("missing-field", &fields.key_span(cert), message);
            }
            (None, Some(key)) => {
                let message =
                    "exactly one of cert or cert_file must be configured when a client key is configured";
                self.error("missing-field", &fields.key_span(key), message);
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        for key in ["min_version", "max_version"] {
            if let Some(node) = fields.get(key)
                && let Some(version) = self.text(node, key)
                && !matches!(&*version, "TLS10" | "TLS11" | "TLS12" | "TLS13")
            {
                let message = format!("unknown TLS version: {version}");
                self.error_help(
                    "bad-value",
                    &node.span,
                    message,
                    "one of `TLS10`, `TLS11`, `TLS12`, `TLS13`",
                );
            }
        }
        let inline = ["ca", "cert", "key", "ca_ref", "cert_ref", "key_ref", "min_version", "max_version"];
        self.not_obeyed(&fields, &inline, unsupported);
        let path = |reader: &mut Self, key| {
            let path = fields.get(key).and_then(|node| reader.text(node, key));
            path.filter(|path| !path.is_empty()).map(|path| reader.path(&path))
        };
        let (ca_file, cert_file, key_file) =
            (path(self, "ca_file"), path(self, "cert_file"), path(self, "key_file"));
        let server_name = fields.get("server_name").and_then(|node| self.text(node, "server_name"));
        let skip =
            fields.get("insecure_skip_verify").and_then(|node| self.boolean(node, "insecure_skip_verify"));
        Some(TlsSettings {
            ca_file,
            cert_file,
            key_file,
            server_name: server_name.filter(|name| !name.is_empty()),
            insecure_skip_verify: skip.unwrap_or(false),
        })
    }

    fn not_obeyed(&mut self, fields: &Fields<'_>, keys: &[&str], unsupported: &mut Unsupported) {
        let set = keys.iter().filter(|key| fields.get(key).is_some());
        unsupported.extend(set.map(|key| ((*key).into(), fields.key_span(key))));
    }

    fn at_most_one(&mut self, fields: &Fields<'_>, keys: &[&str], message: &str) {
        let mut set = keys.iter().filter(|key| {
            fields.get(key).is_some_and(|node| node.scalar().is_none_or(|scalar| !scalar.text.is_empty()))
        });
        if let (Some(_), Some(second)) = (set.next(), set.next()) {
            self.error_help("exclusive-fields", &fields.key_span(second), message, "remove one of them");
        }
    }

    /// A secret under one key or in the file that another key names.
    fn secret(&mut self, fields: &Fields<'_>, key: &str, file_key: &str) -> Option<SecretSource> {
        let text = fields.get(key).and_then(|node| self.text(node, key)).filter(|text| !text.is_empty());
        if let Some(text) = text {
            return Some(SecretSource::Inline(text));
        }
        let file =
            fields.get(file_key).and_then(|node| self.text(node, file_key)).filter(|text| !text.is_empty());
        file.map(|file| SecretSource::File(self.path(&file)))
    }
}
