//! A receiver of webhooks: it knows version 4 of Alertmanager's document at `/v4`, takes any JSON at `/json/…`,
//! and at `/signed` what is signed with its secret.

use ring::hmac;
use serde_json::Value;

use super::document::Document;
use super::{Reply, Request};

/// The secret of signatures.
pub(crate) const SECRET: &str = "s3cret-hmac";

/// What it says to a request.
pub(crate) fn api(request: &Request) -> Reply {
    let judged = match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/v4") => document(request),
        ("POST", "/signed") => signed(request),
        ("POST", path) if path.starts_with("/json/") => request.json::<Value>().map(drop),
        _ => return Reply::text(404, "not found"),
    };
    match judged {
        Ok(()) => Reply::text(200, ""),
        Err(error) => Reply::text(400, error),
    }
}

fn document(request: &Request) -> Result<(), String> {
    let document: Document = request.json()?;
    if document.version != "4" || request.header("idempotency-key").is_empty() {
        return Err("this is no version 4, or has no key".to_owned());
    }
    Ok(())
}

fn signed(request: &Request) -> Result<(), String> {
    let own = |ours: &str, other: &str| match request.header(ours) {
        "" => request.header(other).to_owned(),
        value => value.to_owned(),
    };
    let time = own("x-sereno-timestamp", "x-ops-time");
    let signature = own("x-sereno-signature", "x-ops-signature");
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let want = hmac::sign(&key, format!("{time}.{}", request.body).as_bytes());
    let want: String = want.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let is_a_time = time.parse::<u64>().is_ok_and(|seconds| seconds > 1_700_000_000);
    if is_a_time && signature == format!("sha256={want}") {
        return document(request);
    }
    Err(format!("{signature} is not the signature at {time}"))
}
