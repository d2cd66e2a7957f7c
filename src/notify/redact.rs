//! Secrets in what servers say: an error page may repeat the address that was asked for, and what is wrong with an
//! attempt is shown to people and kept.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Message, address};
use crate::config::routes::{HttpAuth, HttpSettings, SecretSource, Settings};
use crate::config::setting::HIDDEN;
use crate::router::Outcome;

/// Shorter ones would make more holes in a text than they hide.
const SHORTEST: usize = 4;
/// Parts of a URL that are as long, in bytes, may be tokens; words are shorter.
const TOKEN: usize = 16;
/// As much of a secret, in bytes, is hidden where a long answer is cut within it.
const CUT: usize = 8;

/// The outcome without the secrets of the integration's settings, of the files that these name, and those that
/// came about with the message.
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
fn hidden(outcome: Outcome, secrets: &BTreeSet<String>) -> Outcome {
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
            of_http(message, http, &mut found);
            of_login(message, &mut found);
        }
        Settings::Console => {}
    }
    let files = message.files.values().flatten().cloned();
    files.chain(message.learned()).for_each(|secret| add(secret.reveal(), &mut found));
    found
}

/// Those that are not in files; of a name with a password also what is sent of them.
fn of_http(message: &Message<'_>, http: &HttpSettings, found: &mut BTreeSet<String>) {
    let text = |source: &SecretSource| match source {
        SecretSource::Inline(text) => Some(text.to_string()),
        SecretSource::File(path) => message.file(path).ok().map(|secret| secret.reveal().to_string()),
    };
    http.secrets().filter_map(text).for_each(|secret| add(&secret, found));
    if let HttpAuth::Basic { username, password: Some(password) } = &http.auth {
        let both = text(username).zip(text(password));
        found.extend(both.map(|(name, password)| STANDARD.encode(format!("{name}:{password}"))));
    }
    if let HttpAuth::OAuth2(settings) = &http.auth {
        settings.endpoint_params.iter().for_each(|(_, value)| add(value.reveal(), found));
    }
}

/// What is said to a mail server, which may repeat a command that it does not understand.
fn of_login(message: &Message<'_>, found: &mut BTreeSet<String>) {
    let (name, identity) = (message.raw("auth_username"), message.raw("auth_identity"));
    let Ok(password) = message.secret("auth_password") else { return };
    let password = password.reveal();
    if !password.is_empty() {
        found.insert(STANDARD.encode(&**password));
        found.insert(STANDARD.encode(format!("{identity}\0{name}\0{password}")));
    }
}

/// A secret, also as a URL holds it; of a URL also what follows the host, that without the query, and what may be a
/// token in it, which a server may name alone or in another URL.
fn add(secret: &str, found: &mut BTreeSet<String>) {
    let after_host = secret.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let path = after_host.and_then(|rest| rest.split('?').next());
    let encoded = address::encoded(secret, "");
    let in_query = encoded.replace("%20", "+");
    let parts = [Some(secret), after_host, path, Some(&encoded), Some(&in_query)].into_iter().flatten();
    found.extend(parts.filter(|part| part.len() >= SHORTEST).map(str::to_owned));
    let tokens = after_host.into_iter().flat_map(|rest| rest.split(['/', '?', '&', '=', '#']));
    found.extend(tokens.filter(|part| part.len() >= TOKEN).map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::redacted;
    use crate::config::routes::{HttpAuth, HttpSettings, SecretSource, Settings};
    use crate::config::setting::{Secret, Setting};
    use crate::notify::testing::{alert, attempt, keys, message, notification};
    use crate::notify::{Message, begin, files};
    use crate::router::{Attempt, Failure, Outcome};

    /// What is kept of a server's words, after the attempt has begun.
    fn kept(attempt: &Attempt, files: &[(&str, Result<&str, &str>)], said: &str) -> String {
        let outcome = Outcome::Refused { failure: Failure::Other, message: said.to_owned() };
        let redact = |message: &Message<'_>| {
            drop(begin(message));
            redacted(message, outcome)
        };
        message(attempt, files, redact).error().expect("it was refused").to_owned()
    }

    fn secret(text: &str) -> Setting {
        Setting::Secret(Secret::new(text.into()))
    }

    #[test]
    fn secrets_are_hidden_where_a_server_repeats_them() {
        let values: BTreeMap<_, _> = [
            ("webhook_url".into(), secret("https://host/hooks/abc?token=def")),
            ("url".into(), secret("https://host/services/0123456789abcdef?key=fedcba9876543210")),
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
            ("no services for 0123456789abcdef", "no services for <secret>"),
            ("it is at http://other/v2/0123456789abcdef", "it is at http://other/v2/<secret>"),
            ("bad fedcba9876543210", "bad <secret>"),
        ] {
            assert_eq!(kept(&attempt, &[("/run/token", Ok("mnop"))], said), want);
        }
    }

    #[test]
    fn so_are_secrets_that_are_rendered() {
        let url = secret("https://host/T0/s3cret/{{ .CommonLabels.instance }}?k=1");
        let values = BTreeMap::from([("url".into(), url)]);
        let told = notification(vec![alert("alertname=Down instance=web-1", &[], None)]);
        let attempt = attempt("webhook", keys(values), told);
        let said = "Cannot POST /T0/s3cret/web-1";
        assert_eq!(kept(&attempt, &[], said), "Cannot POST <secret>");
    }

    #[test]
    fn so_are_credentials_of_the_connection_wherever_they_are_kept() {
        let file = |path: &str| SecretSource::File(path.into());
        let values = || BTreeMap::from([("url".into(), secret("http://host/"))]);
        let told = || notification(vec![alert("alertname=Down", &[], None)]);
        let bearer =
            HttpAuth::Authorization { scheme: "Bearer".into(), credentials: file("/run/bearer token") };
        let basic = HttpAuth::Basic { username: "tim".into(), password: Some("pass word".into()) };
        let headers = vec![("X-Key".into(), file("/run/key"))];
        let known = [("/run/bearer token", Ok("s3cret/1")), ("/run/key", Ok("s3cret-2"))];
        for (auth, said, want) in [
            (bearer, "token s3cret/1 (s3cret%2F1) or s3cret-2", "token <secret> (<secret>) or <secret>"),
            // `printf 'tim:pass word' | base64`
            (basic, "Authorization: Basic dGltOnBhc3Mgd29yZA==", "Authorization: Basic <secret>"),
        ] {
            let http = HttpSettings { auth, headers: headers.clone(), ..HttpSettings::default() };
            let attempt = attempt("webhook", Settings::Keys { values: values(), http }, told());
            let needed = files(&attempt.integration);
            let known: Vec<_> =
                known.into_iter().filter(|(path, _)| needed.contains(&(*path).into())).collect();
            assert_eq!(kept(&attempt, &known, said), want);
        }
    }

    #[test]
    fn so_is_what_is_said_to_a_mail_server() {
        let values = BTreeMap::from([
            ("auth_username".into(), Setting::text("tim")),
            ("auth_password".into(), secret("tanstaaftanstaaf")),
        ]);
        let attempt = attempt("email", keys(values), notification(vec![]));
        // `printf '\0tim\0tanstaaftanstaaf' | base64`, and of the password alone.
        let said = "500 unknown: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm, dGFuc3RhYWZ0YW5zdGFhZg==";
        assert_eq!(kept(&attempt, &[], said), "500 unknown: AUTH PLAIN <secret>, <secret>");
    }
}
