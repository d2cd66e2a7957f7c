//! Mails to real mail servers: chasquid and Exim, from their Debian packages. What chasquid stored is read again as
//! mail programs do.

mod exim;
mod mail_server;

use mail_parser::{Message, MessageParser};

use self::exim::{Exim, Wants};
use self::mail_server::MailServer;
use super::harness::{Receiver, alert, firing, resolved, unicode};

fn receiver(server: &MailServer, keys: &str) -> Receiver {
    let keys = keys.replace("CA", &server.ca());
    let start = "from: Sereno <sereno@example.org>\nauth_username: sereno@example.org";
    let to = if keys.contains("to: ") { "" } else { "\nto: ops@example.org" };
    Receiver::new("email", &format!("{start}{to}\n{keys}"))
}

/// Keys for STARTTLS with the right password.
fn starttls(server: &MailServer) -> String {
    format!("smarthost: localhost:{}\nauth_password: s3cret\ntls_config: {{ca_file: CA}}", server.starttls)
}

fn read(text: &str) -> Message<'_> {
    MessageParser::default().parse(text.as_bytes()).expect("a mail")
}

#[tokio::test]
async fn a_mail_arrives_with_all_its_parts() {
    let server = MailServer::start().await;
    let keys = format!(
        "{}\ntext: 'Down: {{{{ .CommonAnnotations.summary }}}}'\nheaders: {{Subject: 'Größe: {{{{ .CommonAnnotations.summary }}}}', X-Team: db, Reply-To: 'Núñez <n@example.org>'}}\nthreading: {{enabled: true, thread_by_date: none}}",
        starttls(&server)
    );
    let mut receiver = receiver(&server, &keys);
    assert_eq!(receiver.told(firing()).await, "delivered");
    let first = server.mail("ops").await;
    let mail = read(&first);
    assert_eq!(mail.subject(), Some("Größe: The disk of db1 is full"));
    let address = |list: Option<&mail_parser::Address<'_>>| {
        let one = list.and_then(|list| list.first()).expect("an address");
        (one.name().map(str::to_owned), one.address().map(str::to_owned))
    };
    let named = |name: &str, address: &str| (Some(name.to_owned()), Some(address.to_owned()));
    assert_eq!(address(mail.from()), named("Sereno", "sereno@example.org"));
    assert_eq!(address(mail.to()), (None, Some("ops@example.org".to_owned())));
    assert_eq!(address(mail.reply_to()), named("Núñez", "n@example.org"));
    assert_eq!(mail.header("X-Team").and_then(|value| value.as_text()), Some("db"));
    assert_eq!(mail.body_text(0).as_deref().map(str::trim), Some("Down: The disk of db1 is full"));
    let html = mail.body_html(0).expect("HTML");
    assert!(html.contains("<html") && html.contains("Disk full"), "{html}");
    assert!(mail.date().is_some() && mail.message_id().is_some_and(|id| id.contains('@')));
    let root = mail.references().as_text().expect("a thread").to_owned();
    assert_eq!(mail.in_reply_to().as_text(), Some(root.as_str()));
    assert!(first.contains("TLS-1.3"), "the server says how it got it: {first}");
    assert!(first.lines().all(|line| line.len() <= 998 && line.is_ascii()), "{first}");

    assert_eq!(receiver.told(resolved()).await, "delivered");
    let second = server.mail("ops").await;
    let mail = read(&second);
    assert_eq!(mail.references().as_text(), Some(root.as_str()), "one thread");
    assert_ne!(mail.message_id(), read(&first).message_id());
}

#[tokio::test]
async fn native_mails_look_the_same_for_who_reads_text_and_for_who_reads_html() {
    let server = MailServer::start().await;
    let mut receiver = receiver(&server, &starttls(&server)).with_handlebars();
    let evil = "\"><script>alert(1)</script>\r\nBcc: evil@example.org\r\n\r\nx";
    let alerts = vec![alert(&[("instance", evil), ("severity", "page")], &[("summary", evil)], false)];
    for (alerts, subject) in [
        (firing(), "[FIRING:1] Disk full: The disk of db1 is full (page)"),
        (resolved(), "[RESOLVED] Disk full: The disk of db1 is full (page)"),
        (unicode(), "[FIRING:1] Disk full: Die Größe ist > 95 % заполнен"),
        (alerts, "[FIRING:1] Disk full: \"><script>alert(1)</script> Bcc: evil@example.org x (page)"),
    ] {
        assert_eq!(receiver.told(alerts).await, "delivered");
        let text = server.mail("ops").await;
        let mail = read(&text);
        assert_eq!(mail.subject(), Some(subject));
        let (text, html) = (mail.body_text(0).expect("text"), mail.body_html(0).expect("HTML"));
        assert!(text.starts_with(subject), "{text}");
        assert!(html.starts_with("<!DOCTYPE html>") && !html.contains("<script"), "{html}");
        assert!(mail.bcc().is_none(), "a label is no header");
    }
}

