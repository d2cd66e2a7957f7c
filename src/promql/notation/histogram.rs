//! A histogram between double braces.

use super::error::{NotationError, NotationErrorKind};
use super::reader::Reader;
use crate::promql::histogram::{
    Buckets, CUSTOM_BUCKETS_SCHEMA, CounterResetHint, EXPONENTIAL_SCHEMA_MAX, EXPONENTIAL_SCHEMA_MIN,
    FloatHistogram, HistogramError,
};

/// What a histogram can be described by.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Key {
    Schema,
    Sum,
    Count,
    ZeroBucket,
    ZeroBucketWidth,
    CustomValues,
    Buckets,
    Offset,
    NegativeBuckets,
    NegativeOffset,
    CounterResetHint,
}

const KEYS: [(&str, Key); 11] = [
    ("schema", Key::Schema),
    ("sum", Key::Sum),
    ("count", Key::Count),
    ("z_bucket", Key::ZeroBucket),
    ("z_bucket_w", Key::ZeroBucketWidth),
    ("custom_values", Key::CustomValues),
    ("buckets", Key::Buckets),
    ("offset", Key::Offset),
    ("n_buckets", Key::NegativeBuckets),
    ("n_offset", Key::NegativeOffset),
    ("counter_reset_hint", Key::CounterResetHint),
];

/// What has been read of a histogram.
#[derive(Default)]
struct Description {
    histogram: FloatHistogram,
    /// Counts and offset of both sides.
    positive: (Vec<f64>, i32),
    negative: (Vec<f64>, i32),
    keys: Vec<Key>,
}

