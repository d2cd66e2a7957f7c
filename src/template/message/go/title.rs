//! `title`: each word with a capital first letter and small ones after it, as Go's `cases.Title` for English.
//!
//! Words are those of Unicode's text segmentation, as far as that package goes: an apostrophe, a point or a
//! colon within a word does not end it, two of them in a row do.

use std::sync::LazyLock;

use regex::Regex;

/// How a character divides words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Never ends a word.
    Letter,
    /// Ends a word if there are two in a row.
    Mid,
    /// Always ends a word.
    Break,
}

pub(super) fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_word = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let kind = kind(c);
        if is_cased(c) {
            if !in_word {
                push_title(&mut out, c);
            } else if c == 'Σ' {
                out.push(if ends_word(chars.clone()) { 'ς' } else { 'σ' });
            } else {
                out.extend(c.to_lowercase());
            }
            in_word = true;
        } else {
            out.push(c);
            in_word &= kind != Kind::Break;
        }
        if kind == Kind::Mid && chars.peek().is_some_and(|next| self::kind(*next) == Kind::Mid) {
            in_word = false;
        }
    }
    out
}

fn kind(c: char) -> Kind {
    static LETTERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let classes = "ALetter Hebrew_Letter Numeric ExtendNumLet Extend Format ZWJ";
        let classes: String = classes.split(' ').map(|class| format!("\\p{{wb={class}}}")).collect();
        Regex::new(&format!("[{classes}]")).ok()
    });
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => Kind::Letter,
        '\'' | '.' | ':' | '·' | '\u{387}' | '\u{55f}' | '\u{5f4}' | '\u{2018}' | '\u{2019}' | '\u{2024}'
        | '\u{2027}' | '\u{fe13}' | '\u{fe52}' | '\u{fe55}' | '\u{ff07}' | '\u{ff0e}' | '\u{ff1a}' => {
            Kind::Mid
        }
        '\0'..='\u{7f}' => Kind::Break,
        c if matches(&LETTERS, c) => Kind::Letter,
        _ => Kind::Break,
    }
}

fn is_cased(c: char) -> bool {
    static CASED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{Cased}").ok());
    if c.is_ascii() { c.is_ascii_alphabetic() } else { matches(&CASED, c) }
}

fn matches(class: &LazyLock<Option<Regex>>, c: char) -> bool {
    class.as_ref().is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}

/// Whether no letter with a case follows in the same word.
fn ends_word(rest: impl Iterator<Item = char>) -> bool {
    static IGNORED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\p{Case_Ignorable}").ok());
    let next = rest.take(30).find(|c| !matches(&IGNORED, *c));
    !next.is_some_and(is_cased)
}

fn push_title(out: &mut String, c: char) {
    let code = u32::from(c);
    match c {
        'Ǆ'..='ǆ' => out.push('ǅ'),
        'Ǉ'..='ǉ' => out.push('ǈ'),
        'Ǌ'..='ǌ' => out.push('ǋ'),
        'Ǳ'..='ǳ' => out.push('ǲ'),
        // Georgian has capitals, but no titles with them.
        'ა'..='ჿ' => out.push(c),
        'ŉ' => out.extend(c.to_uppercase()),
        // The iota beneath a Greek vowel stays beneath it.
        'ᾀ'..='ᾯ' if code & 8 == 0 => out.extend(char::from_u32(code + 8)),
        'ᾳ' | 'ῃ' | 'ῳ' => out.extend(char::from_u32(code + 9)),
        'ᾲ' | 'ᾴ' | 'ᾷ' | 'ῂ' | 'ῄ' | 'ῇ' | 'ῲ' | 'ῴ' | 'ῷ' => {
            out.extend(c.to_uppercase().map(|c| if c == 'Ι' { '\u{345}' } else { c }));
        }
        c if c.is_uppercase()
            || ('ᾈ'..='ῼ').contains(&c) && c.to_uppercase().count() > 1 && !c.is_lowercase() =>
        {
            out.push(c);
        }
        c => {
            let mut upper = c.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
        }
    }
}
