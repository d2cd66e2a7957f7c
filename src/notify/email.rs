//! Mail, as Alertmanager's `email_configs` say it, and what the server's answer means.
//!
//! Different from Alertmanager: a recipient that is refused does not keep the others from their mail; one
//! that is only put off is tried again alone. A repeat has the same `Message-Id`, so that mail programs
//! show it once. A `Bcc` header is not sent: it would show what it is to hide. Headers with addresses are
//! encoded as such, so that a name with an umlaut leaves the address readable. Mails of one group are put
//! into a thread by the day in UTC.

pub mod addresses;
pub mod mail;

use std::collections::{BTreeMap, BTreeSet};

use self::addresses::Mailbox;
use self::mail::{Encryption, HeaderText, Login, Mail, MailAnswer, MailServer, Taken};
use super::{MailCall, Message, Step, Trouble, ids};
use crate::config::routes::TlsSettings;
use crate::config::setting::Setting;
use crate::model::Str;
use crate::router::{Failure, Memory, Outcome};

/// Headers that hold addresses.
const ADDRESS_HEADERS: [&str; 5] = ["Cc", "From", "Reply-To", "Sender", "To"];

/// Headers that say how a message is built, which is not up to a file, and the one that is for the server.
const NOT_SENT: [&str; 4] = ["Bcc", "Content-Transfer-Encoding", "Content-Type", "Mime-Version"];

/// The native plain text.
const DEFAULT_TEXT: &str = r#"{{ template "email.default.text" . }}"#;

/// What is remembered while some recipients are still to be reached: of which notification, and who is done.
const MEMORY_OF: &str = "email.notification";
const MEMORY_DONE: &str = "email.done";

/// The mail that tells it.
pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let mail = mail(message)?;
    if mail.recipients.is_empty() {
        return Ok(Step::Done { outcome: Outcome::Delivered, memory: Some(Memory::new()) });
    }
    Ok(Step::Mail(Box::new(MailCall { mail, then: Box::new(finish) })))
}

fn mail(message: &Message<'_>) -> Result<Mail, Trouble> {
    let from = mailboxes("from", &message.word("from")?)?;
    let [from] = <[Mailbox; 1]>::try_from(from).map_err(|from| {
        Trouble::Setting(format!("must be exactly one 'from' address (got: {})", from.len()))
    })?;
    let done = done(message);
    let mut recipients = mailboxes("to", &message.word("to")?)?;
    let mut seen = BTreeSet::new();
    recipients.retain(|to| !done.contains(&*to.address) && seen.insert(to.address.clone()));
    let headers = headers(message)?;
    let has_id = headers.iter().any(|(name, _)| name == "Message-Id");
    Ok(Mail {
        server: server(message)?,
        from,
        recipients,
        headers,
        id: (!has_id).then(|| id(message)),
        date: message.now,
        text: text(message)?,
        html: if message.raw("html").is_empty() { String::new() } else { message.html("html")? },
    })
}

/// The plain text. Native mails have one always, as some read no HTML; Alertmanager's only if the file says.
fn text(message: &Message<'_>) -> Result<String, Trouble> {
    match message.raw("text") {
        "" if message.attempt.renderer.is_handlebars() => message.render_text("text", DEFAULT_TEXT),
        "" => Ok(String::new()),
        _ => message.text("text"),
    }
}

fn mailboxes(key: &str, text: &str) -> Result<Vec<Mailbox>, Trouble> {
    addresses::parse(text).map_err(|why| Trouble::Setting(format!("parse '{key}' addresses: {why}")))
}

/// The same for each try of a notification to an integration, different for any other.
fn id(message: &Message<'_>) -> String {
    let notification = &message.attempt.notification;
    let integration = message.integration();
    let whole = format!("{}\n{}\n{}", notification.idempotency_key, notification.receiver, integration.index);
    format!("{}.{}", notification.at.millis(), &ids::sha256_hex(whole.as_bytes())[..32])
}

fn server(message: &Message<'_>) -> Result<MailServer, Trouble> {
    let address = message.raw("smarthost");
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let number = match port {
        "smtp" => Some(25),
        "submission" => Some(587),
        "smtps" | "submissions" => Some(465),
        port => port.parse().ok(),
    };
    let port = number.ok_or_else(|| Trouble::Setting(format!("smarthost: {port:?} is not a port")))?;
    let implicit = match message.values().get("force_implicit_tls") {
        Some(Setting::Bool(forced)) => *forced,
        Some(_) | None => port == 465,
    };
    let encryption = match (implicit, message.flag("require_tls")) {
        (true, _) => Encryption::Implicit,
        (false, true) => Encryption::StartTls,
        (false, false) => Encryption::None,
    };
    let hello = match message.raw("hello") {
        "" => "localhost",
        hello if hello.bytes().all(|byte| byte.is_ascii_graphic()) => hello,
        hello => return Err(Trouble::Setting(format!("hello: {hello:?} is not a name"))),
    };
    let tls = message.values().get("tls_config").map_or_else(TlsSettings::default, TlsSettings::of);
    Ok(MailServer {
        host: host.to_owned(),
        port,
        encryption,
        tls,
        hello: hello.to_owned(),
        login: login(message)?,
    })
}

fn login(message: &Message<'_>) -> Result<Option<Login>, Trouble> {
    let username = message.raw("auth_username");
    if username.is_empty() {
        return Ok(None);
    }
    Ok(Some(Login {
        username: username.to_owned(),
        identity: message.raw("auth_identity").to_owned(),
        password: message.secret("auth_password")?,
        secret: message.secret("auth_secret")?,
    }))
}

