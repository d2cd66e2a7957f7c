//! Pipelines and their operands.

use std::sync::Arc;

use super::{Context, Parsed, Parser};
use crate::model::Str;
use crate::model::quote::GoQuoted;
use crate::template::go::ast::{Command, Expr, Pipe};
use crate::template::go::builtins;
use crate::template::go::lexer::{Kind, Token};
use crate::template::go::number::Number;

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: Context, end: Kind) -> Parsed<Pipe> {
        let pos = self.peek_non_space().start;
        let mut pipe = Pipe { pos, assigns: false, variables: Vec::new(), commands: Vec::new() };
        self.declarations(context, &mut pipe)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context, &token)?;
                    return Ok(pipe);
                }
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.backup();
                    pipe.commands.push(self.command()?);
                }
                _ => return Err(self.unexpected(&token, context.text())),
            }
        }
    }

    fn declarations(&mut self, context: Context, pipe: &mut Pipe) -> Parsed<()> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next();
            // A space may stand between the name and `:=`, and must be put back if nothing is declared.
            let after = self.peek().clone();
            let next = self.peek_non_space();
            match next.kind {
                Kind::Assign | Kind::Declare => {
                    pipe.assigns = next.kind == Kind::Assign;
                    self.next_non_space();
                    self.declare(&variable, pipe);
                    return Ok(());
                }
                Kind::Char if next.text == "," => {
                    self.next_non_space();
                    self.declare(&variable, pipe);
                    if context != Context::Range || pipe.variables.len() >= 2 {
                        let message = format!("too many declarations in {}", context.text());
                        return Err(self.error_here(message));
                    }
                    match self.peek_non_space().kind {
                        Kind::Variable | Kind::RightDelim | Kind::RightParen => {}
                        _ => return Err(self.error_here("range can only initialize variables")),
                    }
                }
                _ if after.kind == Kind::Space => {
                    self.backup3(variable, after);
                    return Ok(());
                }
                _ => {
                    self.backup2(variable);
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, variable: &Token<'_>, pipe: &mut Pipe) {
        let name: Str = (*variable.text).into();
        pipe.variables.push(Arc::clone(&name));
        self.vars.push(name);
    }

    fn check_pipeline(&self, pipe: &Pipe, context: Context, end: &Token<'_>) -> Parsed<()> {
        let range = pipe.pos.min(end.start)..end.start;
        if pipe.commands.is_empty() {
            return Err(self.error(range, format!("missing value for {}", context.text())));
        }
        for (at, command) in pipe.commands.iter().enumerate().skip(1) {
            match command.args[0] {
                Expr::Bool { .. }
                | Expr::Dot { .. }
                | Expr::Nil { .. }
                | Expr::Number { .. }
                | Expr::String { .. } => {
                    let message = format!("non executable command in pipeline stage {}", at + 1);
                    let pos = command.args[0].pos();
                    return Err(self.error(pos..end.start.max(pos), message));
                }
                Expr::Field { .. }
                | Expr::Variable { .. }
                | Expr::Chain { .. }
                | Expr::Identifier { .. }
                | Expr::Pipe(_) => {}
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let mut command = Command { pos: self.peek_non_space().start, args: Vec::new() };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.args.push(operand);
            }
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.backup(),
                Kind::Pipe => {}
                _ => return Err(self.unexpected(&token, "operand")),
            }
            break;
        }
        if command.args.is_empty() {
            return Err(self.error_here("empty command"));
        }
        Ok(command)
    }

    fn operand(&mut self) -> Parsed<Option<Expr>> {
        let Some(term) = self.term()? else { return Ok(None) };
        let first = self.peek().clone();
        if first.kind != Kind::Field {
            return Ok(Some(term));
        }
        let mut more = Vec::new();
        while self.peek().kind == Kind::Field {
            more.push(field_name(&self.next()));
        }
        let pos = first.start;
        match term {
            Expr::Field { mut idents, .. } => {
                idents.extend(more);
                Ok(Some(Expr::Field { pos, idents }))
            }
            Expr::Variable { name, mut fields, .. } => {
                fields.extend(more);
                Ok(Some(Expr::Variable { pos, name, fields }))
            }
            Expr::Bool { .. }
            | Expr::String { .. }
            | Expr::Number { .. }
            | Expr::Nil { .. }
            | Expr::Dot { .. } => {
                let message = format!("unexpected . after term {}", GoQuoted(&term.to_string()));
                Err(self.error(term.pos()..first.end, message))
            }
            Expr::Chain { .. } | Expr::Identifier { .. } | Expr::Pipe(_) => {
                Ok(Some(Expr::Chain { pos, base: Box::new(term), fields: more }))
            }
        }
    }

    fn term(&mut self) -> Parsed<Option<Expr>> {
        let token = self.next_non_space();
        let (pos, range) = (token.start, token.start..token.end);
        let number = |number: Result<Number, String>, parser: &Self| match number {
            Ok(number) => Ok(Some(Expr::Number { pos, number })),
            Err(message) => Err(parser.error(range.clone(), message)),
        };
        match token.kind {
            Kind::Identifier => {
                if self.functions.signature(&token.text).is_none()
                    && builtins::signature(&token.text).is_none()
                {
                    return Err(self.error(range, format!("function {} not defined", GoQuoted(&token.text))));
                }
                Ok(Some(Expr::Identifier { pos, name: (*token.text).into() }))
            }
            Kind::Dot => Ok(Some(Expr::Dot { pos })),
            Kind::Nil => Ok(Some(Expr::Nil { pos })),
            Kind::Variable => {
                if !self.vars.iter().any(|known| **known == *token.text) {
                    return Err(self.error(range, format!("undefined variable {}", GoQuoted(&token.text))));
                }
                Ok(Some(Expr::Variable { pos, name: (*token.text).into(), fields: Vec::new() }))
            }
            Kind::Field => Ok(Some(Expr::Field { pos, idents: vec![field_name(&token)] })),
            Kind::Bool => Ok(Some(Expr::Bool { pos, value: token.text == "true" })),
            Kind::CharConstant => number(Number::character(&token.text), self),
            Kind::Complex => number(Number::complex(&token.text), self),
            Kind::Number => number(Number::plain(&token.text), self),
            Kind::LeftParen => self
                .nested(|parser| parser.pipeline(Context::Parentheses, Kind::RightParen))
                .map(|pipe| Some(Expr::Pipe(pipe))),
            Kind::String | Kind::RawString => {
                let text = self.unquoted(&token)?;
                Ok(Some(Expr::String { pos, quoted: (*token.text).into(), text }))
            }
            _ => {
                self.backup();
                Ok(None)
            }
        }
    }
}

fn field_name(token: &Token<'_>) -> Str {
    token.text[1..].into()
}
