//! Format strings: Go's `fmt.Sprintf`.

use super::spec::Spec;
use super::value::{print_arg, print_with_type};
use crate::template::go::value::Value;

/// The largest width and precision that Go takes.
const MAX_NUMBER: i64 = 1_000_000;

/// Formats `args` by `format`; what is wrong with them is said in the text, as in Go.
#[must_use]
pub fn sprintf(format: &str, args: &[Value]) -> String {
    let mut printer =
        Printer { rest: format, args, at: 0, reordered: false, good_index: true, out: String::new() };
    printer.run();
    printer.out
}

struct Printer<'a> {
    rest: &'a str,
    args: &'a [Value],
    /// Which argument is next.
    at: usize,
    /// Some verb chose its argument by number: then unused ones are not reported.
    reordered: bool,
    good_index: bool,
    out: String,
}

impl Printer<'_> {
    fn run(&mut self) {
        while let Some(percent) = self.rest.find('%').filter(|_| self.out.len() <= super::MAX_BYTES) {
            self.out.push_str(&self.rest[..percent]);
            self.rest = &self.rest[percent + 1..];
            self.good_index = true;
            self.directive();
        }
        self.out.push_str(self.rest);
        if !self.reordered && self.at < self.args.len() {
            self.extra();
        }
    }

    fn directive(&mut self) {
        let mut spec = Spec::default();
        self.flags(&mut spec);
        let mut after_index = self.argument_index();
        if self.take('*') {
            match self.int_argument() {
                Some(width) => {
                    spec.minus |= width < 0;
                    spec.width = usize::try_from(width.unsigned_abs()).ok();
                }
                None => self.out.push_str("%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            spec.width = self.number();
            if after_index && spec.width.is_some() {
                self.good_index = false;
            }
        }
        if self.take('.') {
            if after_index {
                self.good_index = false;
            }
            after_index = self.argument_index();
            if self.take('*') {
                match self.int_argument() {
                    Some(precision) => spec.precision = usize::try_from(precision).ok(),
                    None => self.out.push_str("%!(BADPREC)"),
                }
                after_index = false;
            } else {
                spec.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !after_index {
            self.argument_index();
        }
        self.verb(spec);
    }

    fn flags(&mut self, spec: &mut Spec) {
        while let Some(c) = self.rest.chars().next() {
            match c {
                '#' => spec.sharp = true,
                '0' => spec.zero = true,
                '+' => spec.plus = true,
                '-' => spec.minus = true,
                ' ' => spec.space = true,
                _ => return,
            }
            self.rest = &self.rest[1..];
        }
    }

    fn verb(&mut self, mut spec: Spec) {
        let Some(verb) = self.rest.chars().next() else {
            self.out.push_str("%!(NOVERB)");
            return;
        };
        self.rest = &self.rest[verb.len_utf8()..];
        if verb == '%' {
            self.out.push('%');
        } else if !self.good_index {
            self.out.push_str(&format!("%!{verb}(BADINDEX)"));
        } else if let Some(arg) = self.args.get(self.at) {
            if verb == 'v' {
                (spec.sharp_v, spec.plus_v) = (spec.sharp, spec.plus);
                (spec.sharp, spec.plus) = (false, false);
            }
            print_arg(&mut self.out, arg, verb, &spec);
            self.at += 1;
        } else {
            self.out.push_str(&format!("%!{verb}(MISSING)"));
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Digits; too large a number counts as none, as in Go.
    fn number(&mut self) -> Option<usize> {
        let digits = self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = self.rest.split_at(digits);
        self.rest = rest;
        number
            .parse::<i64>()
            .ok()
            .filter(|number| *number <= MAX_NUMBER)
            .and_then(|n| usize::try_from(n).ok())
    }

    /// Takes `[n]` and makes that argument the next one. Whether a good index was there.
    fn argument_index(&mut self) -> bool {
        let Some(inside) = self.rest.strip_prefix('[') else { return false };
        self.reordered = true;
        let Some(end) = inside.find(']') else {
            self.rest = inside;
            self.good_index = false;
            return false;
        };
        self.rest = &inside[end + 1..];
        let digits = &inside[..end];
        let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let index = if good { digits.parse::<usize>().ok() } else { None };
        match index.and_then(|index| index.checked_sub(1)).filter(|index| *index < self.args.len()) {
            Some(index) => self.at = index,
            None => self.good_index = false,
        }
        index.is_some()
    }

    /// The argument of a `*`: an integer that is not too large.
    fn int_argument(&mut self) -> Option<i64> {
        let arg = self.args.get(self.at)?;
        self.at += 1;
        let number = match arg.underlying() {
            Value::Int(number) | Value::Int64(number) => number,
            Value::Byte(byte) => i64::from(byte),
            _ => return None,
        };
        (number.abs() <= MAX_NUMBER).then_some(number)
    }

    fn extra(&mut self) {
        self.out.push_str("%!(EXTRA ");
        for (at, arg) in self.args[self.at..].iter().enumerate() {
            if at > 0 {
                self.out.push_str(", ");
            }
            print_with_type(&mut self.out, arg, &Spec::default());
        }
        self.out.push(')');
    }
}
