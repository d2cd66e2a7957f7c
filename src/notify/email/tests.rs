//! What is sent by which settings, and what servers' answers mean.

use std::collections::BTreeMap;

use super::mail::{Encryption, HeaderText, Mail, MailAnswer, MailFailure, Taken};
use crate::config::setting::{Secret, Setting};
use crate::model::{Duration, Str, Timestamp};
use crate::notify::testing::{alert, attempt, keys, message, notification};
use crate::notify::{MailCall, Step, begin};
use crate::router::{Attempt, Failure, Memory, Outcome};

/// An attempt with the least settings and these.
fn with(settings: &[(&str, Setting)]) -> Attempt {
    let text = |text: &str| Setting::Text(text.into());
    let mut values: BTreeMap<Str, Setting> = BTreeMap::from([
        ("to".into(), text("ops@example.org, Ana <ana@example.org>, ops@example.org")),
        ("from".into(), text("Sereno <sereno@example.org>")),
        ("smarthost".into(), text("mail.example.org:587")),
        ("require_tls".into(), Setting::Bool(true)),
        ("html".into(), text("<b>down</b>")),
        ("headers".into(), map(&[("Subject", "It is down")])),
    ]);
    values.extend(settings.iter().map(|(key, value)| ((*key).into(), value.clone())));
    let alerts = vec![alert("alertname=X<y>&", &[], None)];
    attempt("email", keys(values), notification(alerts))
}

fn map(pairs: &[(&str, &str)]) -> Setting {
    Setting::Map(pairs.iter().map(|(key, value)| ((*key).into(), Setting::Text((*value).into()))).collect())
}

fn text(value: &str) -> Setting {
    Setting::Text(value.into())
}

fn call(attempt: &Attempt) -> Box<MailCall> {
    match message(attempt, &[], begin) {
        Step::Mail(call) => call,
        other => panic!("not a mail: {other:?}"),
    }
}

fn mail(settings: &[(&str, Setting)]) -> Mail {
    call(&with(settings)).mail
}

/// Why there is no mail.
fn refusal(settings: &[(&str, Setting)]) -> String {
    match message(&with(settings), &[], begin) {
        Step::Done { outcome: Outcome::Refused { message, .. }, .. } => message,
        other => panic!("not refused: {other:?}"),
    }
}

fn header<'a>(mail: &'a Mail, name: &str) -> Option<&'a HeaderText> {
    mail.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

#[test]
fn a_mail_has_what_the_settings_say() {
    let mail = mail(&[
        ("text", text("it is down")),
        ("headers", map(&[("Subject", "It is down"), ("X-Team", "db"), ("Bcc", "boss@example.org")])),
        ("hello", text("monitor.example.org")),
        ("auth_username", text("sereno")),
        ("auth_password", Setting::Secret(Secret::new("s3cret".into()))),
        ("auth_identity", text("bot")),
        ("tls_config", map(&[("ca_file", "/etc/ca.pem"), ("server_name", "mx")])),
    ]);
    let to: Vec<&str> = mail.recipients.iter().map(|to| to.address.as_str()).collect();
    assert_eq!(to, ["ops@example.org", "ana@example.org"], "nobody twice");
    assert_eq!(mail.from.address, "sereno@example.org");
    let headers: Vec<String> = mail
        .headers
        .iter()
        .map(|(name, value)| match value {
            HeaderText::Text(text) => format!("{name}: {text}"),
            HeaderText::Addresses(all) => panic!("{name} is ASCII: {all:?}"),
        })
        .collect();
    let want = [
        "From: Sereno <sereno@example.org>",
        "To: ops@example.org, Ana <ana@example.org>, ops@example.org",
        "Subject: It is down",
        "X-Team: db",
    ];
    assert_eq!(headers, want, "and no Bcc");
    assert_eq!((mail.text.as_str(), mail.html.as_str()), ("it is down", "<b>down</b>"));
    let server = &mail.server;
    assert_eq!((server.host.as_str(), server.port), ("mail.example.org", 587));
    assert_eq!((server.encryption, server.hello.as_str()), (Encryption::StartTls, "monitor.example.org"));
    assert_eq!(server.tls.server_name.as_deref(), Some("mx"));
    let login = server.login.as_ref().expect("a login");
    assert_eq!((login.username.as_str(), login.identity.as_str()), ("sereno", "bot"));
    assert!(!format!("{mail:?}").contains("s3cret"), "no secret is shown");
}

