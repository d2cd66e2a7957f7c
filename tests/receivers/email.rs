//! Mails to a server that says what real ones say only on bad days. `needs_tools` has a real one.

use std::sync::{Arc, Mutex};

use super::fakes::locked;
use super::fakes::smtp::Smtp;
use super::harness::{Receiver, firing, unicode};

fn receiver(smtp: &Smtp, keys: &str) -> Receiver {
    at_port(smtp.port, keys)
}

/// A receiver at that port, without TLS.
fn at_port(port: u16, keys: &str) -> Receiver {
    let to = if keys.contains("to: ") { "" } else { "to: ops@example.org\n" };
    Receiver::new(
        "email",
        &format!(
            "{to}from: sereno@example.org\nsmarthost: 127.0.0.1:{port}\nrequire_tls: false\nhtml: <b>down</b>\n{keys}"
        ),
    )
}

/// The start of a conversation with a server that offers this.
fn hello(offers: &str) -> String {
    format!("S: 220 fake ESMTP\n{}{}", ehlo(offers), ehlo(offers))
}

fn ehlo(offers: &str) -> String {
    let mut lines = vec!["fake"];
    lines.extend(offers.split(", ").filter(|offer| !offer.is_empty()));
    let (last, others) = lines.split_last().expect("its name");
    let others: String = others.iter().map(|line| format!("S: 250-{line}\n")).collect();
    format!("C: EHLO localhost\n{others}S: 250 {last}\n")
}

const MAIL: &str = "
    C: MAIL FROM:<sereno@example.org>
    S: 250 ok
    C: RCPT TO:<ops@example.org>
    S: 250 ok
    C: DATA
    S: 354 go on
    C: <mail>
    S: 250 taken
";

#[tokio::test]
async fn who_we_are_is_said_in_the_way_that_the_server_offers() {
    let keys =
        "auth_username: tim\nauth_password: s3cret\nauth_secret: tanstaaftanstaaf\nauth_identity: boss";
    for (offers, login) in [
        ("AUTH PLAIN LOGIN", "C: AUTH PLAIN Ym9zcwB0aW0AczNjcmV0\nS: 235 ok"),
        (
            "SIZE 1000, AUTH GSSAPI LOGIN PLAIN",
            "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: dGlt\nS: 334 UGFzc3dvcmQ6\nC: czNjcmV0\nS: 235 ok",
        ),
        (
            "AUTH CRAM-MD5 PLAIN",
            "C: AUTH CRAM-MD5
             S: 334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+
             C: dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw
             S: 235 ok",
        ),
        ("8BITMIME", ""),
    ] {
        let smtp = Smtp::start([format!("{}{login}{MAIL}", hello(offers)).as_str()]).await;
        assert_eq!(receiver(&smtp, keys).told(firing()).await, "delivered", "{offers}");
        assert_eq!(smtp.mails().len(), 1, "{offers}");
    }
}

#[tokio::test]
async fn a_login_that_fails() {
    for (offers, login, want) in [
        (
            "AUTH PLAIN",
            "C: AUTH PLAIN AHRpbQBzM2NyZXQ=\nS: 535 5.7.8 wrong",
            "refused authError: login at the mail server: permanent error (535): 5.7.8 wrong",
        ),
        (
            "AUTH LOGIN",
            "C: AUTH LOGIN\nS: 454 4.7.0 not now",
            "retry serverError: login at the mail server: transient error (454): 4.7.0 not now",
        ),
        (
            "AUTH PLAIN",
            "C: AUTH PLAIN AHRpbQBzM2NyZXQ=\nS: 334 bW9yZQ==\nC: *\nS: 501 cancelled",
            "refused authError: login at the mail server: permanent error (501): cancelled",
        ),
        (
            "AUTH XOAUTH2 CRAM-MD5",
            "",
            "retry other: cannot log in to the mail server: unknown auth mechanism: XOAUTH2; missing secret \
             for CRAM-MD5 auth mechanism",
        ),
    ] {
        let smtp = Smtp::start([format!("{}{login}", hello(offers)).as_str()]).await;
        let mut receiver = receiver(&smtp, "auth_username: tim\nauth_password: s3cret");
        assert_eq!(receiver.told(firing()).await, want);
        assert_eq!(smtp.mails().len(), 0);
    }
}

