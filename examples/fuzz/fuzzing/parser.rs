//! Any text is read or refused, with places that are in it; what is printed means the same.

use sereno::promql::parser::{Features, parse, parse_metric, parse_selector};

use super::Outcome;

pub(crate) fn check(text: &str) -> Outcome {
    let _ = parse(text, Features::default());
    if let Ok(labels) = parse_metric(text) {
        let printed = labels.to_string();
        let again = parse_metric(&printed);
        // Label sets are printed as in Alertmanager, which quotes no names; and as everywhere in Prometheus, a
        // replacement character is taken for a mistake in the text.
        let plain = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        if labels.iter().all(|(name, _)| plain(name)) && !printed.contains('\u{fffd}') {
            assert_eq!(again, Ok(labels), "{printed}");
        }
    }
    let _ = parse_selector(text);
    match parse(text, Features::ALL) {
        Ok(expr) => {
            for node in expr.nodes() {
                let span = node.span();
                let piece = text.get(span.start..span.end);
                assert!(piece.is_some_and(|piece| !piece.is_empty()), "{node} stands at {span:?}");
            }
            prints_what_it_means(&expr.to_string());
            Outcome::Accepted
        }
        Err(errors) => {
            assert!(!errors.0.is_empty(), "refused without a reason");
            for error in &errors.0 {
                assert!(text.is_char_boundary(error.span.start), "{error}: {:?}", error.span);
                assert!(!error.to_string().is_empty() && error.help() != Some(""), "{error:?}");
            }
            Outcome::Refused
        }
    }
}

/// Whether Prometheus prints something else than what it has read: a sign before a number as an operator that binds
/// weaker than `^`, and as `0s` what is less than a millisecond or has a sign.
pub(crate) fn prints_otherwise(printed: &str) -> bool {
    let is_no_time = |word: &str| word == "0s";
    printed.contains("+Inf") || printed.split(|c: char| !c.is_alphanumeric()).any(is_no_time)
}

fn prints_what_it_means(printed: &str) {
    if !prints_otherwise(printed) {
        let again = parse(printed, Features::ALL).map(|expr| expr.to_string());
        // A sum of signs (`offset -+1`) is printed as a number, which is then read as a duration (`-1s`).
        if printed.contains("offset -") && again.as_deref() != Ok(printed) {
            let again = again.unwrap_or_else(|errors| panic!("{printed}: {errors}"));
            let third = parse(&again, Features::ALL).map(|expr| expr.to_string());
            return assert_eq!(third, Ok(again), "{printed}");
        }
        assert_eq!(again.as_deref(), Ok(printed));
    }
}
