//! What is sent: alerts and silences as JSON, made before anything is measured.

use std::fmt::Write;
use std::time::{Duration, Instant};

use reqwest::Client;

/// How many alerts one request holds; Prometheus sends 256 at most, relays more.
const BATCH: usize = 256;

/// How many requests are under way at once.
const CONNECTIONS: usize = 4;

/// A request body.
pub(crate) type Body = axum::body::Bytes;

/// `count` alerts in `groups` groups, a realistic handful of labels each. They fire until told otherwise.
pub(crate) fn alerts(count: usize, groups: usize, severity: &str) -> Vec<Body> {
    let mut bodies = Vec::new();
    for first in (0..count).step_by(BATCH) {
        let mut body = String::from("[");
        for alert in first..(first + BATCH).min(count) {
            let group = alert % groups;
            let comma = if alert == first { "" } else { "," };
            let _ = write!(
                body,
                r#"{comma}{{"labels":{{"alertname":"Alert{group}","instance":"host-{alert}:9100","job":"node","#
            );
            let _ =
                write!(body, r#""cluster":"c{group}","severity":"{severity}","team":"t{}"}},"#, group % 20);
            let _ = write!(
                body,
                r#""annotations":{{"summary":"Something is wrong with host-{alert}","runbook_url":"https://runbooks.example/{group}"}},"#
            );
            let _ = write!(
                body,
                r#""startsAt":"2026-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","generatorURL":"http://prometheus.example/graph?g0.expr=up"}}"#
            );
        }
        body.push(']');
        bodies.push(body.into());
    }
    bodies
}

/// One silence each for the first `count` hosts that do not exist: none matches, all have to be looked at.
pub(crate) fn silences(count: usize) -> Vec<Body> {
    let one = |host: usize| {
        format!(
            r#"{{"matchers":[{{"name":"instance","value":"other-{host}:9100","isRegex":false,"isEqual":true}},{{"name":"job","value":"no.*","isRegex":true,"isEqual":true}}],"startsAt":"2026-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","createdBy":"bench","comment":"bench"}}"#
        )
        .into()
    };
    (0..count).map(one).collect()
}

/// Posts all bodies to `url`; returns the seconds it took.
pub(crate) async fn post(url: &str, bodies: &[Body]) -> Result<f64, String> {
    let client = client()?;
    let begun = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..CONNECTIONS {
        let (client, url) = (client.clone(), url.to_owned());
        let mine: Vec<Body> = bodies.iter().skip(worker).step_by(CONNECTIONS).cloned().collect();
        workers.spawn(async move {
            for body in mine {
                let request = client.post(&url).header("content-type", "application/json").body(body);
                let answer = request.send().await.map_err(|error| error.to_string())?;
                let status = answer.status();
                let text = answer.text().await.map_err(|error| error.to_string())?;
                if !status.is_success() {
                    return Err(format!("{url} answers {status}: {text}"));
                }
            }
            Ok(())
        });
    }
    while let Some(done) = workers.join_next().await {
        done.map_err(|error| error.to_string())??;
    }
    Ok(begun.elapsed().as_secs_f64())
}

/// Gets `url` `times` times; returns the mean seconds of one and the bytes of its answer.
pub(crate) async fn get(url: &str, times: u32) -> Result<(f64, usize), String> {
    let client = client()?;
    let mut bytes = 0;
    let begun = Instant::now();
    for _ in 0..times {
        let answer = client.get(url).send().await.map_err(|error| error.to_string())?;
        let status = answer.status();
        bytes = answer.bytes().await.map_err(|error| error.to_string())?.len();
        if !status.is_success() {
            return Err(format!("{url} answers {status}"));
        }
    }
    Ok((begun.elapsed().as_secs_f64() / f64::from(times), bytes))
}

fn client() -> Result<Client, String> {
    Client::builder().timeout(Duration::from_secs(600)).build().map_err(|error| error.to_string())
}
