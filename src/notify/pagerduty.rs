//! PagerDuty: Events API v1 (`service_key`) and v2 (`routing_key`).
//!
//! The incident of a group has Alertmanager's id, so that an incident that Alertmanager opened is resolved by
//! us. As there, details that make the event too large are left out, and the event says so.

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::nested::rendered;
use super::outcome::{of_details, of_failure, retry_after, texts};
use super::truncate::in_runes;
use super::{HttpAnswer, Message, Step, Trouble, ids, json, open};
use crate::config::setting::{Secret, Setting};
use crate::model::Timestamp;
use crate::router::{Failure, Outcome};

/// Where v1 takes events; `url` is for v2.
const V1_URL: &str = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";

/// The most bytes of an event.
const EVENT_LIMIT: usize = 512_000;

/// The most characters of a description or summary.
const SUMMARY_LIMIT: usize = 1024;

/// What stands for details that are too large.
const TOO_LARGE: &str =
    "Custom details have been removed because the original event exceeds the maximum size of 512KB";

/// An event, with its fields in Alertmanager's order. Empty ones are left out where v2 and v1 differ.
#[derive(Default, Serialize)]
struct Event {
    #[serde(skip_serializing_if = "String::is_empty")]
    routing_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    service_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    dedup_key: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    incident_key: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    event_type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    event_action: &'static str,
    payload: Option<Payload>,
    #[serde(skip_serializing_if = "String::is_empty")]
    client: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    client_url: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    details: Map<String, Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Image>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Payload {
    summary: String,
    source: String,
    severity: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    class: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    component: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    group: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    custom_details: Map<String, Json>,
}

#[derive(Serialize)]
struct Image {
    src: String,
    alt: String,
    href: String,
}

#[derive(Serialize)]
struct Link {
    href: String,
    text: String,
}

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let is_v1 = !message.raw("service_key").is_empty() || !message.raw("service_key_file").is_empty();
    let (url, mut event) = match is_v1 {
        true => (open(V1_URL), v1(message)?),
        false => (Secret::new(message.raw("url").into()), v2(message)?),
    };
    if json::body(&event).len() > EVENT_LIMIT {
        event.leave_out_details();
    }
    let mut request = json::post(message, url, &event);
    request.timeout = message.duration("timeout");
    Ok(Step::then(request, move |message, answer| Step::done(outcome(&answer, is_v1, message.now))))
}

fn action(message: &Message<'_>) -> &'static str {
    if message.data.is_firing { "trigger" } else { "resolve" }
}

fn v1(message: &Message<'_>) -> Result<Event, Trouble> {
    let mut event = Event {
        service_key: key(message, "service_key")?,
        event_type: action(message),
        incident_key: ids::of_group(&message.data.group_key),
        description: in_runes(message.text("description")?, SUMMARY_LIMIT),
        details: details(message)?,
        ..Event::default()
    };
    if message.data.is_firing {
        event.client = message.text("client")?;
        event.client_url = message.word("client_url")?;
    }
    Ok(event)
}

fn v2(message: &Message<'_>) -> Result<Event, Trouble> {
    let or = |key: &str, other: &str| match message.raw(key) {
        "" => message.render_word(key, other),
        template => message.render_word(key, template),
    };
    let payload = Payload {
        summary: in_runes(message.text("description")?, SUMMARY_LIMIT),
        source: or("source", message.raw("client"))?,
        severity: or("severity", "error")?,
        class: message.text("class")?,
        component: message.text("component")?,
        group: message.text("group")?,
        custom_details: details(message)?,
    };
    let image =
        |of: &Part<'_>| Ok(Image { src: of.word("src")?, alt: of.text("alt")?, href: of.word("href")? });
    let link = |of: &Part<'_>| Ok(Link { href: of.word("href")?, text: of.text("text")? });
    let mut images = parts(message, "images", image)?;
    images.retain(|image| !image.src.is_empty());
    let mut links = parts(message, "links", link)?;
    links.retain(|link| !link.href.is_empty());
    Ok(Event {
        routing_key: key(message, "routing_key")?,
        dedup_key: ids::of_group(&message.data.group_key),
        event_action: action(message),
        payload: Some(payload),
        client: message.text("client")?,
        client_url: message.word("client_url")?,
        images,
        links,
        ..Event::default()
    })
}

impl Event {
    fn leave_out_details(&mut self) {
        let details = match &mut self.payload {
            Some(payload) => &mut payload.custom_details,
            None => &mut self.details,
        };
        *details = Map::from_iter([("error".to_owned(), json!(TOO_LARGE))]);
    }
}

/// The key that says whose event it is; it may be a template.
fn key(message: &Message<'_>, name: &str) -> Result<String, Trouble> {
    let key = message.secret_word(name)?;
    if key.is_empty() {
        return Err(Trouble::Setting(format!("{name} is empty")));
    }
    Ok(key)
}

fn details(message: &Message<'_>) -> Result<Map<String, Json>, Trouble> {
    let Some(Setting::Any(Json::Object(details))) = message.values().get("details") else {
        return Ok(Map::new());
    };
    let detail = |(name, value): (&String, &Json)| Ok((name.clone(), rendered(message, "details", value)?));
    details.iter().map(detail).collect()
}

/// An item of a list of settings.
struct Part<'a> {
    message: &'a Message<'a>,
    list: &'static str,
    item: &'a Setting,
}

impl Part<'_> {
    fn text(&self, key: &str) -> Result<String, Trouble> {
        self.message.render_text(self.list, self.item.text_at(key))
    }

    fn word(&self, key: &str) -> Result<String, Trouble> {
        self.message.render_word(self.list, self.item.text_at(key))
    }
}

fn parts<T>(
    message: &Message<'_>,
    list: &'static str,
    read: impl Fn(&Part<'_>) -> Result<T, Trouble>,
) -> Result<Vec<T>, Trouble> {
    let items = message.items(list);
    items.iter().map(|item| read(&Part { message, list, item })).collect()
}

/// v1 says 403 where others say 429.
fn outcome(answer: &HttpAnswer, is_v1: bool, now: Timestamp) -> Outcome {
    let outcome = of_details(answer, now, |body| match texts(&body["errors"]) {
        errors if errors.is_empty() => texts(&body["message"]),
        errors => format!("{}: {errors}", texts(&body["message"])),
    });
    match outcome {
        Outcome::Refused { message, .. } if is_v1 && answer.status == 403 => {
            of_failure(Failure::RateLimited, message, retry_after(answer, now))
        }
        other @ (Outcome::Delivered | Outcome::Retryable { .. } | Outcome::Refused { .. }) => other,
    }
}
