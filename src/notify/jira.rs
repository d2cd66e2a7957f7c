//! Jira: an issue for each group.
//!
//! The issue is known by a label with the group's id, the same as Alertmanager's. Each notification looks for
//! it, then creates or updates it, then moves it to the state that fits: a resolved group resolves its issue, one
//! that fires again opens it again. Nothing is remembered but in Jira itself.
//!
//! Version 3 of the API wants descriptions as documents in JSON. Where the template's text is none, it is
//! made one, line by line; Alertmanager, and we with `compat: strict`, send nothing then.

mod search;

use serde_json::{Map, Value as Json, json};

use super::nested::rendered;
use super::outcome::of_details;
use super::truncate::in_runes;
use super::{HttpAnswer, HttpRequest, Message, Step, Trouble, USER_AGENT, address, ids, json, open, outcome};
use crate::config::setting::{Secret, Setting};
use crate::model::{Duration, Timestamp};
use crate::router::Outcome;

use search::Issue;

// The most characters of its fields.
const SUMMARY_LIMIT: usize = 255;
const DESCRIPTION_LIMIT: usize = 32_767;

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let request = search::request(message)?;
    Ok(Step::ask(request, |message, answer| {
        on_success(message, &answer, |message| match search::first_issue(&answer) {
            Err(search::NoList) => Ok(Step::done(outcome::of_question(outcome::of_garbage(&answer)))),
            // Nothing to resolve.
            Ok(None) if !message.data.is_firing => Ok(Step::done(Outcome::Delivered)),
            Ok(None) => create(message),
            Ok(Some(issue)) => update(message, issue),
        })
    }))
}

fn create(message: &Message<'_>) -> Result<Step, Trouble> {
    let document = json!({ "fields": fields(message)? });
    Ok(Step::then(request(message, "POST", "issue", Some(&document)), |message, answer| {
        Step::done(outcome(&answer, message.now))
    }))
}

fn update(message: &Message<'_>, issue: Issue) -> Result<Step, Trouble> {
    let mut fields = fields(message)?;
    for key in ["summary", "description"] {
        let setting = message.values().get(key);
        if setting.and_then(|setting| setting.flag_at("enable_update")) == Some(false) {
            fields.remove(key);
        }
    }
    let path = format!("issue/{}", issue.key);
    let request = request(message, "PUT", &path, Some(&json!({ "fields": fields })));
    Ok(Step::then(request, move |message, answer| {
        on_success(message, &answer, |message| Ok(transition(message, issue)))
    }))
}

/// Moves the issue on if it is not in the state that it should be in: looks up how, then does it.
fn transition(message: &Message<'_>, issue: Issue) -> Step {
    let is_done = match issue.is_done {
        Some(is_done) if is_done == message.data.is_firing => is_done,
        Some(_) | None => return Step::done(Outcome::Delivered),
    };
    let name = message.raw(if is_done { "reopen_transition" } else { "resolve_transition" });
    if name.is_empty() {
        return Step::done(Outcome::Delivered);
    }
    let path = format!("issue/{}/transitions", issue.key);
    Step::ask(request(message, "GET", &path, None), move |message, answer| {
        on_success(message, &answer, |message| {
            let name = message.raw(if is_done { "reopen_transition" } else { "resolve_transition" });
            let Some(body) = json::read(&answer) else {
                return Ok(Step::done(outcome::of_garbage(&answer)));
            };
            let transitions = body["transitions"].as_array().map_or(&[][..], Vec::as_slice);
            let Some(id) = transitions.iter().find(|transition| transition["name"] == name) else {
                let reason = format!("can't find transition {name} for issue {}", issue.key);
                return Err(Trouble::Setting(reason));
            };
            let document = json!({ "transition": { "id": id["id"] } });
            let request = request(message, "POST", &path, Some(&document));
            Ok(Step::then(request, |message, answer| Step::done(outcome(&answer, message.now))))
        })
    })
}

