//! Amazon SNS: `Publish` by its query API, signed by [`super::sigv4`]; with `role_arn` as that role.
//!
//! Credentials are those of `sigv4`, or of the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
//! `AWS_SESSION_TOKEN`, `AWS_REGION`). Profiles and the credentials of machines are not known here.
//!
//! Two differences to Alertmanager: subjects are made such that SNS takes them, and messages to FIFO topics
//! have an id of their own for deduplication (it would have the group's; SNS drops what comes with the same id
//! within five minutes, so that nobody would hear the end of a short alert). The latter not with
//! `compat: strict`.

use super::sigv4::{Credentials, Scope, Signed, headers};
use super::truncate::in_runes;
use super::{HttpAnswer, HttpRequest, Message, Step, Trouble, USER_AGENT, address, ids, open, outcome};
use crate::config::setting::{Secret, Setting};
use crate::model::{Duration, Timestamp};
use crate::router::{Failure, Outcome};

/// The variables of the environment that are looked at.
pub(super) const ENVIRONMENT: [&str; 5] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"];

/// The most bytes of a message, and of one to a phone.
const MESSAGE_LIMIT: usize = 256 * 1024;
const SMS_LIMIT: usize = 1600;

/// A subject must have less than 100 characters.
const SUBJECT_LIMIT: usize = 99;

/// What both services take.
const FORM: &str = "application/x-www-form-urlencoded";

/// Names and values of a form.
type Parameters = Vec<(String, String)>;

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let region = region(message)?;
    let own = credentials(message)?;
    match sigv4(message, "role_arn") {
        "" => publish(message, &region, &own),
        role => assume(message, region, &own, role),
    }
}

/// A key of `sigv4`.
fn sigv4<'a>(message: &Message<'a>, key: &str) -> &'a str {
    message.values().get("sigv4").map_or("", |sigv4| sigv4.text_at(key))
}

fn region(message: &Message<'_>) -> Result<String, Trouble> {
    let known = [
        sigv4(message, "region"),
        message.environment("AWS_REGION"),
        message.environment("AWS_DEFAULT_REGION"),
    ];
    let region = known.into_iter().find(|region| !region.is_empty());
    let missing = "no region: set sigv4.region, or AWS_REGION in the environment";
    region.map(str::to_owned).ok_or_else(|| Trouble::Setting(missing.to_owned()))
}

