//! Evaluates operands: fields, methods, function calls and their arguments, with Go's type rules.

use super::ast::{Command, Expr};
use super::builtins;
use super::exec::{Exec, MissingKey, Place, Stop};
use super::functions::{CallError, Param, Signature};
use super::number::Number;
use super::value::{Object, Shape, Value};
use crate::model::Str;
use crate::model::quote::GoQuoted;

/// Arguments as they are written, and the value that the pipeline adds as the last one.
struct Arguments<'t> {
    /// Without the word that is called.
    written: &'t [Expr],
    last: Option<Value>,
}

impl Arguments<'_> {
    fn is_empty(&self) -> bool {
        self.written.is_empty() && self.last.is_none()
    }
}

impl<'t> Exec<'t> {
    /// One stage of a pipeline.
    pub(super) fn command(
        &mut self,
        dot: &Value,
        command: &'t Command,
        last: Option<Value>,
    ) -> Result<Value, Stop> {
        self.step()?;
        let word = &command.args[0];
        let args = Arguments { written: &command.args[1..], last };
        match word {
            Expr::Field { idents, .. } => {
                self.at(Place::Expr(word));
                self.field_chain(dot, dot.clone(), word, idents, args)
            }
            Expr::Chain { base, fields, .. } => self.chain(dot, word, base, fields, args),
            Expr::Identifier { name, .. } => {
                self.at(Place::Expr(word));
                self.function(dot, name, Place::Command(command), args)
            }
            Expr::Pipe(pipe) => {
                self.not_a_function(word, &args)?;
                self.pipeline(dot, pipe)
            }
            Expr::Variable { name, fields, .. } => self.variable_chain(dot, word, name, fields, args),
            Expr::Dot { .. }
            | Expr::Nil { .. }
            | Expr::Bool { .. }
            | Expr::Number { .. }
            | Expr::String { .. } => {
                self.at(Place::Expr(word));
                self.not_a_function(word, &args)?;
                if matches!(word, Expr::Nil { .. }) {
                    return Err(self.error("nil is not a command"));
                }
                self.constant(dot, word)
            }
        }
    }

    fn not_a_function(&self, word: &Expr, args: &Arguments<'_>) -> Result<(), Stop> {
        if args.is_empty() {
            return Ok(());
        }
        Err(self.error(format!("can't give argument to non-function {word}")))
    }

    /// Dot or a literal, where nothing says which type is wanted.
    fn constant(&mut self, dot: &Value, word: &'t Expr) -> Result<Value, Stop> {
        match word {
            Expr::Dot { .. } => Ok(dot.clone()),
            Expr::Bool { value, .. } => Ok(Value::Bool(*value)),
            Expr::String { text, .. } => Ok(Value::Str(Str::clone(text))),
            Expr::Number { number, .. } => {
                self.at(Place::Expr(word));
                self.ideal(number)
            }
            Expr::Field { .. }
            | Expr::Variable { .. }
            | Expr::Chain { .. }
            | Expr::Identifier { .. }
            | Expr::Pipe(_)
            | Expr::Nil { .. } => {
                Err(self.error(format!("can't evaluate command {}", GoQuoted(&word.to_string()))))
            }
        }
    }

    /// The value of a number whose form decides its type.
    fn ideal(&self, number: &Number) -> Result<Value, Stop> {
        let text = &number.text;
        let is_hex = text.starts_with("0x") || text.starts_with("0X");
        let plain_hex = is_hex && !text.contains(['p', 'P']);
        if let Some((real, imaginary)) = number.complex {
            return Ok(Value::Complex(real, imaginary));
        }
        match (number.float, number.int) {
            (Some(float), _)
                if !plain_hex && !text.starts_with('\'') && text.contains(['.', 'e', 'E', 'p', 'P']) =>
            {
                Ok(Value::Float(float))
            }
            (_, Some(int)) => Ok(Value::Int(int)),
            (_, None) => Err(self.error(format!("{text} overflows int"))),
        }
    }

