//! Where secrets stand in the text of a file, so that the lines shown of it do not hold any.
//!
//! Told by keys and not by what was read: a secret under a key that belongs elsewhere, or in a file that is
//! broken, is still a secret.

use std::ops::Range;

use crate::config::raw::{is_public_url_list, is_secret_holder, is_secret_key};
use crate::config::yaml::{Node, Value, YamlProblem, parse};

/// The bytes of `text` that must not be shown, in order and apart from each other.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let (root, problems) = parse(text);
    let mut found = credentials(text);
    let broken = problems.iter().any(|problem| match problem {
        YamlProblem::Syntax { .. } | YamlProblem::Alias { .. } => true,
        YamlProblem::DuplicateKey { .. } | YamlProblem::SecondDocument { .. } => true,
    });
    match root {
        Some(root) if root.get("groups").is_some() => return merged(found),
        Some(root) => walk(&root, true, &mut found),
        None if text.lines().any(|line| line.starts_with("groups:")) => return merged(found),
        None => {}
    }
    if broken {
        lines(text, &mut found);
    }
    merged(found)
}

/// `user:password` of URLs.
fn credentials(text: &str) -> Vec<Range<usize>> {
    let end = |c: char| c.is_whitespace() || "/?#\"'".contains(c);
    let starts = text.match_indices("://").map(|(at, sign)| at + sign.len());
    let places = starts.filter_map(|start| {
        let authority = &text[start..];
        let authority = &authority[..authority.find(end).unwrap_or(authority.len())];
        authority.rfind('@').map(|length| start..start + length)
    });
    places.collect()
}

/// What stands under secret keys. `url` is one of them but where it is known to be none.
fn walk(node: &Node, secret_url: bool, found: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| walk(item, secret_url, found)),
        Value::Mapping(pairs) => {
            for (key, value) in pairs {
                let name = key.scalar().map_or("", |name| &name.text);
                if is_secret_key(name) || (secret_url && name == "url") {
                    scalars(value, found);
                } else {
                    if is_secret_holder(name) && !matches!(value.value, Value::Mapping(_)) {
                        scalars(value, found);
                    }
                    walk(value, !is_public_url_list(name), found);
                }
            }
        }
    }
}

/// The scalars of a value, however deep.
fn scalars(node: &Node, found: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Scalar(_) if node.span.is_empty() => {}
        Value::Scalar(_) => found.push(node.span.clone()),
        Value::Sequence(items) => items.iter().for_each(|item| scalars(item, found)),
        Value::Mapping(pairs) => pairs.iter().for_each(|(_, value)| scalars(value, found)),
    }
}

/// Without a tree: the rest of each line that has a secret key, and the lines below that are further in.
fn lines(text: &str, found: &mut Vec<Range<usize>>) {
    let mut at = 0;
    let mut inside: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let indent = content.len() - content.trim_start().len();
        let further = inside.is_some_and(|key| indent > key) && !content.trim_start().is_empty();
        if further {
            found.push(at + indent..at + content.len());
        } else if let Some((key, value)) = secret_pair(content) {
            inside = Some(key);
            if value < content.len() {
                found.push(at + value..at + content.len());
            }
        } else if !content.is_empty() {
            inside = None;
        }
        at += line.len();
    }
}

/// Where the first secret key of a line starts, and its value.
fn secret_pair(line: &str) -> Option<(usize, usize)> {
    line.match_indices(':').find_map(|(colon, _)| {
        let before = line[..colon].trim_end().trim_end_matches(['"', '\'']);
        let start = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
        let name = &before[start..];
        let rest = &line[colon + 1..];
        let value = colon + 1 + (rest.len() - rest.trim_start().len());
        (is_secret_key(name) || is_secret_holder(name) || name == "url").then_some((start, value))
    })
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::secrets;

    fn masked(text: &str) -> String {
        let mut out = text.to_owned();
        for range in secrets(text).into_iter().rev() {
            out.replace_range(range, "#");
        }
        out
    }

    #[test]
    fn what_stands_under_secret_keys_is_found() {
        for (text, want) in [
            ("a: {password: x, username: y}", "a: {password: #, username: y}"),
            ("api_key: 'x y' # z", "api_key: # # z"),
            (
                "pagerduty_configs: [{url: http://x}]\nurl: http://y",
                "pagerduty_configs: [{url: http://x}]\nurl: #",
            ),
            (
                "webhook_configs:\n- url: |\n    http://x\n  max_alerts: 1",
                "webhook_configs:\n- url: #\n  max_alerts: 1",
            ),
            ("authorization: x", "authorization: #"),
            ("authorization: {type: x, credentials: y}", "authorization: {type: x, credentials: #}"),
            ("h: {X: {secrets: [a, b], values: [c]}}", "h: {X: {secrets: [#, #], values: [c]}}"),
            ("proxy_connect_header: {X: [a]}", "proxy_connect_header: {X: [#]}"),
            ("a: &p x\npassword: *p", "a: &p #\npassword: *p"),
            ("pagerduty_url: http://u:p@x/@", "pagerduty_url: http://#@x/@"),
            ("password_file: x", "password_file: x"),
            ("password:", "password:"),
            (
                "groups: [{name: a, rules: [{alert: b, labels: {token: c}}]}]",
                "groups: [{name: a, rules: [{alert: b, labels: {token: c}}]}]",
            ),
            // Broken files, line by line.
            ("a: [\npassword: x y\nb: c", "a: [\npassword: #\nb: c"),
            ("a: [\n- {token: x, b: c}", "a: [\n- {token: #"),
            ("key: |\n  x\n  y\n\n  z\nb: [", "key: #\n  #\n  #\n\n  #\nb: ["),
            ("- url: x\n  text: y\n\tb", "- url: #\n  text: y\n\tb"),
        ] {
            assert_eq!(masked(text), want, "{text}");
        }
    }
}