/// The headers of the file and those that a mail needs, each rendered: who and what first, then by name.
fn headers(message: &Message<'_>) -> Result<Vec<(String, HeaderText)>, Trouble> {
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    texts.insert("From", message.raw("from"));
    texts.insert("To", message.raw("to"));
    if let Some(Setting::Map(given)) = message.values().get("headers") {
        for (name, template) in given {
            texts.insert(name, template.reveal().map_or("", |template| &**template));
        }
    }
    texts.retain(|name, _| !NOT_SENT.contains(name));
    let first = ["From", "To", "Subject"];
    let (mut order, rest): (Vec<_>, Vec<_>) = texts.into_iter().partition(|(name, _)| first.contains(name));
    order.sort_by_key(|(name, _)| first.iter().position(|other| other == name));
    let mut headers = Vec::new();
    for (name, template) in order.into_iter().chain(rest) {
        headers.push((name.to_owned(), header(message, name, template)?));
    }
    headers.extend(threading(message));
    Ok(headers)
}

fn header(message: &Message<'_>, name: &str, template: &str) -> Result<HeaderText, Trouble> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(Trouble::Setting(format!("{name:?} is not the name of a header")));
    }
    let key = format!("headers: {name}");
    if !ADDRESS_HEADERS.contains(&name) {
        return message.render_text(&key, template).map(|text| HeaderText::Text(one_line(&text)));
    }
    let text = one_line(&message.render_word(&key, template)?);
    // What is ASCII stands as it was written, and something that is no list of addresses as well.
    Ok(match addresses::parse(&text) {
        Ok(addresses) if !text.is_ascii() => HeaderText::Addresses(addresses),
        Ok(_) | Err(_) => HeaderText::Text(text),
    })
}

/// A text that cannot end the header it stands in: no line breaks nor other control characters.
fn one_line(text: &str) -> String {
    let text = text.trim_matches(char::is_whitespace).replace("\r\n", " ");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Headers by which mail programs show all mails about a group as one thread: all answer one mail, which
/// never was.
fn threading(message: &Message<'_>) -> Vec<(String, HeaderText)> {
    let threading = message.values().get("threading");
    let setting = |key: &str| threading.and_then(|threading| threading.get(key));
    if setting("enabled") != Some(&Setting::Bool(true)) {
        return Vec::new();
    }
    let by_date = setting("thread_by_date").and_then(Setting::reveal).is_some_and(|by| &**by != "none");
    let day = if by_date { message.now.rfc3339().chars().take(10).collect() } else { String::new() };
    let group = ids::of_group(&message.attempt.notification.group_key);
    let root = format!("<alert-{}-{day}@alertmanager>", &group[..16]);
    ["References", "In-Reply-To"].map(|name| (name.to_owned(), HeaderText::Text(root.clone()))).into()
}

/// Who has been dealt with in earlier tries of this notification.
fn done<'a>(message: &'a Message<'_>) -> BTreeSet<&'a str> {
    let memory = message.memory();
    let is_same = memory.get(MEMORY_OF) == Some(&message.attempt.notification.idempotency_key);
    let done = memory.get(MEMORY_DONE).filter(|_| is_same);
    done.map_or_else(BTreeSet::new, |done| done.lines().collect())
}

/// What the server's answer means.
fn finish(message: &Message<'_>, answer: MailAnswer) -> Step {
    let MailAnswer { recipients, end } = answer;
    if let Err(failure) = end {
        let mut text = failure.message;
        for (address, taken) in &recipients {
            if let Taken::No(why) | Taken::Later(why) = taken {
                text += &format!("; {address} was refused: {why}");
            }
        }
        let failed = failure.failure;
        return Step::done(if failure.is_final {
            Outcome::Refused { failure: failed, message: text }
        } else {
            retryable(failed, text, failure.maybe_taken)
        });
    }
    let (mut told, mut later, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    for (address, taken) in &recipients {
        match taken {
            Taken::Yes => told.push(address.as_str()),
            Taken::Later(why) => later.push(format!("{address}: {why}")),
            Taken::No(why) => refused.push((address.as_str(), format!("{address}: {why}"))),
        }
    }
    let done = done(message);
    let reasons: Vec<&str> = refused.iter().map(|(_, why)| why.as_str()).collect();
    let reasons = reasons.join("; ");
    if !later.is_empty() {
        let told_now = told.iter().chain(refused.iter().map(|(address, _)| address));
        let done: Vec<&str> = done.iter().chain(told_now).copied().collect();
        let mut text = format!("the server puts off {}", later.join("; "));
        if !reasons.is_empty() {
            text += &format!("; it refuses {reasons}");
        }
        if !told.is_empty() {
            text += &format!("; told: {}", told.join(", "));
        }
        let outcome = retryable(Failure::ServerError, text, false);
        return Step::Done { outcome, memory: Some(remember(message, &done)) };
    }
    if told.is_empty() && done.is_empty() {
        let text = format!("the server refuses {reasons}");
        return Step::done(Outcome::Refused { failure: Failure::ClientError, message: text });
    }
    if !reasons.is_empty() {
        message.remark(format!("the mail went to the others, but the server refuses {reasons}"));
    }
    let memory = (!done.is_empty()).then(Memory::new);
    Step::Done { outcome: Outcome::Delivered, memory }
}

fn retryable(failure: Failure, message: String, maybe_taken: bool) -> Outcome {
    Outcome::Retryable { failure, message, retry_after: None, maybe_taken }
}

fn remember(message: &Message<'_>, done: &[&str]) -> Memory {
    let of = message.attempt.notification.idempotency_key.clone();
    Memory::from([(MEMORY_OF.into(), of), (MEMORY_DONE.into(), Str::from(done.join("\n")))])
}

#[cfg(test)]
mod tests;
