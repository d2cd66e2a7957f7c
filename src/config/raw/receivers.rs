//! Receivers: their lists of integrations, read by their tables, and the checks that no table can hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::headers::canonical;
use super::kinds::{HTTP, INTEGRATIONS, Integration as Kind, SNS_TARGET};
use super::schema::{Values, has};
use super::{Fields, Reader, did_you_mean};
use crate::config::problem::Severity;
use crate::config::routes::{HttpSettings, Integration, RateLimit, Receiver, Settings};
use crate::config::setting::{Address, Setting};
use crate::config::yaml::Node;
use crate::model::{Duration, Str};

/// What the global section gives to receivers.
pub(crate) struct Globals {
    pub(crate) values: Values,
    pub(crate) http: HttpSettings,
}

impl Globals {
    fn proxy_url(&self) -> Option<&Setting> {
        self.values.get("http_config")?.get("proxy_url")
    }
}

/// After how long a receiver's fallback is told.
const FALLBACK_AFTER: Duration = Duration::from_mins(5);

/// Keys of every entry that are not in its table.
const COMMON: [&str; 2] = ["send_resolved", "http_config"];

impl Reader<'_> {
    pub(crate) fn receivers(&mut self, node: &Node, globals: &Globals) -> Vec<Arc<Receiver>> {
        let mut receivers: Vec<Arc<Receiver>> = Vec::new();
        for item in self.list(node, "a list of receivers") {
            let Some(receiver) = self.receiver(item, globals) else { continue };
            if !receiver.name.is_empty() && receivers.iter().any(|known| known.name == receiver.name) {
                let message = format!("notification config name {:?} is not unique", receiver.name);
                self.error_help("duplicate-receiver", &receiver.span, message, "rename one of the receivers");
            }
            receivers.push(Arc::new(receiver));
        }
        receivers
    }

    fn receiver(&mut self, node: &Node, globals: &Globals) -> Option<Receiver> {
        let pairs = self.mapping(node, "a receiver")?;
        let own = ["name", "labels", "fallback", "fallback_after", "rate_limit"];
        let keys: Vec<&str> = own.into_iter().chain(INTEGRATIONS.iter().map(|kind| kind.key)).collect();
        for (key, _) in pairs {
            let name = key.scalar().map_or("", |name| &name.text);
            if !keys.contains(&name) {
                self.unknown_receiver_key(key, name, &keys);
            }
        }
        let fields = Fields::new(pairs, node.span.clone());
        let name = fields.get("name").and_then(|node| self.text(node, "a name")).unwrap_or_else(|| "".into());
        let span = fields.get("name").map_or_else(|| fields.start(), |node| node.span.clone());
        if name.is_empty() {
            self.error("missing-name", &span, "missing name in receiver");
        }
        let mut integrations = Vec::new();
        for kind in INTEGRATIONS {
            let Some(list) = fields.get(kind.key) else { continue };
            for (index, entry) in self.list(list, kind.key).iter().enumerate() {
                let integration = self.integration(entry, kind, index, globals);
                integrations.extend(integration.map(Arc::new));
            }
        }
        let labels = self.receiver_labels(&fields, &name);
        let fallback = fields.get("fallback").and_then(|node| self.text(node, "a receiver's name"));
        let fallback_after = fields.get("fallback_after").and_then(|node| self.fallback_after(node, &fields));
        let fallback_after = fallback_after.unwrap_or(FALLBACK_AFTER);
        let rate_limit = fields.get("rate_limit").and_then(|node| self.rate_limit(node));
        Some(Receiver { name, labels, integrations, fallback, fallback_after, rate_limit, span })
    }

    fn unknown_receiver_key(&mut self, key: &Node, name: &str, keys: &[&str]) {
        let kind =
            INTEGRATIONS.iter().find(|kind| kind.kind == name || kind.key.strip_suffix('s') == Some(name));
        let help = match (kind, name) {
            (Some(kind), _) => Some(format!("the key is called `{}` and holds a list", kind.key)),
            (None, "url") => Some("a webhook is `webhook_configs: [{url: …}]`".to_owned()),
            (None, "send_resolved") => Some("move it into each entry of the `*_configs` lists".to_owned()),
            (None, _) => {
                did_you_mean(name, keys.iter().copied()).map(|close| format!("did you mean `{close}`?"))
            }
        };
        let message = format!("field {name} not found in a receiver");
        self.report(Severity::Error, "unknown-field", &key.span, message, help);
    }

    /// The receiver's labels; its name is one of them.
    fn receiver_labels(&mut self, fields: &Fields<'_>, name: &Str) -> BTreeMap<Str, Str> {
        let node = fields.get("labels");
        let pairs = node.and_then(|node| self.text_map(node, "labels")).unwrap_or_default();
        let mut labels: BTreeMap<Str, Str> = pairs.into_iter().collect();
        if let Some(other) = labels.get("name").filter(|other| *other != name) {
            let message = format!("receiver label \"name\" must match receiver name {name:?}, got {other:?}");
            self.error("bad-value", &fields.key_span("labels"), message);
        }
        labels.insert("name".into(), name.clone());
        labels
    }

    fn fallback_after(&mut self, node: &Node, fields: &Fields<'_>) -> Option<Duration> {
        if fields.get("fallback").is_none() {
            let message = "fallback_after without fallback: it says after how long `fallback` is told";
            self.error_help("missing-field", &fields.key_span("fallback_after"), message, "add `fallback`");
        }
        self.duration(node, "a duration")
    }

    /// `30/1h`.
    fn rate_limit(&mut self, node: &Node) -> Option<RateLimit> {
        let text = self.text(node, "a rate limit")?;
        let limit = text.split_once('/').and_then(|(count, per)| {
            let notifications: usize = count.trim().parse().ok()?;
            let per: Duration = per.trim().parse().ok()?;
            (notifications > 0 && !per.is_zero()).then_some(RateLimit { notifications, per })
        });
        if limit.is_none() {
            let message = format!("not a valid rate limit: {text:?}");
            self.error_help("bad-value", &node.span, message, "write a number and a time: `30/1h`");
        }
        limit
    }

    fn integration(
        &mut self,
        node: &Node,
        kind: &Kind,
        index: usize,
        globals: &Globals,
    ) -> Option<Integration> {
        // A list of nothing but its dash has an entry all the same where the entry needs no keys.
        if node.is_null() && kind.kind != "console" {
            self.error("missing-field", &node.span, format!("missing {} config", kind.kind));
            return None;
        }
        let (fields, values, http) = self.entry(node, kind, globals)?;
        let resolved = fields.get("send_resolved").and_then(|node| self.boolean(node, "send_resolved"));
        let settings = match kind.kind {
            "console" => Settings::Console,
            _ => Settings::Keys { values, http },
        };
        let send_resolved = resolved.unwrap_or(kind.send_resolved);
        Some(Integration { kind: kind.kind, index, send_resolved, settings, span: node.span.clone() })
    }

    /// An entry of a list: its keys, their values with all that is inherited, and how to connect.
    pub(crate) fn entry<'n>(
        &mut self,
        node: &'n Node,
        kind: &Kind,
        globals: &Globals,
    ) -> Option<(Fields<'n>, Values, HttpSettings)> {
        let common = if kind.http { &COMMON[..] } else { &COMMON[..1] };
        let fields = self.table(node, &kind.table, common)?;
        let mut values = self.values(&fields, &kind.table, &globals.values);
        let http = fields.get("http_config").filter(|_| kind.http);
        let own = http.and_then(|node| self.http_settings(node));
        let mut settings = own.unwrap_or_else(|| globals.http.clone());
        // As in Alertmanager, and there for this kind only: the global proxy is also for who connects otherwise.
        let takes_proxy = kind.kind == "msteamsv2" && settings.proxy.url.is_none();
        if takes_proxy {
            settings.proxy.url.clone_from(&globals.http.proxy.url);
        }
        self.check_entry(kind, &fields, &mut values, &settings);
        if kind.http {
            let mut own = http.and_then(|node| self.object(node, &HTTP));
            if let (Some(Setting::Map(own)), Some(proxy)) =
                (&mut own, takes_proxy.then(|| globals.proxy_url()).flatten())
            {
                own.insert("proxy_url".into(), proxy.clone());
            }
            let http = own.or_else(|| globals.values.get("http_config").cloned());
            values.extend(http.map(|http| ("http_config".into(), http)));
        }
        Some((fields, values, settings))
    }

    /// What the tables cannot say.
    fn check_entry(&mut self, kind: &Kind, fields: &Fields<'_>, values: &mut Values, http: &HttpSettings) {
        use crate::config::routes::HttpAuth;
        let local_http = fields.get("http_config");
        let authorized = local_http.is_some() && matches!(http.auth, HttpAuth::Authorization { .. });
        match kind.kind {
            "email" => self.check_email(fields, values),
            "slack" => self.check_slack(fields, values, authorized),
            "webex" if !authorized => {
                self.error(
                    "missing-field",
                    &fields.start(),
                    "missing webex_configs.http_config.authorization",
                );
            }
            "incidentio" => self.check_incidentio(fields, values, authorized),
            "opsgenie" => self.check_responders(fields, values),
            "victorops" => self.check_custom_fields(fields, values),
            "webhook" => self.check_batch(fields, values),
            "pagerduty" => default_details(values),
            "jira" => default_texts(values),
            "sns" => self.check_target(fields),
            _ => {}
        }
    }

    fn check_incidentio(&mut self, fields: &Fields<'_>, values: &Values, authorized: bool) {
        let tokens = ["alert_source_token", "alert_source_token_file"];
        let token = tokens.into_iter().find(|key| has(values, key));
        match token {
            Some(token) if authorized => {
                let message = "cannot specify alert_source_token or alert_source_token_file when using \
                               http_config.authorization";
                self.error("exclusive-fields", &fields.key_span(token), message);
            }
            None if fields.get("http_config").is_some() && !authorized => {
                let message = "at least one of alert_source_token, alert_source_token_file or \
                               http_config.authorization must be configured";
                self.error("missing-field", &fields.start(), message);
            }
            Some(_) | None => {}
        }
    }

    /// As in Alertmanager, where all three together are no error. But SNS takes only one.
    fn check_target(&mut self, fields: &Fields<'_>) {
        let is_set =
            |key: &&str| fields.get(key).and_then(Node::scalar).is_some_and(|target| !target.text.is_empty());
        let set: Vec<&str> = ["topic_arn", "target_arn", "phone_number"].into_iter().filter(is_set).collect();
        match set[..] {
            [_, second] => {
                let place = fields.key_span(second);
                self.error_help("exclusive-fields", &place, SNS_TARGET, "remove one of them");
            }
            [_, second, _] => {
                let message =
                    "SNS refuses what is for more than one of topic_arn, target_arn and phone_number";
                let (place, help) = (fields.key_span(second), Some("remove two of them".to_owned()));
                self.report(Severity::Warning, "exclusive-fields", &place, message, help);
            }
            [..] => {}
        }
    }

    fn check_batch(&mut self, fields: &Fields<'_>, values: &Values) {
        let is_limited = !matches!(values.get("max_alerts"), None | Some(Setting::Integer(0)));
        if values.get("batch") == Some(&Setting::Bool(true)) && !is_limited {
            let message = "batch needs max_alerts: how many alerts each request may have";
            self.error("missing-field", &fields.key_span("batch"), message);
        }
    }

    fn check_custom_fields(&mut self, fields: &Fields<'_>, values: &Values) {
        let reserved = [
            "routing_key",
            "message_type",
            "state_message",
            "entity_display_name",
            "monitoring_tool",
            "entity_id",
            "entity_state",
        ];
        let custom = values.get("custom_fields").and_then(Setting::map);
        for name in
            reserved.into_iter().filter(|name| custom.is_some_and(|custom| custom.contains_key(*name)))
        {
            let message = format!(
                "victorOps config contains custom field {name} which cannot be used as it conflicts with the \
                 fixed/static fields"
            );
            self.error("bad-value", &fields.key_span("custom_fields"), message);
        }
    }

    fn check_email(&mut self, fields: &Fields<'_>, values: &mut Values) {
        let mut headers = Values::new();
        if let Some(Setting::Map(given)) = values.get("headers") {
            for (name, value) in given {
                let canonical = canonical(name);
                if headers.insert(canonical.as_str().into(), value.clone()).is_some() {
                    let message = format!("duplicate header {canonical:?} in email config");
                    self.error("duplicate-header", &fields.key_span("headers"), message);
                }
            }
        }
        let threading = values.get("threading");
        if threading.and_then(|threading| threading.get("enabled")) == Some(&Setting::Bool(true)) {
            for header in
                ["References", "In-Reply-To"].into_iter().filter(|header| headers.contains_key(*header))
            {
                let message = format!(
                    "conflicting configuration: threading.enabled conflicts with custom {header} header"
                );
                self.error("exclusive-fields", &fields.key_span("headers"), message);
            }
            let by_date = threading.and_then(|threading| threading.get("thread_by_date"));
            if !matches!(by_date.and_then(Setting::reveal).map(|text| &**text), Some("none" | "daily")) {
                let message = "threading.thread_by_date must be either 'none' or 'daily'";
                self.error("bad-value", &fields.key_span("threading"), message);
            }
        }
        let subject = || Setting::text(r#"{{ template "email.default.subject" . }}"#);
        headers.entry("Subject".into()).or_insert_with(subject);
        values.insert("headers".into(), Setting::Map(headers));
    }

    fn check_slack(&mut self, fields: &Fields<'_>, values: &mut Values, authorized: bool) {
        const APP_URL: &str = "https://slack.com/api/chat.postMessage";
        let own = |key: &str| fields.get(key).is_some();
        let own_token = own("app_token") || own("app_token_file");
        // The global token is for entries that have no way of their own.
        if !own_token && (own("api_url") || authorized) {
            values.remove("app_token");
            values.remove("app_token_file");
        }
        let has_token = has(values, "app_token") || has(values, "app_token_file");
        if has_token && authorized {
            let message = "http authorization can't be set when using Slack App tokens";
            self.error("exclusive-fields", &fields.key_span("http_config"), message);
        }
        let url = fields.get("api_url").and_then(Node::scalar).map(|url| url.text.clone());
        let needs_token = url.map_or(!has_token, |url| &*url != APP_URL);
        for key in ["update_message", "thread_replies"] {
            if needs_token && values.get(key) == Some(&Setting::Bool(true)) {
                let message =
                    format!("{key} can only be used with bot tokens. api_url must be set to {APP_URL}");
                self.error("bad-value", &fields.key_span(key), message);
            }
        }
        if has_token {
            let app_url = values
                .get("app_url")
                .cloned()
                .unwrap_or_else(|| Setting::Address(Address::new(APP_URL.into())));
            values.insert("api_url".into(), app_url);
        }
        if let Some(Setting::List(actions)) = values.get_mut("actions") {
            actions.iter_mut().for_each(link_only);
        }
    }

    fn check_responders(&mut self, fields: &Fields<'_>, values: &Values) {
        for responder in values.get("responders").map_or(&[][..], Setting::items) {
            let text = |key: &str| responder.get(key).and_then(Setting::reveal).map_or("", |text| &**text);
            let shown = format!("{{{} {} {} {}}}", text("id"), text("name"), text("username"), text("type"));
            let place = fields.key_span("responders");
            if [text("id"), text("username"), text("name")].iter().all(|text| text.is_empty()) {
                let message = format!(
                    "opsGenieConfig responder {shown} has to have at least one of id, username or name specified"
                );
                self.error("missing-field", &place, message);
            }
            let kind = text("type");
            let known = ["team", "teams", "user", "escalation", "schedule"];
            if !kind.contains("{{") && !known.contains(&kind.to_lowercase().as_str()) {
                let message = format!(
                    "opsGenieConfig responder {shown} type does not match valid options \
                     ^(team|teams|user|escalation|schedule)$"
                );
                self.error("bad-value", &place, message);
            }
        }
    }
}