#[tokio::test]
async fn what_a_server_may_say_instead() {
    let start = format!("{}C: MAIL…\n", hello("8BITMIME"));
    let data = format!("{start}S: 250 ok\nC: RCPT…\nS: 250 ok\nC: DATA\n");
    let content = format!("{data}S: 354 go\nC: <mail>\n");
    for (script, want) in [
        (
            "S: 421 4.3.2 too busy\nS: <close>".to_owned(),
            "retry serverError: greeting of the mail server: transient error (421): 4.3.2 too busy",
        ),
        (
            "S: 554 no\nS: <close>".to_owned(),
            "refused clientError: greeting of the mail server: permanent error (554): no",
        ),
        (format!("{start}S: 451 later"), "retry serverError: sender: transient error (451): later"),
        (
            format!("{start}S: 530 5.7.0 log in first"),
            "refused clientError: sender: permanent error (530): 5.7.0 log in first",
        ),
        (
            format!("{data}S: 452 full"),
            "retry serverError: request to send the mail: transient error (452): full",
        ),
        (
            format!("{content}S: 451 4.7.1 greylisted"),
            "retry serverError: content of the mail: transient error (451): 4.7.1 greylisted",
        ),
        (
            format!("{content}S: 552 5.3.4 too big"),
            "refused clientError: content of the mail: permanent error (552): 5.3.4 too big",
        ),
        (
            format!("{content}S: <close>"),
            "retry other (maybe taken): content of the mail: response error: incomplete response",
        ),
        (
            format!("{data}S: <close>"),
            "retry other: request to send the mail: response error: incomplete response",
        ),
    ] {
        let smtp = Smtp::start([script.as_str()]).await;
        assert_eq!(receiver(&smtp, "").told(firing()).await, want);
        smtp.mails();
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_the_attempt_and_it_is_known_how_far_it_came() {
    let start = hello("8BITMIME");
    for (script, want) in [
        ("S: <silence>".to_owned(), "retry contextDeadlineExceeded: the mail server did not answer in time"),
        (
            format!(
                "{start}C: MAIL…\nS: 250 ok\nC: RCPT…\nS: 250 ok\nC: DATA\nS: 354 go\nC: <mail>\nS: <silence>"
            ),
            "retry contextDeadlineExceeded (maybe taken): the mail server did not answer in time",
        ),
    ] {
        let smtp = Smtp::start([script.as_str()]).await;
        let mut receiver = receiver(&smtp, "");
        receiver.patience = sereno::model::Duration::from_millis(1500);
        assert_eq!(receiver.told(firing()).await, want);
    }
}

#[tokio::test]
async fn nobody_gets_a_mail_twice_because_somebody_else_was_put_off() {
    let first = format!(
        "{}C: MAIL…\nS: 250 ok
         C: RCPT TO:<a@example.org>\nS: 250 ok
         C: RCPT TO:<b@example.org>\nS: 450 4.2.1 later
         C: RCPT TO:<c@example.org>\nS: 550 5.1.1 nobody
         C: DATA\nS: 354 go\nC: <mail>\nS: 250 taken
         C: RSET\nS: 250 ok
         C: MAIL…\nS: 250 ok
         C: RCPT TO:<b@example.org>\nS: 250 ok
         C: DATA\nS: 354 go\nC: <mail>\nS: 250 taken
         C: RSET\nS: 250 ok
         C: MAIL…\nS: 250 ok
         C: RCPT TO:<a@example.org>\nS: 250 ok
         C: RCPT TO:<b@example.org>\nS: 250 ok
         C: RCPT TO:<c@example.org>\nS: 550 5.1.1 nobody
         C: DATA\nS: 354 go\nC: <mail>\nS: 250 taken",
        hello("8BITMIME")
    );
    let smtp = Smtp::start([first.as_str()]).await;
    let port = smtp.port;
    let mut receiver = Receiver::new(
        "email",
        &format!(
            "to: a@example.org, B <b@example.org>, c@example.org\nfrom: sereno@example.org\nsmarthost: 127.0.0.1:{port}\nrequire_tls: false"
        ),
    );
    assert_eq!(
        receiver.told(firing()).await,
        "retry serverError: the server puts off b@example.org: transient error (450): 4.2.1 later; it refuses \
         c@example.org: permanent error (550): 5.1.1 nobody; told: a@example.org"
    );
    assert_eq!(receiver.told_again(firing()).await, "delivered");
    assert_eq!(receiver.told(firing()).await, "delivered", "news is for all of them");
    let mails = smtp.mails();
    let id = |mail: &str| mail.lines().find(|line| line.starts_with("Message-Id: ")).map(str::to_owned);
    assert_eq!(id(&mails[0]), id(&mails[1]), "the same mail");
    assert_ne!(id(&mails[1]), id(&mails[2]));
    assert_eq!(smtp.connections(), 1, "one connection for all");
}

#[tokio::test]
async fn a_connection_is_used_again_while_it_lives() {
    let again = format!("{}{MAIL}C: RSET\nS: 250 ok{MAIL}C: RSET\nS: 421 bye\nS: <close>", hello("8BITMIME"));
    let new = format!("{}{MAIL}", hello("8BITMIME"));
    let smtp = Smtp::start([again.as_str(), new.as_str()]).await;
    let mut receiver = receiver(&smtp, "");
    for connections in [1, 1, 2] {
        assert_eq!(receiver.told(firing()).await, "delivered");
        assert_eq!(smtp.connections(), connections);
    }
    assert_eq!(smtp.mails().len(), 3);
}

#[tokio::test]
async fn nothing_is_said_in_the_open_where_tls_is_required() {
    let smtp = Smtp::start(["S: 220 fake\nC: EHLO localhost\nS: 250-fake\nS: 250 AUTH PLAIN"]).await;
    let port = smtp.port;
    let mut receiver = Receiver::new(
        "email",
        &format!(
            "to: ops@example.org\nfrom: sereno@example.org\nsmarthost: 127.0.0.1:{port}\nauth_username: tim\nauth_password: s3cret"
        ),
    );
    assert_eq!(
        receiver.told(firing()).await,
        "retry other: 'require_tls' is true (default) but the mail server does not advertise the STARTTLS \
         extension"
    );
    assert_eq!(smtp.mails().len(), 0);
}

#[tokio::test]
async fn lines_with_dots_and_characters_of_all_scripts_arrive() {
    let smtp = Smtp::start([format!("{}{MAIL}", hello("8BITMIME")).as_str()]).await;
    let keys = "text: |\n  .\n  ..dots\n  {{ range .Alerts }}{{ .Annotations.summary }}{{ end }}\nheaders: {Subject: '{{ .CommonLabels.instance }} {{ .CommonLabels.path }}'}";
    assert_eq!(receiver(&smtp, keys).told(unicode()).await, "delivered");
    let mails = smtp.mails();
    let mail = mail_parser::MessageParser::default().parse(mails[0].as_bytes()).expect("a mail");
    assert_eq!(mail.subject(), Some(r#"дб-1 数据库 🔥 <b>&"'\*_`|"#));
    let text = mail.body_text(0).expect("a text");
    assert_eq!(text.replace("\r\n", "\n").trim_end(), ".\n..dots\nDie Größe ist > 95 %\nзаполнен");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = closed.local_addr().expect("it is bound").port();
    drop(closed);
    let mut receiver = at_port(port, "");
    let want = format!("retry other: connect to the mail server 127.0.0.1:{port}: connection refused");
    assert_eq!(receiver.told(firing()).await, want);
}

/// A server may repeat in its answer what it was told.
#[tokio::test]
async fn what_a_server_says_of_refused_recipients_is_logged_without_secrets() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let script = format!(
        "{}C: AUTH PLAIN AHRpbQBzM2NyZXQ=
        S: 235 ok
        C: MAIL FROM:<sereno@example.org>
        S: 250 ok
        C: RCPT TO:<ana@example.org>
        S: 550 tim with s3cret may not write to her
        C: RCPT TO:<ops@example.org>
        S: 250 ok
        C: DATA
        S: 354 go on
        C: <mail>
        S: 250 taken",
        hello("AUTH PLAIN")
    );
    let smtp = Smtp::start([script.as_str()]).await;
    let keys = "auth_username: tim\nauth_password: s3cret\nto: ana@example.org, ops@example.org";
    assert_eq!(receiver(&smtp, keys).told(firing()).await, "delivered");
    assert_eq!(smtp.mails().len(), 1);
    let log = log.text();
    let want =
        "the server refuses ana@example.org: permanent error (550): tim with <secret> may not write to her";
    assert!(log.contains(want) && !log.contains("s3cret"), "{log}");
}

/// What is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&locked(&self.0)).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        locked(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl tracing_subscriber::fmt::MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
