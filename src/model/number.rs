//! Floats as Go prints and reads them: values of alerts, of samples and in messages are texts that others compare.

/// More digits than this no float has, so that those behind them are zeros. `format!` panics when it is asked for
/// more than 65,535.
const MAX_DIGITS: usize = 1_100;

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
            Some(digits) => format!("{size:.*}", digits.min(MAX_DIGITS)) + &zeros_behind(digits),
            None => plain_shortest(size),
        },
        'x' | 'X' => hexadecimal_form(size, precision),
        _ => general_form(size, precision),
    };
    let body = if matches!(verb, 'E' | 'G' | 'X') { body.to_uppercase() } else { body };
    format!("{sign}{body}")
}

/// As few digits as identify the number, with an exponent. Of two texts that are equally near Go takes the one with the
/// even digit in the end, Rust the greater. Numbers with fewer digits are never in the middle.
fn shortest(size: f64) -> String {
    const FEW: usize = 15;
    let text = format!("{size:e}");
    let digits = text.find('e').unwrap_or(0).saturating_sub(1);
    if digits < FEW {
        return text;
    }
    let even = format!("{size:.*e}", digits - 1);
    if even.parse() == Ok(size) { even } else { text }
}

/// The same without an exponent.
fn plain_shortest(size: f64) -> String {
    let text = format!("{size}");
    if text.len() < 16 {
        return text;
    }
    let text = shortest(size);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    plain_form(&mantissa.replace('.', ""), exponent.parse().unwrap_or(0))
}

fn exponent_form(size: f64, precision: Option<usize>) -> String {
    let text = match precision {
        Some(digits) => format!("{size:.*e}", digits.min(MAX_DIGITS)),
        None => shortest(size),
    };
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = digits.to_owned() + &zeros_behind(precision.unwrap_or(0));
    exponent_text(&digits, exponent.parse().unwrap_or(0))
}

/// The zeros that are left of `digits` when a float has been written with as many as it can have.
fn zeros_behind(digits: usize) -> String {
    "0".repeat(digits.saturating_sub(MAX_DIGITS))
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
        Some(count) => {
            let zeros = "0".repeat(count.saturating_sub(digits.len()));
            digits[..count.min(digits.len())].to_owned() + &zeros
        }
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
        Some(digits) => format!("{size:.*e}", digits.clamp(1, MAX_DIGITS) - 1),
        None => shortest(size),
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

/// Whether underscores stand only between digits, or between a base prefix and a digit.
pub(crate) fn underscores_fit(text: &str) -> bool {
    if !text.contains('_') {
        return true;
    }
    let body = text.trim_start_matches(['+', '-']);
    let prefixed =
        body.len() > 1 && body.starts_with('0') && body[1..].starts_with(['x', 'o', 'b', 'X', 'O', 'B']);
    let (digits, hex) =
        if prefixed { (&body[2..], body[1..].starts_with(['x', 'X'])) } else { (body, false) };
    let is_digit = |c: char| if hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
    let mut before = if prefixed { '0' } else { ' ' };
    for c in digits.chars() {
        if (c == '_' && !is_digit(before)) || (before == '_' && !is_digit(c)) {
            return false;
        }
        before = c;
    }
    before != '_'
}

/// Go's `strconv.ParseFloat`: decimal and hexadecimal floats, `inf` and `nan`, underscores between digits.
#[must_use]
pub fn parse_float(text: &str) -> Option<f64> {
    if !underscores_fit(text) {
        return None;
    }
    let plain = text.replace('_', "");
    let (negative, body) = match plain.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, plain.strip_prefix('+').unwrap_or(&plain)),
    };
    let is_signed = body.len() < plain.len();
    let size = match body.get(..2) {
        Some("0x" | "0X") => parse_hex_float(&body[2..])?,
        _ if body.starts_with(['+', '-']) || (is_signed && body.eq_ignore_ascii_case("nan")) => return None,
        _ => body.parse::<f64>().ok()?,
    };
    // Go refuses numbers that do not fit, rather than rounding them to infinity.
    if size.is_infinite() && body.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    Some(if negative { -size } else { size })
}