    fn chain(
        &mut self,
        dot: &Value,
        word: &'t Expr,
        base: &'t Expr,
        fields: &'t [Str],
        args: Arguments<'t>,
    ) -> Result<Value, Stop> {
        self.at(Place::Expr(word));
        if matches!(base, Expr::Nil { .. }) {
            return Err(self.error(format!("indirection through explicit nil in {word}")));
        }
        let value = self.operand(dot, base)?;
        self.field_chain(dot, value, word, fields, args)
    }

    fn variable_chain(
        &mut self,
        dot: &Value,
        word: &'t Expr,
        name: &Str,
        fields: &'t [Str],
        args: Arguments<'t>,
    ) -> Result<Value, Stop> {
        self.at(Place::Expr(word));
        let value = self.variable(name)?;
        if fields.is_empty() {
            self.not_a_function(word, &args)?;
            return Ok(value);
        }
        self.field_chain(dot, value, word, fields, args)
    }

    /// `.a.b.c` on `value`; the last name gets the arguments.
    fn field_chain(
        &mut self,
        dot: &Value,
        mut value: Value,
        word: &'t Expr,
        names: &'t [Str],
        args: Arguments<'t>,
    ) -> Result<Value, Stop> {
        let mut args = Some(args);
        let mut is_interface = false;
        for (at, name) in names.iter().enumerate() {
            let last = at + 1 == names.len();
            let args = if last { args.take() } else { None };
            let args = args.unwrap_or(Arguments { written: &[], last: None });
            let next = self.field(dot, name, word, args, &value, is_interface)?;
            is_interface = matches!(&value, Value::Object(object) if object.is_interface(name));
            value = next;
        }
        Ok(value)
    }

    fn field(
        &mut self,
        dot: &Value,
        name: &str,
        word: &'t Expr,
        args: Arguments<'t>,
        receiver: &Value,
        is_interface: bool,
    ) -> Result<Value, Stop> {
        let type_name = if is_interface { "interface {}" } else { receiver.type_name() };
        let object = match receiver {
            Value::NoValue => {
                if self.missing_key == MissingKey::Error {
                    return Err(self.error(format!("nil data; no entry for key {}", GoQuoted(name))));
                }
                return Ok(Value::NoValue);
            }
            Value::Nil => return Err(self.error(format!("nil pointer evaluating {type_name}.{name}"))),
            Value::Object(object) => object,
            Value::Bool(_)
            | Value::Int(_)
            | Value::Int64(_)
            | Value::Byte(_)
            | Value::Float(_)
            | Value::Complex(..)
            | Value::Str(_) => {
                return Err(self.error(format!("can't evaluate field {name} in type {type_name}")));
            }
        };
        if let Some(signature) = object.signature(name) {
            let values = self.arguments(dot, name, signature, args)?;
            let result = object.call(name, &values);
            return self.called(name, Place::Expr(word), result);
        }
        match object.shape() {
            Shape::Struct => {
                if let Some(value) = object.field(name) {
                    if !args.is_empty() {
                        let message = format!("{name} has arguments but cannot be invoked as function");
                        return Err(self.error(message));
                    }
                    return Ok(value);
                }
            }
            Shape::Map => {
                if !args.is_empty() {
                    return Err(self.error(format!("{name} is not a method but has arguments")));
                }
                return self.entry(&**object, name);
            }
            Shape::List | Shape::Basic(_) => {}
        }
        Err(self.error(format!("can't evaluate field {name} in type {type_name}")))
    }

    fn entry(&self, map: &dyn Object, name: &str) -> Result<Value, Stop> {
        match (map.field(name), self.missing_key) {
            (Some(value), _) => Ok(value),
            (None, MissingKey::Invalid) => Ok(Value::NoValue),
            (None, MissingKey::Zero) => Ok(map.zero()),
            (None, MissingKey::Error) => {
                Err(self.error(format!("map has no entry for key {}", GoQuoted(name))))
            }
        }
    }

