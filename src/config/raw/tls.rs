//! `tls_config`: every key and check of Prometheus' common client settings.

use super::kinds::TLS;
use super::{Fields, Reader};
use crate::config::http::{TlsSettings, TlsVersion};
use crate::config::problem::Severity;
use crate::config::setting::Secret;
use crate::config::yaml::Node;
use crate::model::Str;

impl Reader<'_> {
    pub(crate) fn tls_settings(&mut self, node: &Node) -> Option<TlsSettings> {
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
        self.no_refs(&fields, &["ca_ref", "cert_ref", "key_ref"]);
        let min_version = self.tls_version(&fields, "min_version");
        let max_version = self.tls_version(&fields, "max_version");
        if let (Some(min), Some(max)) = (min_version, max_version)
            && max < min
        {
            let message = "tls_config.max_version must be greater than or equal to tls_config.min_version if both \
                           are specified";
            self.error("bad-value", &fields.key_span("max_version"), message);
        }
        let text = |reader: &mut Self, key: &str| -> Option<Str> {
            fields.get(key).and_then(|node| reader.text(node, key)).filter(|text| !text.is_empty())
        };
        let path = |reader: &mut Self, key: &str| text(reader, key).map(|path| reader.path(&path));
        let skip =
            fields.get("insecure_skip_verify").and_then(|node| self.boolean(node, "insecure_skip_verify"));
        Some(TlsSettings {
            ca: text(self, "ca"),
            ca_file: path(self, "ca_file"),
            cert: text(self, "cert"),
            cert_file: path(self, "cert_file"),
            key: text(self, "key").map(Secret::new),
            key_file: path(self, "key_file"),
            server_name: text(self, "server_name"),
            insecure_skip_verify: skip.unwrap_or(false),
            min_version,
            max_version,
        })
    }

    /// A version that there is. What is older than 1.2 is not spoken, whatever the file allows.
    fn tls_version(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<TlsVersion> {
        let node = fields.get(key)?;
        let name = self.text(node, key)?;
        let version = TlsVersion::named(&name);
        match version {
            None => {
                let message = format!("unknown TLS version: {name}");
                let help = "one of `TLS10`, `TLS11`, `TLS12`, `TLS13`";
                self.error_help("bad-value", &node.span, message, help);
            }
            Some(TlsVersion::Tls10 | TlsVersion::Tls11) => {
                let message =
                    format!("{key}: {name} is not obeyed: TLS 1.2 is the oldest version that is spoken");
                self.report(Severity::Warning, "not-obeyed-yet", &fields.key_span(key), message, None);
            }
            Some(TlsVersion::Tls12 | TlsVersion::Tls13) => {}
        }
        version
    }
}
