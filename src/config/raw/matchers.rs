//! `matchers`, and the deprecated `match` and `match_re`, of routes and inhibition rules.

use super::{Fields, Reader};
use crate::config::problem::Severity;
use crate::config::yaml::Node;
use crate::model::matcher::{DISAGREEMENT, MatcherList, MatcherMode, parse_matchers};
use crate::model::regex::InvalidRegex;
use crate::model::{MatchOp, Matcher};

impl Reader<'_> {
    /// All conditions under the three keys, sorted.
    pub(crate) fn conditions(&mut self, fields: &Fields<'_>, keys: [&str; 3]) -> Vec<Matcher> {
        let [equal, regex, lines] = keys;
        let mut matchers = Vec::new();
        if let Some(node) = fields.get(equal) {
            self.deprecated(fields, equal, lines);
            matchers.extend(self.equal_pairs(node, equal));
        }
        if let Some(node) = fields.get(regex) {
            self.deprecated(fields, regex, lines);
            matchers.extend(self.regex_pairs(node, regex));
        }
        if let Some(node) = fields.get(lines) {
            for line in self.list(node, lines) {
                matchers.extend(self.matcher_line(line));
            }
        }
        matchers.sort();
        matchers
    }

    fn deprecated(&mut self, fields: &Fields<'_>, key: &str, instead: &str) {
        let message = format!("{key} is deprecated");
        let sign = if key.ends_with("_re") { "=~" } else { "=" };
        let help = format!("write `{instead}: ['LABEL{sign}\"VALUE\"']`");
        self.report(Severity::Info, "deprecated-match", &fields.key_span(key), message, Some(help));
    }

    fn equal_pairs(&mut self, node: &Node, what: &str) -> Vec<Matcher> {
        let Some(pairs) = self.mapping(node, what) else { return Vec::new() };
        let mut matchers = Vec::new();
        for (key, value) in pairs {
            if let (Some(name), Some(value)) = (self.classic_name(key), self.text(value, what)) {
                matchers.push(Matcher::equal(name, value));
            }
        }
        matchers
    }

    fn regex_pairs(&mut self, node: &Node, what: &str) -> Vec<Matcher> {
        let Some(pairs) = self.mapping(node, what) else { return Vec::new() };
        let mut matchers = Vec::new();
        for (key, value) in pairs {
            let Some(name) = self.classic_name(key) else { continue };
            if value.is_null() {
                self.error("bad-matcher", &key.span, format!("invalid regexp value for {name:?}"));
                continue;
            }
            let Some(text) = self.text(value, what) else { continue };
            // Checked as written, so that a mistake is found at its place. Alertmanager keeps the anchored
            // text as the matcher's value, which shows in group keys.
            match Matcher::new(name.clone(), MatchOp::Regex, text.clone()) {
                Ok(_) => {
                    let anchored = format!("^(?:{text})$");
                    matchers.extend(Matcher::new(name, MatchOp::Regex, anchored).ok());
                }
                Err(error) => self.bad_regex(value, &error),
            }
        }
        matchers
    }

    /// The node's text is no regular expression: shown at the part of it that is wrong.
    pub(crate) fn bad_regex(&mut self, node: &Node, error: &InvalidRegex) {
        let place = match node.scalar() {
            Some(scalar) => self.place(node, scalar, &error.range),
            None => node.span.clone(),
        };
        self.error("bad-regex", &place, format!("error parsing regexp: {}", error.reason));
    }

    /// A name as `match` takes it: not any UTF-8.
    fn classic_name(&mut self, key: &Node) -> Option<crate::model::Str> {
        let name = self.text(key, "a label name")?;
        if MatcherMode::Classic.is_label_name(&name) {
            return Some(name);
        }
        let help = "only `matchers` takes names with other characters";
        self.error_help("label-name", &key.span, format!("invalid label name {name:?}"), help);
        None
    }

    /// One line of `matchers`, which may hold several.
    pub(crate) fn matcher_line(&mut self, node: &Node) -> Vec<Matcher> {
        let Some(text) = self.text(node, "a matcher") else { return Vec::new() };
        let Some(scalar) = node.scalar() else { return Vec::new() };
        match parse_matchers(&text, self.mode) {
            Ok(parsed) => {
                if let Some(warning) = parsed.warning {
                    let list = parsed.matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
                    let message = match warning.message.as_str() {
                        DISAGREEMENT => {
                            let new = parse_matchers(&text, MatcherMode::Utf8Strict);
                            let new = new.map(|parsed| MatcherList(&parsed.matchers).to_string());
                            let new = new.unwrap_or_default();
                            format!("the classic matcher syntax is taken here; the UTF-8 syntax reads {new}")
                        }
                        other => format!("only the classic matcher syntax takes this: {other}"),
                    };
                    let help = format!("write {}", yaml_quoted(&list));
                    self.report(Severity::Warning, "classic-matcher", &node.span, message, Some(help));
                }
                parsed.matchers
            }
            Err(error) => {
                let place = self.place(node, scalar, &error.range);
                let check =
                    if error.message.contains("error parsing regexp") { "bad-regex" } else { "bad-matcher" };
                self.report(Severity::Error, check, &place, error.message, error.hint);
                Vec::new()
            }
        }
    }
}

impl Reader<'_> {
    /// Whether a label may be called this: any text, or with the classic syntax alone only what that reads.
    pub(crate) fn is_label_name(&self, name: &str) -> bool {
        self.mode.is_label_name(name)
    }
}

/// In single quotes, as a matcher holds double ones.
fn yaml_quoted(text: &str) -> String {
    format!("`'{}'`", text.replace('\'', "''"))
}
