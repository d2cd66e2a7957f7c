//! Texts cut to what a receiver takes. An ellipsis at the end says that something is missing, as in Alertmanager.

/// What stands for the part that was cut off.
const MARK: char = '…';

/// At most `limit` characters (Unicode code points, Go's runes), the ellipsis among them. With a limit below
/// four there is no room for it.
#[must_use]
pub(super) fn in_runes(mut text: String, limit: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(limit) else { return text };
    if limit <= 3 {
        text.truncate(end);
        return text;
    }
    let (last, _) = text.char_indices().nth(limit - 1).unwrap_or((end, MARK));
    text.truncate(last);
    text.push(MARK);
    text
}

/// At most `limit` units of UTF-16, the ellipsis among them, cut between characters.
#[must_use]
pub(super) fn in_utf16(mut text: String, limit: usize) -> String {
    let mut units = 0;
    let mut end = 0; // where the text with the ellipsis would end
    for (at, c) in text.char_indices() {
        if units < limit {
            end = at;
        }
        units += c.len_utf16();
    }
    if units > limit {
        text.truncate(end);
        text.push(MARK);
    }
    text
}

/// At most `limit` bytes, the three of the ellipsis among them, cut between characters. With a limit below
/// three there are dots instead.
#[must_use]
pub(super) fn in_bytes(mut text: String, limit: usize) -> String {
    if text.len() <= limit {
        return text;
    }
    let Some(room) = limit.checked_sub(MARK.len_utf8()) else { return ".".repeat(limit) };
    text.truncate(text.floor_char_boundary(room));
    text.push(MARK);
    text
}

/// As much of the text as fits: the longest start of it (in bytes, with the ellipsis) for which `fits` is true.
#[must_use]
pub(super) fn to_fit(text: String, fits: impl Fn(&str) -> bool) -> String {
    if fits(&text) {
        return text;
    }
    let (mut short, mut long) = (0, text.len());
    while long - short > 1 {
        let middle = usize::midpoint(short, long);
        if fits(&in_bytes(text.clone(), middle)) {
            short = middle;
        } else {
            long = middle;
        }
    }
    in_bytes(text, short)
}

#[cfg(test)]
mod tests {
    use super::{in_bytes, in_runes, in_utf16, to_fit};

    #[test]
    fn utf16() {
        for (text, limit, want) in [
            ("", 4, ""),
            ("äöüß", 4, "äöüß"),
            ("äöüßé", 4, "äöü…"),
            ("🔥🔥", 4, "🔥🔥"),
            ("🔥🔥a", 4, "🔥…"),
            ("a🔥🔥", 4, "a🔥…"),
            ("a🔥🔥", 5, "a🔥🔥"),
        ] {
            assert_eq!(in_utf16(text.to_owned(), limit), want, "{text:?} to {limit}");
        }
    }

    #[test]
    fn to_fit_takes_as_much_as_it_can() {
        let escaped = |text: &str| text.replace('<', "1234").len();
        for (text, limit, want) in [
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abc…"),
            ("<<a<<<<<", 12, "<<a…"),
            ("<<<<", 2, ".."),
            ("<<<<", 0, ""),
        ] {
            assert_eq!(to_fit(text.to_owned(), |text| escaped(text) <= limit), want, "{text:?} to {limit}");
        }
    }

    #[test]
    fn runes() {
        for (text, limit, want) in [
            ("", 0, ""),
            ("abc", 0, ""),
            ("abc", 2, "ab"),
            ("abcd", 3, "abc"),
            ("abcd", 4, "abcd"),
            ("abcde", 4, "abc…"),
            ("äöüßé", 5, "äöüßé"),
            ("äöüßéè", 5, "äöüß…"),
        ] {
            assert_eq!(in_runes(text.to_owned(), limit), want, "{text:?} to {limit}");
        }
    }

    #[test]
    fn bytes() {
        for (text, limit, want) in [
            ("abc", 0, ""),
            ("abc", 2, ".."),
            ("abcd", 3, "…"),
            ("abcd", 4, "abcd"),
            ("abcde", 4, "a…"),
            ("aäöü", 7, "aäöü"),
            ("aäöü", 6, "aä…"),
            ("aäöü", 5, "a…"),
            // Alertmanager 0.34 crashes on this: it has fewer characters than there is room for bytes.
            ("€€€€", 11, "€€…"),
        ] {
            assert_eq!(in_bytes(text.to_owned(), limit), want, "{text:?} to {limit}");
        }
    }
}
