//! The headers of a request: those of its kind, those of the settings, and what shows who we are.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, USER_AGENT,
};

use super::HttpError;
use super::redirect::Step;
use crate::config::http::{HttpAuth, HttpSettings, OAuth2Settings, SecretSource};
use crate::model::Str;

/// What a server that we are only sent to may see. Anything else could be a secret.
const HARMLESS: [HeaderName; 4] = [ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT];

/// The headers of a request, wherever it is sent.
pub(super) struct Headers<'a> {
    all: HeaderMap,
    auth: &'a HttpAuth,
}

/// The headers of a request with these of its own. Tokens are not among them.
///
/// # Errors
/// A secret cannot be read, or one of them cannot be a header.
pub(super) async fn headers<'a>(
    http: &'a HttpSettings,
    own: &[(&str, &str)],
) -> Result<Headers<'a>, HttpError> {
    let mut all = HeaderMap::new();
    for (name, value) in own {
        let (name, mut value) = header(name, value, true)?;
        value.set_sensitive(!HARMLESS.contains(&name));
        all.insert(name, value);
    }
    let mut further = HeaderMap::new();
    for (name, value) in &http.headers {
        let (name, value) = header(name, &read_secret(value).await?, true)?;
        further.append(name, value);
    }
    for name in further.keys() {
        all.remove(name);
    }
    all.extend(further);
    // As in Alertmanager, what the kind of request says of itself comes before the settings.
    let auth = if all.contains_key(AUTHORIZATION) { &HttpAuth::None } else { &http.auth };
    let value = match auth {
        // If the URL has a name and a password, they are added on sending, unless the header is here.
        HttpAuth::None | HttpAuth::OAuth2(_) => None,
        HttpAuth::Basic { username, password } => {
            let password = match password {
                Some(password) => read_secret(password).await?,
                None => String::new(),
            };
            Some(basic(&read_secret(username).await?, &password)?)
        }
        HttpAuth::Authorization { scheme, credentials } => {
            Some(secret_value(&format!("{scheme} {}", read_secret(credentials).await?))?)
        }
    };
    if let Some(value) = value {
        all.insert(AUTHORIZATION, value);
    }
    Ok(Headers { all, auth })
}

impl<'a> Headers<'a> {
    /// Where the token comes from that is still to be added, if one is.
    pub(super) fn wants_token(&self) -> Option<&'a OAuth2Settings> {
        match self.auth {
            HttpAuth::OAuth2(settings) => Some(settings),
            HttpAuth::None | HttpAuth::Basic { .. } | HttpAuth::Authorization { .. } => None,
        }
    }

    /// Shows who we are.
    pub(super) fn authorize(&mut self, value: HeaderValue) {
        self.all.insert(AUTHORIZATION, value);
    }

    /// What is sent at this step: a server that is not the one of the settings gets no secret.
    pub(super) fn of(&self, step: &Step) -> HeaderMap {
        let mut headers = self.all.clone();
        if step.body.is_none() {
            for name in [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LENGTH] {
                headers.remove(name);
            }
        }
        if !step.is_trusted {
            headers = HARMLESS
                .into_iter()
                .filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)))
                .collect();
        }
        headers
    }
}

/// `Basic …` of a name and a password.
pub(super) fn basic(username: &str, password: &str) -> Result<HeaderValue, HttpError> {
    secret_value(&format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
}

fn secret_value(text: &str) -> Result<HeaderValue, HttpError> {
    header(AUTHORIZATION.as_str(), text, true).map(|(_, value)| value)
}

/// A header, of which a secret value is not shown.
pub(super) fn header(
    name: &str,
    value: &str,
    is_secret: bool,
) -> Result<(HeaderName, HeaderValue), HttpError> {
    let invalid = || HttpError::Header(name.to_owned());
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| invalid())?;
    value.set_sensitive(is_secret);
    Ok((key, value))
}

/// The secret itself, read from its file if it has one, without white space around it.
///
/// # Errors
/// The file cannot be read.
pub async fn read_secret(secret: &SecretSource) -> Result<String, HttpError> {
    match secret {
        SecretSource::Inline(text) => Ok(text.to_string()),
        SecretSource::File(path) => {
            let name = Str::clone(path);
            let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(&*name)).await;
            let failed = |source| HttpError::Secret { path: Str::clone(path), source };
            let text = read.map_err(|error| failed(std::io::Error::other(error)))?.map_err(failed)?;
            Ok(text.trim().to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::headers;
    use crate::config::http::HttpSettings;

    #[tokio::test]
    async fn what_may_be_a_secret_is_not_shown() {
        let http =
            HttpSettings { headers: vec![("X-Own".into(), "s3cret".into())], ..HttpSettings::default() };
        let own = [
            ("Content-Type", "text/plain"),
            ("X-Auth-Token", "s3cret"),
            ("Authorization", "GenieKey s3cret"),
        ];
        let all = headers(&http, &own).await.expect("valid").all;
        let shown = format!("{all:?}");
        assert!(shown.contains("text/plain") && !shown.contains("s3cret"), "{shown}");
    }
}
