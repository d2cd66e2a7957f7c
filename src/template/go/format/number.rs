//! Integers and floats as Go prints them.

use super::spec::Spec;
use crate::model::number::format_float;

/// Appends a float under one of Go's float verbs, `v` included.
pub(super) fn print_float(out: &mut String, value: f64, verb: char, spec: &Spec) {
    let (form, default) = match verb {
        'v' | 'g' => ('g', None),
        'G' => ('G', None),
        'e' => ('e', Some(6)),
        'E' => ('E', Some(6)),
        'x' | 'X' => (verb, None),
        _ => ('f', Some(6)),
    };
    let mut text = format_float(value, form, spec.precision.or(default));
    if !text.starts_with(['+', '-']) {
        text.insert(0, '+');
    }
    if spec.space && text.starts_with('+') && !spec.plus {
        text.replace_range(..1, " ");
    }
    let special = !value.is_finite();
    if value.is_nan() && !spec.space && !spec.plus {
        text.remove(0);
        return spec.pad_spaces(out, &text);
    }
    if spec.sharp && !special {
        text = with_point(&text, form, spec.precision);
    }
    // Infinity keeps its plus sign, other positive numbers show it only where asked for.
    if special {
        return spec.pad_spaces(out, &text);
    }
    if !spec.plus && text.starts_with('+') {
        return spec.pad(out, &text[1..]);
    }
    let width = spec.width.unwrap_or(0);
    if spec.zero && !spec.minus && width > text.len() {
        out.push_str(&text[..1]);
        out.extend(std::iter::repeat_n('0', width - text.len()));
        out.push_str(&text[1..]);
    } else {
        spec.pad(out, &text);
    }
}

/// `%#g` and its like: always a decimal point, and trailing zeros for g.
fn with_point(text: &str, form: char, precision: Option<usize>) -> String {
    let (number, exponent) = match text.find(['e', 'E']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut number = number.to_owned();
    let wanted = if matches!(form, 'g' | 'G') { precision.unwrap_or(6).max(1) } else { 0 };
    let significant =
        number[1..].chars().filter(char::is_ascii_digit).skip_while(|c| *c == '0').count().max(1);
    if !number.contains('.') {
        number.push('.');
    }
    number.extend(std::iter::repeat_n('0', wanted.saturating_sub(significant)));
    number + exponent
}

/// Appends an integer under one of Go's integer verbs (`v` is `d`); false if the verb is not one.
pub(super) fn print_integer(out: &mut String, size: u64, negative: bool, verb: char, spec: &Spec) -> bool {
    // A negative number is no character: as an unsigned one it is far too large.
    let code = if negative { size.wrapping_neg() } else { size };
    let digits = match verb {
        'v' | 'd' => size.to_string(),
        'b' => format!("{size:b}"),
        'o' | 'O' => format!("{size:o}"),
        'x' => format!("{size:x}"),
        'X' => format!("{size:X}"),
        'c' => {
            spec.pad(out, &code_point(code).to_string());
            return true;
        }
        'q' => {
            spec.pad(out, &quoted_char(code_point(code)));
            return true;
        }
        'U' => {
            let shown = if spec.sharp { format!(" '{}'", code_point(code)) } else { String::new() };
            let digits = format!("{code:04X}");
            let zeros = "0".repeat(spec.precision.unwrap_or(0).saturating_sub(digits.len()));
            spec.pad_spaces(out, &format!("U+{zeros}{digits}{shown}"));
            return true;
        }
        _ => return false,
    };
    let signed = negative || spec.plus || spec.space;
    let mut least = spec.precision.unwrap_or(0);
    if spec.precision == Some(0) && size == 0 {
        spec.pad_spaces(out, "");
        return true;
    }
    if spec.precision.is_none() && spec.zero && !spec.minus {
        least = spec.width.unwrap_or(0).saturating_sub(usize::from(signed));
    }
    let mut text = String::new();
    text.push_str(match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    });
    let zeros = least.saturating_sub(digits.len());
    text.push_str(match verb {
        'O' => "0o",
        'b' if spec.sharp => "0b",
        'x' if spec.sharp => "0x",
        'X' if spec.sharp => "0X",
        'o' if spec.sharp && zeros == 0 && !digits.starts_with('0') => "0",
        _ => "",
    });
    text.extend(std::iter::repeat_n('0', zeros));
    text.push_str(&digits);
    spec.pad_spaces(out, &text);
    true
}

fn code_point(value: u64) -> char {
    u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn quoted_char(c: char) -> String {
    match c {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        c => {
            let quoted = crate::model::quote::GoQuoted(c.encode_utf8(&mut [0; 4])).to_string();
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}