impl Reader<'_> {
    /// The histogram that begins here.
    pub(super) fn read_histogram(&mut self) -> Result<FloatHistogram, NotationError> {
        if !self.take("{{") {
            return Err(self.unexpected());
        }
        let mut description = Description::default();
        let mut separated = true;
        // Space may stand before the end, but not before the first key.
        if self.skip_spaces() && !self.rest().starts_with("}}") {
            return Err(self.unexpected_in(&description));
        }
        while !self.take("}}") {
            if !separated {
                return Err(self.unexpected_in(&description));
            }
            self.entry(&mut description)?;
            separated = self.skip_spaces();
        }
        let Description { mut histogram, positive, negative, .. } = description;
        histogram.positive = Buckets::run(positive.1, positive.0);
        histogram.negative = Buckets::run(negative.1, negative.0);
        Ok(histogram)
    }

    /// One key and its value.
    fn entry(&mut self, description: &mut Description) -> Result<(), NotationError> {
        let (name, key) = self.key(description)?;
        match key {
            Key::Schema => description.histogram.schema = self.schema(description)?,
            Key::Sum => description.histogram.sum = self.count(description)?,
            Key::Count => description.histogram.count = self.count(description)?,
            Key::ZeroBucket => description.histogram.zero_count = self.count(description)?,
            Key::ZeroBucketWidth => {
                if self.peek() == Some('-') {
                    return Err(self.unexpected_in(description));
                }
                description.histogram.zero_threshold = self.count(description)?;
            }
            Key::CustomValues => description.histogram.custom_values = self.list(description)?.into(),
            Key::Buckets => description.positive.0 = self.list(description)?,
            Key::NegativeBuckets => description.negative.0 = self.list(description)?,
            Key::Offset => description.positive.1 = self.whole(name, description)?,
            Key::NegativeOffset => description.negative.1 = self.whole(name, description)?,
            Key::CounterResetHint => description.histogram.counter_reset_hint = self.hint()?,
        }
        description.keys.push(key);
        Ok(())
    }

    /// A key and its colon.
    fn key(&mut self, description: &Description) -> Result<(&'static str, Key), NotationError> {
        let word = self.letters();
        if word.is_empty() {
            return Err(self.unexpected_in(description));
        }
        let known = KEYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        let Some((name, key)) = known else {
            return Err(self.error(word.len(), NotationErrorKind::UnknownKey(word.to_owned())));
        };
        if !self.rest()[word.len()..].starts_with(':') {
            return Err(self.error(word.len(), NotationErrorKind::MissingColon));
        }
        if description.keys.contains(key) {
            return Err(self.error(word.len(), NotationErrorKind::DuplicateKey(name)));
        }
        self.advance(word.len() + 1);
        Ok((name, *key))
    }

    /// Letters and underscores that follow.
    fn letters(&self) -> &str {
        let word = self.word();
        let other = |c: char| !(c.is_ascii_alphabetic() || c == '_');
        &word[..word.find(other).unwrap_or(word.len())]
    }

    fn schema(&mut self, description: &Description) -> Result<i32, NotationError> {
        let before = self.at();
        let schema = self.whole("schema", description)?;
        let known = EXPONENTIAL_SCHEMA_MIN..=EXPONENTIAL_SCHEMA_MAX;
        if known.contains(&schema) || schema == CUSTOM_BUCKETS_SCHEMA {
            return Ok(schema);
        }
        let error = NotationErrorKind::Histogram(HistogramError::InvalidSchema(schema));
        Err(self.error_since(before, error))
    }

    /// A whole number with or without a minus.
    fn whole(&mut self, key: &'static str, description: &Description) -> Result<i32, NotationError> {
        let rest = self.rest();
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        if length == 0 {
            return Err(self.unexpected_in(description));
        }
        let text = &rest[..rest.len() - digits.len() + length];
        let kind = || NotationErrorKind::Whole { key, text: text.to_owned() };
        let number = text.parse().map_err(|_| self.error(text.len(), kind()))?;
        self.advance(text.len());
        Ok(number)
    }

    /// A number with or without a minus.
    fn count(&mut self, description: &Description) -> Result<f64, NotationError> {
        let minus = self.take("-");
        let word = self.letters();
        let named = ["inf", "nan"].iter().any(|name| name.eq_ignore_ascii_case(word));
        if !named && !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Err(match word {
                "" => self.unexpected_in(description),
                word => self.error(word.len(), NotationErrorKind::UnknownKey(word.to_owned())),
            });
        }
        let number = self.number()?;
        Ok(if minus { -number } else { number })
    }

    /// Numbers in brackets, at least one.
    fn list(&mut self, description: &Description) -> Result<Vec<f64>, NotationError> {
        if !self.take("[") {
            return Err(self.unexpected_in(description));
        }
        let mut numbers = Vec::new();
        loop {
            match self.peek() {
                Some('-' | '0'..='9' | 'i' | 'I' | 'n' | 'N') => numbers.push(self.count(description)?),
                Some(' ' | '\t' | '\n' | '\r' | ']') => return Err(self.unexpected_in(description)),
                other => return Err(self.bad_bucket(other)),
            }
            let separated = self.skip_spaces();
            if self.take("]") {
                return Ok(numbers);
            }
            if !separated {
                return Err(self.bad_bucket(self.peek()));
            }
        }
    }

    fn hint(&mut self) -> Result<CounterResetHint, NotationError> {
        let word = self.letters();
        let hint = match word.to_ascii_lowercase().as_str() {
            "unknown" => CounterResetHint::Unknown,
            "reset" => CounterResetHint::Reset,
            "not_reset" => CounterResetHint::NotReset,
            "gauge" => CounterResetHint::Gauge,
            _ => return Err(self.error(word.len(), NotationErrorKind::UnknownKey(word.to_owned()))),
        };
        self.advance(word.len());
        Ok(hint)
    }

    fn bad_bucket(&self, found: Option<char>) -> NotationError {
        let shown = found.map_or("end of input".to_owned(), |c| format!("{c:?}"));
        self.error(found.map_or(0, char::len_utf8), NotationErrorKind::Buckets(shown))
    }

    /// What follows cannot stand there; Prometheus words it in another way once a key has been read.
    fn unexpected_in(&self, description: &Description) -> NotationError {
        match self.token() {
            Ok((_, 0)) => self.error(0, NotationErrorKind::Incomplete("end of input".to_owned())),
            Ok((token, length)) if description.keys.is_empty() => {
                self.error(length, NotationErrorKind::Unexpected { token, wanted: None })
            }
            Ok((token, length)) => self.error(length, NotationErrorKind::UnexpectedInHistogram(token)),
            Err(c) => self.error(c.len_utf8(), NotationErrorKind::Incomplete(format!("{c:?}"))),
        }
    }
}