#[test]
fn how_a_connection_is_encrypted() {
    let tls = |port: &str, require: bool, implicit: Option<bool>| {
        let mut settings =
            vec![("smarthost", text(&format!("[::1]:{port}"))), ("require_tls", Setting::Bool(require))];
        settings.extend(implicit.map(|implicit| ("force_implicit_tls", Setting::Bool(implicit))));
        let server = mail(&settings).server;
        assert_eq!(server.host, "::1");
        (server.port, server.encryption)
    };
    assert_eq!(tls("587", true, None), (587, Encryption::StartTls));
    assert_eq!(tls("25", false, None), (25, Encryption::None));
    assert_eq!(tls("465", true, None), (465, Encryption::Implicit));
    assert_eq!(tls("465", false, None), (465, Encryption::Implicit));
    assert_eq!(tls("465", true, Some(false)), (465, Encryption::StartTls));
    assert_eq!(tls("2525", true, Some(true)), (2525, Encryption::Implicit));
    assert_eq!(tls("submission", true, None), (587, Encryption::StartTls));
}

#[test]
fn no_value_can_end_a_header() {
    let evil = "down\r\nBcc: evil@example.org\n\n<script>\u{0}\u{7f}";
    let mail = mail(&[("headers", map(&[("Subject", evil), ("Reply-To", "a@x.y\r\nBcc: e@x.y")]))]);
    let subject = HeaderText::Text("down Bcc: evil@example.org  <script>".to_owned());
    let trimmed = match header(&mail, "Subject") {
        Some(HeaderText::Text(text)) => HeaderText::Text(text.trim().to_owned()),
        other => panic!("{other:?}"),
    };
    assert_eq!(trimmed, subject);
    let reply_to = HeaderText::Text("a@x.y Bcc: e@x.y".to_owned());
    assert_eq!(header(&mail, "Reply-To"), Some(&reply_to));
    assert_eq!(
        refusal(&[("headers", map(&[("X: y\r\nBcc", "z")]))]),
        "\"X: y\\r\\nBcc\" is not the name of a header"
    );
    assert!(refusal(&[("to", text("a@x.y\r\nb@x.y"))]).contains("expected a comma"));
}

#[test]
fn headers_of_the_file_win_and_names_are_of_any_script() {
    let headers =
        map(&[("To", "Todos <all@example.org>"), ("From", "Núñez <n@example.org>"), ("Message-Id", "<1@x>")]);
    let mail = mail(&[("headers", headers)]);
    assert_eq!(mail.id, None, "the file has one");
    assert_eq!(header(&mail, "To"), Some(&HeaderText::Text("Todos <all@example.org>".to_owned())));
    let Some(HeaderText::Addresses(from)) = header(&mail, "From") else { panic!("addresses") };
    assert_eq!((from[0].name.as_str(), from[0].address.as_str()), ("Núñez", "n@example.org"));
    assert_eq!(mail.from.address, "sereno@example.org", "the envelope is the setting's");
}

#[test]
fn settings_that_make_no_mail() {
    for (key, value, want) in [
        ("from", "a@x.y, b@x.y", "must be exactly one 'from' address (got: 2)"),
        ("from", "nobody", "parse 'from' addresses: no address in \"nobody\""),
        ("to", "", "parse 'to' addresses: no address"),
        ("smarthost", "mail.example.org", "smarthost: \"\" is not a port"),
        ("hello", "a b", "hello: \"a b\" is not a name"),
    ] {
        assert_eq!(refusal(&[(key, text(value))]), want);
    }
}

#[test]
fn the_mails_of_a_group_are_a_thread() {
    let root = |by: &str| {
        let threading = Setting::Map(BTreeMap::from([
            ("enabled".into(), Setting::Bool(true)),
            ("thread_by_date".into(), text(by)),
        ]));
        let mail = mail(&[("threading", threading)]);
        assert_eq!(header(&mail, "References"), header(&mail, "In-Reply-To"));
        match header(&mail, "References") {
            Some(HeaderText::Text(text)) => text.clone(),
            other => panic!("{other:?}"),
        }
    };
    // printf %s '{}:{alertname="X<y>&"}' | sha256sum
    assert_eq!(root("daily"), "<alert-68ca3dc1c20a0993-1970-01-01@alertmanager>");
    assert_eq!(root("none"), "<alert-68ca3dc1c20a0993-@alertmanager>");
    assert_eq!(header(&mail(&[]), "References"), None);
}

