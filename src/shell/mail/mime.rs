//! A mail as the bytes that are sent: RFC 5322 and MIME.

use std::time::{Duration, UNIX_EPOCH};

use lettre::Address;
use lettre::message::header::{Date, HeaderName, HeaderValue, Headers};
use lettre::message::{Mailbox, Mailboxes, MultiPart, SinglePart};

use super::connection::SmtpError;
use crate::notify::email::addresses;
use crate::notify::email::mail::{HeaderText, Mail};

/// The message; `host` ends its id.
///
/// Text and HTML are parts of a `multipart/alternative`, the better one last. They are encoded so that every
/// line is ASCII and of a length that all servers take.
///
/// # Errors
/// A header cannot be written.
pub(super) fn message(mail: &Mail, host: &str) -> Result<Vec<u8>, SmtpError> {
    let mut parts = Vec::new();
    if !mail.text.is_empty() || mail.html.is_empty() {
        parts.push(SinglePart::plain(plain_lines(&mail.text)));
    }
    if !mail.html.is_empty() {
        parts.push(SinglePart::html(plain_lines(&mail.html)));
    }
    let whole = MultiPart::alternative().build();
    let mut whole = parts.into_iter().fold(whole, MultiPart::singlepart);
    let content_type = whole.headers().clone();
    let headers = whole.headers_mut();
    *headers = Headers::new();
    for (name, value) in &mail.headers {
        write(headers, name, value)?;
    }
    if let Some(id) = &mail.id {
        write(headers, "Message-Id", &HeaderText::Text(format!("<{id}@{host}>")))?;
    }
    if headers.get_raw("Date").is_none() {
        let since = Duration::from_millis(u64::try_from(mail.date.millis()).unwrap_or_default());
        headers.set(Date::new(UNIX_EPOCH + since));
    }
    write(headers, "Mime-Version", &HeaderText::Text("1.0".to_owned()))?;
    let content_type = content_type.get_raw("Content-Type").unwrap_or_default().to_owned();
    write(headers, "Content-Type", &HeaderText::Text(content_type))?;
    Ok(whole.formatted())
}

fn write(headers: &mut Headers, name: &str, value: &HeaderText) -> Result<(), SmtpError> {
    let wrong = |why: &str| SmtpError::Mail(format!("header {name}: {why}"));
    let name_of = HeaderName::new_from_ascii(name.to_owned()).map_err(|_| wrong("not a name"))?;
    let value = match value {
        HeaderText::Text(text) => HeaderValue::new(name_of, text.clone()),
        HeaderText::Addresses(all) => {
            let all: Mailboxes = all.iter().map(mailbox).collect();
            let mut holder = Headers::new();
            holder.set(lettre::message::header::To::from(all));
            let encoded = holder.to_string();
            let encoded = encoded.trim_start_matches("To: ").trim_end().to_owned();
            HeaderValue::dangerous_new_pre_encoded(name_of, String::new(), encoded)
        }
    };
    headers.insert_raw(value);
    Ok(())
}

fn mailbox(given: &addresses::Mailbox) -> Mailbox {
    let name = (!given.name.is_empty()).then(|| given.name.clone());
    Mailbox::new(name, address(&given.address))
}

/// The address, which the list it comes from has checked.
pub(super) fn address(text: &str) -> Address {
    let (local, domain) = text.rsplit_once('@').unwrap_or((text, ""));
    Address::new_dangerous(local, domain)
}

/// With one kind of line break, and without what mail must not hold.
fn plain_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests;
