//! Amazon SNS: `Publish` by its query API, signed by [`super::sigv4`] with the credentials that [`super::aws`] finds.
//!
//! Two differences to Alertmanager: subjects are made such that SNS takes them, and messages to FIFO topics
//! have an id of their own for deduplication (it would have the group's; SNS drops what comes with the same id
//! within five minutes, so that nobody would hear the end of a short alert). The latter not with
//! `compat: strict`.

use super::aws::{self, Access, Identity, answers, requests};
use super::sigv4::Scope;
use super::truncate::in_runes;
use super::{AwsCall, Message, Step, Trouble, address, ids};
use crate::router::Outcome;

/// The most bytes of a message, and of one to a phone.
const MESSAGE_LIMIT: usize = 256 * 1024;
const SMS_LIMIT: usize = 1600;

/// A subject must have less than 100 characters.
const SUBJECT_LIMIT: usize = 99;

/// Names and values of a form.
type Parameters = Vec<(String, String)>;

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    Ok(with_credentials(message, None))
}

/// Publishes with credentials other than those that were `refused`: these may have been taken back before their end.
fn with_credentials(message: &Message<'_>, refused: Option<Refused>) -> Step {
    let (key, outcome) = refused.map(|refused| (refused.access_key, refused.outcome)).unzip();
    let call = AwsCall {
        identity: Identity::of(message),
        service: "sns",
        refused: key.clone(),
        then: Box::new(move |message: &Message<'_>, access: Access| match outcome {
            Some(outcome) if key.as_ref() == Some(&access.credentials.access_key) => Step::done(outcome),
            outcome => publish(message, &access, outcome.is_some()).unwrap_or_else(Step::from),
        }),
    };
    Step::Aws(Box::new(call))
}

/// Credentials that SNS does not take.
struct Refused {
    access_key: String,
    /// What is the matter if there are no others.
    outcome: Outcome,
}

fn publish(message: &Message<'_>, access: &Access, is_second: bool) -> Result<Step, Trouble> {
    let Access { credentials, region, endpoint } = access;
    let url = match (message.word("api_url")?, endpoint) {
        (url, _) if !url.is_empty() => url,
        (_, Some(url)) => url.clone(),
        (_, None) => aws::endpoint("sns", region, false, &|_| String::new()),
    };
    let mut parameters = parameters(message)?;
    parameters.sort();
    let body = address::form(parameters.iter().map(|(name, value)| (&**name, &**value)));
    let scope = Scope { region, service: "sns", at: message.now };
    let request = requests::signed(&url, body, scope, credentials, &message.http());
    let request = request.map_err(|_| Trouble::Setting("api_url is not a URL".to_owned()))?;
    let secrets = [Some(&credentials.secret_key), credentials.session_token.as_ref()];
    secrets.into_iter().flatten().for_each(|secret| message.learn(secret.clone()));
    let access_key = credentials.access_key.clone();
    Ok(Step::then(request, move |message, answer| {
        let outcome = answers::outcome(&answer, message.now);
        match answers::refuses_credentials(&answer) && !is_second {
            true => with_credentials(message, Some(Refused { access_key, outcome })),
            false => Step::done(outcome),
        }
    }))
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
    for (name, template) in message.pairs("attributes") {
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
