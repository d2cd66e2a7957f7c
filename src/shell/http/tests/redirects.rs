//! Redirects, and what is shown to the servers that they lead to.

use super::server::{Heard, ok, serve};
use super::{HttpClients, HttpError, Request, post};
use crate::config::http::{HttpAuth, HttpSettings, SecretSource};

/// What a server was sent, in one line.
fn line(heard: &Heard) -> String {
    let [auth, team, own, kind] =
        ["authorization", "x-team", "x-own", "content-type"].map(|name| heard.header(name));
    let Heard { method, path, body, .. } = heard;
    format!("{method} {path} body={body} auth={auth} team={team} own={own} type={kind}")
}

fn settings() -> HttpSettings {
    HttpSettings {
        auth: HttpAuth::Authorization { scheme: "Bearer".into(), credentials: "s3cret".into() },
        headers: vec![("X-Team".into(), SecretSource::Inline("db".into()))],
        follow_redirects: true,
        ..HttpSettings::default()
    }
}

async fn send(url: &str, http: &HttpSettings) -> Result<u16, HttpError> {
    send_as(url, http, false).await
}

async fn send_as(url: &str, http: &HttpSettings, may_drop_body: bool) -> Result<u16, HttpError> {
    let headers = vec![("X-Own", "token"), ("Content-Type", "text/plain")];
    let request = Request { headers, may_drop_body, ..post(url, http) };
    HttpClients::default().send(request).await.map(|answer| answer.status)
}

#[tokio::test]
async fn another_server_gets_the_body_but_no_secret() {
    let (there, seen_there) = serve(|_| ok("")).await;
    let to = there.clone();
    let (here, seen_here) = serve(move |heard| match heard.path.as_str() {
        "/away" => (307, ("location", format!("http://{to}/end")), String::new()),
        "/within" => (308, ("location", "/away".to_owned()), String::new()),
        "/read" => (302, ("location", "/end".to_owned()), String::new()),
        _ => ok(""),
    })
    .await;
    assert_eq!(send(&format!("http://{here}/within"), &settings()).await.expect("answered"), 200);
    assert_eq!(
        seen_here.take().iter().map(line).collect::<Vec<_>>(),
        [
            "POST /within body=hello auth=Bearer s3cret team=db own=token type=text/plain",
            "POST /away body=hello auth=Bearer s3cret team=db own=token type=text/plain",
        ]
    );
    let seen = seen_there.take();
    assert_eq!(line(&seen[0]), "POST /end body=hello auth=- team=- own=- type=text/plain");
    assert_eq!(seen[0].header("referer"), "-", "it would show the secret URL");

    let read = format!("http://u:p@{here}/read");
    assert_eq!(send_as(&read, &settings(), true).await.expect("answered"), 200);
    assert_eq!(line(&seen_here.take()[1]), "GET /end body= auth=Bearer s3cret team=db own=token type=-");
    assert!(seen_there.take().is_empty());

    let error = send(&read, &settings()).await.expect_err("the body would be dropped").to_string();
    assert!(error.starts_with(&format!("HTTP 302 redirects to http://{here}/end, ")), "{error}");
    assert_eq!(seen_here.take().len(), 1);
}

#[tokio::test]
async fn without_follow_redirects_the_redirect_is_the_answer() {
    let (here, seen) = serve(|_| (307, ("location", "/again".to_owned()), String::new())).await;
    let stay = HttpSettings { follow_redirects: false, ..settings() };
    assert_eq!(send(&format!("http://{here}/"), &stay).await.expect("answered"), 307);
    assert_eq!(seen.take().len(), 1);
    let error = send(&format!("http://{here}/"), &settings()).await.expect_err("it goes in circles");
    assert_eq!((error.to_string().as_str(), seen.take().len()), ("stopped after 10 redirects", 11));
    for (status, location) in [(302, "/again"), (301, "gopher://elsewhere")] {
        let (here, _) = serve(move |_| (status, ("location", location.to_owned()), String::new())).await;
        assert_eq!(send(&format!("http://{here}/"), &stay).await.expect("answered"), status);
    }
}

#[tokio::test]
async fn no_error_of_a_redirect_shows_what_may_be_a_secret() {
    for (status, location) in [
        (302, "gopher://hidden/hidden"),
        (307, "http://hidden:hidden@127.0.0.1:1/hidden"),
        (301, "http://hidden:hidden@127.0.0.1:1/login?hidden#hidden"),
    ] {
        let (here, _) = serve(move |_| (status, ("location", location.to_owned()), String::new())).await;
        let error = send(&format!("http://{here}/"), &settings()).await.expect_err(location).to_string();
        assert!(!error.contains("hidden"), "{error}");
    }
}
