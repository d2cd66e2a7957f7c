//! What is answered to who asks for credentials. No reason shows any of them.

use serde_json::Value;

use super::{Credentials, Granted};
use crate::config::setting::Secret;
use crate::model::Timestamp;
use crate::notify::HttpAnswer;
use crate::notify::outcome::of_response;
use crate::router::Outcome;

/// How many characters of a server's reason are told.
const REASON_LIMIT: usize = 200;

/// The text of an answer, if it is one.
///
/// # Errors
/// Its status says that it is none.
pub fn text(answer: &HttpAnswer) -> Result<String, String> {
    match answer.status {
        200..=299 => Ok(String::from_utf8_lossy(&answer.body).trim().to_owned()),
        status => Err(refused(status, &serde_json::from_slice(&answer.body).unwrap_or_default())),
    }
}

/// Of the instance's metadata or the container's agent, which both write JSON.
///
/// # Errors
/// It has none, and why.
pub fn json(answer: &HttpAnswer) -> Result<Granted, String> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |key: &str| body[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    if !(200..=299).contains(&answer.status) {
        return Err(refused(answer.status, &body));
    }
    if let Some(code) = text("Code").filter(|code| code != "Success") {
        return Err(format!("the answer says {}", reason(&code, &text("Message").unwrap_or_default())));
    }
    let secret = |key: &str| text(key).map(|text| Secret::new(text.into()));
    let (Some(access_key), Some(secret_key)) = (text("AccessKeyId"), secret("SecretAccessKey")) else {
        return Err("the answer has no credentials".to_owned());
    };
    let ends_at = text("Expiration").and_then(|time| Timestamp::parse_rfc3339(&time).ok());
    Ok(Granted {
        credentials: Credentials { access_key, secret_key, session_token: secret("Token") },
        ends_at,
    })
}

/// What STS or SNS say: both write in XML what went wrong, and one of their 400s means: too much at once.
#[must_use]
pub fn outcome(answer: &HttpAnswer, now: Timestamp) -> Outcome {
    let text = String::from_utf8_lossy(&answer.body);
    let (code, reason) = (element(&text, "Code"), element(&text, "Message"));
    let details = match (&code, reason) {
        (Some(code), Some(reason)) => format!("{code}: {reason}"),
        (_, _) => text.into_owned(),
    };
    let is_throttled = code.is_some_and(|code| code.starts_with("Thrott"));
    let status = if is_throttled && answer.status == 400 { 429 } else { answer.status };
    of_response(status, answer.retry_after.as_deref(), &details, now)
}

/// Whether a service says that it knows these credentials no more, or not at all.
#[must_use]
pub fn refuses_credentials(answer: &HttpAnswer) -> bool {
    let codes =
        ["ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"];
    let code = element(&String::from_utf8_lossy(&answer.body), "Code");
    answer.status >= 400 && code.is_some_and(|code| codes.contains(&&*code))
}

/// Of STS, which writes XML. `None`: it has none.
#[must_use]
pub fn sts(answer: &HttpAnswer) -> Option<Granted> {
    let text = String::from_utf8_lossy(&answer.body);
    let secret = |name| element(&text, name).map(|text| Secret::new(text.into()));
    let credentials = Credentials {
        access_key: element(&text, "AccessKeyId")?,
        secret_key: secret("SecretAccessKey")?,
        session_token: Some(secret("SessionToken")?),
    };
    let ends_at = element(&text, "Expiration").and_then(|time| Timestamp::parse_rfc3339(&time).ok());
    Some(Granted { credentials, ends_at })
}

/// The text of the first element of this name.
#[must_use]
pub fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    Some(entities.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c)))
}

fn refused(status: u16, body: &Value) -> String {
    let text = |key: &str| body[key].as_str().unwrap_or_default();
    let reason = reason(text("code"), text("message"));
    format!("the answer is HTTP {status}{}{reason}", if reason.is_empty() { "" } else { ": " })
}

fn reason(code: &str, message: &str) -> String {
    let both: Vec<&str> = [code, message].into_iter().filter(|text| !text.is_empty()).collect();
    both.join(": ").chars().filter(|c| !c.is_control()).take(REASON_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::{HttpAnswer, json};

    #[test]
    fn credentials_or_why_there_are_none() {
        for (status, body, want) in [
            (
                200,
                r#"{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"s","Token":"t","Expiration":"2026-03-01T12:00:00Z"}"#,
                "A until 2026-03-01T12:00:00.000Z",
            ),
            (200, r#"{"AccessKeyId":"A","SecretAccessKey":"s"}"#, "A until changed"),
            (
                200,
                r#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"no trust"}"#,
                "the answer says AssumeRoleUnauthorizedAccess: no trust",
            ),
            (200, r#"{"AccessKeyId":"A","SecretAccessKey":""}"#, "the answer has no credentials"),
            (200, "<html>", "the answer has no credentials"),
            (
                403,
                r#"{"code":"Denied","message":"wrong\ntoken"}"#,
                "the answer is HTTP 403: Denied: wrongtoken",
            ),
            (500, "oops", "the answer is HTTP 500"),
        ] {
            let answer = HttpAnswer { status, retry_after: None, body: body.into() };
            let shown = json(&answer).map_or_else(
                |error| error,
                |granted| {
                    let end = granted.ends_at.map_or("changed".to_owned(), |end| end.rfc3339_millis());
                    format!("{} until {end}", granted.credentials.access_key)
                },
            );
            assert_eq!(shown, want, "{body}");
        }
    }
}
