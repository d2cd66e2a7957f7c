//! Values on a grid as promtool writes them: `1x20 _x3 0 5+5x9 {{count:1 buckets:[1]}}x2 stale`, exact to the bit.

use crate::promql::histogram::FloatHistogram;
use crate::promql::value::Value;

/// What a series has at one place of the grid.
#[derive(Clone, Debug)]
pub enum Slot {
    /// No sample.
    Gap,
    /// A sample.
    Value(Value),
    /// The series ended.
    Stale,
}

/// The shortest of promtool's notations that gives these very values. Gaps at the end are left out.
#[must_use]
pub fn write(slots: &[Slot]) -> Vec<String> {
    let end = slots.iter().rposition(|slot| !matches!(slot, Slot::Gap)).map_or(0, |last| last + 1);
    let mut rest = &slots[..end];
    let mut words = Vec::new();
    while let Some(first) = rest.first() {
        let (word, taken) = match first {
            Slot::Stale => ("stale".to_owned(), 1),
            Slot::Gap => match rest.iter().take_while(|slot| matches!(slot, Slot::Gap)).count() {
                1 => ("_".to_owned(), 1),
                count => (format!("_x{count}"), count),
            },
            Slot::Value(Value::Float(value)) => run(*value, rest),
            Slot::Value(Value::Histogram(value)) => repeated(value, rest),
        };
        words.push(word);
        rest = &rest[taken..];
    }
    words
}

/// The longest run of values that begins here, and how many values it takes.
fn run(first: f64, slots: &[Slot]) -> (String, usize) {
    let values = || {
        slots.iter().map_while(|slot| match slot {
            Slot::Value(Value::Float(value)) => Some(*value),
            Slot::Value(Value::Histogram(_)) | Slot::Gap | Slot::Stale => None,
        })
    };
    let text = number(first);
    if !first.is_finite() {
        return (text, 1); // `Infx3` would be a word
    }
    let same = values().take_while(|value| value.to_bits() == first.to_bits()).count();
    if same > 1 {
        return if same == 2 {
            (format!("{text} {text}"), 2)
        } else {
            (format!("{text}x{}", same - 1), same)
        };
    }
    let step = values().nth(1).map_or(0.0, |second| second - first);
    // As readers add it up, so that rounding is the same.
    let mut next = first;
    let growing = values().take_while(|value| {
        let is_next = value.to_bits() == next.to_bits();
        next += step;
        is_next
    });
    match growing.count() {
        // A step of many digits is one of rounding: as a list it is easier to read.
        count @ 3.. if step.is_finite() && number(step.abs()).len() <= text.len().max(5) => {
            let sign = if step < 0.0 { '-' } else { '+' };
            (format!("{text}{sign}{}x{}", number(step.abs()), count - 1), count)
        }
        _ => (text, 1),
    }
}

/// A histogram and how often it follows itself.
fn repeated(first: &FloatHistogram, slots: &[Slot]) -> (String, usize) {
    let is_same = |slot: &&Slot| matches!(slot, Slot::Value(Value::Histogram(next)) if next.equals(first));
    let (text, same) = (first.notation(), slots.iter().take_while(is_same).count().max(1));
    if same == 1 { (text, 1) } else { (format!("{text}x{}", same - 1), same) }
}

