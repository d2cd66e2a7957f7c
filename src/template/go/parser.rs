//! Tokens into trees, with Go's error texts: tokens and statements. Pipelines are in `pipeline.rs`.

mod pipeline;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::Prelude;
use super::ast::{Branch, List, Node, Tree};
use super::error::TemplateError;
use super::functions::Functions;
use super::lexer::{Keyword, Kind, Token, tokens};
use super::number::unquote;
use crate::model::Str;
use crate::model::quote::GoQuoted;

/// How deep statements and parentheses may nest. Go has no such bound, but nobody writes such text, and
/// it keeps hostile text from using up the stack.
const MAX_NESTING: usize = 100;

/// The template `text` itself and those that it defines.
pub(super) fn parse(
    name: &Str,
    text: &str,
    prelude: Prelude,
    functions: &dyn Functions,
) -> Result<BTreeMap<Str, Arc<Tree>>, TemplateError> {
    let text: Str = format!("{}{text}", prelude.text).into();
    let declared = prelude.variables.iter().map(|(name, _)| *name);
    let mut parser = Parser {
        name: Arc::clone(name),
        text: Arc::clone(&text),
        functions,
        trees: BTreeMap::new(),
        tokens: tokens(&text, prelude.text.len()),
        next: 0,
        window: std::array::from_fn(|_| Token {
            kind: Kind::Error,
            text: "".into(),
            start: 0,
            end: 0,
            line: 0,
        }),
        peeked: 0,
        vars: std::iter::once("$").chain(declared).map(Str::from).collect(),
        action_line: 0,
        range_depth: 0,
        nesting: 0,
    };
    parser.main()?;
    Ok(parser.trees)
}

struct Parser<'a> {
    name: Str,
    text: Str,
    functions: &'a dyn Functions,
    trees: BTreeMap<Str, Arc<Tree>>,
    tokens: Vec<Token<'a>>,
    next: usize,
    /// Three tokens that can be put back; the first one's line is what Go puts into messages.
    window: [Token<'a>; 3],
    peeked: usize,
    vars: Vec<Str>,
    action_line: usize,
    range_depth: usize,
    nesting: usize,
}

type Parsed<T> = Result<T, TemplateError>;

/// What ends a list of statements.
enum End {
    End,
    /// `else`; the flag says whether an `if` or `with` follows at once.
    Else,
}

impl End {
    fn text(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

enum Statement {
    Node(Node),
    End(End),
}

/// Which statement a pipeline belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Context {
    Command,
    If,
    With,
    Range,
    Template,
    Block,
    Parentheses,
}

impl Context {
    fn text(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::If => "if",
            Self::With => "with",
            Self::Range => "range",
            Self::Template => "template clause",
            Self::Block => "block clause",
            Self::Parentheses => "parenthesized pipeline",
        }
    }
}

/// Tokens.
impl<'a> Parser<'a> {
    fn pull(&mut self) -> Token<'a> {
        let token = self.tokens[self.next].clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn next(&mut self) -> Token<'a> {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.window[0] = self.pull();
        }
        self.window[self.peeked].clone()
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    fn backup2(&mut self, one: Token<'a>) {
        self.window[1] = one;
        self.peeked = 2;
    }

    fn backup3(&mut self, two: Token<'a>, one: Token<'a>) {
        self.window[1] = one;
        self.window[2] = two;
        self.peeked = 3;
    }

    fn peek(&mut self) -> &Token<'a> {
        if self.peeked == 0 {
            self.window[0] = self.pull();
            self.peeked = 1;
        }
        &self.window[self.peeked - 1]
    }

    fn next_non_space(&mut self) -> Token<'a> {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token<'a> {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token<'a>> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { Err(self.unexpected(&token, context)) }
    }

    fn error(&self, range: Range<usize>, message: impl Into<String>) -> TemplateError {
        let line = self.window[0].line;
        TemplateError { template: Arc::clone(&self.name), line, message: message.into(), range }
    }

    /// An error at the last token that was read.
    fn error_here(&self, message: impl Into<String>) -> TemplateError {
        let token = &self.window[self.peeked.saturating_sub(1)];
        self.error(token.start..token.end, message)
    }

    fn unexpected(&self, token: &Token<'_>, context: &str) -> TemplateError {
        let range = token.start..token.end;
        if token.kind != Kind::Error {
            return self.error(range, format!("unexpected {token} in {context}"));
        }
        let mut message = token.text.to_string();
        if self.action_line != 0 && self.action_line != token.line {
            let action = if message.ends_with(" action") { "" } else { " in action" };
            message = format!("{message}{action} started at {}:{}", self.name, self.action_line);
        }
        self.error(range, message)
    }

    /// Runs `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nesting == MAX_NESTING {
            return Err(self.error_here(format!("nested more than {MAX_NESTING} levels deep")));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }
}

