//! From an attempt to the request that makes it: one integration a file. Pure: nothing is sent here.

pub mod console;
pub mod outcome;
mod templates;
#[cfg(test)]
mod testing;
pub mod webhook;

use std::sync::Arc;

use crate::config::routes::{HttpSettings, SecretSource, Settings, WebhookSettings};
use crate::model::{Duration, Str};
use crate::router::Attempt;

/// How to deliver an attempt.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "made once for each attempt and taken apart at once")]
pub enum Delivery {
    /// Make this request; [`outcome`] reads the answer.
    Http(HttpRequest),
    /// Print this text on standard output.
    Print(String),
    /// This kind of integration is not delivered yet: note it and answer [`crate::router::Outcome::Refused`].
    Undelivered {
        /// The integration's kind, such as `slack`.
        kind: Str,
    },
}

/// An HTTP request without anything that only the shell can know: secrets are still where they are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpRequest {
    /// `POST`, …
    pub method: &'static str,
    /// Where to; the shell reads the secret.
    pub url: SecretSource,
    /// Headers of the message; those of `http` come on top.
    pub headers: Vec<(&'static str, Str)>,
    /// What is sent.
    pub body: Vec<u8>,
    /// How long the request may take; zero: until the attempt's deadline.
    pub timeout: Duration,
    /// How to connect.
    pub http: HttpSettings,
}

/// What to do for an attempt. `external_url` is where people reach us.
#[must_use]
pub fn request(attempt: &Attempt, external_url: &str) -> Delivery {
    match &attempt.integration.settings {
        Settings::Webhook(settings) => Delivery::Http(webhook_request(attempt, settings, external_url)),
        Settings::Console => Delivery::Print(console::text(&attempt.notification, false)),
        Settings::Undelivered(_) => Delivery::Undelivered { kind: attempt.integration.kind.into() },
    }
}

fn webhook_request(attempt: &Attempt, settings: &WebhookSettings, external_url: &str) -> HttpRequest {
    let notification = &attempt.notification;
    HttpRequest {
        method: "POST",
        url: settings.url.clone(),
        headers: vec![
            ("Content-Type", "application/json".into()),
            ("User-Agent", concat!("Sereno/", env!("CARGO_PKG_VERSION")).into()),
            ("Idempotency-Key", Arc::clone(&notification.idempotency_key)),
        ],
        body: webhook::body(notification, settings.max_alerts, external_url),
        timeout: settings.timeout,
        http: settings.http.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::testing::{alert, notification};
    use super::{Delivery, request};
    use crate::config::routes::{HttpSettings, Integration, SecretSource, Settings, WebhookSettings};
    use crate::model::{Duration, Timestamp};
    use crate::router::{Attempt, AttemptId};

    fn attempt(kind: &'static str, settings: Settings) -> Attempt {
        let integration = Integration { kind, index: 0, send_resolved: true, settings, span: 0..0 };
        Attempt {
            id: AttemptId(1),
            number: 1,
            deadline: Timestamp::from_secs(160),
            integration: Arc::new(integration),
            notification: Arc::new(notification(vec![alert("alertname=X<y>&", &[], None)])),
        }
    }

    #[test]
    fn a_webhook_is_a_post_with_a_key_that_lets_receivers_drop_repeats() {
        let settings = WebhookSettings {
            url: SecretSource::File("/run/url".into()),
            max_alerts: 0,
            timeout: Duration::from_secs(5),
            payload: None,
            http: HttpSettings { proxy_url: Some("http://proxy".into()), ..HttpSettings::default() },
        };
        let Delivery::Http(got) = request(&attempt("webhook", Settings::Webhook(settings)), "http://us")
        else {
            panic!("a webhook is told by HTTP")
        };
        assert_eq!((got.method, got.timeout), ("POST", Duration::from_secs(5)));
        assert_eq!(got.url, SecretSource::File("/run/url".into()));
        assert_eq!(got.http.proxy_url.as_deref(), Some("http://proxy"));
        let headers: Vec<String> =
            got.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let agent = format!("User-Agent: Sereno/{}", env!("CARGO_PKG_VERSION"));
        let want = ["Content-Type: application/json", &agent, "Idempotency-Key: 0123456789abcdef-100000"];
        assert_eq!(headers, want);
        assert!(got.body.ends_with(b"\"truncatedAlerts\":0}\n"));
    }

    #[test]
    fn others_are_printed_or_not_delivered() {
        let got = request(&attempt("console", Settings::Console), "");
        assert!(matches!(got, Delivery::Print(text) if text.contains("[FIRING:1]")));
        let got = request(&attempt("slack", Settings::Undelivered(BTreeMap::new())), "");
        assert_eq!(got, Delivery::Undelivered { kind: "slack".into() });
    }
}