fn credentials(message: &Message<'_>) -> Result<Credentials, Trouble> {
    let secret = |text: &str| Secret::new(text.into());
    let (access_key, secret_key, token) = match sigv4(message, "access_key") {
        "" if !sigv4(message, "profile").is_empty() => {
            let reason = "sigv4.profile is not obeyed: set access_key and secret_key, or the environment";
            return Err(Trouble::Setting(reason.to_owned()));
        }
        "" => {
            let of = |name| message.environment(name);
            (of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY"), of("AWS_SESSION_TOKEN"))
        }
        access_key => (access_key, sigv4(message, "secret_key"), ""),
    };
    if access_key.is_empty() || secret_key.is_empty() {
        let reason = "no credentials: set access_key and secret_key of sigv4, or AWS_ACCESS_KEY_ID and \
                      AWS_SECRET_ACCESS_KEY in the environment; those of machines and profiles are not looked for";
        return Err(Trouble::Setting(reason.to_owned()));
    }
    Ok(Credentials {
        access_key: access_key.to_owned(),
        secret_key: secret(secret_key),
        session_token: Some(token).filter(|token| !token.is_empty()).map(secret),
    })
}

/// Takes the role for fifteen minutes, then publishes.
fn assume(message: &Message<'_>, region: String, own: &Credentials, role: &str) -> Result<Step, Trouble> {
    let is_fips = message.values().get("sigv4").and_then(|sigv4| sigv4.get("use_fips_sts_endpoint"))
        == Some(&Setting::Bool(true));
    let host = if is_fips { "sts-fips" } else { "sts" };
    let mut parameters = vec![
        ("Action", "AssumeRole"),
        ("DurationSeconds", "900"),
        ("RoleArn", role),
        ("RoleSessionName", "sereno"),
        ("Version", "2011-06-15"),
    ];
    match sigv4(message, "external_id") {
        "" => {}
        id => parameters.push(("ExternalId", id)),
    }
    parameters.sort_unstable();
    let url = endpoint(host, &region);
    let scope = Scope { region: &region, service: "sts", at: message.now };
    let request = signed(message, &url, &address::form(parameters), scope, own)?;
    Ok(Step::then(request, move |message, answer| match outcome(&answer, message.now) {
        Outcome::Delivered => match role_of(&answer) {
            Some(role) => publish(message, &region, &role).unwrap_or_else(Step::from),
            None => Step::done(Outcome::Retryable {
                failure: Failure::Other,
                message: "the answer to AssumeRole has no credentials".to_owned(),
                retry_after: None,
                maybe_taken: false,
            }),
        },
        failed @ (Outcome::Retryable { .. } | Outcome::Refused { .. }) => Step::done(failed),
    }))
}

fn role_of(answer: &HttpAnswer) -> Option<Credentials> {
    let text = String::from_utf8_lossy(&answer.body);
    let secret = |name| element(&text, name).map(|text| Secret::new(text.into()));
    Some(Credentials {
        access_key: element(&text, "AccessKeyId")?,
        secret_key: secret("SecretAccessKey")?,
        session_token: Some(secret("SessionToken")?),
    })
}

fn publish(message: &Message<'_>, region: &str, credentials: &Credentials) -> Result<Step, Trouble> {
    let url = match message.word("api_url")? {
        url if url.is_empty() => endpoint("sns", region),
        url => url,
    };
    let mut parameters = parameters(message)?;
    parameters.sort();
    let body = address::form(parameters.iter().map(|(name, value)| (&**name, &**value)));
    let scope = Scope { region, service: "sns", at: message.now };
    let request = signed(message, &url, &body, scope, credentials)?;
    Ok(Step::then(request, |message, answer| Step::done(outcome(&answer, message.now))))
}

fn parameters(message: &Message<'_>) -> Result<Parameters, Trouble> {
    let mut parameters = vec![("Action".to_owned(), "Publish".to_owned())];
    let mut add = |name: &str, value: String| parameters.push((name.to_owned(), value));
    add("Version", "2010-03-31".to_owned());
    for (key, name) in
        [("topic_arn", "TopicArn"), ("target_arn", "TargetArn"), ("phone_number", "PhoneNumber")]
    {
        if message.raw(key).is_empty() {
            continue;
        }
        let value = message.word(key)?;
        if key == "topic_arn" && value.ends_with(".fifo") {
            let group = ids::of_group(&message.data.group_key);
            let notification = &message.attempt.notification;
            let own = ids::sha256_hex(notification.idempotency_key.as_bytes());
            add("MessageDeduplicationId", if notification.strict { group.clone() } else { own });
            add("MessageGroupId", group);
        }
        add(name, value);
    }
    if !message.raw("subject").is_empty() {
        add("Subject", subject(&message.text("subject")?));
    }
    let limit = if message.raw("phone_number").is_empty() { MESSAGE_LIMIT } else { SMS_LIMIT };
    let mut text = message.text("message")?;
    let is_cut = text.len() > limit;
    text.truncate(text.floor_char_boundary(limit));
    add("Message", text);
    parameters.extend(attributes(message, is_cut)?);
    Ok(parameters)
}

/// In one line, and not too long.
fn subject(text: &str) -> String {
    in_runes(text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect(), SUBJECT_LIMIT)
}

/// The message's attributes; one says that the message was cut.
fn attributes(message: &Message<'_>, is_cut: bool) -> Result<Parameters, Trouble> {
    let mut attributes = std::collections::BTreeMap::new();
    for (name, value) in message.values().get("attributes").and_then(Setting::map).into_iter().flatten() {
        let template = value.reveal().map_or("", |text| &**text);
        let name = message.render_word("attributes", name)?;
        attributes.insert(name, message.render_text("attributes", template)?);
    }
    if is_cut {
        attributes.insert("truncated".to_owned(), "true".to_owned());
    }
    let numbered = (1..).zip(attributes);
    Ok(numbered
        .flat_map(|(number, (name, value))| {
            let key = |part: &str| format!("MessageAttributes.entry.{number}.{part}");
            [
                (key("Name"), name),
                (key("Value.DataType"), "String".to_owned()),
                (key("Value.StringValue"), value),
            ]
        })
        .collect())
}

fn endpoint(service: &str, region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://{service}.{region}.{domain}/")
}

fn signed(
    message: &Message<'_>,
    url: &str,
    body: &str,
    scope: Scope<'_>,
    credentials: &Credentials,
) -> Result<HttpRequest, Trouble> {
    let parsed = url::Url::parse(url).ok();
    let Some((parsed, host)) = parsed.as_ref().and_then(|url| Some((url, url.host_str()?))) else {
        return Err(Trouble::Setting("api_url is not a URL".to_owned()));
    };
    let host = parsed.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let request = Signed {
        method: "POST",
        path: parsed.path(),
        query: parsed.query().unwrap_or_default(),
        headers: &[("content-type", FORM), ("host", &host)],
        body: body.as_bytes(),
    };
    let mut all = vec![("Content-Type", open(FORM)), ("User-Agent", open(USER_AGENT))];
    all.extend(headers(request, scope, credentials));
    Ok(HttpRequest {
        method: "POST",
        url: Secret::new(parsed.as_str().into()),
        headers: all,
        body: body.into(),
        timeout: Duration::ZERO,
        http: message.http(),
    })
}

/// Both services say in XML what went wrong, and one of their 400s means: too much at once.
fn outcome(answer: &HttpAnswer, now: Timestamp) -> Outcome {
    let text = String::from_utf8_lossy(&answer.body);
    let (code, reason) = (element(&text, "Code"), element(&text, "Message"));
    let details = match (&code, reason) {
        (Some(code), Some(reason)) => format!("{code}: {reason}"),
        (_, _) => text.into_owned(),
    };
    let is_throttled = code.is_some_and(|code| code.starts_with("Thrott"));
    let status = if is_throttled && answer.status == 400 { 429 } else { answer.status };
    outcome::of_response(status, answer.retry_after.as_deref(), &details, now)
}

/// The text of the first element of this name.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c)))
}
