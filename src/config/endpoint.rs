//! The server that an integration talks to, by a name that holds no secret.
//!
//! Integrations with one name share what is known of it: whether it answers, and when it wants to be left alone.

use super::routes::{Integration, Settings};
use crate::model::Str;

/// Keys that say where notifications go, the more telling ones first.
const KEYS: [&str; 7] =
    ["smarthost", "webhook_url", "api_url", "url", "webhook_url_file", "api_url_file", "url_file"];

impl Integration {
    /// `webhook hooks.example.net:443`: the kind and the host of its URL, or the path of the file that holds
    /// the URL. An address that is a template is known only with the message: such an integration has an
    /// endpoint of its own. The kind alone if there is no address at all.
    #[must_use]
    pub fn endpoint(&self) -> Str {
        let place = match &self.settings {
            Settings::Console => None,
            Settings::Keys { values, .. } => {
                let set = KEYS.iter().filter_map(|key| {
                    let text = values.get(*key)?.reveal().filter(|text| !text.is_empty())?;
                    match *key {
                        "smarthost" => Some(text.to_string()),
                        file if file.ends_with("_file") => Some(text.to_string()),
                        _ => host(text),
                    }
                });
                set.into_iter().next()
            }
        };
        match place {
            Some(place) => format!("{} {place}", self.kind).into(),
            // Whatever server each message names, those of another integration are others.
            None if self.has_templated_address() => {
                format!("{}[{}] at byte {}", self.kind, self.index, self.span.start).into()
            }
            None => self.kind.into(),
        }
    }
}

impl Integration {
    /// Whether its address is a template, so that its host is known only with the message.
    fn has_templated_address(&self) -> bool {
        let Settings::Keys { values, .. } = &self.settings else { return false };
        KEYS.iter().filter_map(|key| values.get(*key)?.reveal()).any(|text| text.contains("{{"))
    }
}

/// Host and port of a URL; none of a template, whose host is known only with the message.
fn host(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let host = url.host_str().filter(|host| !host.contains(['{', '%']))?;
    Some(match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use crate::config::read_routing;

    #[test]
    fn an_endpoint_is_a_kind_and_a_host_and_never_a_secret() {
        let text = r"
global: {smtp_smarthost: 'mail.example:587', smtp_from: a@b}
route: {receiver: all}
receivers:
- name: all
  webhook_configs:
  - {url: 'https://user:pass@hooks.example/T0/s3cret?token=s3cret'}
  - {url: 'http://10.0.0.1:9095/s3cret'}
  - {url_file: /run/secrets/url}
  - {url: 'http://{{ .GroupLabels.host }}/s3cret'}
  email_configs: [{to: x@y}]
  slack_configs: [{api_url: 'https://hooks.slack.com/services/s3cret', channel: '#a'}]
  pagerduty_configs: [{routing_key: s3cret}]
  telegram_configs: [{bot_token: s3cret, chat_id: 1}]
  console_configs: [{}]
";
        let (routing, problems) = read_routing("routes.yml", text);
        let routing = routing.unwrap_or_else(|| panic!("{problems:?}"));
        let endpoints: Vec<_> =
            routing.receivers[0].integrations.iter().map(|integration| integration.endpoint()).collect();
        insta::assert_snapshot!(endpoints.join("\n"), @r"
        webhook hooks.example:443
        webhook 10.0.0.1:9095
        webhook /run/secrets/url
        webhook[3] at byte 273
        email mail.example:587
        pagerduty events.pagerduty.com:443
        slack hooks.slack.com:443
        telegram api.telegram.org:443
        console
        ");
    }
}
