//! A sequence of values.

use std::sync::Arc;

use super::error::{NotationError, NotationErrorKind};
use super::{MAX_SAMPLES, SequenceValue};
use crate::model::quote::GoQuoted;
use crate::model::sample::stale_nan;
use crate::promql::histogram::FloatHistogram;
use crate::promql::parser;
use crate::promql::span::Span;
use crate::promql::value::Value;

/// Reads values from left to right.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    values: Vec<SequenceValue>,
    /// How many more samples there may be.
    room: usize,
}

impl<'a> Reader<'a> {
    /// A reader that starts behind `at` bytes of `text`.
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, values: Vec::new(), room: MAX_SAMPLES }
    }

    /// How far it has read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// All values up to the end; the first one needs space before it unless `separated`.
    pub(super) fn read(mut self, separated: bool) -> Result<Vec<SequenceValue>, NotationError> {
        let mut separated = separated;
        loop {
            separated |= self.skip_spaces();
            if self.rest().is_empty() {
                return Ok(self.values);
            }
            if !separated {
                return Err(self.unexpected());
            }
            self.item()?;
            separated = false;
        }
    }

    /// One item, which is one value or several.
    fn item(&mut self) -> Result<(), NotationError> {
        if self.rest().starts_with("{{") {
            return self.histograms();
        }
        if self.take("_") {
            let times = if self.take("x") { self.repetitions()? } else { 1 };
            return self.repeat(times, |_| SequenceValue::Omitted);
        }
        let start = self.float()?;
        let step = match self.peek() {
            Some('+' | '-') => Some(self.signed_number()?),
            Some(_) | None => None,
        };
        // Adding nothing changes some values, too: a negative zero, a marker of staleness.
        let is_constant = step.is_none();
        let (step, times) = match (step, self.take("x")) {
            (step, true) => (step.unwrap_or(0.0), self.repetitions()?),
            (Some(_), false) => return Err(self.unexpected()),
            (None, false) => (0.0, 0),
        };
        let (mut value, mut next) = (start, start);
        self.repeat(times.saturating_add(1), |_| {
            value = next;
            if !is_constant {
                next += step;
            }
            SequenceValue::Value(Value::Float(value))
        })
    }

    /// One value `times` times; the closure makes each.
    fn repeat(
        &mut self,
        times: u64,
        mut value: impl FnMut(u64) -> SequenceValue,
    ) -> Result<(), NotationError> {
        let room = usize::try_from(times).ok().and_then(|times| self.room.checked_sub(times));
        self.room = room.ok_or_else(|| self.error(0, NotationErrorKind::TooMany))?;
        self.values.extend((0..times).map(&mut value));
        Ok(())
    }

    /// A number with or without a sign, or `stale`.
    fn float(&mut self) -> Result<f64, NotationError> {
        match self.peek() {
            Some('+' | '-') => self.signed_number(),
            Some(c) if c.is_ascii_alphabetic() && c != 'x' => {
                if self.word() == "stale" {
                    self.at += "stale".len();
                    return Ok(stale_nan());
                }
                let wanted = "number or \"stale\"";
                self.named_number().ok_or_else(|| self.unexpected_wanting(Some(wanted)))
            }
            Some(_) | None => self.number(),
        }
    }

    pub(super) fn signed_number(&mut self) -> Result<f64, NotationError> {
        if self.take("-") {
            return self.number().map(|number| -number);
        }
        self.take("+");
        self.number()
    }

    /// A number without a sign.
    pub(super) fn number(&mut self) -> Result<f64, NotationError> {
        if let Some(number) = self.named_number() {
            return Ok(number);
        }
        let length = self.number_length()?;
        let text = &self.rest()[..length];
        let number = parse_number(text).map_err(|kind| self.error(length, kind))?;
        self.at += length;
        Ok(number)
    }

    /// `Inf` or `NaN`, in any case.
    fn named_number(&mut self) -> Option<f64> {
        let word = self.word();
        let number = match word.to_ascii_lowercase().as_str() {
            "inf" => f64::INFINITY,
            "nan" => f64::NAN,
            _ => return None,
        };
        self.at += word.len();
        Some(number)
    }

    /// How many bytes of what follows are a number: it ends before a space, a sign or an `x`. There are no
    /// hexadecimal numbers here: `0x3` is zero, repeated.
    fn number_length(&self) -> Result<usize, NotationError> {
        let rest = self.rest().as_bytes();
        let begins = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let is_fraction = rest.first() == Some(&b'.') && begins(rest.get(1));
        if !is_fraction && !begins(rest.first()) {
            return Err(self.unexpected());
        }
        let mut length = 0;
        while let Some(byte) = rest.get(length) {
            let sign = matches!(byte, b'+' | b'-') && matches!(rest[length - 1], b'e' | b'E');
            if !sign && !byte.is_ascii_digit() && !matches!(byte, b'.' | b'_' | b'e' | b'E') {
                break;
            }
            length += 1;
        }
        match self.rest()[length..].chars().next() {
            Some(c) if c != 'x' && (c.is_ascii_alphanumeric() || c == '_') => {
                let text = &self.rest()[..length];
                Err(self.error(length, NotationErrorKind::Number(text.to_owned())))
            }
            Some(_) | None => Ok(length),
        }
    }

    /// The number behind an `x`.
    fn repetitions(&mut self) -> Result<u64, NotationError> {
        let length = self.number_length()?;
        let text = &self.rest()[..length];
        let repetitions = text.parse().map_err(|_| {
            let whole = text.bytes().all(|byte| byte.is_ascii_digit());
            let reason = if whole { "value out of range" } else { "invalid syntax" };
            self.error(length, NotationErrorKind::Repetition { text: text.to_owned(), reason })
        })?;
        self.at += length;
        Ok(repetitions)
    }

    /// A histogram, also repeated, also growing or shrinking.
    fn histograms(&mut self) -> Result<(), NotationError> {
        let start = self.read_histogram()?;
        let sign = self.peek();
        if !matches!(sign, Some('+' | '-')) {
            let times = if self.take("x") { self.repetitions()? } else { 0 };
            let start = Arc::new(start);
            return self.repeat(times.saturating_add(1), |_| {
                SequenceValue::Value(Value::Histogram(Arc::clone(&start)))
            });
        }
        self.at += 1;
        if !self.rest().starts_with("{{") {
            return Err(self.unexpected());
        }
        let step = self.read_histogram()?;
        let repetitions_at = self.at;
        if !self.take("x") {
            return Err(self.unexpected());
        }
        let times = self.repetitions()?;
        self.grow(start, &step, sign == Some('-'), times)
            .map_err(|kind| self.error_since(repetitions_at, kind))
    }

    fn grow(
        &mut self,
        start: FloatHistogram,
        step: &FloatHistogram,
        minus: bool,
        times: u64,
    ) -> Result<(), NotationErrorKind> {
        let mut current = start;
        for left in (0..=times).rev() {
            let taken = current.size_in_samples();
            self.room = self.room.checked_sub(taken).ok_or(NotationErrorKind::TooMany)?;
            self.values.push(current.clone().into());
            if left == 0 {
                break;
            }
            if current.schema > step.schema {
                return Err(NotationErrorKind::CoarserStep { step: step.schema, start: current.schema });
            }
            if minus { current.sub(step) } else { current.add(step) }
                .map_err(NotationErrorKind::Histogram)?;
        }
        Ok(())
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes over `text` if it follows.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let follows = self.rest().starts_with(text);
        self.at += if follows { text.len() } else { 0 };
        follows
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Goes over spaces; whether there were any.
    pub(super) fn skip_spaces(&mut self) -> bool {
        let trimmed = self.rest().trim_start_matches([' ', '\t', '\n', '\r']);
        let before = std::mem::replace(&mut self.at, self.text.len() - trimmed.len());
        before < self.at
    }

    /// Letters, digits, underscores and colons that follow.
    pub(super) fn word(&self) -> &'a str {
        let rest = self.rest();
        let within = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        &rest[..rest.find(|c| !within(c)).unwrap_or(rest.len())]
    }

    /// An error about the next `length` bytes.
    pub(super) fn error(&self, length: usize, kind: NotationErrorKind) -> NotationError {
        NotationError::new(self.text, Span::new(self.at, self.at + length), kind)
    }

    /// An error about what has been read since `start`.
    pub(super) fn error_since(&self, start: usize, kind: NotationErrorKind) -> NotationError {
        NotationError::new(self.text, Span::new(start, self.at), kind)
    }

    /// What follows cannot stand there.
    pub(super) fn unexpected(&self) -> NotationError {
        self.unexpected_wanting(None)
    }

    fn unexpected_wanting(&self, wanted: Option<&'static str>) -> NotationError {
        match self.token() {
            Ok((token, length)) => {
                // Prometheus has this hint only for words.
                let wanted = wanted.filter(|_| token.starts_with("identifier"));
                self.error(length, NotationErrorKind::Unexpected { token, wanted })
            }
            Err(c) => self.error(c.len_utf8(), NotationErrorKind::Character(c)),
        }
    }

    /// What follows, as Prometheus would name it, and its length; or a character that begins nothing.
    pub(super) fn token(&self) -> Result<(String, usize), char> {
        let Some(c) = self.peek() else { return Ok(("end of input".to_owned(), 0)) };
        let quoted = |length: usize| (GoQuoted(&self.rest()[..length]).to_string(), length);
        Ok(match c {
            '+' | '-' => (format!("<op:{c}>"), 1),
            'x' | '_' | ':' | '[' | ']' | ' ' | '\t' | '\n' | '\r' => quoted(1),
            '{' | '}' if self.rest().starts_with(&String::from_iter([c, c])) => quoted(2),
            '0'..='9' => {
                let length = self.number_length().unwrap_or(1);
                let (text, length) = quoted(length);
                (format!("number {text}"), length)
            }
            c if c.is_ascii_alphabetic() => {
                let (text, length) = quoted(self.word().len());
                (format!("identifier {text}"), length)
            }
            c => return Err(c),
        })
    }
}

fn parse_number(text: &str) -> Result<f64, NotationErrorKind> {
    parser::number(text).map_err(|_| {
        let number: Result<f64, _> = text.replace('_', "").parse();
        let kind = if number.is_ok() { NotationErrorKind::NumberRange } else { NotationErrorKind::Number };
        kind(text.to_owned())
    })
}
