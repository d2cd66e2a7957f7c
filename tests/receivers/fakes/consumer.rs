//! A program as people write it behind a webhook: `POST /webhook` goes through `alerts`, takes status, labels and
//! annotations of each, and posts a line about it to Slack. It knows nothing of the rest of the document, and
//! fails where something is missing.

use std::fmt::Write;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};
use sereno::config::routes::HttpSettings;
use sereno::shell::http::{AnswerLimit, HttpClients, Request};

#[derive(Deserialize)]
struct Document {
    alerts: Vec<Alert>,
}

#[derive(Deserialize)]
struct Alert {
    status: String,
    labels: Value,
    annotations: Value,
}

/// Runs it; gives its address. It posts to this webhook of Slack's.
pub(crate) async fn start(slack: String) -> String {
    let consume = move |Json(document): Json<Document>| {
        let slack = slack.clone();
        async move {
            for alert in document.alerts {
                let body = json!({"text": line(&alert)?}).to_string().into_bytes();
                let request = Request {
                    method: "POST",
                    url: &slack,
                    http: &HttpSettings::default(),
                    headers: vec![("Content-Type", "application/json")],
                    body,
                    may_drop_body: false,
                    timeout: Duration::from_secs(10),
                    answer: AnswerLimit::Start(100),
                };
                let answer = HttpClients::default().send(request).await;
                let is_posted = answer.is_ok_and(|answer| answer.status == 200);
                is_posted.then_some(()).ok_or(StatusCode::BAD_GATEWAY)?;
            }
            Ok::<_, StatusCode>("OK")
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/webhook", listener.local_addr().expect("it is bound"));
    let app = axum::Router::new().route("/webhook", post(consume));
    tokio::spawn(axum::serve(listener, app).into_future());
    url
}

/// `FIRING Disk full on db1 (page): The disk of db1 is full`.
fn line(alert: &Alert) -> Result<String, StatusCode> {
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut line = format!("{} {}", alert.status.to_uppercase(), text(&alert.labels["alertname"])?);
    for (name, before, after) in [("instance", " on ", ""), ("severity", " (", ")")] {
        if let Some(value) = alert.labels[name].as_str() {
            write!(line, "{before}{value}{after}").expect("a text takes all");
        }
    }
    if let Some(summary) = alert.annotations["summary"].as_str() {
        write!(line, ": {summary}").expect("a text takes all");
    }
    Ok(line)
}
