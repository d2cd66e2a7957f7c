//! Every check by its name: what it finds, and how to mend it in general.

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, as in [`Problem::check`](super::problem::Problem::check).
    pub name: &'static str,
    /// What it finds, as one sentence.
    pub finds: &'static str,
    /// What to do about it.
    pub mend: &'static str,
}

/// The check called `name`.
#[must_use]
pub fn entry(name: &str) -> Option<Entry> {
    let at = CHECKS.binary_search_by(|(known, ..)| known.cmp(&name)).ok()?;
    CHECKS.get(at).map(|(name, finds, mend)| Entry { name, finds, mend })
}

/// Name, what it finds, how to mend it; in order of the names.
#[rustfmt::skip]
const CHECKS: &[(&str, &str, &str)] = &[
    ("bad-address", "An address of a server is not host and port.", "Write it as `mail:587`."),
    ("bad-duration", "A duration cannot be read.", "Write number and unit, such as `5m` or `1h30m`."),
    ("bad-expr", "An expression is not PromQL, or its types do not fit.", "The message has Prometheus' words, the place is where it could not go on."),
    ("bad-interval", "A time interval cannot be read.", "Times are `09:00`, days `monday:friday`, dates `1:7`, months `january:march`, years `2026:2027`."),
    ("bad-matcher", "A matcher cannot be read.", "Write name, operator and value, such as `severity=\"critical\"`."),
    ("bad-regex", "A regular expression is not valid.", "Only what Go's (RE2) syntax has can be used."),
    ("bad-template", "A text or file is not a template of the language it should be in.", "Mend it at the place that is shown."),
    ("bad-url", "A URL cannot be used.", "It needs scheme and host, such as `https://example.org/hook`."),
    ("bad-value", "A value is none of those that the key takes.", "The message says which there are."),
    ("classic-matcher", "A matcher means different things in the classic and the new syntax; the classic one is used.", "Quote the value."),
    ("deprecated-intervals", "`mute_time_intervals` at the top is the old name of `time_intervals`.", "Rename it."),
    ("deprecated-match", "`match`, `match_re` and their kin are old forms of matchers.", "Write `matchers`."),
    ("duplicate-group", "Two groups of a file have one name.", "Rename one, or merge them."),
    ("duplicate-header", "Two headers differ by nothing but the case of their letters.", "Remove one."),
    ("duplicate-interval", "Two time intervals have one name.", "Rename one."),
    ("duplicate-key", "A mapping has a key twice.", "Remove one of the two."),
    ("duplicate-label", "A label is named twice.", "Remove one of the two."),
    ("duplicate-receiver", "Two receivers have one name.", "Rename one."),
    ("duplicate-rule", "A file has the same rule twice, so that one does what the other does already.", "Remove one."),
    ("exclusive-fields", "Keys exclude each other, or one of several is needed.", "Keep the one that is meant."),
    ("expr-type", "A rule's expression is a range of samples or a text: Prometheus loads it and can never evaluate it.", "Put a function around it that gives one sample for each series, such as `rate`."),
    ("failing-template", "A template fails on a sample as it can be expected.", "Compare values of one type, give functions what they take; else the error is sent instead of the text."),
    ("interval-never", "A time interval has no moment in it.", "Its start must be before its end."),
    ("into-the-void", "A receiver tells nobody, and routes lead to it.", "Give it an integration, or call it `null` if that is meant."),
    ("label-name", "A name of a label or annotation cannot be used.", "Rename it."),
    ("missing-expr", "A rule has no expression.", "Write one under `expr`."),
    ("missing-field", "A key that is needed is not there.", "Add it."),
    ("missing-name", "Something that must have a name has none.", "Give it one."),
    ("missing-route", "A routing file has no root route.", "Add `route: {receiver: …}`."),
    ("mixed-templates", "The templates of a file are in two languages.", "Write all in one, or say which it is: `template_language: go` or `handlebars`."),
    ("no-templates", "A pattern of template files matches no file.", "Mend the pattern; it counts from the routing file's folder."),
    ("no-unit", "A duration has no unit.", "Write one, such as `0s`."),
    ("not-obeyed-yet", "A key is known, but does nothing here yet.", "Remove it, or do not rely on it."),
    ("other-dialect", "The file is one of another program or purpose.", "Give the rule or routing file itself."),
    ("out-of-range", "A number is outside of what is possible.", "The message says what is."),
    ("record-name", "A recording rule's name is no metric's name.", "Labels belong under `labels`, an expression into `expr`."),
    ("repeat-interval", "A route's intervals make it repeat otherwise than one would think.", "Make `repeat_interval` a multiple of `group_interval`."),
    ("root-route", "The root route has what only others can have, or lacks its receiver.", "Move it to a route below."),
    ("rule-kind", "A rule is neither or both of alert and record, or has keys of the other kind.", "Keep one of `alert` and `record`."),
    ("second-document", "A file has several YAML documents; only the first counts.", "Move the others to files of their own."),
    ("template-parse", "A label or annotation is not a template.", "Mend it at the place that is shown."),
    ("undefined-interval", "A route names a time interval that is not defined.", "Define it under `time_intervals`."),
    ("undefined-receiver", "A route names a receiver that is not defined.", "Define it under `receivers`."),
    ("unknown-field", "A key is none that is known at its place.", "Look for a typing error; the help names the closest key."),
    ("unreadable-file", "A file that is named cannot be read now.", "Make it readable before it is needed."),
    ("unreadable-templates", "A template file cannot be read.", "Mend its path or its permissions."),
    ("unused-interval", "No route names a time interval.", "Remove it, or name it."),
    ("unused-receiver", "No route leads to a receiver.", "Remove it, or lead a route to it."),
    ("wrong-type", "A value has another type than its key takes.", "The message says which is needed."),
    ("yaml-alias", "An alias leads into itself, or there are too many.", "Write out what it stands for."),
    ("yaml-syntax", "The file is not YAML.", "Mind indentation, quotes and colons at the place that is shown."),
];

#[cfg(test)]
mod tests {
    use super::{CHECKS, entry};

    #[test]
    fn checks_are_found_by_their_names() {
        assert!(CHECKS.is_sorted_by(|(one, ..), (other, ..)| one < other));
        assert_eq!(entry("bad-expr").map(|entry| entry.name), Some("bad-expr"));
        assert_eq!(entry("bad"), None);
    }
}