/// A Slack action with a URL is a link: as in Alertmanager, what belongs to a button is dropped.
fn link_only(action: &mut Setting) {
    if let Setting::Map(action) = action
        && has(action, "url")
    {
        action.retain(|key, _| !["name", "value", "confirm"].contains(&&**key));
    }
}

/// The texts of a Jira issue unless the file says otherwise.
fn default_texts(values: &mut Values) {
    for key in ["summary", "description"] {
        let template = format!("{{{{ template \"jira.default.{key}\" . }}}}");
        let value = values.entry(key.into()).or_insert_with(|| Setting::Map(Values::new()));
        if let Setting::Map(map) = value {
            map.entry("template".into()).or_insert_with(|| Setting::text(template));
        }
    }
}

/// The details that PagerDuty gets unless the file says otherwise.
fn default_details(values: &mut Values) {
    let empty = || Setting::Any(serde_json::Value::Object(serde_json::Map::new()));
    let details = values.entry("details".into()).or_insert_with(empty);
    let Setting::Any(serde_json::Value::Object(details)) = details else { return };
    for (key, template) in [
        ("firing", "{{ .Alerts.Firing | toJson }}"),
        ("resolved", "{{ .Alerts.Resolved | toJson }}"),
        ("num_firing", "{{ .Alerts.Firing | len }}"),
        ("num_resolved", "{{ .Alerts.Resolved | len }}"),
    ] {
        details.entry(key).or_insert_with(|| serde_json::Value::from(template));
    }
}
