//! Receivers on bad days, over real sockets: what an attempt's outcome is, and that with the server's own loop
//! nothing is lost, nothing comes out of order, and nobody else has to wait.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;

use super::fakes::smtp::Smtp;
use super::fakes::tls::certificates;
use super::fakes::trouble::{Certificates, Heard, Mood, Trouble};
use super::harness::{Receiver, firing};
use super::running::{Running, Tried};

const TOO_MANY: &str =
    "HTTP/1.1 429 Too Many Requests\r\nretry-after: 2\r\ncontent-length: 9\r\n\r\nslow down";
const BROKEN: &str =
    "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 4\r\nconnection: close\r\n\r\noops";
const GARBAGE: &str = "220 mail.example.org ESMTP\r\n";
const LOGIN: &str =
    "HTTP/1.1 302 Found\r\nlocation: https://login.invalid/?to=s3cret\r\ncontent-length: 0\r\n\r\n";
const ENDLESS_ERROR: &str = "HTTP/1.1 500 Oh\r\n\r\n";

/// A server at `localhost` with TLS, and the file of the authorities that are trusted.
fn with_tls(mood: Mood) -> (Trouble, tempfile::NamedTempFile) {
    // Another test of this process may have installed it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let right = certificates(&["localhost"]);
    let other_name = certificates(&["elsewhere"]);
    let unknown = certificates(&["localhost", "unknown"]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), right.0 + &other_name.0).expect("written");
    let acceptor = |config| TlsAcceptor::from(Arc::new(config));
    let certificates = Certificates {
        right: acceptor(right.1),
        other_name: acceptor(other_name.1),
        other_authority: acceptor(unknown.1),
    };
    (Trouble::start(mood, Some(certificates)), file)
}

/// The receiver `sick` at that address, and the receiver `healthy`; both are told of each alert.
fn routes(sick: &str, healthy: &Trouble) -> String {
    format!(
        "route:
  receiver: healthy
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  routes: [{{receiver: sick, continue: true}}, {{receiver: healthy}}]
receivers:
  - {{name: sick, webhook_configs: [{{{sick}}}]}}
  - {{name: healthy, webhook_configs: [{{url: 'http://127.0.0.1:{}/'}}]}}
",
        healthy.port
    )
}

/// The end of a receiver's settings: who meets a server that never ends has not all day.
fn patience(trouble: Mood) -> &'static str {
    match trouble {
        Mood::Deaf | Mood::Silent | Mood::Drips(_) => ", timeout: 2s",
        _ => "",
    }
}

fn plain(port: u16) -> String {
    format!("url: 'http://user:s3cret@127.0.0.1:{port}/s3cret?s3cret'")
}

fn encrypted(port: u16, authorities: &tempfile::NamedTempFile) -> String {
    let file = authorities.path().display();
    format!("url: 'https://localhost:{port}/s3cret', http_config: {{tls_config: {{ca_file: '{file}'}}}}")
}

/// `Disk firing`
fn told(heard: &Heard) -> String {
    let document: serde_json::Value = serde_json::from_str(&heard.body).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    format!("{} {}", text(&document["groupLabels"]["alertname"]), text(&document["status"]))
}

/// What a server took, by group, in order.
fn stories(server: &Trouble) -> BTreeMap<String, Vec<String>> {
    let mut stories: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for told in server.taken().iter().map(told) {
        let (group, status) = told.split_once(' ').expect("two words");
        stories.entry(group.to_owned()).or_default().push(status.to_owned());
    }
    stories
}

/// Each notification is taken once, and is the same in all attempts.
fn assert_each_once_and_the_same(server: &Trouble) {
    let mut bodies = BTreeMap::new();
    for heard in server.heard() {
        let (body, times) = bodies.entry(heard.key.clone()).or_insert((heard.body.clone(), 0));
        assert_eq!(*body, heard.body, "{}", heard.key);
        *times += usize::from(heard.is_taken);
        assert!(*times <= 1, "{} is taken twice", heard.key);
    }
}

/// The key by which `sick` could not be told of the group.
fn key_of_failed(running: &Running, group: &str) -> String {
    let failed =
        |tried: &Tried| tried.receiver == "sick" && tried.group == group && tried.outcome != "delivered";
    let keys: BTreeSet<String> = running.tried().into_iter().filter(failed).map(|tried| tried.key).collect();
    assert_eq!(keys.len(), 1, "{group}: it is one notification: {keys:?}");
    keys.into_iter().next().expect("one")
}

