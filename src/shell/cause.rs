//! What an error comes down to, in few words. Libraries put one error into another, and only the innermost says
//! something: the others say that there is one.

use std::error::Error;

/// The innermost cause as the system or library puts it, without the system's number for it and with a small
/// first letter: `connection refused`.
#[must_use]
pub fn of(error: &(dyn Error + 'static)) -> String {
    let innermost = std::iter::successors(Some(error), |&error| error.source()).last();
    plain(&innermost.unwrap_or(error).to_string())
}

fn plain(text: &str) -> String {
    let text = text.split_once(" (os error ").map_or(text, |(text, _)| text);
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        // A name such as `SNS` or `UnknownIssuer` stays as it is.
        (Some(first), Some(second)) if second.is_lowercase() && !has_inner_capital(text) => {
            first.to_lowercase().chain(chars).collect()
        }
        (_, _) => text.to_owned(),
    }
}

fn has_inner_capital(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    word.chars().skip(1).any(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::of;

    #[test]
    fn only_what_says_something_stays() {
        for (error, want) in [
            (Error::from_raw_os_error(111), "connection refused"),
            (Error::from_raw_os_error(104), "connection reset by peer"),
            (
                Error::other("invalid peer certificate: UnknownIssuer"),
                "invalid peer certificate: UnknownIssuer",
            ),
            (Error::other("UnknownIssuer"), "UnknownIssuer"),
            (Error::other("TLS is not spoken"), "TLS is not spoken"),
            (Error::from(ErrorKind::TimedOut), "timed out"),
        ] {
            assert_eq!(of(&error), want);
        }
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] Error);
        assert_eq!(of(&Outer(Error::from_raw_os_error(111))), "connection refused");
    }
}
