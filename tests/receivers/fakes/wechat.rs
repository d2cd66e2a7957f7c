//! WeChat Work: a token, then messages of an app.

use serde::Deserialize;
use serde_json::json;

use super::{Fake, Reply, Request};

/// The corporation, …
pub(crate) const CORPORATION: &str = "corp1";
/// … the app's secret, …
pub(crate) const SECRET: &str = "app-s3cret";
/// … and the token that these give.
const TOKEN: &str = "token-s3cret";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    text: Content,
    touser: Option<String>,
    toparty: Option<String>,
    totag: Option<String>,
    agentid: Option<String>,
    safe: String,
    msgtype: String,
    markdown: Content,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    content: String,
}

pub(crate) async fn start() -> Fake {
    Fake::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/cgi-bin/gettoken") => token(request),
        ("POST", "/cgi-bin/message/send") => said(send(request)),
        _ => Reply::text(404, ""),
    })
    .await
}

fn said(result: Result<(), (i64, &str)>) -> Reply {
    let (code, text) = result.err().unwrap_or((0, "ok"));
    failed(code, text)
}

/// What WeChat says with this code.
pub(crate) fn failed(code: i64, text: &str) -> Reply {
    Reply::json(200, json!({"errcode": code, "errmsg": text}))
}

/// What it says to the right secret: a token that lasts so many seconds.
pub(crate) fn token_reply(lasts: i64) -> Reply {
    Reply::json(200, json!({"errcode": 0, "errmsg": "ok", "access_token": TOKEN, "expires_in": lasts}))
}

fn token(request: &Request) -> Reply {
    if request.parameter("corpid").as_deref() != Some(CORPORATION) {
        return failed(40013, "invalid corpid");
    }
    if request.parameter("corpsecret").as_deref() != Some(SECRET) {
        return failed(40001, "invalid credential");
    }
    token_reply(7200)
}

fn send(request: &Request) -> Result<(), (i64, &'static str)> {
    if request.parameter("access_token").as_deref() != Some(TOKEN) {
        return Err((40014, "invalid access_token"));
    }
    let message: Message = request.json().map_err(|_| (40008, "invalid message type"))?;
    let (content, other) = match message.msgtype.as_str() {
        "text" => (message.text.content, message.markdown.content),
        "markdown" => (message.markdown.content, message.text.content),
        _ => return Err((40008, "invalid message type")),
    };
    if content.is_empty() || !other.is_empty() {
        return Err((44004, "empty content"));
    }
    if content.len() > 2048 {
        return Err((45002, "content size out of limit"));
    }
    let to = [&message.touser, &message.toparty, &message.totag];
    if to.iter().all(|to| to.is_none()) || to.into_iter().flatten().any(String::is_empty) {
        return Err((82001, "All touser & toparty & totag invalid"));
    }
    if message.agentid.as_deref() != Some("1000002") {
        return Err((301_002, "not allow operate another agent with this accesstoken"));
    }
    if message.safe == "0" { Ok(()) } else { Err((40058, "invalid safe")) }
}
