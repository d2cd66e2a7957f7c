//! The escapers that a context needs, at the end of an action's pipeline.

use super::context::{Context, Delim, State, UrlPart};
use super::error::{HtmlErrorKind, Location};
use super::escapers::Escaper;
use crate::model::Str;
use crate::model::quote::GoQuoted;
use crate::template::go::ast::{Command, Expr, Pipe};

/// The functions of the language that escape. They are let through at the end of a pipeline.
const PREDEFINED: [&str; 2] = ["html", "urlquery"];

/// The name of the function that a command calls.
fn called(command: &Command) -> Option<&Str> {
    match command.args.first() {
        Some(Expr::Identifier { name, .. }) => Some(name),
        _ => None,
    }
}

/// Refuses escaping by hand where it would be undone, or not be enough.
pub(super) fn check_predefined(c: &Context, pipe: &Pipe, location: &Location) -> Result<(), Context> {
    for (at, command) in pipe.commands.iter().enumerate() {
        let Some(name) = called(command).filter(|name| PREDEFINED.contains(&&***name)) else { continue };
        let unquoted = c.state == State::Attr && c.delim == Delim::SpaceOrTagEnd && &**name == "html";
        if at + 1 < pipe.commands.len() || unquoted {
            let description = format!("predefined escaper {} disallowed in template", GoQuoted(name));
            let kind = HtmlErrorKind::PredefinedEscaper;
            return Err(Context::wrong_at(kind, location.clone(), description));
        }
    }
    Ok(())
}

/// The escapers for an action in this context, in order; none where a context is no place for one.
pub(super) fn escapers(c: &Context) -> Option<Vec<Escaper>> {
    let mut escapers = Vec::with_capacity(3);
    match c.state {
        State::Url
        | State::CssDouble
        | State::CssSingle
        | State::CssDoubleUrl
        | State::CssSingleUrl
        | State::CssUrl => match c.url {
            UrlPart::None | UrlPart::PreQuery => {
                if c.url == UrlPart::None {
                    escapers.push(Escaper::UrlFilter);
                }
                escapers.push(match c.state {
                    State::CssDouble | State::CssSingle => Escaper::Css,
                    _ => Escaper::UrlNormalizer,
                });
            }
            UrlPart::QueryOrFrag => escapers.push(Escaper::Url),
            UrlPart::Unknown => return None,
        },
        State::MetaContentUrl => escapers.push(Escaper::UrlFilter),
        State::Js => escapers.push(Escaper::JsValue),
        State::JsDouble | State::JsSingle => escapers.push(Escaper::JsString),
        State::JsTemplate => escapers.push(Escaper::JsTemplate),
        State::JsRegexp => escapers.push(Escaper::JsRegexp),
        State::Css => escapers.push(Escaper::CssValue),
        State::Text => escapers.push(Escaper::Html),
        State::Rcdata => escapers.push(Escaper::Rcdata),
        State::AttrName | State::Tag => escapers.push(Escaper::HtmlName),
        State::Srcset => escapers.push(Escaper::Srcset),
        State::HtmlComment
        | State::JsBlockComment
        | State::JsLineComment
        | State::JsHtmlOpenComment
        | State::JsHtmlCloseComment
        | State::CssBlockComment
        | State::CssLineComment => escapers.push(Escaper::Comment),
        State::Attr | State::MetaContent => {}
        State::AfterName | State::BeforeValue | State::Error | State::Dead => return None,
    }
    match c.delim {
        Delim::None => {}
        Delim::SpaceOrTagEnd => escapers.push(Escaper::NoSpace),
        Delim::DoubleQuote | Delim::SingleQuote => escapers.push(Escaper::Attr),
    }
    Some(escapers)
}

/// Puts the escapers at the end of the pipeline. One that `html` or `urlquery` there makes up for is left
/// out, and one that adds nothing to the one before.
pub(super) fn append(pipe: &mut Pipe, escapers: &[Escaper]) {
    if escapers.is_empty() {
        return;
    }
    let pos = pipe.pos;
    let mut names: Vec<&str> = escapers.iter().map(|escaper| escaper.name()).collect();
    let by_hand =
        pipe.commands.last().and_then(called).filter(|name| PREDEFINED.contains(&&***name)).cloned();
    if let Some(by_hand) = by_hand {
        split_arguments(pipe, &by_hand);
        let mut replaces = false;
        for name in &mut names {
            if equivalent(name) == &*by_hand {
                *name = if &*by_hand == "html" { "html" } else { "urlquery" };
                replaces = true;
            }
        }
        if replaces {
            pipe.commands.pop();
        }
    }
    let present: Vec<Str> =
        pipe.commands.iter().filter_map(called).map(|name| equivalent(name).into()).collect();
    for name in names {
        if !present.iter().any(|known| **known == *equivalent(name)) {
            push(&mut pipe.commands, name, pos);
        }
    }
}

/// `html a b` alone is `a b` as text, then `html`.
fn split_arguments(pipe: &mut Pipe, by_hand: &str) {
    let pos = pipe.pos;
    if let [command] = &mut *pipe.commands
        && command.args.len() > 1
    {
        command.args[0] =
            Expr::Identifier { pos: command.args[0].pos(), name: Escaper::EvalArgs.name().into() };
        push(&mut pipe.commands, by_hand, pos);
    }
}

fn push(commands: &mut Vec<Command>, name: &str, pos: usize) {
    let redundant = commands.last().and_then(called).is_some_and(|last| is_redundant(last, name));
    if !redundant {
        commands.push(Command { pos, args: vec![Expr::Identifier { pos, name: name.into() }] });
    }
}

/// The function of the language that escapes at least what `name` does, or `name` itself.
fn equivalent(name: &str) -> &str {
    match Escaper::named(name) {
        Some(Escaper::Attr | Escaper::Html | Escaper::Rcdata) => "html",
        // Not the same for addresses that are only normalized, but old templates rely on it.
        Some(Escaper::Url | Escaper::UrlNormalizer) => "urlquery",
        _ => name,
    }
}

/// Whether `next` would change nothing of what `last` gives.
fn is_redundant(last: &str, next: &str) -> bool {
    matches!(
        (Escaper::named(last), Escaper::named(next)),
        (Some(Escaper::Comment), Some(Escaper::Attr | Escaper::Html))
            | (
                Some(Escaper::Css | Escaper::JsRegexp | Escaper::JsString | Escaper::JsTemplate),
                Some(Escaper::Attr)
            )
            | (Some(Escaper::Url), Some(Escaper::UrlNormalizer))
    )
}
