//! Pushover's message API.

use serde_json::json;

use super::{Reply, Request};

/// The token of the application.
pub(crate) const TOKEN: &str = "s3cretToken0000000000000000000";
/// The key of the user.
pub(crate) const USER: &str = "s3cretUser00000000000000000000";

/// Its host.
pub(crate) const HOST: &str = "api.pushover.net";

/// What it says to a request.
pub(crate) fn api(request: &Request) -> Reply {
    if (request.method.as_str(), request.path.as_str()) != ("POST", "/1/messages.json") {
        return Reply::text(404, "not found");
    }
    match wrong(request) {
        None => Reply::json(200, json!({"status": 1, "request": "1"})),
        Some(error) => Reply::json(400, json!({"status": 0, "request": "1", "errors": [error]})),
    }
}

fn wrong(request: &Request) -> Option<String> {
    let known = [
        "device",
        "expire",
        "html",
        "message",
        "monospace",
        "priority",
        "retry",
        "sound",
        "title",
        "token",
        "ttl",
        "url",
        "url_title",
        "user",
    ];
    let mut names = url::form_urlencoded::parse(request.query.as_bytes()).map(|(name, _)| name.into_owned());
    if let Some(name) = names.find(|name| !known.contains(&name.as_str())) {
        return Some(format!("{name} is unknown"));
    }
    let of = |name: &str| request.parameter(name).unwrap_or_default();
    if of("token") != TOKEN {
        return Some(format!("application token {} is invalid", of("token")));
    }
    if of("user") != USER {
        return Some("user identifier is invalid".to_owned());
    }
    if of("message").is_empty() {
        return Some("message cannot be blank".to_owned());
    }
    for (name, most) in [("title", 250), ("message", 1024), ("url", 512), ("url_title", 100)] {
        if of(name).chars().count() > most {
            return Some(format!("{name} is too long"));
        }
    }
    let number = |name: &str| of(name).parse::<i64>().unwrap_or(i64::MIN);
    match number("priority") {
        -2..=1 => None,
        2 if number("retry") < 30 => Some("retry must be at least 30".to_owned()),
        2 if !(1..=10_800).contains(&number("expire")) => Some("expire must be at most 10800".to_owned()),
        2 => None,
        _ => Some("priority is invalid".to_owned()),
    }
}