    fn function(
        &mut self,
        dot: &Value,
        name: &Str,
        call: Place<'t>,
        args: Arguments<'t>,
    ) -> Result<Value, Stop> {
        if let Some(signature) = self.functions.signature(name) {
            let values = self.arguments(dot, name, signature, args)?;
            let result = self.functions.call(name, &values);
            return self.called(name, call, result);
        }
        let Some(signature) = builtins::signature(name) else {
            return Err(self.error(format!("{} is not a defined function", GoQuoted(name))));
        };
        if matches!(&**name, "and" | "or") {
            return self.short_circuit(dot, name, signature, args);
        }
        let values = self.arguments(dot, name, signature, args)?;
        let result = builtins::call(name, &values);
        self.called(name, call, result)
    }

    /// Points a failed call's error at the call.
    fn called(
        &mut self,
        name: &str,
        call: Place<'t>,
        result: Result<Value, CallError>,
    ) -> Result<Value, Stop> {
        match result {
            Ok(value) => {
                self.handled(&value)?;
                Ok(value)
            }
            Err(CallError::Failed(message)) => {
                self.at(call);
                Err(self.error(format!("error calling {name}: {message}")))
            }
            Err(CallError::Needs(what)) => Err(Stop::Needs(what)),
        }
    }

    fn short_circuit(
        &mut self,
        dot: &Value,
        name: &str,
        signature: Signature,
        args: Arguments<'t>,
    ) -> Result<Value, Stop> {
        self.check_count(name, signature, &args)?;
        let mut value = Value::NoValue;
        for arg in args.written {
            value = self.argument(dot, Param::Reflect, arg)?;
            if value.is_true() == (name == "or") {
                return Ok(value);
            }
        }
        Ok(args.last.unwrap_or(value))
    }

    fn check_count(&self, name: &str, signature: Signature, args: &Arguments<'_>) -> Result<(), Stop> {
        let (given, wanted) = (args.written.len() + usize::from(args.last.is_some()), signature.params.len());
        if signature.variadic.is_some() {
            if given < wanted {
                let written = args.written.len();
                let message =
                    format!("wrong number of args for {name}: want at least {wanted} got {written}");
                return Err(self.error(message));
            }
        } else if given != wanted {
            return Err(self.error(format!("wrong number of args for {name}: want {wanted} got {given}")));
        }
        Ok(())
    }

    fn arguments(
        &mut self,
        dot: &Value,
        name: &str,
        signature: Signature,
        args: Arguments<'t>,
    ) -> Result<Vec<Value>, Stop> {
        self.check_count(name, signature, &args)?;
        let param =
            |at: usize| signature.params.get(at).copied().or(signature.variadic).unwrap_or(Param::Any);
        let mut values: Vec<Value> = Vec::with_capacity(args.written.len() + 1);
        for (at, arg) in args.written.iter().enumerate() {
            values.push(self.argument(dot, param(at), arg)?);
        }
        if let Some(last) = args.last {
            values.push(self.fit(last, param(values.len()))?);
        }
        for value in &values {
            self.handled(value)?;
        }
        Ok(values)
    }

    /// Counts what a function takes and makes, so that neither work nor memory can grow without bound.
    fn handled(&mut self, value: &Value) -> Result<(), Stop> {
        match value {
            Value::Str(text) => self.made(text.len()),
            Value::Object(object) if matches!(object.shape(), Shape::List | Shape::Map) => {
                self.made(object.len())
            }
            _ => Ok(()),
        }
    }

