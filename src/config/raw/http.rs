//! `http_config`: every key and check of Prometheus' common client settings. `oauth2`, `tls_config` and what is
//! said of proxies have files of their own.

use super::headers::canonical;
use super::kinds::{AUTHORIZATION, BASIC_AUTH, HEADER, HTTP};
use super::{Fields, Reader};
use crate::config::http::{HttpAuth, HttpSettings, SecretSource};
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

impl Reader<'_> {
    pub(crate) fn http_settings(&mut self, node: &Node) -> Option<HttpSettings> {
        let fields = self.table(node, &HTTP, &[])?;
        let mut auth = self.auth(&fields);
        let tls = fields.get("tls_config").and_then(|node| self.tls_settings(node));
        let flag = |reader: &mut Self, key| fields.get(key).and_then(|node| reader.boolean(node, key));
        let follow_redirects = flag(self, "follow_redirects").unwrap_or(true);
        let http1_only = flag(self, "enable_http2") == Some(false);
        if let Some(node) = fields.get("oauth2")
            && let Some(oauth2) = self.oauth2(node)
        {
            auth = HttpAuth::OAuth2(Box::new(oauth2));
        }
        let proxy = self.proxy(&fields);
        let headers = fields.get("http_headers").map_or_else(Vec::new, |node| self.http_headers(node));
        let tls = tls.unwrap_or_default();
        Some(HttpSettings { auth, tls, follow_redirects, http1_only, headers, proxy })
    }

    fn auth(&mut self, fields: &Fields<'_>) -> HttpAuth {
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
            return self.basic_auth(node);
        }
        if let Some(node) = fields.get("authorization") {
            return self.authorization(node);
        }
        self.check_in_header(fields, "bearer_token");
        match self.secret(fields, "bearer_token", "bearer_token_file") {
            Some(credentials) => HttpAuth::Authorization { scheme: "Bearer".into(), credentials },
            None => HttpAuth::None,
        }
    }

    fn basic_auth(&mut self, node: &Node) -> HttpAuth {
        let Some(fields) = self.table(node, &BASIC_AUTH, &[]) else { return HttpAuth::None };
        let names = ["username", "username_file", "username_ref"];
        let message = "at most one of basic_auth username, username_file & username_ref must be configured";
        self.at_most_one(&fields, &names, message);
        let passwords = ["password", "password_file", "password_ref"];
        let message = "at most one of basic_auth password, password_file & password_ref must be configured";
        self.at_most_one(&fields, &passwords, message);
        self.no_refs(&fields, &["username_ref", "password_ref"]);
        let username = self.secret(&fields, "username", "username_file");
        let password = self.secret(&fields, "password", "password_file");
        HttpAuth::Basic { username: username.unwrap_or_else(|| "".into()), password }
    }

    fn authorization(&mut self, node: &Node) -> HttpAuth {
        let Some(fields) = self.table(node, &AUTHORIZATION, &[]) else { return HttpAuth::None };
        let keys = ["credentials", "credentials_file", "credentials_ref"];
        let message = "at most one of authorization credentials & credentials_file must be configured";
        self.at_most_one(&fields, &keys, message);
        self.no_refs(&fields, &["credentials_ref"]);
        let scheme = fields.get("type").and_then(|node| self.text(node, "type"));
        let scheme = scheme.map(|scheme| scheme.trim().into()).filter(|scheme: &Str| !scheme.is_empty());
        let scheme = scheme.unwrap_or_else(|| "Bearer".into());
        if scheme.eq_ignore_ascii_case("basic") {
            let message = "authorization type cannot be set to \"basic\", use \"basic_auth\" instead";
            self.error("bad-value", &fields.key_span("type"), message);
        }
        self.check_in_header(&fields, "type");
        self.check_in_header(&fields, "credentials");
        match self.secret(&fields, "credentials", "credentials_file") {
            Some(credentials) => HttpAuth::Authorization { scheme, credentials },
            None => HttpAuth::None,
        }
    }

    fn http_headers(&mut self, node: &Node) -> Vec<(Str, SecretSource)> {
        let Some(pairs) = self.mapping(node, "http_headers") else { return Vec::new() };
        let mut headers = Vec::new();
        for (key, value) in pairs {
            let Some(name) = self.header_name(key, "http_headers") else { continue };
            if RESERVED.contains(&&*name.to_ascii_lowercase()) {
                let message = format!("setting header {:?} is not allowed", canonical(&name));
                self.error("bad-value", &key.span, message);
            }
            let Some(fields) = self.table(value, &HEADER, &[]) else { continue };
            for list in ["values", "secrets", "files"] {
                let Some(node) = fields.get(list) else { continue };
                for item in self.list(node, list) {
                    let source = match list {
                        "files" => self.text(item, list).map(|path| SecretSource::File(self.path(&path))),
                        _ => self.header_value(item, list).map(SecretSource::Inline),
                    };
                    headers.extend(source.map(|source| (name.clone(), source)));
                }
            }
        }
        headers
    }

    /// There is no secret manager to ask, and Alertmanager has none either.
    pub(super) fn no_refs(&mut self, fields: &Fields<'_>, keys: &[&str]) {
        for key in keys {
            let Some(name) = fields.get(key).and_then(|node| self.text(node, "a secret's name")) else {
                continue;
            };
            if !name.is_empty() {
                let plain = key.trim_end_matches("_ref");
                let message = format!("cannot use {key}: there is no secret manager");
                let help = format!("use `{plain}` or `{plain}_file`");
                self.error_help("bad-value", &fields.key_span(key), message, help);
            }
        }
    }

    pub(super) fn at_most_one(&mut self, fields: &Fields<'_>, keys: &[&str], message: &str) {
        let mut set = keys.iter().filter(|key| {
            fields.get(key).is_some_and(|node| node.scalar().is_none_or(|scalar| !scalar.text.is_empty()))
        });
        if let (Some(_), Some(second)) = (set.next(), set.next()) {
            self.error_help("exclusive-fields", &fields.key_span(second), message, "remove one of them");
        }
    }

    /// A secret under one key or in the file that another key names.
    pub(super) fn secret(&mut self, fields: &Fields<'_>, key: &str, file_key: &str) -> Option<SecretSource> {
        let text = fields.get(key).and_then(|node| self.text(node, key)).filter(|text| !text.is_empty());
        if let Some(text) = text {
            return Some(SecretSource::Inline(text));
        }
        let file =
            fields.get(file_key).and_then(|node| self.text(node, file_key)).filter(|text| !text.is_empty());
        file.map(|file| SecretSource::File(self.path(&file)))
    }
}