/// A number that is read back to the bit, as short as can be.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Inf" } else { "-Inf" }.to_owned();
    }
    let (plain, exponent) = (value.to_string(), format!("{value:e}"));
    // Numbers of usual size as people write them.
    if plain.len() <= exponent.len() || (1e-6..1e15).contains(&value.abs()) { plain } else { exponent }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Slot, write};
    use crate::model::sample::STALE_NAN_BITS;
    use crate::promql::notation::{SequenceValue, parse_histogram, parse_values};
    use crate::promql::value::Value;

    fn slots(values: &[f64]) -> Vec<Slot> {
        values.iter().map(|value| float(*value)).collect()
    }

    fn float(value: f64) -> Slot {
        Slot::Value(Value::Float(value))
    }

    /// What a reader makes of the text: bits, `None` for a gap.
    fn read(text: &str) -> Vec<Option<u64>> {
        let bits = |value: SequenceValue| match value {
            SequenceValue::Omitted => None,
            SequenceValue::Value(Value::Float(value)) => Some(value.to_bits()),
            SequenceValue::Value(Value::Histogram(_)) => panic!("no histogram was written"),
        };
        parse_values(text).unwrap_or_else(|error| panic!("{text}: {error}")).into_iter().map(bits).collect()
    }

    #[test]
    fn runs_are_short_and_exact() {
        use Slot::{Gap, Stale};
        for (given, wanted) in [
            (slots(&[]), ""),
            (slots(&[1.0]), "1"),
            (slots(&[1.0, 1.0]), "1 1"),
            (slots(&[1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0]), "1x2 0x2 1"),
            (slots(&[0.0, 5.0, 10.0, 15.0, 15.0, 20.0]), "0+5x3 15 20"),
            (slots(&[10.0, 8.0, 6.0]), "10-2x2"),
            (slots(&[-3.0, -3.0, -3.0, -3.0]), "-3x3"),
            // 0.1 + 0.1 + 0.1 is not 0.3: no run that would change it.
            (slots(&[0.1, 0.2, 0.3, 0.4]), "0.1 0.2 0.3 0.4"),
            (slots(&[0.25, 0.5, 0.75]), "0.25+0.25x2"),
            (slots(&[1.25317, 1.26317, 1.2731700000000001]), "1.25317 1.26317 1.2731700000000001"),
            (slots(&[9_007_199_254_740_991.0, 1.5e300, 2e-9]), "9007199254740991 1.5e300 2e-9"),
            (
                slots(&[1_726_000_000.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]),
                "1726000000.5 NaN Inf -Inf",
            ),
            (vec![Gap, Gap, float(1.0), Gap, float(1.0), Stale, Gap, Gap, Gap], "_x2 1 _ 1 stale"),
            (vec![Gap; 4], ""),
        ] {
            assert_eq!(write(&given).join(" "), wanted);
        }
    }

    #[test]
    fn histograms_are_repeated_but_do_not_grow() {
        let one = || {
            Slot::Value(Value::Histogram(parse_histogram("{{count:1 buckets:[1]}}").expect("valid").into()))
        };
        let two = || {
            Slot::Value(Value::Histogram(parse_histogram("{{count:2 buckets:[2]}}").expect("valid").into()))
        };
        let given = [one(), one(), one(), two(), Slot::Gap, two(), two(), float(1.0), Slot::Stale];
        let text = write(&given).join(" ");
        assert_eq!(
            text,
            "{{count:1 buckets:[1]}}x2 {{count:2 buckets:[2]}} _ {{count:2 buckets:[2]}}x1 1 stale"
        );
        assert_eq!(parse_values(&text).expect("valid").len(), given.len());
    }

    fn slot() -> impl Strategy<Value = Slot> {
        prop_oneof![
            1 => Just(Slot::Gap),
            1 => Just(Slot::Stale),
            6 => (-3_i32..40).prop_map(|value| float(f64::from(value))),
            2 => (-3_i32..40).prop_map(|value| float(f64::from(value) / 10.0)),
            1 => any::<f64>().prop_map(float),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(given in proptest::collection::vec(slot(), 0..60)) {
            let text = write(&given).join(" ");
            let mut wanted: Vec<Option<u64>> = given.iter().map(|slot| match slot {
                Slot::Gap => None,
                Slot::Value(Value::Float(value)) if value.is_nan() => Some(f64::NAN.to_bits()),
                Slot::Value(Value::Float(value)) => Some(value.to_bits()),
                Slot::Value(Value::Histogram(_)) => panic!("no histogram is given"),
                Slot::Stale => Some(STALE_NAN_BITS),
            }).collect();
            while wanted.last() == Some(&None) {
                wanted.pop();
            }
            let read = if text.is_empty() { Vec::new() } else { read(&text) };
            prop_assert_eq!(read, wanted, "{}", text);
        }
    }
}