/// A receiver is well, then has this trouble, then is well again, while things go on.
async fn survives(trouble: Mood, error: &str) {
    let healthy = Trouble::start(Mood::Well, None);
    let (sick, _file, address) = match trouble {
        Mood::OtherName | Mood::OtherAuthority => {
            let (sick, file) = with_tls(Mood::Well);
            let address = encrypted(sick.port, &file);
            (sick, Some(file), address)
        }
        _ => {
            let sick = Trouble::start(Mood::Well, None);
            let address = plain(sick.port) + patience(trouble);
            (sick, None, address)
        }
    };
    let running = Running::start(&routes(&address, &healthy));
    running.fire(&["Disk"]).await;
    running
        .until("both know of Disk", || ["sick", "healthy"].map(|who| running.delivered(who)) == [1, 1])
        .await;

    sick.be(trouble);
    let error = &error.replace("PORT", &sick.port.to_string());
    running.fire(&["Load"]).await;
    running.resolve(&["Disk"]).await;
    running.until("the healthy one is told meanwhile", || healthy.taken().len() == 3).await;
    running
        .until("the sick one is tried", || {
            ["Disk", "Load"].iter().all(|group| running.failed("sick", group, error) >= 2)
        })
        .await;
    assert_eq!(sick.taken().len(), 1, "it cannot take anything");
    let keys = ["Disk", "Load"].map(|group| key_of_failed(&running, group));

    sick.be(Mood::Well);
    running.until("the sick one is told", || running.delivered("sick") == 3).await;
    let taken: BTreeMap<String, String> =
        sick.taken().iter().map(|heard| (told(heard), heard.key.clone())).collect();
    assert_eq!([&taken["Disk resolved"], &taken["Load firing"]], [&keys[0], &keys[1]], "the same keys");
    running.resolve(&["Load"]).await;
    running
        .until("all know that it is over", || ["sick", "healthy"].map(|who| running.delivered(who)) == [4, 4])
        .await;

    let story = ["firing", "resolved"].map(str::to_owned).to_vec();
    let want = BTreeMap::from([("Disk".to_owned(), story.clone()), ("Load".to_owned(), story)]);
    assert_eq!((stories(&sick), stories(&healthy)), (want.clone(), want));
    assert_each_once_and_the_same(&sick);
    for tried in running.tried() {
        let is_delivered = tried.outcome == "delivered";
        assert!(is_delivered || tried.receiver == "sick" && !tried.outcome.contains("s3cret"), "{tried:?}");
    }
}

#[tokio::test]
async fn survives_a_closed_port() {
    survives(Mood::Refuses, "other: connect to 127.0.0.1:PORT: connection refused").await;
}

#[tokio::test]
async fn survives_a_server_that_hangs() {
    survives(Mood::Deaf, "contextDeadlineExceeded: no answer in time").await;
}

#[tokio::test]
async fn survives_a_server_that_reads_and_does_not_answer() {
    survives(Mood::Silent, "contextDeadlineExceeded: no answer in time").await;
}

#[tokio::test]
async fn survives_a_reset_in_the_middle_of_the_request() {
    survives(Mood::ResetsRequest, "other: request to 127.0.0.1:PORT: ").await;
}

#[tokio::test]
async fn survives_a_reset_in_the_middle_of_the_answer() {
    survives(Mood::ResetsAnswer, "other: request to 127.0.0.1:PORT: ").await;
}

#[tokio::test]
async fn survives_a_server_that_closes_after_the_request() {
    survives(Mood::Closes, "other: request to 127.0.0.1:PORT: ").await;
}

#[tokio::test]
async fn survives_an_answer_that_drips() {
    survives(Mood::Drips("HTTP/1.1 2"), "contextDeadlineExceeded: no answer in time").await;
}

#[tokio::test]
async fn survives_a_server_that_asks_for_time() {
    survives(Mood::Says(TOO_MANY), "rateLimited: unexpected status code 429: slow down").await;
}

#[tokio::test]
async fn survives_a_server_that_is_broken() {
    survives(Mood::Says(BROKEN), "serverError: unexpected status code 500: oops").await;
}

#[tokio::test]
async fn survives_a_login_page_in_front_of_the_server() {
    survives(
        Mood::Says(LOGIN),
        "other: HTTP 302 redirects to https://login.invalid/?…, where nothing of what",
    )
    .await;
}

#[tokio::test]
async fn survives_an_error_that_never_ends() {
    survives(Mood::Babbles(ENDLESS_ERROR), "serverError: unexpected status code 500: blah blah").await;
}

#[tokio::test]
async fn survives_what_is_no_http() {
    survives(Mood::Says(GARBAGE), "other: request to 127.0.0.1:PORT: invalid HTTP version").await;
}

