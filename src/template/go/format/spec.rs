//! Flags, width and precision of one verb, and the padding they ask for.

/// What stands between `%` and the verb.
#[derive(Clone, Debug, Default)]
pub(super) struct Spec {
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`: structs with the names of their fields.
    pub(super) plus_v: bool,
    /// `%#v`: as Go source.
    pub(super) sharp_v: bool,
    /// A wrong verb is being reported: `String` methods are not used.
    pub(super) erroring: bool,
}

impl Spec {
    /// Appends `text`, padded to the width (counted in characters).
    pub(super) fn pad(&self, out: &mut String, text: &str) {
        let missing = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        if self.minus {
            out.push_str(text);
            out.extend(std::iter::repeat_n(' ', missing));
        } else {
            out.extend(std::iter::repeat_n(if self.zero { '0' } else { ' ' }, missing));
            out.push_str(text);
        }
    }

    /// Appends `text`, padded with spaces whatever the flags say.
    pub(super) fn pad_spaces(&self, out: &mut String, text: &str) {
        Self { zero: false, ..self.clone() }.pad(out, text);
    }
}