/// Statements.
impl Parser<'_> {
    fn main(&mut self) -> Parsed<()> {
        let mut root = List::new();
        let pos = self.peek().start;
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelim {
                let delimiter = self.next();
                if self.next_non_space().kind == Kind::Keyword(Keyword::Define) {
                    self.definition()?;
                    continue;
                }
                self.backup2(delimiter);
            }
            match self.text_or_action()? {
                Statement::Node(node) => root.push(node),
                Statement::End(end) => {
                    return Err(self.error_here(format!("unexpected {}", end.text())));
                }
            }
        }
        self.add(Arc::clone(&self.name), pos, root)
    }

    /// Adds a finished tree. Blank ones never replace one that says something.
    fn add(&mut self, name: Str, root_pos: usize, root: List) -> Parsed<()> {
        let (parse_name, text) = (Arc::clone(&self.name), Arc::clone(&self.text));
        let tree = Tree { name: Arc::clone(&name), parse_name, text, root_pos, root };
        if self.trees.get(&name).is_some_and(|known| !known.is_blank()) {
            if !tree.is_blank() {
                let message = format!("template: multiple definition of template {}", GoQuoted(&name));
                return Err(self.error_here(message));
            }
            return Ok(());
        }
        self.trees.insert(name, Arc::new(tree));
        Ok(())
    }

    fn definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        let (pos, root) = self.separate_list(CONTEXT)?;
        self.add(name, pos, root)
    }

    /// The statements of a template of its own, and where they start: it sees no variables and no loop
    /// around it.
    fn separate_list(&mut self, context: &str) -> Parsed<(usize, List)> {
        let vars = std::mem::replace(&mut self.vars, vec!["$".into()]);
        let (action_line, range_depth) = (self.action_line, self.range_depth);
        (self.action_line, self.range_depth) = (0, 0);
        let pos = self.peek_non_space().start;
        let (root, end) = self.item_list()?;
        if matches!(end, End::Else) {
            return Err(self.error_here(format!("unexpected {} in {context}", end.text())));
        }
        (self.vars, self.action_line, self.range_depth) = (vars, action_line, range_depth);
        Ok((pos, root))
    }

    fn item_list(&mut self) -> Parsed<(List, End)> {
        self.nested(|parser| {
            let mut list = List::new();
            while parser.peek_non_space().kind != Kind::Eof {
                match parser.text_or_action()? {
                    Statement::Node(node) => list.push(node),
                    Statement::End(end) => return Ok((list, end)),
                }
            }
            Err(parser.error_here("unexpected EOF"))
        })
    }

    fn text_or_action(&mut self) -> Parsed<Statement> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Statement::Node(Node::Text { pos: token.start, text: (*token.text).into() })),
            Kind::LeftDelim => {
                self.action_line = token.line;
                let statement = self.action();
                self.action_line = if statement.is_ok() { 0 } else { self.action_line };
                statement
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Parsed<Statement> {
        let token = self.next_non_space();
        let Kind::Keyword(keyword) = token.kind else {
            self.backup();
            let pos = self.peek().start;
            let pipe = self.pipeline(Context::Command, Kind::RightDelim)?;
            return Ok(Statement::Node(Node::Action { pos, pipe }));
        };
        let node = match keyword {
            Keyword::Block => self.block()?,
            Keyword::Break => {
                self.loop_control("{{break}}")?;
                Node::Break { pos: token.start }
            }
            Keyword::Continue => {
                self.loop_control("{{continue}}")?;
                Node::Continue { pos: token.start }
            }
            Keyword::Else => return self.else_control(),
            Keyword::End => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Statement::End(End::End));
            }
            Keyword::If => Node::If(self.branch(Context::If)?),
            Keyword::Range => Node::Range(self.branch(Context::Range)?),
            Keyword::With => Node::With(self.branch(Context::With)?),
            Keyword::Template => self.template()?,
            Keyword::Define => {
                self.backup();
                let pos = self.peek().start;
                let pipe = self.pipeline(Context::Command, Kind::RightDelim)?;
                Node::Action { pos, pipe }
            }
        };
        Ok(Statement::Node(node))
    }

    fn loop_control(&mut self, word: &str) -> Parsed<()> {
        let token = self.next_non_space();
        if token.kind != Kind::RightDelim {
            return Err(self.unexpected(&token, word));
        }
        if self.range_depth == 0 {
            return Err(self.error_here(format!("{word} outside {{{{range}}}}")));
        }
        Ok(())
    }

    fn else_control(&mut self) -> Parsed<Statement> {
        let follows = self.peek_non_space().kind;
        if !matches!(follows, Kind::Keyword(Keyword::If | Keyword::With)) {
            self.expect(Kind::RightDelim, "else")?;
        }
        Ok(Statement::End(End::Else))
    }

    fn branch(&mut self, context: Context) -> Parsed<Branch> {
        let vars = self.vars.len();
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let is_range = usize::from(context == Context::Range);
        self.range_depth += is_range;
        let (list, end) = self.item_list()?;
        self.range_depth -= is_range;
        let otherwise = match end {
            End::End => None,
            End::Else => Some(self.otherwise(context)?),
        };
        self.vars.truncate(vars);
        Ok(Branch { pipe, list, otherwise })
    }

    fn otherwise(&mut self, context: Context) -> Parsed<List> {
        match (context, self.peek().kind) {
            (Context::If, Kind::Keyword(Keyword::If)) => {
                self.next();
                self.nested(|parser| Ok(vec![Node::If(parser.branch(Context::If)?)]))
            }
            (Context::With, Kind::Keyword(Keyword::With)) => {
                self.next();
                self.nested(|parser| Ok(vec![Node::With(parser.branch(Context::With)?)]))
            }
            _ => {
                let (list, end) = self.item_list()?;
                match end {
                    End::End => Ok(list),
                    End::Else => Err(self.error_here(format!("expected end; found {}", end.text()))),
                }
            }
        }
    }

    fn block(&mut self) -> Parsed<Node> {
        let token = self.next_non_space();
        let name = self.template_name(&token, Context::Block.text())?;
        let pipe = self.pipeline(Context::Block, Kind::RightDelim)?;
        let (pos, root) = self.separate_list(Context::Block.text())?;
        self.add(Arc::clone(&name), pos, root)?;
        Ok(Node::Template { pos: token.start, name, pipe: Some(pipe) })
    }

    fn template(&mut self) -> Parsed<Node> {
        let token = self.next_non_space();
        let name = self.template_name(&token, Context::Template.text())?;
        let mut pipe = None;
        if self.next_non_space().kind != Kind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(Context::Template, Kind::RightDelim)?);
        }
        Ok(Node::Template { pos: token.start, name, pipe })
    }

    fn template_name(&mut self, token: &Token<'_>, context: &str) -> Parsed<Str> {
        match token.kind {
            Kind::String | Kind::RawString => self.unquoted(token),
            _ => Err(self.unexpected(token, context)),
        }
    }

    fn unquoted(&self, token: &Token<'_>) -> Parsed<Str> {
        unquote(&token.text).ok_or_else(|| self.error(token.start..token.end, "invalid syntax"))
    }
}
