//! What is known of an alert after its sender spoke of it again.

use crate::model::{Alert, Timestamp};

/// The alert after `new` arrived while `old` was known; both have the same labels.
///
/// As in Alertmanager: if their times overlap strictly they are one life of the alert and are merged,
/// otherwise the new one replaces the old one. No end counts as later than any end.
pub(super) fn merge(old: &Alert, new: Alert, now: Timestamp) -> Alert {
    match overlap(old, &new) {
        false => new,
        true if new.updated_at < old.updated_at => join(&new, old.clone(), now),
        true => join(old, new, now),
    }
}

fn overlap(old: &Alert, new: &Alert) -> bool {
    let ends_inside = new.ends_at.is_some_and(|end| end > old.starts_at && before_end(end, old));
    ends_inside || (new.starts_at > old.starts_at && before_end(new.starts_at, old))
}

fn before_end(time: Timestamp, alert: &Alert) -> bool {
    alert.ends_at.is_none_or(|end| time < end)
}

/// The earliest start, the younger's texts. The later end wins if both are resolved, or if the younger
/// fires and the older's end was given by its sender.
fn join(older: &Alert, younger: Alert, now: Timestamp) -> Alert {
    let older_ends_later = younger.ends_at.is_some_and(|end| before_end(end, older));
    let keep_end = match younger.is_resolved_at(now) {
        true => older.is_resolved_at(now),
        false => !older.timeout,
    };
    Alert {
        starts_at: older.starts_at.min(younger.starts_at),
        ends_at: if older_ends_later && keep_end { older.ends_at } else { younger.ends_at },
        ..younger
    }
}

#[cfg(test)]
mod tests {
    use super::merge;
    use crate::model::{Alert, Annotations, LabelSet, Timestamp};

    /// An alert from `"start end"` in seconds; `-` is no end, a trailing `?` an end set by `resolve_timeout`.
    fn alert(text: &str, updated_at: i64) -> Alert {
        let (start, end) = text.split_once(' ').expect("start and end");
        let secs = |text: &str| Timestamp::from_secs(text.parse().expect("seconds"));
        Alert {
            labels: LabelSet::from_pairs([("alertname", "Down")]),
            annotations: Annotations::from_pairs([("spoken", updated_at.to_string())]),
            starts_at: secs(start),
            ends_at: (end != "-").then(|| secs(end.trim_end_matches('?'))),
            updated_at: Timestamp::from_secs(updated_at),
            timeout: end.ends_with('?'),
            generator_url: "".into(),
        }
    }

    #[test]
    fn lives_that_overlap_are_merged_and_others_replaced() {
        let now = Timestamp::from_secs(100);
        for (case, old, new, want) in [
            ("a refresh moves the end", "10 200", "10 260", "10 260"),
            ("an earlier end does not cut a given one", "10 200", "10 150", "10 200"),
            ("but it cuts one that was a guess", "10 200?", "10 150", "10 150"),
            ("the earliest start is kept", "10 200", "50 260", "10 260"),
            ("an earlier start replaces", "50 200", "10 260", "10 260"),
            ("a resolution ends it", "10 200", "10 90", "10 90"),
            ("of two resolutions the later wins", "10 95", "10 90", "10 95"),
            ("a later resolution replaces an earlier one", "10 90", "10 95", "10 95"),
            ("a new life does not inherit the old start", "10 50", "60 200", "60 200"),
            ("touching is not overlapping", "10 50", "50 200", "50 200"),
            ("no end stays no end", "10 -", "10 -", "10 -"),
            ("no end keeps the earliest start", "10 -", "50 -", "10 -"),
            ("no end is resolved", "10 -", "10 90", "10 90"),
            ("no end begins again after its end", "10 90", "95 -", "95 -"),
            ("no end outlasts an end", "10 -", "10 150", "10 -"),
        ] {
            let got = merge(&alert(old, 1), alert(new, 2), now);
            let want = alert(want, 2);
            assert_eq!((got.starts_at, got.ends_at), (want.starts_at, want.ends_at), "{case}");
            assert_eq!(got.annotations.get("spoken"), Some("2"), "{case}");
        }
    }

    #[test]
    fn what_was_said_later_wins_also_if_it_arrives_first() {
        let got = merge(&alert("10 200", 5), alert("10 150", 3), Timestamp::from_secs(100));
        assert_eq!(got.annotations.get("spoken"), Some("5"));
        assert_eq!(got.ends_at, Some(Timestamp::from_secs(200)));
    }
}
