//! Reads a Rust file as the paths that it names, each with its line. Not a compiler: it resolves `crate`,
//! `self` and `super`, and leaves every other path as it is written. Text in comments and strings, and what
//! stands under `#[cfg(test)]`, is not seen.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path named in a source file, such as `["crate", "model", "Alert"]` or `["std", "fs", "read"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// All that one file says about other code.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Every path, `crate`, `self` and `super` resolved to a path that starts with `crate`.
    pub(crate) named: Vec<Named>,
    /// The names of `#[cfg(test)] mod name;`: their files hold tests.
    pub(crate) test_modules: Vec<String>,
}

/// Reads `text`, the file of the module `module` (`["router", "tree"]`; empty for the crate's root).
pub(crate) fn read(module: &[String], text: &str) -> Result<Source, String> {
    let tokens = TokenStream::from_str(text).map_err(|e| e.to_string())?;
    let mut source = Source::default();
    walk(&tokens.into_iter().collect::<Vec<_>>(), module, &mut source);
    Ok(source)
}

fn walk(tokens: &[TokenTree], module: &[String], source: &mut Source) {
    let mut at = 0;
    while at < tokens.len() {
        if is_cfg_test(&tokens[at..]) {
            at += 2 + skip_item(&tokens[at + 2..], source);
            continue;
        }
        if let Some((name, body)) = inline_module(&tokens[at..]) {
            let inner = [module, &[name]].concat();
            walk(&body, &inner, source);
            at += 3;
            continue;
        }
        match &tokens[at] {
            TokenTree::Ident(_) => {
                let before = source.named.len();
                at += read_path(&tokens[at..], &[], &mut source.named);
                for named in &mut source.named[before..] {
                    named.path = resolve(module, std::mem::take(&mut named.path));
                }
            }
            TokenTree::Group(group) => {
                walk(&group.stream().into_iter().collect::<Vec<_>>(), module, source);
                at += 1;
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
        }
    }
}

/// Whether the tokens start with `#[cfg(test)]`.
fn is_cfg_test(tokens: &[TokenTree]) -> bool {
    match tokens {
        [TokenTree::Punct(hash), TokenTree::Group(attribute), ..] => {
            hash.as_char() == '#' && attribute.stream().to_string().replace(' ', "") == "cfg(test)"
        }
        _ => false,
    }
}

/// How many tokens the item at the start takes: up to its body in braces, or its semicolon.
fn skip_item(tokens: &[TokenTree], source: &mut Source) -> usize {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return at + 1,
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                if let [.., TokenTree::Ident(keyword), TokenTree::Ident(name)] = &tokens[..at]
                    && keyword == "mod"
                {
                    source.test_modules.push(name.to_string());
                }
                return at + 1;
            }
            _ => {}
        }
    }
    tokens.len()
}

/// The name and body of `mod name { … }` at the start of the tokens.
fn inline_module(tokens: &[TokenTree]) -> Option<(String, Vec<TokenTree>)> {
    match tokens {
        [TokenTree::Ident(keyword), TokenTree::Ident(name), TokenTree::Group(body), ..]
            if keyword == "mod" =>
        {
            Some((name.to_string(), body.stream().into_iter().collect()))
        }
        _ => None,
    }
}

/// Reads the path at the start of the tokens, `{a, b::c}` included, and returns how many tokens it takes.
/// A single name that nothing follows is a path too: `use tokio;`.
fn read_path(tokens: &[TokenTree], prefix: &[String], named: &mut Vec<Named>) -> usize {
    let mut path = prefix.to_vec();
    let mut line = 0;
    let mut at = 0;
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(name)) => {
                line = name.span().start().line;
                path.push(name.to_string());
                at += 1;
            }
            Some(TokenTree::Group(list)) if list.delimiter() == Delimiter::Brace && at > 0 => {
                read_list(&list.stream().into_iter().collect::<Vec<_>>(), &path, named);
                return at + 1;
            }
            _ => break,
        }
        match tokens.get(at..at + 2) {
            Some([TokenTree::Punct(one), TokenTree::Punct(two)])
                if one.as_char() == ':' && two.as_char() == ':' =>
            {
                at += 2;
            }
            _ => break,
        }
    }
    named.push(Named { path, line });
    at.max(1)
}

/// Reads the comma-separated paths of a `use` list, each under `prefix`.
fn read_list(tokens: &[TokenTree], prefix: &[String], named: &mut Vec<Named>) {
    let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    for one in tokens.split(comma).filter(|one| !one.is_empty()) {
        read_path(one, prefix, named);
    }
}

/// The path with `self` and `super` at its start replaced by what they stand for in `module`.
fn resolve(module: &[String], path: Vec<String>) -> Vec<String> {
    let ups = path.iter().take_while(|segment| *segment == "super").count();
    let here = path.first().is_some_and(|segment| segment == "self") && path.len() > 1;
    if ups == 0 && !here {
        return path;
    }
    let stays = &module[..module.len().saturating_sub(ups)];
    let rest = &path[ups.max(usize::from(here))..];
    std::iter::once("crate".to_owned()).chain(stays.iter().cloned()).chain(rest.iter().cloned()).collect()
}

#[test]
fn every_way_to_name_a_path_is_seen() {
    let text = r#"
        //! `crate::in_a_comment`
        use crate::{config::Problem, model::{self, Alert as A}};
        use super::tree;
        use super::super::sim::Sim;
        use std::{fmt, fs::File};
        fn f() { let x = self::g::<tokio::task::Id>("crate::in_a_string"); vec![crate::api::list()] }
        mod inner { use super::super::groups; }
        #[cfg(test)]
        mod tests { use crate::shell; }
        #[cfg(test)] mod other;
        fn last() { crate::seen() }
    "#;
    let module = ["router".to_owned(), "flush".to_owned()];
    let source = read(&module, text).expect("the text is Rust");
    let mut paths = Vec::new();
    for Named { path, line } in source.named {
        if path.len() > 1 {
            paths.push(format!("{line} {}", path.join("::")));
        }
    }
    assert_eq!(
        paths,
        [
            "3 crate::config::Problem",
            "3 crate::model::self",
            "3 crate::model::Alert",
            "4 crate::router::tree",
            "5 crate::sim::Sim",
            "6 std::fmt",
            "6 std::fs::File",
            "7 crate::router::flush::g",
            "7 tokio::task::Id",
            "7 crate::api::list",
            "8 crate::router::groups",
            "12 crate::seen",
        ]
    );
    assert_eq!(source.test_modules, ["other"]);
}
