//! Changes to texts: words taken out, doubled, moved, replaced by others, and now and then single bytes.

use super::random::Random;

/// How long a text may become, in bytes.
const LONGEST: usize = 2_000;

/// A text that differs in a few places. New words come from `words` and from `other`, which is cut in as well.
pub(crate) fn mutated(text: &str, other: &str, words: &[&str], random: &mut Random) -> String {
    let mut pieces = pieces(text);
    let others = self::pieces(other);
    for _ in 0..=random.below(4) {
        let at = random.below(pieces.len() + 1);
        let length = (1 + random.below(4)).min(pieces.len() - at.min(pieces.len()));
        match random.below(8) {
            0 => drop(pieces.drain(at..at + length)),
            1 => {
                let again: Vec<&str> = pieces[at..at + length].to_vec();
                let to = random.below(pieces.len() + 1);
                pieces.splice(to..to, again);
            }
            2 => {
                let to = random.below(pieces.len());
                if at < pieces.len() {
                    pieces.swap(at, to);
                }
            }
            3 | 4 => pieces.insert(at, random.of_these(words)),
            5 if at < pieces.len() => pieces[at] = random.of_these(words),
            6 if at < pieces.len() => pieces[at] = random.of_these(NUMBERS),
            _ => {
                let from = random.below(others.len() + 1);
                let to = (from + 1 + random.below(12)).min(others.len());
                pieces.splice(at..at, others[from..to].iter().copied());
            }
        }
    }
    let mut text = pieces.concat();
    if random.chance(5) {
        text = with_other_bytes(text, random);
    }
    let end = text.floor_char_boundary(LONGEST);
    text.truncate(end);
    text
}

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "2",
    "3",
    "0.5",
    "1e-300",
    "1e300",
    "5e-324",
    "NaN",
    "Inf",
    "-Inf",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "4294967296",
    "0x7fffffffffffffff",
    "1e18",
    "1e19",
    "292y",
    "100y",
    "1ms",
    "0s",
    "1y1w1d1h1m1s1ms",
    "999999999999",
];

fn with_other_bytes(text: String, random: &mut Random) -> String {
    let mut bytes = text.into_bytes();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Words, blanks and single characters, which together are the text.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let kind = kind(first);
        let end = match kind {
            Kind::Other => first.len_utf8(),
            Kind::Word | Kind::Blank => rest.find(|c| self::kind(c) != kind).unwrap_or(rest.len()),
        };
        let (piece, tail) = rest.split_at(end);
        pieces.push(piece);
        rest = tail;
    }
    pieces
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Word,
    Blank,
    Other,
}

fn kind(c: char) -> Kind {
    match c {
        '_' | '.' => Kind::Word,
        c if c.is_alphanumeric() => Kind::Word,
        c if c.is_whitespace() => Kind::Blank,
        _ => Kind::Other,
    }
}