#[tokio::test]
async fn survives_a_certificate_for_another_name() {
    survives(Mood::OtherName, "certificate not valid for name \"localhost\"").await;
}

#[tokio::test]
async fn survives_a_certificate_of_an_unknown_authority() {
    survives(Mood::OtherAuthority, "invalid peer certificate: UnknownIssuer").await;
}

#[tokio::test]
async fn a_name_that_does_not_resolve_can_be_mended_in_the_file() {
    let (sick, healthy) = (Trouble::start(Mood::Well, None), Trouble::start(Mood::Well, None));
    let running = Running::start(&routes("url: 'http://nobody.invalid/s3cret'", &healthy));
    running.fire(&["Disk"]).await;
    running.until("it is tried", || running.failed("sick", "Disk", "") >= 2).await;
    assert_eq!(stories(&healthy).len(), 1, "the other one knows");
    let key = key_of_failed(&running, "Disk");
    let failed: Vec<_> = running.tried().into_iter().filter(|tried| tried.outcome != "delivered").collect();
    for tried in failed {
        let outcome = tried.outcome;
        assert!(outcome.starts_with("other: connect to nobody.invalid:80: failed to lookup"), "{outcome}");
        assert!(!outcome.contains("s3cret"), "{outcome}");
    }
    running.reload(&routes(&plain(sick.port), &healthy)).await;
    running.until("it is told", || running.delivered("sick") == 1).await;
    running.resolve(&["Disk"]).await;
    running.until("it is told of the end", || running.delivered("sick") == 2).await;
    assert_eq!(sick.taken()[0].key, key);
    assert_eq!(stories(&sick)["Disk"], ["firing", "resolved"]);
    assert_each_once_and_the_same(&sick);
}

#[tokio::test]
async fn a_server_that_asks_for_time_gets_it_and_nobody_else_waits() {
    let (sick, healthy) = (Trouble::start(Mood::Says(TOO_MANY), None), Trouble::start(Mood::Well, None));
    let running = Running::start(&routes(&plain(sick.port), &healthy));
    running.fire(&["Disk"]).await;
    running.until("it said so", || running.failed("sick", "Disk", "") == 1).await;
    sick.be(Mood::Well);
    running.fire(&["Load"]).await;
    running.until("the other one knows", || healthy.taken().len() == 2).await;
    assert_eq!(sick.heard().len(), 1, "it has its time");
    running.until("it is told", || running.delivered("sick") == 2).await;
    let heard = sick.heard();
    assert!(heard[1].at - heard[0].at >= Duration::from_secs(2), "{heard:?}");
    assert_each_once_and_the_same(&sick);
}

/// Groups of which some end, some begin and some begin and end while a server is away.
async fn hundreds_of_groups_survive(trouble: Mood) {
    let (sick, healthy) = (Trouble::start(Mood::Well, None), Trouble::start(Mood::Well, None));
    let running = Running::start(&routes(&plain(sick.port), &healthy));
    let names: Vec<String> = (0..350).map(|number| format!("A{number:03}")).collect();
    let (old, brief) = (&names[..200], &names[300..]);
    let ended = &old[..100];
    running.fire(old).await;
    let both_know = || ["sick", "healthy"].map(|who| running.delivered(who)) == [200, 200];
    running.until("both know", both_know).await;

    sick.be(trouble);
    running.resolve(ended).await;
    running.fire(&names[200..]).await;
    running.until("the healthy one knows", || healthy.taken().len() == 450).await;
    running.resolve(brief).await;
    running.until("the healthy one knows more", || healthy.taken().len() == 500).await;
    running.until("the sick one was tried", || running.all_failed("sick") >= 5).await;
    assert_eq!(sick.taken().len(), 200);
    let waiting = running.waiting().await;
    assert!((200..=250).contains(&waiting), "one a group: {waiting}");

    sick.be(Mood::Well);
    let wrong = || {
        let stories = stories(&sick);
        let story = |name: &String| stories.get(name).map(|story| story.join(" ")).unwrap_or_default();
        let is_right = |name: &&String| match story(name).as_str() {
            "firing resolved" => ended.contains(name) || brief.contains(name),
            "firing" => !ended.contains(name) && !brief.contains(name),
            // That they fired it may have heard, so it may hear that they do not.
            "" | "resolved" => brief.contains(name),
            _ => false,
        };
        names
            .iter()
            .filter(|name| !is_right(name))
            .map(|name| format!("{name}: {}", story(name)))
            .collect::<Vec<_>>()
    };
    running.until("it knows everything", || wrong().is_empty()).await;
    running.until_nothing_waits().await;
    assert_eq!(wrong(), [""; 0]);
    assert_each_once_and_the_same(&sick);
    // Far from one a group. No more than 16 requests are on their way at once (`who_got_no_turn_was_not_told`), but
    // a busy server sees the end of a connection only after others have begun.
    assert!(sick.counts().most_open <= 100, "{:?}", sick.counts());
}

