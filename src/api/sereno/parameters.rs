//! Query strings: names and values in order. A name that is not known is refused: a filter that is misspelt
//! must not answer with everything.

use super::error::SerenoError;

/// The pairs of a query string, of which only these names may occur.
pub(super) fn read(query: Option<&str>, known: &[&str]) -> Result<Vec<(String, String)>, SerenoError> {
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        None => Ok(pairs),
        Some((unknown, _)) => Err(SerenoError::BadRequest(format!(
            "unknown parameter {unknown:?}; there are {}",
            known.join(", ")
        ))),
    }
}

/// An error that names the parameter.
pub(super) fn wrong(name: &str, reason: &str) -> SerenoError {
    SerenoError::BadRequest(format!("{name}: {reason}"))
}

/// `true`, `false`, or nothing, which means true.
pub(super) fn boolean(name: &str, text: &str) -> Result<bool, SerenoError> {
    match text {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        other => Err(wrong(name, &format!("{other:?} is neither true nor false"))),
    }
}
