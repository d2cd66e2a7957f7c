//! Texts of files that people name.

/// The text of a file.
///
/// # Errors
/// It cannot be read, or is not text: what a person is told.
pub fn read_text(path: &str) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("cannot read {path}: it is not text (byte {at} is not UTF-8)")
    })
}
