//! Requests to servers of the test's own, over real sockets.

use std::io::Write;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing;

use super::{AnswerLimit, HttpClients, HttpError, Request};
use crate::config::http::{HttpAuth, HttpSettings, SecretSource};

mod proxies;
mod redirects;
mod server;
mod tls;
mod tokens;

/// `hello`, posted to `url`.
fn post<'a>(url: &'a str, http: &'a HttpSettings) -> Request<'a> {
    Request {
        method: "POST",
        url,
        http,
        headers: Vec::new(),
        body: b"hello".to_vec(),
        may_drop_body: false,
        timeout: Duration::from_secs(20),
        answer: WHOLE,
    }
}

/// A server that answers with what it was sent, and one path that never answers.
async fn server() -> String {
    // An error means that another test of this process was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let echo = |headers: HeaderMap, body: String| async move {
        let header = |name: &str| headers.get_all(name).iter().map(|v| format!("{v:?} ")).collect::<String>();
        (StatusCode::ACCEPTED, format!("{}| {}| {body}", header("authorization"), header("x-team")))
    };
    let app = Router::new()
        .route("/echo", routing::post(echo))
        .route("/hang", routing::post(std::future::pending::<()>));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(axum::serve(listener, app).into_future());
    address.to_string()
}

async fn send(url: &str, http: &HttpSettings, answer: AnswerLimit) -> Result<String, HttpError> {
    let timeout = Duration::from_millis(500);
    let request = Request { headers: vec![("X-Team", "default")], timeout, answer, ..post(url, http) };
    let answer = HttpClients::default().send(request).await?;
    Ok(format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body)))
}

const WHOLE: AnswerLimit = AnswerLimit::Whole(1000);

#[tokio::test]
async fn credentials_and_headers_are_those_of_the_settings() {
    let address = server().await;
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    writeln!(file, "s3cret").expect("written");
    let secret = SecretSource::File(file.path().display().to_string().into());
    let basic = HttpAuth::Basic { username: "ops".into(), password: Some(secret.clone()) };
    let bearer = HttpAuth::Authorization { scheme: "Bearer".into(), credentials: secret.clone() };
    let team = vec![("X-Team".into(), SecretSource::Inline("db".into()))];
    let teams = vec![("X-Team".into(), "a".into()), ("x-team".into(), secret.clone())];
    let named = HttpAuth::Basic { username: secret.clone(), password: None };
    for (url, auth, headers, want) in [
        ("http://HOST/echo", HttpAuth::None, vec![], r#"202 | "default" | hello"#),
        ("http://HOST/echo", HttpAuth::None, team, r#"202 | "db" | hello"#),
        ("http://HOST/echo", HttpAuth::None, teams, r#"202 | "a" "s3cret" | hello"#),
        ("http://HOST/echo", named, vec![], r#"202 "Basic czNjcmV0Og==" | "default" | hello"#),
        ("http://HOST/echo", basic, vec![], r#"202 "Basic b3BzOnMzY3JldA==" | "default" | hello"#),
        ("http://HOST/echo", bearer.clone(), vec![], r#"202 "Bearer s3cret" | "default" | hello"#),
        ("http://a:b@HOST/echo", HttpAuth::None, vec![], r#"202 "Basic YTpi" | "default" | hello"#),
        ("http://a:b@HOST/echo", bearer, vec![], r#"202 "Bearer s3cret" | "default" | hello"#),
    ] {
        let http = HttpSettings { auth, headers, ..HttpSettings::default() };
        let got = send(&url.replace("HOST", &address), &http, WHOLE).await;
        assert_eq!(got.expect("answered"), want, "{url}");
    }
}

#[tokio::test]
async fn answers_are_bounded() {
    let url = format!("http://{}/echo", server().await);
    let http = HttpSettings::default();
    let whole = send(&url, &http, AnswerLimit::Whole(10)).await;
    assert!(matches!(whole, Err(HttpError::TooLarge(10))), "{whole:?}");
    assert_eq!(send(&url, &http, AnswerLimit::Start(6)).await.expect("answered"), r#"202 | "def"#);
}

#[tokio::test]
async fn no_error_shows_a_url_or_a_secret() {
    let address = server().await;
    let http = HttpSettings::default();
    let bad_header = HttpSettings {
        auth: HttpAuth::Authorization {
            scheme: "Bearer".into(),
            credentials: SecretSource::Inline("hidden\nhidden".into()),
        },
        ..HttpSettings::default()
    };
    for (url, http, want) in [
        ("http://hidden:hidden@HOST/hang?hidden", &http, "no answer in time"),
        ("http://hidden:hidden@127.0.0.1:1/hidden", &http, "connect to 127.0.0.1:1: connection refused"),
        ("hidden", &http, "not a valid URL"),
        ("gopher://hidden/hidden", &http, "URL scheme is not allowed"),
        ("http://HOST/echo", &bad_header, "header authorization is not valid"),
    ] {
        let error = send(&url.replace("HOST", &address), http, WHOLE).await.expect_err(want).to_string();
        assert!(error.contains(want) && !error.contains("hidden"), "{error}");
    }
    let http = HttpSettings {
        auth: HttpAuth::Basic { username: "a".into(), password: Some(SecretSource::File("/none".into())) },
        ..HttpSettings::default()
    };
    let error = send(&format!("http://{address}/echo"), &http, WHOLE).await.expect_err("no file");
    assert!(error.to_string().starts_with("cannot read the secret in /none: "), "{error}");
}

#[tokio::test]
async fn a_request_that_says_itself_who_sends_it_is_left_alone() {
    let (address, seen) = server::serve(|_| server::ok("")).await;
    let auth = HttpAuth::Authorization { scheme: "Bearer".into(), credentials: "theirs".into() };
    let http = HttpSettings { auth, ..HttpSettings::default() };
    let url = format!("http://{address}");
    let request = Request { headers: vec![("Authorization", "Own token")], ..post(&url, &http) };
    HttpClients::default().send(request).await.expect("answered");
    assert_eq!(seen.take()[0].header("authorization"), "Own token");
}
