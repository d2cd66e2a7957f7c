//! incident.io: Alertmanager's document to an alert source, which groups by itself.

use super::document::{Part, body};
use super::outcome::{of_details, texts};
use super::{HttpRequest, Message, Step, Trouble, USER_AGENT, open};
use crate::config::routes::{HttpAuth, SecretSource};

/// The most bytes that it takes. What is larger keeps the first alert only.
const LIMIT: usize = 512 * 1024;

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let token = message.secret("alert_source_token")?;
    let mut http = message.http();
    if !token.reveal().is_empty() {
        let credentials = SecretSource::Inline(token.reveal().clone());
        http.auth = HttpAuth::Authorization { scheme: "Bearer".into(), credentials };
    }
    let request = HttpRequest {
        method: "POST",
        url: message.secret("url")?,
        headers: vec![("Content-Type", open("application/json")), ("User-Agent", open(USER_AGENT))],
        body: document(message),
        timeout: message.duration("timeout"),
        http,
    };
    Ok(Step::then(request, |message, answer| {
        Step::done(of_details(&answer, message.now, |body| {
            let said = ["message", "error", "errors"].map(|key| texts(&body[key]));
            said.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(": ")
        }))
    }))
}

/// Unlike Alertmanager's it says how many alerts it lacks also where they were too large.
fn document(message: &Message<'_>) -> Vec<u8> {
    let max_alerts = usize::try_from(message.integer("max_alerts")).unwrap_or_default();
    let count = message.data.alerts.len();
    let of = |max_alerts| {
        let part = Part::first(max_alerts, count);
        body(&message.attempt.notification, &part, "1", &message.data.external_url)
    };
    let document = of(max_alerts);
    if document.len() <= LIMIT { document } else { of(1) }
}
