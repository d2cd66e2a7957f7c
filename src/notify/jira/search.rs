//! The search for a group's issue: open, or closed so lately that it is opened again.

use serde_json::json;

use super::{group_label, request_to};
use crate::notify::{HttpAnswer, HttpRequest, Message, Trouble, address, json};

/// An issue that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issue {
    /// `OPS-42`.
    pub(super) key: String,
    /// Whether its status is one of those that mean "done"; `None` if Jira does not say.
    pub(super) is_done: Option<bool>,
}

pub(super) fn request(message: &Message<'_>) -> Result<HttpRequest, Trouble> {
    let document = json!({ "fields": ["status"], "jql": query(message)?, "maxResults": 2 });
    Ok(request_to(message, "POST", url(message), Some(&document)))
}

/// The older search is gone from Jira in the cloud, and the newer one is not in other installations.
fn url(message: &Message<'_>) -> String {
    let base = message.raw("api_url");
    let is_cloud = match message.raw("api_type") {
        "cloud" => true,
        "datacenter" => false,
        _ => {
            let url = url::Url::parse(base).ok();
            url.as_ref().and_then(url::Url::host_str).is_some_and(|host| host.ends_with("atlassian.net"))
        }
    };
    match is_cloud {
        true => address::endpoint(base, "search/jql", &[]).replacen("/rest/api/2/", "/rest/api/3/", 1),
        false => address::endpoint(base, "search", &[]),
    }
}

/// In Jira's query language. `resolution != x` alone would leave out all that have no resolution yet.
fn query(message: &Message<'_>) -> Result<String, Trouble> {
    let mut query = String::new();
    let wont_fix = message.raw("wont_fix_resolution");
    if !wont_fix.is_empty() {
        query.push_str(&format!("(resolution is EMPTY or resolution != {}) and ", quoted(wont_fix)));
    }
    let minutes = message.duration("reopen_duration").millis() / 60_000;
    let reopens = message.data.is_firing && !message.raw("reopen_transition").is_empty() && minutes > 0;
    match reopens {
        true => {
            query.push_str(&format!("(resolutiondate is EMPTY OR resolutiondate >= -{minutes}m) and "));
        }
        false => query.push_str("statusCategory != Done and "),
    }
    let (project, label) = (quoted(&message.word("project")?), quoted(&group_label(message)));
    query.push_str(&format!("project={project} and labels={label} order by status ASC,resolutiondate DESC"));
    Ok(query)
}

/// A text in Jira's query language.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The answer is not Jira's: it has no list of issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoList;

/// The first issue of the answer, if there is one.
pub(super) fn first_issue(answer: &HttpAnswer) -> Result<Option<Issue>, NoList> {
    let body = json::read(answer).ok_or(NoList)?;
    let issues = body["issues"].as_array().ok_or(NoList)?;
    let Some(first) = issues.first() else { return Ok(None) };
    let key = first["key"].as_str().filter(|key| !key.is_empty()).ok_or(NoList)?;
    let category = first["fields"]["status"]["statusCategory"]["key"].as_str();
    Ok(Some(Issue { key: key.to_owned(), is_done: category.map(|category| category == "done") }))
}
