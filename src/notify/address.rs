//! URLs of an API from its base and the path of one of its endpoints.

use std::fmt::Write;

/// The base with `path` added to its own, with one slash between them, and with these query parameters behind
/// those that it has. What a path cannot hold as it is gets percent-encoded; slashes in `path` stay. In the query
/// a blank is `+`, as Go writes it.
#[must_use]
pub(super) fn endpoint(base: &str, path: &str, parameters: &[(&str, &str)]) -> String {
    let end = base.find(['?', '#']).unwrap_or(base.len());
    let (start, rest) = base.split_at(end);
    let mut query = rest.split('#').next().unwrap_or_default().to_owned();
    for (name, value) in parameters {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(&encoded(name, ""));
        query.push('=');
        query.push_str(&encoded(value, "").replace("%20", "+"));
    }
    format!("{}/{}{query}", start.trim_end_matches('/'), encoded(path, "$&+,/:;=@"))
}

/// Percent-encoded, but for letters, digits, `-_.~` and what `keep` holds.
#[must_use]
pub(super) fn encoded(text: &str, keep: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match char::from(byte) {
            c if c.is_ascii_alphanumeric() || "-_.~".contains(c) || keep.contains(c) => encoded.push(c),
            _ => write!(encoded, "%{byte:02X}").expect("a text takes all"),
        }
    }
    encoded
}

/// Pairs as a form or a query holds them, in the order given.
#[must_use]
pub(super) fn form<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs =
        pairs.into_iter().map(|(name, value)| format!("{}={}", encoded(name, ""), encoded(value, "")));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::{endpoint, form};

    #[test]
    fn endpoints_are_below_the_base() {
        for (base, path, parameters, want) in [
            ("https://api/", "v2/alerts", &[][..], "https://api/v2/alerts"),
            ("https://api", "v2/alerts", &[], "https://api/v2/alerts"),
            ("https://api/x//", "a b/ü?#%", &[], "https://api/x/a%20b/%C3%BC%3F%23%25"),
            ("https://api/x?k=v#f", "a", &[], "https://api/x/a?k=v"),
            ("https://api/x?k=v", "a", &[("q", "1&2 3")], "https://api/x/a?k=v&q=1%262+3"),
            ("https://u:p@api", "a", &[("q", "1"), ("r", "2")], "https://u:p@api/a?q=1&r=2"),
        ] {
            assert_eq!(endpoint(base, path, parameters), want);
        }
    }

    #[test]
    fn forms_are_encoded_as_amazon_and_all_others_read_them() {
        assert_eq!(form([("a b", "1+1=2"), ("é", "*~")]), "a%20b=1%2B1%3D2&%C3%A9=%2A~");
    }
}
