//! Messages as bytes, and read again as mail programs do.

use mail_parser::{MessageParser, MimeHeaders};

use super::message;
use crate::config::routes::TlsSettings;
use crate::model::Timestamp;
use crate::notify::email::addresses::{Mailbox, parse};
use crate::notify::email::mail::{Encryption, HeaderText, Mail, MailServer};

fn mail(headers: &[(&str, &str)], text: &str, html: &str) -> Mail {
    let header = |(name, value): &(&str, &str)| {
        let value = match (*name, value.is_ascii()) {
            ("From" | "To", false) => HeaderText::Addresses(parse(value).expect("addresses")),
            _ => HeaderText::Text((*value).to_owned()),
        };
        ((*name).to_owned(), value)
    };
    Mail {
        server: MailServer {
            host: "localhost".to_owned(),
            port: 25,
            encryption: Encryption::None,
            tls: TlsSettings::default(),
            hello: "localhost".to_owned(),
            login: None,
        },
        from: Mailbox::default(),
        recipients: Vec::new(),
        headers: headers.iter().map(header).collect(),
        id: Some("100000.abc".to_owned()),
        date: Timestamp::from_secs(1_780_000_000),
        text: text.to_owned(),
        html: html.to_owned(),
    }
}

fn bytes(mail: &Mail) -> String {
    String::from_utf8(message(mail, "host.example").expect("a message")).expect("ASCII")
}

#[test]
fn a_message_with_both_parts() {
    let headers =
        [("From", "a@x.y"), ("To", "b@x.y, C <c@x.y>"), ("Subject", "[FIRING:1] Down"), ("X-Team", "db")];
    let text = bytes(&mail(&headers, "It is down.\nSince long.", "<p>down</p>"));
    let boundary =
        text.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a boundary");
    insta::assert_snapshot!(text.replace(boundary, "BOUNDARY").replace("\r\n", "\n"), @r#"
    From: a@x.y
    To: b@x.y, C <c@x.y>
    Subject: [FIRING:1] Down
    X-Team: db
    Message-Id: <100000.abc@host.example>
    Date: Thu, 28 May 2026 20:26:40 +0000
    Mime-Version: 1.0
    Content-Type: multipart/alternative;
     boundary="BOUNDARY"

    --BOUNDARY
    Content-Type: text/plain; charset=utf-8
    Content-Transfer-Encoding: 7bit

    It is down.
    Since long.
    --BOUNDARY
    Content-Type: text/html; charset=utf-8
    Content-Transfer-Encoding: 7bit

    <p>down</p>
    --BOUNDARY--
    "#);
}

#[test]
fn every_script_arrives_and_no_line_is_too_long() {
    let subject = format!("[FIRING:3] Festplatte läuft über – ディスク 🔥 {}", "süß ".repeat(100));
    let long = format!("<p>{}</p>\r\n.\r\n\rfin\0 ñ", "x".repeat(5000));
    let from = "Wächter, Nacht <w@bücher.example>";
    let from = from.replace("Wächter, Nacht", "\"Wächter, Nacht\"");
    let mail =
        mail(&[("From", &from), ("To", "José Núñez <j@x.y>, b@x.y"), ("Subject", &subject)], &subject, &long);
    let text = bytes(&mail);
    assert!(text.is_ascii());
    assert!(text.split("\r\n").all(|line| line.len() <= 78 && !line.contains(['\r', '\n'])), "{text}");
    let read = MessageParser::default().parse(text.as_bytes()).expect("a message");
    assert_eq!(read.subject(), Some(subject.trim()));
    let from = read.from().and_then(|from| from.first()).expect("a sender");
    assert_eq!((from.name(), from.address()), (Some("Wächter, Nacht"), Some("w@xn--bcher-kva.example")));
    let to = read.to().and_then(|to| to.first()).expect("a recipient");
    assert_eq!((to.name(), to.address()), (Some("José Núñez"), Some("j@x.y")));
    assert_eq!(read.body_text(0).as_deref().map(str::trim), Some(subject.trim()));
    let html = long.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}");
    assert_eq!(read.body_html(0).map(|html| html.replace("\r\n", "\n")), Some(html));
    assert_eq!(read.content_type().and_then(|of| of.subtype()), Some("alternative"));
}

#[test]
fn a_mail_without_html_or_without_anything_has_a_text() {
    for (text, html, want) in
        [("t", "", vec!["plain"]), ("", "<p>h</p>", vec!["html"]), ("", "", vec!["plain"])]
    {
        let text = bytes(&mail(&[], text, html));
        let read = MessageParser::default().parse(text.as_bytes()).expect("a message");
        let parts: Vec<_> =
            read.parts[1..].iter().filter_map(|part| part.content_type()?.subtype()).collect();
        assert_eq!(parts, want);
    }
}
