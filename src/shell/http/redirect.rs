//! Where an answer sends us, by the rules of Go's client: the method and the body stay with 307 and 308, and secrets
//! stay with the server that they are for. Unlike there a 301 or 302 that would make a `GET` without the body of what
//! tells something is not followed: the answer to that would be taken for the answer to what nobody heard. A 303 says
//! that it was heard, and where to read the answer (RFC 9110, 15.4.4).

use axum::body::Bytes;
use reqwest::Method;
use reqwest::header::LOCATION;
use url::Url;

use super::HttpError;

/// The longest path that people are shown, in bytes.
const LONGEST_PATH: usize = 300;

/// How many redirects are followed.
pub(super) const MOST: usize = 10;

/// One request on the way to an answer.
#[derive(Clone)]
pub(super) struct Step {
    /// Where to.
    pub(super) url: Url,
    /// `POST`, …
    pub(super) method: Method,
    /// What to send.
    pub(super) body: Option<Bytes>,
    /// Whether a redirect may drop the body, as in Go's client.
    pub(super) may_drop_body: bool,
    /// Whether the server is the one that the request is for, so that it may see secrets.
    pub(super) is_trusted: bool,
}

impl Step {
    /// The next step, if the answer is a redirect.
    ///
    /// # Errors
    /// It leads to what is no HTTP URL, or would drop the body.
    pub(super) fn next(&self, response: &reqwest::Response) -> Result<Option<Self>, HttpError> {
        let location = response.headers().get(LOCATION);
        match location {
            Some(location) => self.follow(response.status().as_u16(), location.as_bytes()),
            None => Ok(None),
        }
    }

    fn follow(&self, status: u16, location: &[u8]) -> Result<Option<Self>, HttpError> {
        let keeps_body = match status {
            301..=303 => false,
            307 | 308 => true,
            _ => return Ok(None),
        };
        let nowhere = HttpError::Redirect("redirected to what is no HTTP URL");
        let url = std::str::from_utf8(location).ok().and_then(|location| self.url.join(location).ok());
        let Some(url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return Err(nowhere);
        };
        let is_reading = matches!(self.method, Method::GET | Method::HEAD);
        if matches!(status, 301 | 302) && !is_reading && !self.may_drop_body {
            return Err(HttpError::Moved { status, to: shown(&url) });
        }
        Ok(Some(Self {
            method: if keeps_body || is_reading { self.method.clone() } else { Method::GET },
            body: self.body.clone().filter(|_| keeps_body),
            may_drop_body: self.may_drop_body,
            is_trusted: self.is_trusted && is_same_server(&self.url, &url),
            url,
        }))
    }
}

/// Whether both are the same server, or the second is the first one's TLS side. One that was ever left is not
/// trusted again.
fn is_same_server(from: &Url, to: &Url) -> bool {
    let place = |url: &Url| (url.scheme().to_owned(), url.port_or_known_default());
    let (from_place, to_place) = (place(from), place(to));
    let becomes_tls =
        from_place == ("http".to_owned(), Some(80)) && to_place == ("https".to_owned(), Some(443));
    from.host_str() == to.host_str() && (from_place == to_place || becomes_tls)
}

/// A URL without what is most likely a secret: name and password, query, fragment. A path that is too long is left out:
/// in a part of it no secret could be found.
fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = if url.path().len() <= LONGEST_PATH { url.path() } else { "/…" };
    let query = if url.query().is_some() { "?…" } else { "" };
    format!("{}://{}{port}{path}{query}", url.scheme(), url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Method, Step};

    /// The step after a redirect of `method from`.
    fn follow(method: Method, from: &str, status: u16, to: &str, may_drop_body: bool) -> String {
        let url = from.parse().expect("a URL");
        let step = Step { url, method, body: Some(Bytes::from("x")), may_drop_body, is_trusted: true };
        match step.follow(status, to.as_bytes()) {
            Ok(Some(Step { url, method, body, is_trusted, may_drop_body: _ })) => {
                let trust = if is_trusted { "with secrets" } else { "without secrets" };
                format!("{method} {url} {} {trust}", body.map_or(0, |body| body.len()))
            }
            Ok(None) => "stay".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn redirects_are_followed_as_go_follows_them_and_secrets_stay() {
        for (from, status, to, want) in [
            ("http://a/x", 307, "/y", "POST http://a/y 1 with secrets"),
            ("http://a/x", 308, "http://a:80/y", "POST http://a/y 1 with secrets"),
            ("http://a/x", 302, "y", "GET http://a/y 0 with secrets"),
            ("http://a/x", 301, "http://b/y", "GET http://b/y 0 without secrets"),
            ("http://a/x", 303, "http://a:81/y", "GET http://a:81/y 0 without secrets"),
            ("http://a/x", 307, "https://a/y", "POST https://a/y 1 with secrets"),
            ("https://a/x", 307, "http://a/y", "POST http://a/y 1 without secrets"),
            ("http://a:8080/x", 307, "https://a/y", "POST https://a/y 1 without secrets"),
            ("http://a/x", 307, "//sub.a/y", "POST http://sub.a/y 1 without secrets"),
            ("http://a/x", 304, "/y", "stay"),
            ("http://a/x", 200, "/y", "stay"),
            ("http://a/x", 307, "ftp://a/y", "redirected to what is no HTTP URL"),
            ("http://a/x", 307, "http://", "redirected to what is no HTTP URL"),
        ] {
            assert_eq!(follow(Method::POST, from, status, to, true), want, "{from} {status} {to}");
        }
    }

    #[test]
    fn what_tells_something_is_not_made_a_get() {
        let moved = |status: u16, to: &str| {
            format!(
                "HTTP {status} redirects to {to}, where nothing of what is sent would arrive: if that is the new \
                 place, put this URL into the configuration"
            )
        };
        for (method, status, to, want) in [
            (Method::POST, 301, "https://a/x", moved(301, "https://a/x")),
            (Method::POST, 302, "/y/", moved(302, "http://a/y/")),
            (Method::PUT, 302, "http://u:p@b:81/y?k=v#f", moved(302, "http://b:81/y?…")),
            (Method::POST, 303, "/y", "GET http://a/y 0 with secrets".to_owned()),
            (Method::POST, 307, "/y", "POST http://a/y 1 with secrets".to_owned()),
            (Method::POST, 308, "/y", "POST http://a/y 1 with secrets".to_owned()),
            (Method::GET, 302, "/y", "GET http://a/y 0 with secrets".to_owned()),
            (Method::HEAD, 303, "/y", "HEAD http://a/y 0 with secrets".to_owned()),
            (Method::POST, 302, "ftp://a/y", "redirected to what is no HTTP URL".to_owned()),
        ] {
            assert_eq!(follow(method, "http://a/x", status, to, false), want, "{status} {to}");
        }
        let long = format!("/{}", "x".repeat(300));
        assert_eq!(follow(Method::POST, "http://a/x", 301, &long, false), moved(301, "http://a/…"));
    }
}