    /// An operand as an argument for a parameter of a type.
    fn argument(&mut self, dot: &Value, param: Param, arg: &'t Expr) -> Result<Value, Stop> {
        self.at(Place::Expr(arg));
        self.step()?;
        let found = |exec: &Self, wanted: &str| Err(exec.error(format!("expected {wanted}; found {arg}")));
        match arg {
            Expr::Dot { .. }
            | Expr::Field { .. }
            | Expr::Variable { .. }
            | Expr::Pipe(_)
            | Expr::Identifier { .. }
            | Expr::Chain { .. } => {
                let value = self.operand(dot, arg)?;
                return self.fit(value, param);
            }
            Expr::Nil { .. } => {
                return match param {
                    Param::Any | Param::Named(_) => Ok(Value::Nil),
                    Param::Reflect => Ok(Value::NoValue),
                    Param::String
                    | Param::Int
                    | Param::Float
                    | Param::Bool
                    | Param::NamedInt(_)
                    | Param::Struct(_) => {
                        Err(self.error(format!("cannot assign nil to {}", param.type_name())))
                    }
                };
            }
            Expr::Bool { .. } | Expr::Number { .. } | Expr::String { .. } => {}
        }
        match (param, arg) {
            (Param::Any | Param::Reflect, _) => self.constant(dot, arg),
            (Param::String, Expr::String { text, .. }) => Ok(Value::Str(Str::clone(text))),
            (Param::String, _) => found(self, "string"),
            (Param::Bool, Expr::Bool { value, .. }) => Ok(Value::Bool(*value)),
            (Param::Bool, _) => found(self, "bool"),
            (Param::Int, Expr::Number { number: Number { int: Some(int), .. }, .. }) => Ok(Value::Int(*int)),
            (Param::NamedInt(_), Expr::Number { number: Number { int: Some(int), .. }, .. }) => {
                Ok(Value::Int64(*int))
            }
            (Param::Int | Param::NamedInt(_), _) => found(self, "integer"),
            (Param::Float, Expr::Number { number: Number { float: Some(float), .. }, .. }) => {
                Ok(Value::Float(*float))
            }
            (Param::Float, _) => found(self, "float"),
            (Param::Named(name) | Param::Struct(name), _) => {
                Err(self.error(format!("can't handle {arg} for arg of type {name}")))
            }
        }
    }

    /// The value of an operand that is not a literal.
    fn operand(&mut self, dot: &Value, arg: &'t Expr) -> Result<Value, Stop> {
        self.at(Place::Expr(arg));
        let none = Arguments { written: &[], last: None };
        match arg {
            Expr::Dot { .. } => Ok(dot.clone()),
            Expr::Field { idents, .. } => self.field_chain(dot, dot.clone(), arg, idents, none),
            Expr::Variable { name, fields, .. } => self.variable_chain(dot, arg, name, fields, none),
            Expr::Pipe(pipe) => self.pipeline(dot, pipe),
            Expr::Identifier { name, .. } => self.function(dot, name, Place::Expr(arg), none),
            Expr::Chain { base, fields, .. } => self.chain(dot, arg, base, fields, none),
            Expr::Nil { .. } | Expr::Bool { .. } | Expr::Number { .. } | Expr::String { .. } => {
                self.constant(dot, arg)
            }
        }
    }

    /// Checks that a value fits a parameter; a pointer fits where what it points to is wanted.
    fn fit(&self, value: Value, param: Param) -> Result<Value, Stop> {
        let wanted = param.type_name();
        match (param, &value) {
            (Param::Reflect, _) => Ok(value),
            (Param::Any, Value::NoValue) => Ok(Value::Nil),
            (Param::Any, _) => Ok(value),
            (Param::Named(_), Value::NoValue) => Ok(Value::Nil),
            (_, Value::NoValue) => Err(self.error(format!("invalid value; expected {wanted}"))),
            (_, value) if value.type_name() == wanted => Ok(value.clone()),
            (_, value) if value.type_name().strip_prefix('*') == Some(wanted) => Ok(value.clone()),
            (_, Value::Object(object)) if object.unnamed_type() == Some(wanted) => Ok(value),
            (_, value) => {
                let got = value.type_name();
                Err(self.error(format!("wrong type for value; expected {wanted}; got {got}")))
            }
        }
    }
}
