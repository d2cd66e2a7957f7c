//! Who gives credentials for AWS: the metadata of an instance (version 2 only), the agent of a container, and STS.
//! They are strict: what is not asked just so is refused.

use super::sns::{ROLE_ACCESS_KEY, ROLE_SECRET_KEY, ROLE_TOKEN, check_signature, error};
use super::{Reply, Request};

/// What proves who we are to the agent, and to STS.
pub(crate) const AGENT_TOKEN: &str = "Basic s3cret-agent";
pub(crate) const WEB_TOKEN: &str = "eyJ.s3cret+web/identity==";

/// The role that STS gives.
pub(crate) const ROLE: &str = "arn:aws:iam::1:role/alerts";

/// The token of the metadata.
const METADATA_TOKEN: &str = "AQs3cret==";

/// The metadata of an instance with the role `ops+1`, whose credentials end then.
pub(crate) fn metadata(ends_at: String) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| {
        let Request { method, path, .. } = request;
        if !request.body.is_empty()
            || !request.query.is_empty()
            || !request.header("x-forwarded-for").is_empty()
        {
            return Reply::text(400, "");
        }
        if (method.as_str(), path.as_str()) == ("PUT", "/latest/api/token") {
            let lasts = request.header("x-aws-ec2-metadata-token-ttl-seconds").parse::<u32>();
            return match lasts.is_ok_and(|lasts| (1..=21_600).contains(&lasts)) {
                true => Reply::text(200, METADATA_TOKEN),
                false => Reply::text(400, ""),
            };
        }
        if method != "GET" || request.header("x-aws-ec2-metadata-token") != METADATA_TOKEN {
            return Reply::text(401, "");
        }
        match path.strip_prefix("/latest/meta-data/iam/security-credentials/") {
            Some("") => Reply::text(200, "ops+1\n"),
            Some("ops+1") => Reply::new(200, "text/plain", credentials(&ends_at, true)),
            Some(_) | None => Reply::text(404, "<html>"),
        }
    }
}

/// The agent of a container, whose credentials end then.
pub(crate) fn container(ends_at: String) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| {
        let asked = (request.method.as_str(), request.path.as_str(), request.query.as_str());
        if asked != ("GET", "/v2/credentials", "id=1") {
            return Reply::text(404, "not found");
        }
        match request.header("authorization") {
            AGENT_TOKEN => Reply::new(200, "application/json", credentials(&ends_at, false)),
            wrong => {
                let reason =
                    serde_json::json!({"code": "AccessDenied", "message": format!("who is {wrong}?")});
                Reply::json(403, reason)
            }
        }
    }
}

fn credentials(ends_at: &str, is_metadata: bool) -> String {
    let mut body = serde_json::json!({
        "AccessKeyId": ROLE_ACCESS_KEY,
        "SecretAccessKey": ROLE_SECRET_KEY,
        "Token": ROLE_TOKEN,
        "Expiration": ends_at,
    });
    if is_metadata {
        body["Code"] = "Success".into();
        body["Type"] = "AWS-HMAC".into();
    }
    body.to_string()
}

/// STS, whose credentials end then.
pub(crate) fn sts(ends_at: String) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |request| {
        if (request.method.as_str(), request.path.as_str(), request.query.as_str()) != ("POST", "/", "") {
            return Reply::text(404, "not found");
        }
        let form = match request.form() {
            Ok(form) => form,
            Err(reason) => return error(400, "MalformedQueryString", &reason),
        };
        let names: Vec<&str> = form.keys().map(String::as_str).collect();
        let of = |name: &str| form.get(name).map_or("", String::as_str);
        if (of("Version"), of("RoleArn")) != ("2011-06-15", ROLE) || of("RoleSessionName").is_empty() {
            return error(403, "AccessDenied", "not authorized to take this role");
        }
        let action = of("Action");
        match action {
            "AssumeRole" => {
                if names != ["Action", "DurationSeconds", "RoleArn", "RoleSessionName", "Version"] {
                    return error(400, "ValidationError", &format!("{names:?}"));
                }
                if let Err(reason) = check_signature(request, "sts") {
                    return error(403, "SignatureDoesNotMatch", &reason);
                }
            }
            "AssumeRoleWithWebIdentity" => {
                if names != ["Action", "RoleArn", "RoleSessionName", "Version", "WebIdentityToken"] {
                    return error(400, "ValidationError", &format!("{names:?}"));
                }
                if !request.header("authorization").is_empty() {
                    return error(400, "ValidationError", "signed");
                }
                let token = of("WebIdentityToken");
                if token != WEB_TOKEN {
                    return error(400, "InvalidIdentityToken", &format!("Couldn't read {token}"));
                }
            }
            _ => return error(400, "InvalidAction", action),
        }
        let xml = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let (secret, token) = (xml(ROLE_SECRET_KEY), xml(ROLE_TOKEN));
        let body = format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>{ROLE_ACCESS_KEY}</AccessKeyId>\
             <SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken>\
             <Expiration>{ends_at}</Expiration></Credentials></{action}Result></{action}Response>"
        );
        Reply::new(200, "text/xml", body)
    }
}
