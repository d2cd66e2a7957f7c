//! Amazon SNS and STS: their query APIs, with signatures checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use ring::{digest, hmac};

use super::{Reply, Request, locked};

/// Access keys with their secrets.
const KEYS: [(&str, &str); 2] = [(ACCESS_KEY, SECRET_KEY), (ROLE_ACCESS_KEY, ROLE_SECRET_KEY)];
pub(crate) const ACCESS_KEY: &str = "AKIDOPS";
pub(crate) const SECRET_KEY: &str = "s3cret/ops+key";

/// Those of the role `arn:aws:iam::1:role/alerts`, with the session's token.
pub(super) const ROLE_ACCESS_KEY: &str = "ASIAROLE";
pub(super) const ROLE_SECRET_KEY: &str = "s3cret&role";
pub(super) const ROLE_TOKEN: &str = "s3cret<token>//==";
/// Its external id.
pub(crate) const EXTERNAL_ID: &str = "sereno/1";

/// The ids for deduplication that FIFO topics have seen.
pub(crate) type Seen = Arc<Mutex<BTreeSet<String>>>;

/// What the two say to a request; STS is known by its host.
pub(crate) fn api(seen: Seen) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| {
        if (request.method.as_str(), request.path.as_str(), request.query.as_str()) != ("POST", "/", "") {
            return Reply::text(404, "not found");
        }
        let is_sts = request.header("host").starts_with("sts");
        if let Err(reason) = check_signature(request, if is_sts { "sts" } else { "sns" }) {
            return error(403, "SignatureDoesNotMatch", &reason);
        }
        let form = match request.form() {
            Ok(form) => form,
            Err(reason) => return error(400, "MalformedQueryString", &reason),
        };
        let judged = if is_sts { assume_role(&form) } else { publish(&form, &seen) };
        judged.unwrap_or_else(|reason| error(400, "InvalidParameter", &reason))
    }
}

/// As both write it.
pub(crate) fn error(status: u16, code: &str, reason: &str) -> Reply {
    let reason = reason.replace('&', "&amp;").replace('<', "&lt;");
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{reason}</Message></Error>");
    Reply::new(status, "text/xml", format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"))
}

fn assume_role(form: &BTreeMap<String, String>) -> Result<Reply, String> {
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let want = [
        ("Action", "AssumeRole"),
        ("DurationSeconds", "900"),
        ("ExternalId", EXTERNAL_ID),
        ("RoleArn", "arn:aws:iam::1:role/alerts"),
        ("RoleSessionName", "sereno"),
        ("Version", "2011-06-15"),
    ];
    if pairs != want {
        return Ok(error(403, "AccessDenied", "not authorized to perform sts:AssumeRole"));
    }
    let xml = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (secret, token) = (xml(ROLE_SECRET_KEY), xml(ROLE_TOKEN));
    let credentials = format!(
        "<AccessKeyId>{ROLE_ACCESS_KEY}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>2026-03-01T12:15:00Z</Expiration>"
    );
    let result = format!("<AssumeRoleResult><Credentials>{credentials}</Credentials></AssumeRoleResult>");
    Ok(Reply::new(200, "text/xml", format!("<AssumeRoleResponse>{result}</AssumeRoleResponse>")))
}

fn publish(form: &BTreeMap<String, String>, seen: &Seen) -> Result<Reply, String> {
    let of = |name: &str| form.get(name).map(String::as_str);
    let known = [
        "Action",
        "Version",
        "TopicArn",
        "TargetArn",
        "PhoneNumber",
        "Subject",
        "Message",
        "MessageDeduplicationId",
        "MessageGroupId",
    ];
    let unknown =
        form.keys().find(|name| !known.contains(&name.as_str()) && !name.starts_with("MessageAttributes."));
    if let Some(name) = unknown {
        return Err(format!("Invalid parameter: {name}"));
    }
    if (of("Action"), of("Version")) != (Some("Publish"), Some("2010-03-31")) {
        return Err("Invalid parameter: Action".to_owned());
    }
    let targets = ["TopicArn", "TargetArn", "PhoneNumber"];
    if targets.iter().filter(|name| of(name).is_some()).count() != 1 {
        return Err("Invalid parameter: TopicArn or TargetArn Reason: exactly one is needed".to_owned());
    }
    let message = of("Message").unwrap_or_default();
    if message.is_empty() || message.len() > 256 * 1024 {
        return Err("Invalid parameter: Message".to_owned());
    }
    if of("Subject").is_some_and(|text| text.chars().count() >= 100 || text.chars().any(char::is_control)) {
        return Err("Invalid parameter: Subject".to_owned());
    }
    let is_fifo = of("TopicArn").is_some_and(|topic| topic.ends_with(".fifo"));
    if is_fifo != of("MessageGroupId").is_some() || is_fifo != of("MessageDeduplicationId").is_some() {
        return Err("Invalid parameter: MessageGroupId".to_owned());
    }
    for number in 1.. {
        let part = |part: &str| of(&format!("MessageAttributes.entry.{number}.{part}"));
        match (part("Name"), part("Value.DataType"), part("Value.StringValue")) {
            (None, None, None) => break,
            (Some(_), Some("String"), Some(value)) if !value.is_empty() => {}
            _ => return Err("Invalid parameter: MessageAttributes".to_owned()),
        }
    }
    let id = of("MessageDeduplicationId").unwrap_or_default();
    let is_new = id.is_empty() || locked(seen).insert(id.to_owned());
    let result = format!("<PublishResult><MessageId>{}</MessageId></PublishResult>", u8::from(is_new));
    Ok(Reply::new(200, "text/xml", format!("<PublishResponse>{result}</PublishResponse>")))
}

/// Signature Version 4, by its description.
pub(super) fn check_signature(request: &Request, service: &str) -> Result<(), String> {
    let header = request.header("authorization");
    let parts = header.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("no signature")?;
    let part = |name: &str| parts.split(", ").find_map(|part| part.strip_prefix(name)).unwrap_or_default();
    let (credential, names, signature) = (part("Credential="), part("SignedHeaders="), part("Signature="));
    let (access_key, scope) = credential.split_once('/').ok_or("no credential")?;
    let time = request.header("x-amz-date");
    if scope != format!("{}/eu-west-1/{service}/aws4_request", time.get(..8).unwrap_or_default()) {
        return Err(format!("the scope is {scope}"));
    }
    for needed in ["content-type", "host", "x-amz-date"] {
        if !names.split(';').any(|name| name == needed) {
            return Err(format!("{needed} is not signed"));
        }
    }
    if access_key == ROLE_ACCESS_KEY && request.header("x-amz-security-token") != ROLE_TOKEN {
        return Err("the security token is invalid".to_owned());
    }
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let hash = |text: &str| hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    let headers: String =
        names.split(';').map(|name| format!("{name}:{}\n", request.header(name).trim())).collect();
    let canonical = format!("POST\n/\n\n{headers}\n{names}\n{}", hash(&request.body));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(&canonical));
    let (_, secret) = KEYS.iter().find(|(key, _)| *key == access_key).ok_or("the access key is unknown")?;
    let mut key = format!("AWS4{secret}").into_bytes();
    for part in scope.split('/').chain([text.as_str()]) {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    if hex(&key) == signature { Ok(()) } else { Err("the signature is another".to_owned()) }
}
