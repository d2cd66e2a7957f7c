//! `oauth2`: where access tokens come from.

use super::kinds::OAUTH2;
use super::schema::{Kind, field};
use super::{Fields, Reader};
use crate::config::http::{Grant, JwtGrant, OAuth2Settings, RsaHash};
use crate::config::setting::{Address, Secret, Setting};
use crate::config::yaml::Node;
use crate::model::Str;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

impl Reader<'_> {
    pub(super) fn oauth2(&mut self, node: &Node) -> Option<OAuth2Settings> {
        let fields = self.table(node, &OAUTH2, &[])?;
        for (key, message) in [
            ("client_id", "oauth2 client_id must be configured"),
            ("token_url", "oauth2 token_url must be configured"),
        ] {
            if fields.get(key).is_none() {
                self.error("missing-field", &fields.start(), message);
            }
        }
        self.check_secrets(&fields);
        let text = |reader: &mut Self, key: &str| -> Option<Str> {
            fields.get(key).and_then(|node| reader.text(node, key)).filter(|text| !text.is_empty())
        };
        let grant = self.grant(&fields);
        let secret = match &grant {
            Grant::ClientCredentials => self.secret(&fields, "client_secret", "client_secret_file"),
            Grant::JwtBearer(_) => {
                self.secret(&fields, "client_certificate_key", "client_certificate_key_file")
            }
        };
        let scopes = fields.get("scopes").map_or(&[][..], |node| self.list(node, "scopes"));
        let scopes = scopes.iter().filter_map(|scope| self.text(scope, "scopes")).collect();
        let parameters =
            fields.get("endpoint_params").and_then(|node| self.text_map(node, "endpoint_params"));
        let parameters = parameters.into_iter().flatten();
        let tls = fields.get("tls_config").and_then(|node| self.tls_settings(node));
        Some(OAuth2Settings {
            client_id: text(self, "client_id").unwrap_or_else(|| "".into()),
            secret,
            grant,
            scopes,
            token_url: Address::new(text(self, "token_url").unwrap_or_else(|| "".into())),
            endpoint_params: parameters.map(|(name, value)| (name, Secret::new(value))).collect(),
            tls: tls.unwrap_or_default(),
            proxy: self.proxy(&fields),
        })
    }

    fn check_secrets(&mut self, fields: &Fields<'_>) {
        let keys = ["client_secret", "client_secret_file", "client_secret_ref"];
        let message =
            "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured";
        self.at_most_one(fields, &keys, message);
        let keys = ["client_certificate_key", "client_certificate_key_file", "client_certificate_key_ref"];
        let message = "at most one of oauth2 client_certificate_key, client_certificate_key_file & \
                       client_certificate_key_ref must be configured";
        self.at_most_one(fields, &keys, message);
        self.no_refs(fields, &["client_secret_ref", "client_certificate_key_ref"]);
    }

    fn grant(&mut self, fields: &Fields<'_>) -> Grant {
        let text = |reader: &mut Self, key: &str| -> Option<Str> {
            fields.get(key).and_then(|node| reader.text(node, key)).filter(|text| !text.is_empty())
        };
        let grant = text(self, "grant_type");
        if let Some(grant) =
            grant.as_ref().filter(|grant| !["client_credentials", JWT_BEARER].contains(&&***grant))
        {
            let place = fields.get("grant_type").map_or_else(|| fields.start(), |node| node.span.clone());
            self.error("bad-value", &place, format!("unsupported oauth2 grant_type {grant:?}"));
        }
        let name = text(self, "signature_algorithm");
        let hash = name.as_ref().map_or(Some(RsaHash::default()), |name| RsaHash::named(name));
        if grant.as_deref() != Some(JWT_BEARER) {
            return Grant::ClientCredentials;
        }
        if hash.is_none() {
            let message = "valid signature algorithms are RS256, RS384 and RS512";
            self.error("bad-value", &fields.key_span("signature_algorithm"), message);
        }
        let claims = fields.get("claims").and_then(|node| self.value(node, &field("claims", Kind::AnyMap)));
        Grant::JwtBearer(JwtGrant {
            key_id: text(self, "client_certificate_key_id"),
            hash: hash.unwrap_or_default(),
            issuer: text(self, "iss"),
            audience: text(self, "audience"),
            claims: match claims {
                Some(Setting::Any(serde_json::Value::Object(claims))) => claims,
                Some(_) | None => serde_json::Map::new(),
            },
        })
    }
}
