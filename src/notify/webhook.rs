//! The generic webhook: Alertmanager's document or a `payload` of one's own, posted to a URL that may be a
//! template.
//!
//! What Alertmanager does not have: a key by which receivers tell repeats (`Idempotency-Key`), a signature
//! (`hmac`), and with `batch` all alerts in several documents where `max_alerts` would leave some out.

use ring::hmac;

use super::document::{Part, body};
use super::ids::hex;
use super::nested::rendered;
use super::{HttpRequest, Message, Step, Trouble, USER_AGENT, json, open};
use crate::config::routes::{HttpSettings, SecretSource};
use crate::config::setting::{Secret, Setting};

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let parts = parts(message);
    let (is_batch, total) = (message.flag("batch"), parts.len());
    let requests = (1..).zip(&parts).map(|(number, part)| {
        let number = is_batch.then_some((number, total));
        message.about(part.alerts.clone(), |about| request(about, part, number))
    });
    Ok(Step::in_turn(requests.collect::<Result<_, _>>()?))
}

/// What is posted, or the first of it, whatever it is posted to.
pub(super) fn document(message: &Message<'_>) -> Result<Vec<u8>, Trouble> {
    let parts = parts(message);
    let part = parts.first().expect("there is at least one request");
    message.about(part.alerts.clone(), |about| written(about, part))
}

/// The alerts of each request. There is at least one.
fn parts(message: &Message<'_>) -> Vec<Part> {
    let count = message.attempt.notification.alerts.len();
    let max_alerts = usize::try_from(message.integer("max_alerts")).unwrap_or_default();
    if !message.flag("batch") || max_alerts == 0 {
        return vec![Part::first(max_alerts, count)];
    }
    let starts = (0..count.max(1)).step_by(max_alerts);
    starts.map(|start| Part { alerts: start..count.min(start + max_alerts), truncated: 0 }).collect()
}

/// The document about some of the alerts, which the message is about.
fn written(message: &Message<'_>, part: &Part) -> Result<Vec<u8>, Trouble> {
    let alertmanagers = || body(&message.attempt.notification, part, "4", &message.data.external_url);
    Ok(payload(message)?.map_or_else(alertmanagers, |own| json::body(&own)))
}

/// The request about some of the alerts, which the message is about; with `number`, it is that one of so many.
fn request(
    message: &Message<'_>,
    part: &Part,
    number: Option<(usize, usize)>,
) -> Result<HttpRequest, Trouble> {
    let (url, body) = (url(message)?, written(message, part)?);
    let mut headers = vec![("Content-Type", open("application/json")), ("User-Agent", open(USER_AGENT))];
    let key = &message.attempt.notification.idempotency_key;
    match number {
        None => headers.push(("Idempotency-Key", open(key.clone()))),
        Some((number, total)) => {
            headers.push(("Idempotency-Key", open(format!("{key}-{number}"))));
            headers.push(("X-Sereno-Part", open(format!("{number}/{total}"))));
        }
    }
    let http = signed(message, &body)?;
    Ok(HttpRequest { method: "POST", url, headers, body, timeout: message.duration("timeout"), http })
}

fn url(message: &Message<'_>) -> Result<Secret, Trouble> {
    match message.secret_word("url")? {
        url if url.is_empty() => Err(Trouble::Setting("webhook URL is empty after templating".to_owned())),
        url => Ok(Secret::new(url.into())),
    }
}

fn payload(message: &Message<'_>) -> Result<Option<serde_json::Value>, Trouble> {
    match message.values().get("payload") {
        Some(Setting::Any(payload)) if !payload.is_null() => rendered(message, "payload", payload).map(Some),
        Some(_) | None => Ok(None),
    }
}

/// How to connect, with the headers of the signature if there is a secret to sign with:
/// `sha256=` and the HMAC-SHA256 of `<unix seconds>.<body>` in hexadecimal digits.
fn signed(message: &Message<'_>, body: &[u8]) -> Result<HttpSettings, Trouble> {
    let mut http = message.http();
    let Some(settings) = message.values().get("hmac").filter(|settings| !settings.is_empty()) else {
        return Ok(http);
    };
    let secret = match settings.text_at("secret") {
        "" => message.file(settings.text_at("secret_file"))?,
        secret => Secret::new(secret.into()),
    };
    let time = (message.now.millis() / 1000).to_string();
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes()));
    for part in [time.as_bytes(), b".", body] {
        context.update(part);
    }
    let signature = format!("sha256={}", hex(context.sign().as_ref()));
    for (key, value) in [("header", signature), ("timestamp_header", time)] {
        http.headers.push((settings.text_at(key).into(), SecretSource::Inline(value.into())));
    }
    Ok(http)
}