#[tokio::test]
async fn tls_from_the_start() {
    let server = MailServer::start().await;
    let keys = format!(
        "smarthost: localhost:{}\nforce_implicit_tls: true\nauth_password: s3cret\ntls_config: {{ca_file: CA}}",
        server.implicit
    );
    assert_eq!(receiver(&server, &keys).told(firing()).await, "delivered");
    assert_eq!(read(&server.mail("ops").await).subject(), Some("[FIRING:1] Disk full (db1 page)"));
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_hears_no_password() {
    let server = MailServer::start().await;
    let port = server.starttls;
    let keys = |tls: &str| format!("smarthost: localhost:{port}\nauth_password: s3cret\n{tls}");
    for (tls, want) in [
        ("", "retry other: cannot speak TLS with the mail server: invalid peer certificate: UnknownIssuer"),
        (
            "tls_config: {ca_file: CA, server_name: mail.example.org}",
            "retry other: cannot speak TLS with the mail server: invalid peer certificate: certificate not \
             valid for name \"mail.example.org\"",
        ),
        ("tls_config: {ca_file: /nowhere/ca.pem}", "retry other: cannot use /nowhere/ca.pem: No such file"),
    ] {
        let told = receiver(&server, &keys(tls)).told(firing()).await;
        assert!(told.starts_with(want), "{told}");
    }
    let anybody = keys("tls_config: {insecure_skip_verify: true}");
    assert_eq!(receiver(&server, &anybody).told(firing()).await, "delivered");
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let server = MailServer::start().await;
    let keys = starttls(&server).replace("s3cret", "s3cret-too");
    let told = receiver(&server, &keys).told(firing()).await;
    assert!(told.starts_with("refused authError: login at the mail server: permanent error (535)"), "{told}");
}

#[tokio::test]
async fn those_who_exist_get_their_mail_although_others_do_not() {
    let server = MailServer::start().await;
    let keys = starttls(&server);
    let to = "to: nobody@example.org, Ana <ana@example.org>, ops@example.org";
    assert_eq!(receiver(&server, &format!("{to}\n{keys}")).told(firing()).await, "delivered");
    for user in ["ana", "ops"] {
        assert_eq!(read(&server.mail(user).await).subject(), Some("[FIRING:1] Disk full (db1 page)"));
    }
    let told = receiver(&server, &format!("to: nobody@example.org\n{keys}")).told(firing()).await;
    let want = "refused clientError: the server refuses nobody@example.org: permanent error (550): 5.1.1";
    assert!(told.starts_with(want), "{told}");
}

#[tokio::test]
async fn login_and_cram_md5_are_what_a_server_knows_them_as() {
    for (wants, key, mechanism) in
        [(Wants::Login, "auth_password", "login"), (Wants::CramMd5, "auth_secret", "cram")]
    {
        let server = Exim::start(wants).await;
        let port = server.port;
        let keys = |secret: &str| {
            format!(
                "to: ana@example.org\nfrom: sereno@example.org\nsmarthost: 127.0.0.1:{port}\nrequire_tls: false\n\
                 auth_username: ops\n{key}: {secret}"
            )
        };
        let told = Receiver::new("email", &keys("s3cret-too")).told(firing()).await;
        let want = "refused authError: login at the mail server: permanent error (535)";
        assert!(told.starts_with(want), "{mechanism}: {told}");
        assert_eq!(Receiver::new("email", &keys("s3cret")).told(firing()).await, "delivered", "{mechanism}");
        let taken = server.taken().await;
        let want = format!(" A={mechanism}:ops ");
        assert!(taken.contains(" <= sereno@example.org ") && taken.contains(&want), "{taken}");
    }
}

#[tokio::test]
async fn a_server_that_wants_a_certificate_gets_ours() {
    for is_implicit in [false, true] {
        let server = Exim::start(Wants::Certificate).await;
        let port = if is_implicit { server.implicit } else { server.port };
        let keys = |identity: &str| {
            format!(
                "to: ana@example.org\nfrom: sereno@example.org\nsmarthost: localhost:{port}\n\
                 force_implicit_tls: {is_implicit}\ntls_config: {{ca_file: {}{identity}}}",
                server.path("ca.pem")
            )
        };
        let identity = |name: &str| {
            let [certificate, key] = ["pem", "key"].map(|kind| server.path(&format!("{name}.{kind}")));
            format!(", cert_file: {certificate}, key_file: {key}")
        };
        // With TLS 1.3 the refusal comes after the handshake, whatever is said then.
        for other in [String::new(), identity("stranger")] {
            let told = Receiver::new("email", &keys(&other)).told(firing()).await;
            assert!(told.starts_with("retry other: "), "{told}");
        }
        assert!(!server.log().contains(" <= "), "{}", server.log());
        let told = Receiver::new("email", &keys(&identity("ours"))).told(firing()).await;
        assert_eq!(told, "delivered", "{}", server.log());
        let taken = server.taken().await;
        assert!(taken.contains(" CV=yes DN=\"") && taken.contains("CN=sereno.example.org"), "{taken}");
    }
}