#[tokio::test]
async fn hundreds_of_groups_survive_a_closed_port() {
    hundreds_of_groups_survive(Mood::Refuses).await;
}

#[tokio::test]
async fn hundreds_of_groups_survive_a_server_that_closes_after_each_request() {
    hundreds_of_groups_survive(Mood::Closes).await;
}

/// What comes of one attempt: class, whether the message may have been taken, and what people read.
#[tokio::test]
async fn an_attempt_says_what_was_wrong_and_whether_it_may_have_been_taken() {
    for (trouble, want) in [
        (Mood::Well, "delivered"),
        (Mood::Refuses, "retry other: connect to 127.0.0.1:PORT: connection refused"),
        (Mood::Deaf, "retry contextDeadlineExceeded (maybe taken): no answer in time"),
        (Mood::Silent, "retry contextDeadlineExceeded (maybe taken): no answer in time"),
        (
            Mood::ResetsRequest,
            "retry other (maybe taken): request to 127.0.0.1:PORT: connection reset by peer",
        ),
        (
            Mood::ResetsAnswer,
            "retry other (maybe taken): request to 127.0.0.1:PORT: connection reset by peer",
        ),
        (
            Mood::Closes,
            "retry other (maybe taken): request to 127.0.0.1:PORT: connection closed before message completed",
        ),
        (Mood::Drips("HTTP/1.1 2"), "retry contextDeadlineExceeded (maybe taken): no answer in time"),
        (Mood::Says(TOO_MANY), "retry rateLimited after 2s: unexpected status code 429: slow down"),
        (Mood::Says(BROKEN), "retry serverError: unexpected status code 500: oops"),
        (
            Mood::Says(GARBAGE),
            "retry other (maybe taken): request to 127.0.0.1:PORT: invalid HTTP version parsed",
        ),
        (
            Mood::Babbles("HTTP/1.1 200 OK\r\nx: "),
            "retry other (maybe taken): request to 127.0.0.1:PORT: message head is too large",
        ),
    ] {
        let server = Trouble::start(trouble, None);
        let mut receiver =
            Receiver::new("webhook", &format!("{{{}{}}}", plain(server.port), patience(trouble)));
        let got = receiver.told(firing()).await.replace(&server.port.to_string(), "PORT");
        assert!(got.starts_with(want), "{trouble:?}: {got}");
    }
    for (trouble, want) in [
        (Mood::OtherName, "invalid peer certificate: certificate not valid for name \"localhost\"; "),
        (Mood::OtherAuthority, "invalid peer certificate: UnknownIssuer"),
    ] {
        let (server, file) = with_tls(trouble);
        let got =
            Receiver::new("webhook", &format!("{{{}}}", encrypted(server.port, &file))).told(firing()).await;
        let want = format!("retry other: connect to localhost:{}: {want}", server.port);
        assert!(got.starts_with(&want), "{trouble:?}: {got}");
        assert!(server.heard().is_empty(), "nothing is said to a stranger");
    }
    let got = Receiver::new("webhook", "url: http://nobody.invalid/s3cret").told(firing()).await;
    assert!(got.starts_with("retry other: connect to nobody.invalid:80: failed to lookup"), "{got}");
}

/// Who has got nothing has not taken anything: the deadline comes while TLS, or a tunnel through a proxy, is waited
/// for.
#[tokio::test]
async fn a_deadline_before_anything_is_sent_leaves_no_doubt() {
    let server = Trouble::start(Mood::Deaf, None);
    let port = server.port;
    let proxied =
        format!("url: 'https://hook.example/s3cret', http_config: {{proxy_url: 'http://127.0.0.1:{port}'}}");
    for keys in [format!("url: 'https://127.0.0.1:{port}/s3cret'"), proxied] {
        let mut receiver = Receiver::new("webhook", &format!("{{{keys}}}"));
        receiver.patience = sereno::model::Duration::from_secs(1);
        assert_eq!(
            receiver.told(firing()).await,
            "retry contextDeadlineExceeded: no connection in time",
            "{keys}"
        );
    }
}