#[test]
fn a_repeat_has_the_same_id_and_nothing_else_has() {
    let first = call(&with(&[])).mail.id.expect("an id");
    let mut again = with(&[]);
    again.number = 2;
    again.deadline = again.deadline + Duration::from_secs(60);
    assert_eq!(call(&again).mail.id.as_deref(), Some(first.as_str()));
    let mut other = with(&[]);
    std::sync::Arc::make_mut(&mut other.notification).at = Timestamp::from_secs(101);
    assert_ne!(call(&other).mail.id.as_deref(), Some(first.as_str()));
    let mut other = with(&[]);
    std::sync::Arc::make_mut(&mut other.integration).index = 1;
    assert_ne!(call(&other).mail.id.as_deref(), Some(first.as_str()));
}

/// What follows from an answer: the outcome, what is remembered, remarks.
fn after(attempt: &Attempt, answer: MailAnswer) -> (Outcome, Option<Memory>, Vec<String>) {
    let call = call(attempt);
    message(attempt, &[], |message| match (call.then)(message, answer) {
        Step::Done { outcome, memory } => (outcome, memory, message.remarks()),
        other => panic!("not the end: {other:?}"),
    })
}

fn answer(recipients: &[(&str, Taken)]) -> MailAnswer {
    let recipients = recipients.iter().map(|(to, taken)| ((*to).to_owned(), taken.clone())).collect();
    MailAnswer { recipients, end: Ok(()) }
}

#[test]
fn a_refused_recipient_does_not_keep_the_others_from_their_mail() {
    let no = || Taken::No("550 no such user".to_owned());
    let (outcome, memory, remarks) = after(&with(&[]), answer(&[("a@x", Taken::Yes), ("b@x", no())]));
    assert_eq!((outcome, memory), (Outcome::Delivered, None));
    assert_eq!(remarks, ["the mail went to the others, but the server refuses b@x: 550 no such user"]);
    let (outcome, _, _) = after(&with(&[]), answer(&[("a@x", no()), ("b@x", no())]));
    let Outcome::Refused { failure, message } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure, Failure::ClientError);
    assert_eq!(message, "the server refuses a@x: 550 no such user; b@x: 550 no such user");
}

#[test]
fn who_is_put_off_is_tried_again_alone() {
    let later = || Taken::Later("450 greylisted".to_owned());
    let mut attempt = with(&[("to", text("a@x, b@x, c@x"))]);
    let first = answer(&[("a@x", Taken::Yes), ("b@x", later()), ("c@x", Taken::No("550 no".to_owned()))]);
    let (outcome, memory, _) = after(&attempt, first);
    let Outcome::Retryable { message, maybe_taken: false, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(message, "the server puts off b@x: 450 greylisted; it refuses c@x: 550 no; told: a@x");
    attempt.memory = std::sync::Arc::new(memory.expect("who is done"));
    let left: Vec<String> = call(&attempt).mail.recipients.into_iter().map(|to| to.address).collect();
    assert_eq!(left, ["b@x"]);
    let (outcome, memory, _) = after(&attempt, answer(&[("b@x", Taken::Yes)]));
    assert_eq!((outcome, memory), (Outcome::Delivered, Some(Memory::new())));
    // The next notification is for all of them.
    std::sync::Arc::make_mut(&mut attempt.notification).idempotency_key = "other".into();
    assert_eq!(call(&attempt).mail.recipients.len(), 3);
}

#[test]
fn nobody_left_to_tell_is_told() {
    let mut attempt = with(&[("to", text("a@x"))]);
    let key = attempt.notification.idempotency_key.clone();
    let memory = [("email.notification".into(), key), ("email.done".into(), "a@x".into())];
    attempt.memory = std::sync::Arc::new(Memory::from(memory));
    let step = message(&attempt, &[], begin);
    assert!(matches!(step, Step::Done { outcome: Outcome::Delivered, memory: Some(_) }), "{step:?}");
}

#[test]
fn a_server_that_takes_nothing() {
    let failed = |is_final, maybe_taken| MailAnswer {
        recipients: vec![("b@x".to_owned(), Taken::No("550 no".to_owned()))],
        end: Err(MailFailure {
            failure: Failure::ServerError,
            is_final,
            maybe_taken,
            message: "content of the mail: 451 try later".to_owned(),
        }),
    };
    let (outcome, _, _) = after(&with(&[]), failed(false, true));
    let text = "content of the mail: 451 try later; b@x was refused: 550 no";
    let Outcome::Retryable { message, maybe_taken: true, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(message, text);
    let (outcome, _, _) = after(&with(&[]), failed(true, false));
    assert_eq!(outcome, Outcome::Refused { failure: Failure::ServerError, message: text.to_owned() });
}
