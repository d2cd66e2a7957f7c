//! What a template can call: the functions it is given, and their parameters.

use super::value::Value;
use crate::model::Str;

/// The type of a parameter. Go checks arguments against it before the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// Anything: `interface {}`.
    Any,
    /// Anything, nil included, as the functions that Go brings along take it: `reflect.Value`.
    Reflect,
    /// A `string`.
    String,
    /// An `int`.
    Int,
    /// A `float64`.
    Float,
    /// A `bool`.
    Bool,
    /// The slice, map or pointer type of that name; nil fits too.
    Named(&'static str),
    /// The integer type of that name, such as `time.Duration`; integer literals fit too.
    NamedInt(&'static str),
    /// The struct type of that name.
    Struct(&'static str),
}

impl Param {
    /// The type's name in Go.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Reflect => "reflect.Value",
            Self::String => "string",
            Self::Int => "int",
            Self::Float => "float64",
            Self::Bool => "bool",
            Self::Named(name) | Self::NamedInt(name) | Self::Struct(name) => name,
        }
    }
}

/// The parameters of a function or method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The fixed parameters.
    pub params: &'static [Param],
    /// The type of any number of further arguments.
    pub variadic: Option<Param>,
}

impl Signature {
    /// Exactly these parameters.
    #[must_use]
    pub const fn fixed(params: &'static [Param]) -> Self {
        Self { params, variadic: None }
    }

    /// These parameters, then any number of `more`.
    #[must_use]
    pub const fn variadic(params: &'static [Param], more: Param) -> Self {
        Self { params, variadic: Some(more) }
    }
}

/// Why a call gave no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// It failed, with this message.
    Failed(String),
    /// It cannot answer before something is known; for a rule, the result of this query.
    Needs(Str),
}

impl From<String> for CallError {
    fn from(message: String) -> Self {
        Self::Failed(message)
    }
}

impl From<&str> for CallError {
    fn from(message: &str) -> Self {
        Self::Failed(message.to_owned())
    }
}

/// A set of functions, beside those that are part of the language.
pub trait Functions {
    /// The parameters of the function `name`, if there is one. Also asked when a template is parsed.
    fn signature(&self, name: &str) -> Option<Signature>;

    /// Calls `name` with arguments that fit its parameters.
    ///
    /// # Errors
    /// The function fails, or waits for something.
    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError>;
}

/// No functions but those of the language.
#[derive(Clone, Copy, Debug)]
pub struct NoFunctions;

impl Functions for NoFunctions {
    fn signature(&self, _name: &str) -> Option<Signature> {
        None
    }

    fn call(&self, name: &str, _args: &[Value]) -> Result<Value, CallError> {
        Err(format!("{name} is not a defined function").into())
    }
}
