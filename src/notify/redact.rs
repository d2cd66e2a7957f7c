//! Secrets in what servers say: an error page may repeat the address that was asked for, and what is wrong with an
//! attempt is shown to people and kept.

use std::collections::BTreeSet;

use super::Message;
use crate::config::routes::{HttpAuth, HttpSettings, SecretSource, Settings};
use crate::config::setting::HIDDEN;
use crate::router::Outcome;

/// Shorter ones would make more holes in a text than they hide.
const SHORTEST: usize = 4;
/// As much of a secret, in bytes, is hidden where a long answer is cut within it.
const CUT: usize = 8;

/// The outcome without the secrets of the integration's settings and of the files that these name.
#[must_use]
pub fn redacted(message: &Message<'_>, outcome: Outcome) -> Outcome {
    hidden(outcome, &secrets(message))
}

/// What was noted of the message, without the same secrets.
#[must_use]
pub fn redacted_remarks(message: &Message<'_>) -> Vec<String> {
    let remarks = message.remarks();
    if remarks.is_empty() {
        return remarks;
    }
    let secrets = secrets(message);
    let secrets = longest_first(&secrets);
    remarks.into_iter().map(|remark| hide(remark, &secrets)).collect()
}

/// The outcome without these secrets.
#[must_use]
pub(super) fn hidden(outcome: Outcome, secrets: &BTreeSet<String>) -> Outcome {
    let secrets = longest_first(secrets);
    match outcome {
        Outcome::Delivered => Outcome::Delivered,
        Outcome::Retryable { failure, message, retry_after, maybe_taken } => {
            Outcome::Retryable { failure, message: hide(message, &secrets), retry_after, maybe_taken }
        }
        Outcome::Refused { failure, message } => {
            Outcome::Refused { failure, message: hide(message, &secrets) }
        }
    }
}

/// Longer ones first: a shorter one may be a part of them.
fn longest_first(secrets: &BTreeSet<String>) -> Vec<&str> {
    let mut secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

fn hide(text: String, secrets: &[&str]) -> String {
    secrets.iter().fold(text, |text, secret| without_cut(text.replace(secret, HIDDEN), secret))
}

/// The text without the start of a secret at its end: it was cut there.
fn without_cut(mut text: String, secret: &str) -> String {
    let starts = secret.char_indices().map(|(at, _)| &secret[..at]).rev();
    if let Some(start) = starts.take_while(|start| start.len() >= CUT).find(|start| text.ends_with(start)) {
        text.truncate(text.len() - start.len());
        text.push_str(HIDDEN);
    }
    text
}

fn secrets(message: &Message<'_>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match &message.integration().settings {
        Settings::Keys { values, http } => {
            let mut texts = Vec::new();
            values.values().for_each(|value| value.secrets(&mut texts));
            texts.into_iter().for_each(|text| add(text, &mut found));
            of_http(http, &mut found);
        }
        Settings::Console => {}
    }
    message.files.values().flatten().for_each(|text| add(text, &mut found));
    found
}

fn of_http(http: &HttpSettings, found: &mut BTreeSet<String>) {
    http.headers.iter().for_each(|(_, value)| of_source(value, found));
    match &http.auth {
        HttpAuth::Basic { password: Some(secret), .. }
        | HttpAuth::Authorization { credentials: secret, .. } => {
            of_source(secret, found);
        }
        HttpAuth::OAuth2(settings) => settings.secret.iter().for_each(|secret| of_source(secret, found)),
        HttpAuth::None | HttpAuth::Basic { password: None, .. } => {}
    }
}

fn of_source(source: &SecretSource, found: &mut BTreeSet<String>) {
    match source {
        SecretSource::Inline(secret) => add(secret, found),
        SecretSource::File(_) => {}
    }
}

/// A secret; of a URL also what follows the host, and that without the query.
pub(super) fn add(secret: &str, found: &mut BTreeSet<String>) {
    let after_host = secret.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let path = after_host.and_then(|rest| rest.split('?').next());
    let parts = [Some(secret), after_host, path].into_iter().flatten();
    found.extend(parts.filter(|part| part.len() >= SHORTEST).map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::redacted;
    use crate::config::setting::{Secret, Setting};
    use crate::notify::testing::{attempt, keys, message, notification};
    use crate::router::{Failure, Outcome};

    #[test]
    fn secrets_are_hidden_where_a_server_repeats_them() {
        let secret = |text: &str| Setting::Secret(Secret::new(text.into()));
        let values: BTreeMap<_, _> = [
            ("webhook_url".into(), secret("https://host/hooks/abc?token=def")),
            ("nested".into(), Setting::List(vec![secret("ghi/jkl"), secret("x")])),
            ("token_file".into(), Setting::text("/run/token")),
        ]
        .into();
        let attempt = attempt("pigeon", keys(values), notification(vec![]));
        for (said, want) in [
            ("/hooks/abc was not found on host", "<secret> was not found on host"),
            ("no such page: /hooks/abc?token=def", "no such page: <secret>"),
            ("https://host/hooks/abc?token=def", "<secret>"),
            ("cut at https://host/hooks/abc?token=d", "cut at <secret>"),
            ("cut at /hooks/ab", "cut at <secret>"),
            ("ghi/jkl by mnop, x", "<secret> by <secret>, x"),
        ] {
            let outcome = Outcome::Refused { failure: Failure::Other, message: said.to_owned() };
            let got = message(&attempt, &[("/run/token", Ok("mnop"))], |message| redacted(message, outcome));
            assert_eq!(got, Outcome::Refused { failure: Failure::Other, message: want.to_owned() });
        }
    }
}
