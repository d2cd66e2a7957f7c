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

/// Keys that tell a kind, the surest first. `global` is also one of Prometheus' own configuration, which is no
/// routing file: who reads it as rules is told what it is.
const KEYS: [(&str, FileKind); 9] = [
    ("groups", FileKind::Rules),
    ("route", FileKind::Routing),
    ("receivers", FileKind::Routing),
    ("inhibit_rules", FileKind::Routing),
    ("time_intervals", FileKind::Routing),
    ("mute_time_intervals", FileKind::Routing),
    ("scrape_configs", FileKind::Rules),
    ("rule_files", FileKind::Rules),
    ("global", FileKind::Routing),
];

impl FileKind {
    /// What `text` is, told from the keys at its top; rules if it has none that is known.
    #[must_use]
    pub fn of(text: &str) -> Self {
        // Almost every file has its top keys at the start of lines: no need to parse it for that, and it
        // tells also where the text is not YAML.
        let starts_line = |key: &str| {
            let is_key = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
            text.lines().any(is_key)
        };
        let written = || KEYS.iter().find(|(key, _)| starts_line(key));
        let parsed = || {
            let root = parse(text).0?;
            KEYS.iter().find(|(key, _)| root.get(key).is_some())
        };
        written().or_else(parsed).map_or(Self::Rules, |(_, kind)| *kind)
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
            ("global: {}", FileKind::Routing),
            ("global: {}\nrule_files: []\nscrape_configs: []", FileKind::Rules),
            ("global: {}\nroute: {}\nrule_files: []", FileKind::Routing),
            ("{route: {receiver: a}}", FileKind::Routing),
            ("{groups: [], route: {}}", FileKind::Rules),
            ("", FileKind::Rules),
            ("route:\n\treceiver: a", FileKind::Routing),
            ("groups: [", FileKind::Rules),
        ] {
            assert_eq!(FileKind::of(text), kind, "{text}");
        }
    }
}
