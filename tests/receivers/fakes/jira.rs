//! Jira: search, create, update and move issues. Version 2 of the API as a data center has it, and version 3
//! as the cloud has it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Reply, Request, locked};

/// The credentials, as `Authorization` has them: `ops:s3cret`.
const AUTHORIZATION: &str = "Basic b3BzOnMzY3JldA==";

/// An issue.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Issue {
    pub(crate) fields: Map<String, Value>,
    pub(crate) is_done: bool,
    /// Why it is done.
    pub(crate) resolution: Option<&'static str>,
    /// How many minutes ago it was done.
    pub(crate) done_ago: i64,
}

/// All issues by key.
pub(crate) type Issues = Arc<Mutex<BTreeMap<String, Issue>>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Search {
    fields: Vec<String>,
    jql: String,
    max_results: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    fields: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transition {
    transition: Id,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Id {
    id: String,
}

/// What it says to a request.
pub(crate) fn api(issues: Issues) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| {
        if request.header("authorization") != AUTHORIZATION {
            return Reply::json(
                401,
                json!({"errorMessages": ["Client must be authenticated"], "errors": {}}),
            );
        }
        judged(request, &issues).unwrap_or_else(|error| match error {
            Wrong::Place => Reply::text(404, "not found"),
            Wrong::General(text) => Reply::json(400, json!({"errorMessages": [text], "errors": {}})),
            Wrong::Field(name, text) => {
                Reply::json(400, json!({"errorMessages": [], "errors": {name: text}}))
            }
        })
    }
}

enum Wrong {
    Place,
    General(String),
    Field(String, String),
}

impl From<String> for Wrong {
    fn from(text: String) -> Self {
        Self::General(text)
    }
}

fn judged(request: &Request, issues: &Issues) -> Result<Reply, Wrong> {
    let (version, rest) = match request.path.strip_prefix("/rest/api/").and_then(|path| path.split_once('/'))
    {
        Some((version @ ("2" | "3"), rest)) => (version, rest),
        _ => return Err(Wrong::Place),
    };
    let parts: Vec<&str> = rest.split('/').collect();
    let mut issues = locked(issues);
    match (request.method.as_str(), parts.as_slice(), version) {
        ("POST", ["search"], "2") | ("POST", ["search", "jql"], "3") => {
            let search: Search = request.json()?;
            found(&search, &issues).map(|found| Reply::json(200, json!({ "issues": found })))
        }
        ("POST", ["issue"], _) => {
            let edit: Edit = request.json()?;
            for needed in ["project", "issuetype", "summary"] {
                if !edit.fields.contains_key(needed) {
                    return Err(Wrong::Field(needed.to_owned(), "is required".to_owned()));
                }
            }
            check(&edit.fields, version)?;
            let key = format!("OPS-{}", issues.len() + 1);
            let issue = Issue { fields: edit.fields, is_done: false, resolution: None, done_ago: 0 };
            issues.insert(key.clone(), issue);
            Ok(Reply::json(201, json!({"id": "1", "key": key, "self": "http://jira/"})))
        }
        ("PUT", ["issue", key], _) => {
            let edit: Edit = request.json()?;
            check(&edit.fields, version)?;
            let issue = issues.get_mut(*key).ok_or(Wrong::Place)?;
            issue.fields.extend(edit.fields);
            Ok(Reply::text(204, ""))
        }
        ("GET", ["issue", key, "transitions"], _) => {
            let issue = issues.get(*key).ok_or(Wrong::Place)?;
            let (id, name) = if issue.is_done { ("11", "Reopen") } else { ("21", "Done") };
            Ok(Reply::json(
                200,
                json!({"transitions": [{"id": "31", "name": "Wait"}, {"id": id, "name": name}]}),
            ))
        }
        ("POST", ["issue", key, "transitions"], _) => {
            let id = request.json::<Transition>()?.transition.id;
            let issue = issues.get_mut(*key).ok_or(Wrong::Place)?;
            match (id.as_str(), issue.is_done) {
                ("11", true) => issue.is_done = false,
                ("21", false) => issue.is_done = true,
                _ => return Err(Wrong::General("the transition is not possible".to_owned())),
            }
            Ok(Reply::text(204, ""))
        }
        _ => Err(Wrong::Place),
    }
}

/// Jira's query language, as far as it is asked.
fn found(search: &Search, issues: &BTreeMap<String, Issue>) -> Result<Vec<Value>, Wrong> {
    let unknown = || Wrong::General(format!("Error in the JQL Query: {}", search.jql));
    let query = search.jql.strip_suffix(" order by status ASC,resolutiondate DESC").ok_or_else(unknown)?;
    if search.fields != ["status"] || search.max_results != 2 {
        return Err(unknown());
    }
    let mut found: Vec<(&String, &Issue)> = issues.iter().collect();
    for clause in query.split(" and ") {
        let quoted = |start: &str, end: &str| {
            let text = clause.strip_prefix(start)?.strip_suffix(end)?;
            serde_json::from_str::<String>(text).ok()
        };
        let label = |issue: &Issue, label: &str| {
            issue.fields["labels"].as_array().is_some_and(|all| all.iter().any(|one| one == label))
        };
        if clause == "statusCategory != Done" {
            found.retain(|(_, issue)| !issue.is_done);
        } else if let Some(resolution) = quoted("(resolution is EMPTY or resolution != ", ")") {
            found.retain(|(_, issue)| issue.resolution.is_none_or(|own| own != resolution));
        } else if let Some(project) = quoted("project=", "") {
            found.retain(|(_, issue)| issue.fields["project"]["key"] == project);
        } else if let Some(wanted) = quoted("labels=", "") {
            found.retain(|(_, issue)| label(issue, &wanted));
        } else {
            let ago = clause.strip_prefix("(resolutiondate is EMPTY OR resolutiondate >= -");
            let ago = ago.and_then(|rest| rest.strip_suffix("m)")).and_then(|text| text.parse::<i64>().ok());
            let ago = ago.ok_or_else(unknown)?;
            found.retain(|(_, issue)| !issue.is_done || issue.done_ago <= ago);
        }
    }
    found.sort_by_key(|(_, issue)| issue.is_done);
    let status = |issue: &Issue| match issue.is_done {
        true => json!({"name": "Done", "statusCategory": {"id": 3, "key": "done"}}),
        false => json!({"name": "To Do", "statusCategory": {"id": 2, "key": "new"}}),
    };
    let shown = |(key, issue): (&String, &Issue)| json!({"id": "1", "key": key, "self": "http://jira/", "fields": {"status": status(issue)}});
    Ok(found.into_iter().take(search.max_results).map(shown).collect())
}

/// What the screen of the project has, and how long it may be.
fn check(fields: &Map<String, Value>, version: &str) -> Result<(), Wrong> {
    for (name, value) in fields {
        let is_named =
            |key: &str| value[key].is_string() && value.as_object().is_some_and(|all| all.len() == 1);
        let is_valid = match name.as_str() {
            "project" => is_named("key"),
            "issuetype" | "priority" => is_named("name"),
            "summary" => value.as_str().is_some_and(|text| !text.is_empty() && text.chars().count() <= 255),
            "description" if version == "2" => {
                value.as_str().is_some_and(|text| text.chars().count() <= 32_767)
            }
            "description" => value["type"] == "doc" && value["version"] == 1 && value["content"].is_array(),
            "labels" => {
                let is_label = |label: &Value| label.as_str().is_some_and(|text| !text.contains(' '));
                value.as_array().is_some_and(|labels| labels.iter().all(is_label))
            }
            custom => custom.starts_with("customfield_"),
        };
        if !is_valid {
            return Err(Wrong::Field(name.clone(), "cannot be set to this".to_owned()));
        }
    }
    Ok(())
}
