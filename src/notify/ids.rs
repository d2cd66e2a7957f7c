//! Ids by which receivers know a group again.

use std::fmt::Write;

/// Alertmanager's id of a group at receivers whose ids have a limited length: the SHA-256 of its key, in
/// hexadecimal digits. Whoever moves from Alertmanager to us finds the incidents that are open there.
#[must_use]
pub(super) fn of_group(group_key: &str) -> String {
    sha256_hex(group_key.as_bytes())
}

/// The SHA-256 in hexadecimal digits.
#[must_use]
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

/// Hexadecimal digits, in small letters.
#[must_use]
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes all");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::of_group;

    #[test]
    fn a_group_has_alertmanagers_id() {
        for (key, want) in [
            // sha256sum says so.
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (r#"{}:{alertname="Down"}"#, "af94c9e8f6a3043625e36c6f472fe6be85ac23a9117184ee4cb7b4ad7401a47e"),
        ] {
            assert_eq!(of_group(key), want, "{key}");
        }
    }
}
