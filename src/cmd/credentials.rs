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

/// A URL as it may be shown to people and be the base of links: without credentials, and without a query, which may
/// have a key in it.
pub(super) fn public(url: &Url) -> Str {
    let mut url = url.clone();
    // They fail only for URLs that cannot have credentials.
    let _ = (url.set_username(""), url.set_password(None));
    url.set_query(None);
    url.set_fragment(None);
    url.as_str().trim_end_matches('/').into()
}

#[cfg(test)]
mod tests {
    use super::public;

    #[test]
    fn urls_are_shown_without_what_is_secret_in_them() {
        for (url, wanted) in [
            ("http://prom:9090", "http://prom:9090"),
            ("https://me:secret@prom/prefix/", "https://prom/prefix"),
            ("https://prom/prefix?api_key=secret#x", "https://prom/prefix"),
        ] {
            assert_eq!(&*public(&url.parse().expect("a URL")), wanted);
        }
    }
}
