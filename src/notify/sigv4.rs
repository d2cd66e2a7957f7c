//! AWS Signature Version 4, for requests with their parameters in the body or the query.

use ring::hmac;

use super::ids::{hex, sha256_hex};
use crate::config::setting::Secret;
use crate::model::Timestamp;

/// Who signs.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Whose key.
    pub access_key: String,
    /// The key.
    pub secret_key: Secret,
    /// Of a role or another session of limited time.
    pub session_token: Option<Secret>,
}

impl Credentials {
    /// Of these texts, of which the last may be empty; `None` if there is no key.
    #[must_use]
    pub fn new(access_key: &str, secret_key: &str, session_token: &str) -> Option<Self> {
        let secret = |text: &str| Secret::new(text.into());
        (!access_key.is_empty() && !secret_key.is_empty()).then(|| Self {
            access_key: access_key.to_owned(),
            secret_key: secret(secret_key),
            session_token: Some(session_token).filter(|token| !token.is_empty()).map(secret),
        })
    }
}

/// Where and when a signature is good.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// `eu-west-1`, …
    pub region: &'a str,
    /// `sns`, …
    pub service: &'a str,
    /// The time.
    pub at: Timestamp,
}

/// What is signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a str,
    /// The path of the URL as it is sent; `/` if there is none.
    pub(super) path: &'a str,
    /// The query as it is sent, without its question mark.
    pub(super) query: &'a str,
    /// The headers to sign, `host` among them, their names in small letters.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
}

/// The name of the algorithm.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The headers to add to those that are signed: the time, the session's token, the signature.
#[must_use]
pub(super) fn headers(
    request: Signed<'_>,
    scope: Scope<'_>,
    credentials: &Credentials,
) -> Vec<(&'static str, Secret)> {
    let time = time(scope.at);
    let date = &time[..8];
    let token = credentials.session_token.as_ref().map(|token| token.reveal().clone());
    let mut signed = request.headers.to_vec();
    signed.push(("x-amz-date", &time));
    signed.extend(token.iter().map(|token| ("x-amz-security-token", &**token)));
    signed.sort_unstable();
    let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let canonical = canonical(request, &signed, &names);
    let place = format!("{date}/{}/{}/aws4_request", scope.region, scope.service);
    let text = format!("{ALGORITHM}\n{time}\n{place}\n{}", sha256_hex(canonical.as_bytes()));
    let key = key(credentials.secret_key.reveal(), date, scope);
    let signature = hex(hmac::sign(&key, text.as_bytes()).as_ref());
    let access_key = &credentials.access_key;
    let authorization =
        format!("{ALGORITHM} Credential={access_key}/{place}, SignedHeaders={names}, Signature={signature}");
    let mut headers = vec![("X-Amz-Date", Secret::new(time.as_str().into()))];
    headers.extend(token.map(|token| ("X-Amz-Security-Token", Secret::new(token))));
    headers.push(("Authorization", Secret::new(authorization.into())));
    headers
}

/// The request in the one form that both sides hash.
fn canonical(request: Signed<'_>, headers: &[(&str, &str)], names: &str) -> String {
    let mut query: Vec<&str> = request.query.split('&').filter(|pair| !pair.is_empty()).collect();
    query.sort_unstable();
    let header = |(name, value): &(&str, &str)| {
        format!("{name}:{}\n", value.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    let Signed { method, path, body, .. } = request;
    let headers: String = headers.iter().map(header).collect();
    format!("{method}\n{path}\n{}\n{headers}\n{names}\n{}", query.join("&"), sha256_hex(body))
}

fn key(secret: &str, date: &str, scope: Scope<'_>) -> hmac::Key {
    let start = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
    [date, scope.region, scope.service, "aws4_request"].iter().fold(start, |key, part| {
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
    })
}

/// `20150830T123600Z`.
fn time(at: Timestamp) -> String {
    let mut time: String = at.rfc3339().chars().take(19).filter(|c| !"-:".contains(*c)).collect();
    time.push('Z');
    time
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Scope, Signed, headers};
    use crate::config::setting::Secret;
    use crate::model::Timestamp;

    /// The signature at the end of the last header.
    fn signature(request: Signed<'_>, service: &str, token: Option<&str>) -> String {
        let credentials = Credentials {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into()),
            session_token: token.map(|token| Secret::new(token.into())),
        };
        let at = Timestamp::parse_rfc3339("2015-08-30T12:36:00.999Z").expect("valid");
        let headers = headers(request, Scope { region: "us-east-1", service, at }, &credentials);
        assert_eq!(&**headers[0].1.reveal(), "20150830T123600Z");
        let (name, value) = headers.last().expect("there are some");
        assert_eq!(*name, "Authorization");
        value.reveal().rsplit('=').next().expect("a signature").to_owned()
    }

    /// From AWS' own suite of test cases for Signature Version 4 and the example of its documentation.
    #[test]
    fn signatures_are_those_that_amazon_publishes() {
        let host = ("host", "example.amazonaws.com");
        let form = ("content-type", "application/x-www-form-urlencoded");
        let plain = Signed { method: "GET", path: "/", query: "", headers: &[host], body: b"" };
        let iam = Signed {
            query: "Action=ListUsers&Version=2010-05-08",
            headers: &[
                ("host", "iam.amazonaws.com"),
                ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ],
            ..plain
        };
        let post = Signed { method: "POST", ..plain };
        let token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPf\
                     IeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7\
                     WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlz\
                     m8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
        for (name, request, service, token, want) in [
            (
                "get-vanilla",
                plain,
                "service",
                None,
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "get-vanilla-query-order-key-case",
                Signed { query: "Param2=value2&Param1=value1", ..plain },
                "service",
                None,
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "post-vanilla",
                post,
                "service",
                None,
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-x-www-form-urlencoded",
                Signed { headers: &[form, host], body: b"Param1=value1", ..post },
                "service",
                None,
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            (
                "post-sts-header-before",
                post,
                "service",
                Some(token),
                "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
            ),
            (
                "the documentation's",
                iam,
                "iam",
                None,
                "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            ),
        ] {
            assert_eq!(signature(request, service, token), want, "{name}");
        }
    }
}
