//! Access tokens of OAuth 2 servers, kept until shortly before they end.

use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde_json::Value;
use url::form_urlencoded;

use super::pool::Transport;
use super::{AnswerLimit, HttpClients, HttpError, auth, jwt, read_answer, read_secret};
use crate::config::http::{Grant, OAuth2Settings};
use crate::config::setting::HIDDEN;
use crate::model::{Duration, Timestamp};
use crate::shell::places::Places;

/// How long before its end a token is not used any more, as in Go's client.
const EARLY: Duration = Duration::from_secs(10);

/// The largest answer with a token that is read, in bytes.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// The longest time in seconds that a token is taken to last: some years, whatever the server says.
const LONGEST: i64 = 100_000_000;

/// How many characters of the server's reason are told.
const REASON_LIMIT: usize = 200;

/// Tokens by the settings that they are for. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens(Arc<Places<OAuth2Settings, Known>>);

/// What is known of a token server.
#[derive(Default)]
struct Known {
    token: Option<Token>,
    /// What the token was asked for with: its file may have changed.
    secret: String,
    /// Whether the server wants the client's secret among the parameters; not known before the first answer.
    secret_in_parameters: Option<bool>,
}

impl std::fmt::Debug for Known {
    /// Shows neither token nor secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Known")
    }
}

/// A token as it is sent.
#[derive(Clone)]
struct Token {
    header: HeaderValue,
    /// When it is not used any more; `None`: never.
    ends_at: Option<Timestamp>,
}

impl Tokens {
    /// Forgets all tokens.
    pub(super) fn clear(&self) {
        self.0.clear();
    }
}

impl HttpClients {
    /// The header `Authorization` with a token that is valid, as far as we know; `refused` is one that the
    /// receiver would not take.
    ///
    /// # Errors
    /// The token server did not give one, or cannot be asked.
    pub(super) async fn token(
        &self,
        settings: &OAuth2Settings,
        refused: Option<&HeaderValue>,
    ) -> Result<HeaderValue, HttpError> {
        let secret = match &settings.secret {
            Some(secret) => read_secret(secret).await?,
            None => String::new(),
        };
        let place = self.tokens.0.of(settings, |known| known.token.is_some());
        let mut known = place.lock().await;
        if known.secret != secret {
            *known = Known { secret, ..Known::default() };
        }
        let now = self.clock.now();
        let is_good = |token: &&Token| {
            token.ends_at.is_none_or(|end| now + EARLY < end) && Some(&token.header) != refused
        };
        if let Some(token) = known.token.as_ref().filter(is_good) {
            return Ok(token.header.clone());
        }
        known.token = None;
        let token = self.ask_for_token(settings, &mut known).await.map_err(HttpError::OAuth2)?;
        Ok(known.token.insert(token).header.clone())
    }

    /// Asks as RFC 6749 prefers, with the secret in a header, and if the server does not take that, with the
    /// secret among the parameters; Go's client does the same.
    async fn ask_for_token(&self, settings: &OAuth2Settings, known: &mut Known) -> Result<Token, String> {
        let now = self.clock.now();
        let Grant::ClientCredentials = &settings.grant else {
            return self.ask_once(settings, &known.secret, true, now).await.map_err(|refused| refused.reason);
        };
        let in_parameters = known.secret_in_parameters.unwrap_or(false);
        match self.ask_once(settings, &known.secret, in_parameters, now).await {
            Ok(token) => {
                known.secret_in_parameters = Some(in_parameters);
                Ok(token)
            }
            Err(refused) if refused.by_server && known.secret_in_parameters.is_none() => {
                let token = self.ask_once(settings, &known.secret, true, now).await;
                let token = token.map_err(|refused| refused.reason)?;
                known.secret_in_parameters = Some(true);
                Ok(token)
            }
            Err(refused) => Err(refused.reason),
        }
    }

    async fn ask_once(
        &self,
        settings: &OAuth2Settings,
        secret: &str,
        secret_in_parameters: bool,
        now: Timestamp,
    ) -> Result<Token, Refused> {
        let parameters = parameters(settings, secret, secret_in_parameters, now).map_err(Refused::here)?;
        let client = self.pools.client(Transport::to_token_server(settings)).await;
        let client = client.map_err(|error| Refused::here(error.to_string()))?;
        let url = url::Url::parse(&settings.token_url)
            .map_err(|_| Refused::here("token_url is not a valid URL".to_owned()))?;
        let mut request = client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if !secret_in_parameters {
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let value = auth::basic(&encoded(&settings.client_id), &encoded(secret));
            request = request.header(AUTHORIZATION, value.map_err(|error| Refused::here(error.to_string()))?);
        }
        let sent = request.body(parameters).send().await;
        let sent = sent.map_err(|error| HttpError::transport(error, &settings.proxy));
        let response = sent.map_err(|error| Refused::here(error.to_string()))?;
        let is_form = is_form(response.headers().get(CONTENT_TYPE));
        let limit = AnswerLimit::Whole(ANSWER_LIMIT);
        let answer = read_answer(response, limit, std::time::Duration::MAX, &settings.proxy).await;
        let answer = answer.map_err(|error| Refused::here(error.to_string()))?;
        let fields = Fields::read(&answer.body, is_form);
        token(answer.status, &fields, secret, now).map_err(|reason| Refused { by_server: true, reason })
    }
}

