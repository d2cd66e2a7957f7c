//! Integers and floats as Go prints them.

use super::spec::Spec;

/// Go's `strconv.FormatFloat(value, verb, precision, 64)` for the verbs e, E, f, F, g, G, x, X; no precision
/// means as few digits as identify the number.
#[must_use]
pub fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let size = value.abs();
    let body = match verb {
        'e' | 'E' => exponent_form(size, precision),
        'f' | 'F' => match precision {
            Some(digits) => format!("{size:.digits$}"),
            None => format!("{size}"),
        },
        'x' | 'X' => hexadecimal_form(size, precision),
        _ => general_form(size, precision),
    };
    let body = if matches!(verb, 'E' | 'G' | 'X') { body.to_uppercase() } else { body };
    format!("{sign}{body}")
}

fn exponent_form(size: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(digits) => format!("{size:.digits$e}"),
        None => format!("{size:e}"),
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    exponent_text(digits, exponent.parse().unwrap_or(0))
}

/// `%x`: a hexadecimal mantissa and a binary exponent.
fn hexadecimal_form(size: f64, precision: Option<usize>) -> String {
    if size == 0.0 {
        let zeros = "0".repeat(precision.unwrap_or(0));
        let point = if zeros.is_empty() { "" } else { "." };
        return format!("0x0{point}{zeros}p+00");
    }
    // Scaled so that the leading bit is set also for subnormal numbers.
    let (scaled, shift) = if size < f64::MIN_POSITIVE { (size * 2.0_f64.powi(52), -52) } else { (size, 0) };
    let bits = scaled.to_bits();
    let mut exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0) - 1023 + shift;
    let mut mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    if let Some(cut) = precision.and_then(|digits| 52_usize.checked_sub(digits * 4)).filter(|cut| *cut > 0) {
        let (half, rest) = (1 << (cut - 1), mantissa & ((1 << cut) - 1));
        mantissa >>= cut;
        mantissa += u64::from(rest > half || (rest == half && mantissa & 1 == 1));
        mantissa <<= cut;
        if mantissa >> 53 == 1 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let digits = match precision {
        Some(count) => format!("{digits:0<count$}")[..count].to_owned(),
        None => digits.trim_end_matches('0').to_owned(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x1{point}{digits}p{sign}{:02}", exponent.unsigned_abs())
}

fn exponent_text(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

/// `%g`: the shorter of both forms, without trailing zeros.
fn general_form(size: f64, precision: Option<usize>) -> String {
    let rounded = match precision {
        Some(digits) => format!("{size:.*e}", digits.max(1) - 1),
        None => format!("{size:e}"),
    };
    let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        some => some,
    };
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let limit = match precision {
        None => 6,
        Some(wanted) => {
            let wanted = i32::try_from(wanted.max(1)).unwrap_or(i32::MAX);
            if wanted > count && count > exponent { count } else { wanted }
        }
    };
    if exponent < -4 || exponent >= limit {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return exponent_text(&format!("{first}{point}{rest}"), exponent);
    }
    plain_form(digits, exponent)
}

/// Digits with a decimal point behind the one that counts 10^exponent.
fn plain_form(digits: &str, exponent: i32) -> String {
    let Ok(whole) = usize::try_from(exponent + 1) else {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("0.{}{digits}", "0".repeat(zeros));
    };
    if whole == 0 {
        return format!("0.{digits}");
    }
    if digits.len() <= whole {
        return format!("{digits}{}", "0".repeat(whole - digits.len()));
    }
    format!("{}.{}", &digits[..whole], &digits[whole..])
}

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
            let least = spec.precision.unwrap_or(4).max(4);
            spec.pad_spaces(out, &format!("U+{code:0least$X}{shown}"));
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
