//! What a file is, told from its content.

use crate::config::yaml::parse;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Prometheus rules.
    Rules,
    /// `routes.yml` or `alertmanager.yml`.
    Routing,
}

impl FileKind {
    /// What `text` is: a routing file if it has keys of one at its top and no rule groups; else rules.
    #[must_use]
    pub fn of(text: &str) -> Self {
        const ROUTING: [&str; 6] =
            ["route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals", "global"];
        // Almost every file has its top keys at the start of lines: no need to parse it for that, and it
        // tells also where the text is not YAML.
        let has_line = |key: &str| {
            let is_key = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
            text.lines().any(is_key)
        };
        if has_line("groups") {
            return Self::Rules;
        }
        if ROUTING.into_iter().any(has_line) {
            return Self::Routing;
        }
        let (root, _) = parse(text);
        let has = |key: &str| root.as_ref().is_some_and(|root| root.get(key).is_some());
        if !has("groups") && ROUTING.into_iter().any(has) { Self::Routing } else { Self::Rules }
    }
}

#[cfg(test)]
mod tests {
    use super::FileKind;

    #[test]
    fn files_are_told_by_their_keys() {
        for (text, kind) in [
            ("groups: []", FileKind::Rules),
            ("route: {receiver: a}", FileKind::Routing),
            ("global: {}\nreceivers: []", FileKind::Routing),
            ("{route: {receiver: a}}", FileKind::Routing),
            ("", FileKind::Rules),
            ("route:\n\treceiver: a", FileKind::Routing),
            ("groups: [", FileKind::Rules),
        ] {
            assert_eq!(FileKind::of(text), kind, "{text}");
        }
    }
}
