//! Which proxy to use, as `http_config` and `oauth2` say it.

use super::{Fields, Reader};
use crate::config::http::ProxySettings;
use crate::config::setting::{Address, Secret};
use crate::config::yaml::Node;
use crate::model::Str;

impl Reader<'_> {
    pub(super) fn proxy(&mut self, fields: &Fields<'_>) -> ProxySettings {
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
            let message = "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be \
                           configured";
            refuse("proxy_connect_header", message);
        }
        let no_proxy = fields.get("no_proxy").and_then(|node| self.text(node, "no_proxy"));
        let connect_headers =
            fields.get("proxy_connect_header").map_or_else(Vec::new, |node| self.connect_headers(node));
        ProxySettings {
            url: url.map(Address::new),
            from_environment,
            no_proxy: no_proxy.filter(|list| !list.is_empty()),
            connect_headers,
        }
    }

    fn connect_headers(&mut self, node: &Node) -> Vec<(Str, Secret)> {
        let what = "proxy_connect_header";
        let mut headers = Vec::new();
        for (key, values) in self.mapping(node, what).unwrap_or_default() {
            let Some(name) = self.header_name(key, what) else { continue };
            for value in self.list(values, what) {
                let text = self.header_value(value, what);
                headers.extend(text.map(|text| (Str::clone(&name), Secret::new(text))));
            }
        }
        headers
    }
}