/// There is no token.
struct Refused {
    /// Whether the server answered.
    by_server: bool,
    /// Why, without secrets.
    reason: String,
}

impl Refused {
    fn here(reason: String) -> Self {
        Self { by_server: false, reason }
    }
}

/// The body of a request for a token.
fn parameters(
    settings: &OAuth2Settings,
    secret: &str,
    secret_in_parameters: bool,
    now: Timestamp,
) -> Result<String, String> {
    let mut parameters: Vec<(&str, String)> = Vec::new();
    match &settings.grant {
        Grant::ClientCredentials => {
            parameters.push(("grant_type", "client_credentials".to_owned()));
            if secret_in_parameters {
                parameters.push(("client_id", settings.client_id.to_string()));
                if !secret.is_empty() {
                    parameters.push(("client_secret", secret.to_owned()));
                }
            }
            if !settings.scopes.is_empty() {
                parameters.push(("scope", settings.scopes.join(" ")));
            }
        }
        Grant::JwtBearer(grant) => {
            let assertion = jwt::assertion(settings, grant, secret, now)?;
            parameters.push(("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()));
            parameters.push(("assertion", assertion));
        }
    }
    for (name, value) in &settings.endpoint_params {
        let value = value.reveal().to_string();
        match parameters.iter_mut().find(|(known, _)| *known == &**name) {
            // Some servers have a grant of their own.
            Some((known, own)) if *known == "grant_type" => *own = value,
            Some((known, _)) => {
                return Err(format!("endpoint_params cannot overwrite the parameter {known}"));
            }
            None => parameters.push((name, value)),
        }
    }
    Ok(form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish())
}

fn is_form(content_type: Option<&HeaderValue>) -> bool {
    let kind = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    matches!(kind, "application/x-www-form-urlencoded" | "text/plain")
}

/// The fields of an answer that concern us.
#[derive(Default)]
struct Fields {
    access_token: String,
    token_type: String,
    /// In seconds.
    expires_in: Option<i64>,
    error: String,
    error_description: String,
}

impl Fields {
    fn read(body: &[u8], is_form: bool) -> Self {
        let mut fields = Self::default();
        if is_form {
            for (name, value) in form_urlencoded::parse(body) {
                fields.take(&name, value.into_owned());
            }
        } else if let Ok(Value::Object(members)) = serde_json::from_slice(body) {
            for (name, value) in members {
                match value {
                    Value::String(text) => fields.take(&name, text),
                    Value::Number(number) => fields.take(&name, number.to_string()),
                    Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
                }
            }
        }
        fields
    }

    fn take(&mut self, name: &str, value: String) {
        match name {
            "access_token" => self.access_token = value,
            "token_type" => self.token_type = value,
            "expires_in" => {
                // Some servers write it as a fraction; a part of a second more or less is nothing.
                let whole = value.split('.').next().unwrap_or_default();
                self.expires_in = whole.parse().ok();
            }
            "error" => self.error = value,
            "error_description" => self.error_description = value,
            _ => {}
        }
    }
}

/// The token of an answer, or why there is none; the server's reason is told without the secret.
fn token(status: u16, fields: &Fields, secret: &str, now: Timestamp) -> Result<Token, String> {
    if !(200..300).contains(&status) || !fields.error.is_empty() {
        let reason = [&fields.error, &fields.error_description];
        let reason: Vec<&str> =
            reason.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
        let mut reason = reason.join(": ");
        if !secret.is_empty() {
            reason = reason.replace(secret, HIDDEN);
        }
        reason.retain(|c| !c.is_control());
        let reason: String = reason.chars().take(REASON_LIMIT).collect();
        let colon = if reason.is_empty() { "" } else { ": " };
        return Err(format!("the token server answered HTTP {status}{colon}{reason}"));
    }
    if fields.access_token.is_empty() {
        return Err("the token server's answer has no access_token".to_owned());
    }
    let scheme = match fields.token_type.to_ascii_lowercase().as_str() {
        "" | "bearer" => "Bearer",
        "mac" => "MAC",
        "basic" => "Basic",
        _ => &fields.token_type,
    };
    let header = auth::header("authorization", &format!("{scheme} {}", fields.access_token), true);
    let (_, header) = header.map_err(|_| "the token has characters that no header may have".to_owned())?;
    let lasts = fields.expires_in.filter(|seconds| *seconds > 0).map(|seconds| seconds.min(LONGEST));
    Ok(Token { header, ends_at: lasts.map(|seconds| now + Duration::from_secs(seconds)) })
}