/// What `then` says, if the answer is a good one.
fn on_success(
    message: &Message<'_>,
    answer: &HttpAnswer,
    then: impl FnOnce(&Message<'_>) -> Result<Step, Trouble>,
) -> Step {
    match outcome(answer, message.now) {
        Outcome::Delivered => then(message).unwrap_or_else(Step::from),
        failed @ (Outcome::Retryable { .. } | Outcome::Refused { .. }) => Step::done(failed),
    }
}

fn request(message: &Message<'_>, method: &'static str, path: &str, document: Option<&Json>) -> HttpRequest {
    request_to(message, method, address::endpoint(message.raw("api_url"), path, &[]), document)
}

fn request_to(
    message: &Message<'_>,
    method: &'static str,
    url: String,
    document: Option<&Json>,
) -> HttpRequest {
    HttpRequest {
        method,
        url: Secret::new(url.into()),
        headers: vec![
            ("Content-Type", open("application/json")),
            ("Accept-Language", open("en")),
            ("User-Agent", open(USER_AGENT)),
        ],
        body: document.map(json::body).unwrap_or_default(),
        timeout: Duration::ZERO,
        http: message.http(),
    }
}

/// The fields of the issue. Those of `fields` win over others of the same name.
fn fields(message: &Message<'_>) -> Result<Map<String, Json>, Trouble> {
    let template = |key: &str| message.values().get(key).map_or("", |setting| setting.text_at("template"));
    let summary = message.render_text("summary", template("summary"))?;
    let mut fields = Map::from_iter([
        ("project".to_owned(), json!({ "key": message.word("project")? })),
        ("issuetype".to_owned(), named(message.word("issue_type")?)),
        ("summary".to_owned(), json!(in_runes(summary, SUMMARY_LIMIT))),
        ("labels".to_owned(), json!(labels(message)?)),
    ]);
    let text = message.render_text("description", template("description"))?;
    let description = description(message, in_runes(text, DESCRIPTION_LIMIT))?;
    fields.extend(description.map(|description| ("description".to_owned(), description)));
    let priority = message.word("priority")?;
    if !priority.is_empty() {
        fields.insert("priority".to_owned(), named(priority));
    }
    if let Some(Setting::Any(Json::Object(own))) = message.values().get("fields") {
        for (name, value) in own {
            fields.insert(name.clone(), rendered(message, "fields", value)?);
        }
    }
    Ok(fields)
}

/// A thing that has this name.
fn named(name: String) -> Json {
    match name.is_empty() {
        true => json!({}),
        false => json!({ "name": name }),
    }
}

/// The labels of the settings and that of the group, sorted.
fn labels(message: &Message<'_>) -> Result<Vec<String>, Trouble> {
    let own = message.items("labels");
    let template = |label: &Setting| label.reveal().map_or_else(String::new, |text| text.to_string());
    let mut labels = own
        .iter()
        .map(|label| message.render_word("labels", &template(label)))
        .collect::<Result<Vec<_>, Trouble>>()?;
    labels.push(group_label(message));
    labels.sort();
    Ok(labels)
}

/// The label by which the group's issue is found.
fn group_label(message: &Message<'_>) -> String {
    format!("ALERT{{{}}}", ids::of_group(&message.data.group_key))
}

/// The description as the version of the API wants it; `None` if there is none.
fn description(message: &Message<'_>, text: String) -> Result<Option<Json>, Trouble> {
    let base = message.raw("api_url").split(['?', '#']).next().unwrap_or_default();
    let is_v3 = base.trim_end_matches('/').ends_with("/3");
    let text = if is_v3 { text.trim().to_owned() } else { text };
    if text.is_empty() {
        return Ok(None);
    }
    if !is_v3 {
        return Ok(Some(Json::String(text)));
    }
    match serde_json::from_str(&text) {
        Ok(document) => Ok(Some(document)),
        Err(_) if message.attempt.notification.strict => {
            Err(Trouble::Setting("description template: invalid JSON for API v3".to_owned()))
        }
        Err(_) => Ok(Some(paragraphs(&text))),
    }
}

/// A document in Atlassian's format with a paragraph for each line that is not empty.
fn paragraphs(text: &str) -> Json {
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let paragraph = |line| json!({ "type": "paragraph", "content": [{ "type": "text", "text": line }] });
    json!({ "type": "doc", "version": 1, "content": lines.map(paragraph).collect::<Vec<_>>() })
}

/// Jira says what is wrong in general and with each field.
fn outcome(answer: &HttpAnswer, now: Timestamp) -> Outcome {
    of_details(answer, now, |body| {
        let general = outcome::texts(&body["errorMessages"]);
        let fields = body["errors"].as_object().into_iter().flatten();
        let fields = fields.map(|(name, reason)| format!("{name}: {}", outcome::texts(reason)));
        let all = Some(general).filter(|text| !text.is_empty()).into_iter().chain(fields);
        all.collect::<Vec<_>>().join("; ")
    })
}