/// The status says how it went: who has taken a message does not get it again because the rest of the answer is
/// late, is cut off or never ends.
#[tokio::test]
async fn an_answer_counts_although_it_does_not_end_well() {
    for (trouble, want) in [
        (Mood::Drips("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"), "delivered"),
        (Mood::Says("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\nok"), "delivered"),
        (Mood::Babbles("HTTP/1.1 200 OK\r\n\r\n"), "delivered"),
        (
            Mood::Drips("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 9999\r\n\r\n"),
            "retry serverError after 7s: unexpected status code 503: ..",
        ),
        (
            Mood::Says("HTTP/1.1 429 No\r\nretry-after: 7\r\ncontent-length: 9999\r\n\r\nslow"),
            "retry rateLimited after 7s: unexpected status code 429: slow",
        ),
        (Mood::Babbles(ENDLESS_ERROR), "retry serverError: unexpected status code 500: blah blah"),
        (
            Mood::Says("HTTP/1.1 400 No\r\ncontent-length: 9999\r\n\r\nwhat?"),
            "refused clientError: unexpected status code 400: what?",
        ),
    ] {
        let server = Trouble::start(trouble, None);
        let mut receiver =
            Receiver::new("webhook", &format!("{{{}{}}}", plain(server.port), patience(trouble)));
        let got = receiver.told(firing()).await;
        assert!(got.starts_with(want) && got.len() < 700, "{trouble:?}: {got}");
    }
}

/// A webhook that was told once, so that the HTTP client is there: on a busy machine its making takes a second.
async fn acquainted() -> (Trouble, Receiver) {
    let server = Trouble::start(Mood::Well, None);
    let mut receiver = Receiver::new("webhook", &plain(server.port));
    assert_eq!(receiver.told(firing()).await, "delivered");
    (server, receiver)
}

/// The same where the time is that of the attempt.
#[tokio::test]
async fn an_answer_that_drips_has_no_more_time_than_the_attempt() {
    let (server, mut receiver) = acquainted().await;
    server.be(Mood::Drips("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"));
    receiver.patience = sereno::model::Duration::from_secs(1);
    assert_eq!(receiver.told(firing()).await, "delivered");
}

#[tokio::test]
async fn who_got_no_turn_was_not_told() {
    let (server, mut receiver) = acquainted().await;
    server.be(Mood::Silent);
    receiver.patience = sereno::model::Duration::from_secs(1);
    let mut outcomes = receiver.told_at_once(20, firing()).await;
    assert_eq!(server.counts().most_open, 16);
    outcomes.sort();
    let no_turn = "retry contextDeadlineExceeded: no turn before the deadline: other messages to this receiver \
                   are not answered";
    let no_answer = "retry contextDeadlineExceeded (maybe taken): no answer in time";
    let want = [vec![no_answer; 16], vec![no_turn; 4]].concat();
    assert_eq!(outcomes, want);
}

/// Mails: a server that goes away in the middle of the conversation, then at its end, then is well.
#[tokio::test]
async fn a_mail_survives_a_server_that_goes_away() {
    let start =
        "S: 220 fake\nC: EHLO localhost\nS: 250 fake\nC: EHLO localhost\nS: 250 fake\nC: MAIL…\nS: 250 ok\n";
    let data = format!("{start}C: RCPT…\nS: 250 ok\nC: DATA\nS: 354 go\nC: <mail>\n");
    let scripts =
        [format!("{start}C: RCPT…\nS: <close>"), format!("{data}S: <close>"), format!("{data}S: 250 taken")];
    let smtp = Smtp::start(scripts.iter().map(String::as_str)).await;
    let routes = format!(
        "route: {{receiver: ops, group_by: [alertname], group_wait: 0s, group_interval: 1s}}
receivers:
  - name: ops
    email_configs:
      - {{to: ops@example.org, from: sereno@example.org, smarthost: '127.0.0.1:{}', require_tls: false}}
",
        smtp.port
    );
    let running = Running::start(&routes);
    running.fire(&["Disk"]).await;
    running.until("it is told", || running.delivered("ops") == 1).await;
    let outcomes: Vec<String> = running.tried().into_iter().map(|tried| tried.outcome).collect();
    let want = [
        "other: recipient: response error: incomplete response",
        "other: content of the mail: response error: incomplete response",
        "delivered",
    ];
    assert_eq!(outcomes, want);
    let mails = smtp.mails();
    let id = |mail: &str| mail.lines().find(|line| line.starts_with("Message-Id: ")).map(str::to_owned);
    assert_eq!((mails.len(), id(&mails[0])), (2, id(&mails[1])), "mail programs see that it is the same");
}
