//! Any text is read as a series or refused; what is printed is read alike.

use sereno::promql::notation::{SequenceValue, parse_histogram, parse_series, parse_values};

use super::Outcome;

/// How many values are printed and read again.
const SOME: usize = 200;

pub(crate) fn check(text: &str) -> Outcome {
    let _ = parse_values(text);
    if let Ok(histogram) = parse_histogram(text) {
        let printed = histogram.notation().replace("+Inf", "Inf");
        let again = parse_histogram(&printed).map(|again| again.notation().replace("+Inf", "Inf"));
        if !reads_nothing(&printed) {
            assert_eq!(again.as_ref(), Ok(&printed));
        }
    }
    let Ok(series) = parse_series(text) else { return Outcome::Refused };
    let some = &series.values[..series.values.len().min(SOME)];
    // As in Prometheus, `+Inf` is printed and `Inf` is read.
    let printed = |value: &SequenceValue| value.to_string().replace("+Inf", "Inf");
    let values: Vec<String> = some.iter().map(printed).collect();
    if values.iter().any(|value| reads_nothing(value)) {
        return Outcome::Accepted;
    }
    let again =
        parse_values(&values.join(" ")).unwrap_or_else(|error| panic!("{}: {error}", values.join(" ")));
    let again: Vec<String> = again.iter().map(printed).collect();
    assert_eq!(again, values);
    Outcome::Accepted
}

/// Whether Prometheus prints what it does not read: a list without numbers.
fn reads_nothing(printed: &str) -> bool {
    printed.contains(":[]")
}