fn parse_hex_float(body: &str) -> Option<f64> {
    let (mantissa, exponent) = body.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0_f64;
    for c in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(c.to_digit(16)?);
    }
    let shift = exponent.checked_sub(i32::try_from(fraction.len()).ok()?.checked_mul(4)?)?;
    // In two steps: the smallest numbers are a power away that is no float itself.
    let half = shift / 2;
    Some(value * 2.0_f64.powi(half) * 2.0_f64.powi(shift - half))
}

#[cfg(test)]
mod tests {
    use super::{format_float, parse_float};

    #[test]
    fn digits_are_gos_however_many_are_asked_for() {
        for (value, verb, precision, text) in [
            (1.5, 'f', Some(3), "1.500".to_owned()),
            (1.5, 'f', Some(70_000), format!("1.5{}", "0".repeat(69_999))),
            (1.5, 'e', Some(70_000), format!("1.5{}e+00", "0".repeat(69_999))),
            (-15.0, 'E', Some(70_000), format!("-1.5{}E+01", "0".repeat(69_999))),
            (1.5, 'g', Some(70_000), "1.5".to_owned()),
            (1.5, 'x', Some(70_000), format!("0x1.8{}p+00", "0".repeat(69_999))),
            (1.5, 'x', Some(0), "0x1p+01".to_owned()),
            (0.0, 'x', Some(2), "0x0.00p+00".to_owned()),
            (f64::from_bits(1), 'f', Some(1_074), format!("{:.1074}", f64::from_bits(1))),
        ] {
            assert_eq!(format_float(value, verb, precision), text, "%.{precision:?}{verb} of {value}");
        }
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, number) in [
            ("1_000.5", Some(1000.5)),
            ("-Inf", Some(f64::NEG_INFINITY)),
            ("+infinity", Some(f64::INFINITY)),
            ("1e400", None),
            ("-nan", None),
            ("+NaN", None),
            ("--1", None),
            ("0x1p-2", Some(0.25)),
            ("0x1p-1074", Some(f64::from_bits(1))),
            ("0x1.8p1023", Some(1.5 * 2.0_f64.powi(1023))),
            ("0x1p1024", None),
            ("0x1", None),
        ] {
            assert_eq!(parse_float(text), number, "{text}");
        }
        assert!(parse_float("NaN").is_some_and(f64::is_nan));
    }

    /// The texts are those of Go 1.27.
    #[test]
    #[expect(clippy::excessive_precision, reason = "these are exact, and in the middle of two shorter texts")]
    fn between_two_equally_near_texts_the_last_digit_is_even() {
        for (value, exponent, plain) in [
            (1_177_760_763_538_767.25, "1.1777607635387672e+15", "1177760763538767.2"),
            (1_177_760_763_538_767.75, "1.1777607635387678e+15", "1177760763538767.8"),
            (0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
            (9_007_199_254_740_993.0, "9.007199254740992e+15", "9007199254740992"),
            (1e23, "1e+23", "100000000000000000000000"),
            (5e-324, "5e-324", &format!("0.{}5", "0".repeat(323))),
            (f64::MAX, "1.7976931348623157e+308", &format!("17976931348623157{}", "0".repeat(292))),
        ] {
            assert_eq!(format_float(value, 'g', None), exponent);
            assert_eq!(format_float(value, 'f', None), plain);
        }
    }

    #[test]
    fn exponents_have_two_digits_at_least() {
        for (value, want) in [
            (0.0, "0e+00"),
            (1.0, "1e+00"),
            (-2.5, "-2.5e+00"),
            (0.000_123, "1.23e-04"),
            (1_234_567.0, "1.234567e+06"),
            (1e100, "1e+100"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(format_float(value, 'e', None), want);
        }
    }
}
