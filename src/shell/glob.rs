//! Which files a pattern names: `*`, `?` and `[a-z]` within one part of a path, as in Prometheus'
//! `rule_files`. Nothing else is special.

use std::path::{Path, PathBuf};

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pattern:?} is not a pattern: {reason}")]
pub struct BadPattern {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The existing files that match, sorted by name. Folders that cannot be read match nothing.
///
/// # Errors
/// The pattern has a bracket that is not closed.
pub fn files(pattern: &str) -> Result<Vec<String>, BadPattern> {
    if Path::new(pattern).is_file() {
        return Ok(vec![pattern.to_owned()]); // whatever characters its name has
    }
    let mut found = vec![PathBuf::from(if pattern.starts_with('/') { "/" } else { "" })];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let tokens = tokens(part).map_err(|reason| BadPattern { pattern: pattern.to_owned(), reason })?;
        found = found.iter().flat_map(|folder| children(folder, part, &tokens)).collect();
    }
    let mut names: Vec<String> =
        found.into_iter().filter(|path| path.is_file()).map(|path| path.display().to_string()).collect();
    names.sort();
    Ok(names)
}

/// Whether the text may name several files.
#[must_use]
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// What to tell a person whose pattern names no file.
#[must_use]
pub fn why_none(pattern: &str) -> String {
    if Path::new(pattern).is_dir() {
        let folder = pattern.trim_end_matches('/');
        return format!("cannot read {pattern}: it is a folder; name its files, as in '{folder}/*.yml'");
    }
    match is_pattern(pattern) {
        true => format!("no file matches {pattern}"),
        false => format!("cannot read {pattern}: no such file"),
    }
}

/// One thing that a pattern asks of a name.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// This character.
    Literal(char),
    /// Any one character.
    One,
    /// Any characters, also none.
    Many,
    /// A character within one of the ranges, or within none of them.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

fn children(folder: &Path, part: &str, tokens: &[Token]) -> Vec<PathBuf> {
    if tokens.iter().all(|token| matches!(token, Token::Literal(_))) {
        return vec![folder.join(part.replace('\\', ""))];
    }
    let place = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| matches(tokens, name)).map(|name| folder.join(name)).collect()
}

fn tokens(part: &str) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut rest = part.chars();
    while let Some(c) = rest.next() {
        tokens.push(match c {
            '*' => Token::Many,
            '?' => Token::One,
            '[' => class(&mut rest)?,
            '\\' => Token::Literal(rest.next().ok_or("it ends with a backslash")?),
            other => Token::Literal(other),
        });
    }
    Ok(tokens)
}

fn class(rest: &mut std::str::Chars<'_>) -> Result<Token, &'static str> {
    const OPEN: &str = "a [ is not closed";
    let negated = rest.as_str().starts_with(['^', '!']);
    if negated {
        rest.next();
    }
    let mut ranges = Vec::new();
    loop {
        let low = match rest.next().ok_or(OPEN)? {
            ']' if !ranges.is_empty() => return Ok(Token::Class { negated, ranges }),
            '\\' => rest.next().ok_or(OPEN)?,
            other => other,
        };
        let high = if rest.as_str().starts_with('-') && !rest.as_str().starts_with("-]") {
            rest.next();
            rest.next().ok_or(OPEN)?
        } else {
            low
        };
        ranges.push((low, high));
    }
}

fn matches(tokens: &[Token], name: &str) -> bool {
    let Some((token, more)) = tokens.split_first() else { return name.is_empty() };
    if *token == Token::Many {
        let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
        return ends.any(|at| matches(more, &name[at..]));
    }
    let mut rest = name.chars();
    rest.next().is_some_and(|c| takes(token, c) && matches(more, rest.as_str()))
}

fn takes(token: &Token, c: char) -> bool {
    match token {
        Token::Literal(literal) => *literal == c,
        Token::One | Token::Many => true,
        Token::Class { negated, ranges } => {
            ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{files, matches, tokens};

    #[test]
    fn patterns_match_names() {
        for (pattern, name, want) in [
            ("*.yml", "node.yml", true),
            ("*.yml", "node.yaml", false),
            ("*.y*ml", "node.yaml", true),
            ("n?de", "node", true),
            ("n?de", "nde", false),
            ("[a-m]*", "node", false),
            ("[^a-m]*", "node", true),
            ("[n-]x", "-x", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("é*", "ecole", false),
            ("é*", "été", true),
        ] {
            assert_eq!(matches(&tokens(pattern).expect("valid"), name), want, "{pattern} {name}");
        }
    }

    #[test]
    fn an_open_bracket_is_an_error() {
        assert_eq!(files("rules/[a").expect_err("open").reason, "a [ is not closed");
    }

    #[test]
    fn files_are_found_in_folders_and_sorted() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["b/2.yml", "a/1.yml", "a/3.txt", "c/4.yml"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("has one")).expect("created");
            std::fs::write(path, "").expect("written");
        }
        let base = folder.path().display();
        let found = files(&format!("{base}/[ab]/*.yml")).expect("a pattern");
        assert_eq!(found, [format!("{base}/a/1.yml"), format!("{base}/b/2.yml")]);
        assert_eq!(files(&format!("{base}/none.yml")).expect("a pattern"), Vec::<String>::new());
    }
}
