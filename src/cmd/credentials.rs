//! Who we are to a server, as flags say it, and how its URL may be shown.

use url::Url;

use crate::config::routes::{HttpAuth, SecretSource};
use crate::model::Str;

/// How requests log in: with a name and perhaps a password, or with a token. Secrets are in files, which are read for
/// each request.
pub(super) fn auth(
    username: Option<&str>,
    password_file: Option<&str>,
    token_file: Option<&str>,
) -> HttpAuth {
    let file = |path: &str| SecretSource::File(path.into());
    match (username, token_file) {
        (Some(username), _) => {
            HttpAuth::Basic { username: username.into(), password: password_file.map(file) }
        }
        (None, Some(token)) => HttpAuth::Authorization { scheme: "Bearer".into(), credentials: file(token) },
        (None, None) => HttpAuth::None,
    }
}

/// A URL as it may be shown to people: without credentials.
pub(super) fn public(url: &Url) -> Str {
    let mut url = url.clone();
    // They fail only for URLs that cannot have credentials.
    let _ = (url.set_username(""), url.set_password(None));
    url.as_str().trim_end_matches('/').into()
}
