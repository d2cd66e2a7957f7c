//! Values that templates work on: Go's basic types, and objects that the caller brings along.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use super::functions::{CallError, Signature};
use crate::model::Str;

/// A value in a template. Cloning is cheap.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value at all: what an absent map entry gives, printed `<no value>`.
    NoValue,
    /// A nil `interface {}`, printed `<nil>`.
    Nil,
    /// A `bool`.
    Bool(bool),
    /// An `int`: what integer literals and lengths are.
    Int(i64),
    /// An `int64`.
    Int64(i64),
    /// A `uint8`: one byte of a string.
    Byte(u8),
    /// A `float64`.
    Float(f64),
    /// A `complex128`.
    Complex(f64, f64),
    /// A `string`.
    Str(Str),
    /// Anything else.
    Object(Arc<dyn Object>),
}

/// What an object is to the language.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A map with strings as keys.
    Map,
    /// A slice.
    List,
    /// A struct, or a pointer to one.
    Struct,
    /// A named type that is this basic value underneath, such as a duration.
    Basic(Value),
}

/// A value with structure or behaviour. It may be, say, a map and also have methods.
pub trait Object: Debug + Send + Sync {
    /// The name of its type in Go, as error messages and `%T` show it. Pointers start with `*`.
    fn type_name(&self) -> &str;

    /// What it is to the language.
    fn shape(&self) -> Shape;

    /// The unnamed slice or map type beneath a named one, such as `[]string`: a value is also taken where that
    /// is wanted.
    fn unnamed_type(&self) -> Option<&str> {
        None
    }

    /// Keys and values of a map in order of the keys, names and values of a struct's fields, or indexes
    /// and elements of a list.
    fn pairs(&self) -> Vec<(Value, Value)> {
        Vec::new()
    }

    /// The struct's field or the map's entry of that name.
    fn field(&self, name: &str) -> Option<Value> {
        self.pairs().into_iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
    }

    /// Whether the field or element `name` is declared as `interface {}`; error messages then say so.
    fn is_interface(&self, _name: &str) -> bool {
        self.type_name().ends_with("interface {}")
    }

    /// How many levels of values it holds: 1 if nothing in it has structure.
    fn depth(&self) -> usize {
        1
    }

    /// What an absent entry of the map reads as with `missingkey=zero` and in `index`.
    fn zero(&self) -> Value {
        Value::Nil
    }

    /// How many elements or entries there are.
    fn len(&self) -> usize {
        self.pairs().len()
    }

    /// Whether there is no element or entry.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element of a list.
    fn item(&self, at: usize) -> Option<Value> {
        self.pairs().into_iter().nth(at).map(|(_, value)| value)
    }

    /// The part of a list, in its own type. The range lies within it.
    fn part(&self, range: Range<usize>) -> Value {
        let items = range.filter_map(|at| self.item(at)).collect();
        Value::object(List { type_name: self.type_name().into(), items })
    }

    /// The parameters of the method `name`, if it has one.
    fn signature(&self, _name: &str) -> Option<Signature> {
        None
    }

    /// Calls the method `name` with arguments that fit its parameters.
    ///
    /// # Errors
    /// The method fails.
    fn call(&self, name: &str, _args: &[Value]) -> Result<Value, CallError> {
        Err(format!("no method {name}").into())
    }

    /// The object itself, for functions that must recognise it.
    fn as_any(&self) -> Option<&dyn std::any::Any> {
        None
    }

    /// What its `GoString` method gives, if it has one: `%#v`.
    fn go_string(&self) -> Option<String> {
        None
    }

    /// What its `String` method gives, if it has one; it is then printed so.
    fn string(&self) -> Option<String> {
        None
    }

    /// What its `MarshalJSON` method gives, if it has one: the JSON, or why there is none.
    fn json(&self) -> Option<Result<String, String>> {
        None
    }

    /// The name of the struct's field in JSON; none if it is left out.
    fn json_key(&self, field: &str) -> Option<Str> {
        Some(field.into())
    }
}

impl Value {
    /// A string value.
    #[must_use]
    pub fn str(text: &str) -> Self {
        Self::Str(text.into())
    }

    /// An object.
    #[must_use]
    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Arc::new(object))
    }

    /// The text, if it is a string or a named string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Go's name of its type. Nil and no value have none; messages then speak of `interface {}`.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::NoValue | Self::Nil => "interface {}",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Int64(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Complex(..) => "complex128",
            Self::Str(_) => "string",
            Self::Object(object) => object.type_name(),
        }
    }

    /// Whether there is nothing: nil or no value.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        matches!(self, Self::Nil | Self::NoValue)
    }

    /// Whether `if` takes its branch: Go's "not the zero value of its type".
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::NoValue | Self::Nil => false,
            Self::Bool(truth) => *truth,
            Self::Int(number) | Self::Int64(number) => *number != 0,
            Self::Byte(byte) => *byte != 0,
            Self::Float(number) => *number != 0.0,
            Self::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Object(object) if object.type_name().starts_with('*') => true,
            Self::Object(object) => match object.shape() {
                Shape::Map | Shape::List => !object.is_empty(),
                Shape::Struct => true,
                Shape::Basic(value) => value.is_true(),
            },
        }
    }

    /// The basic value beneath a named type; other values as they are.
    #[must_use]
    pub fn underlying(&self) -> Self {
        match self {
            Self::Object(object) => match object.shape() {
                Shape::Basic(value) => value,
                Shape::Map | Shape::List | Shape::Struct => self.clone(),
            },
            other => other.clone(),
        }
    }
}

/// A plain slice.
#[derive(Clone, Debug)]
pub struct List {
    /// Its type in Go.
    pub type_name: Str,
    /// Its elements.
    pub items: Vec<Value>,
}

impl Object for List {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn shape(&self) -> Shape {
        Shape::List
    }

    #[expect(clippy::cast_possible_wrap, reason = "no list has that many elements")]
    fn pairs(&self) -> Vec<(Value, Value)> {
        self.items.iter().enumerate().map(|(at, item)| (Value::Int(at as i64), item.clone())).collect()
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn item(&self, at: usize) -> Option<Value> {
        self.items.get(at).cloned()
    }
}

/// A `[]interface {}` that a template makes.
#[derive(Clone, Debug)]
pub struct AnyList {
    items: Vec<Value>,
    /// Kept, because a list may hold itself many times over in a few steps.
    depth: usize,
}

impl AnyList {
    /// A list of these.
    ///
    /// # Errors
    /// Values are nested so deep that handling them would need too much stack.
    pub fn made_by_template(items: Vec<Value>) -> Result<Value, CallError> {
        let depth = checked_depth(items.iter())?;
        Ok(Value::object(Self { items, depth }))
    }
}

impl Object for AnyList {
    fn type_name(&self) -> &str {
        "[]interface {}"
    }

    fn shape(&self) -> Shape {
        Shape::List
    }

    #[expect(clippy::cast_possible_wrap, reason = "no list has that many elements")]
    fn pairs(&self) -> Vec<(Value, Value)> {
        self.items.iter().enumerate().map(|(at, item)| (Value::Int(at as i64), item.clone())).collect()
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn depth(&self) -> usize {
        self.depth
    }

    fn item(&self, at: usize) -> Option<Value> {
        self.items.get(at).cloned()
    }

    fn part(&self, range: Range<usize>) -> Value {
        Value::object(Self { items: self.items[range].to_vec(), depth: self.depth })
    }
}

/// How many levels of values there are in something that holds these.
fn depth_above<'a>(values: impl Iterator<Item = &'a Value>) -> usize {
    let depth = |value: &Value| match value {
        Value::Object(object) => object.depth(),
        _ => 0,
    };
    1 + values.map(depth).max().unwrap_or(0)
}

fn checked_depth<'a>(values: impl Iterator<Item = &'a Value>) -> Result<usize, CallError> {
    const MAX_DEPTH: usize = 50;
    match depth_above(values) {
        depth if depth > MAX_DEPTH => Err(format!("exceeded {MAX_DEPTH} levels of nested values").into()),
        depth => Ok(depth),
    }
}

/// A plain map from strings.
#[derive(Clone, Debug)]
pub struct Map {
    type_name: &'static str,
    entries: BTreeMap<Str, Value>,
    /// Kept, because a map may hold itself many times over in a few steps.
    depth: usize,
}

impl Map {
    /// A map of that type in Go.
    #[must_use]
    pub fn new(type_name: &'static str, entries: BTreeMap<Str, Value>) -> Self {
        let depth = depth_above(entries.values());
        Self { type_name, entries, depth }
    }

    /// A `map[string]interface {}` that a template makes.
    ///
    /// # Errors
    /// Values are nested so deep that handling them would need too much stack.
    pub fn made_by_template(entries: BTreeMap<Str, Value>) -> Result<Value, CallError> {
        let depth = checked_depth(entries.values())?;
        Ok(Value::object(Self { type_name: "map[string]interface {}", entries, depth }))
    }
}

impl Object for Map {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn shape(&self) -> Shape {
        Shape::Map
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        self.entries.iter().map(|(key, value)| (Value::Str(Arc::clone(key)), value.clone())).collect()
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.entries.get(name).cloned()
    }

    fn zero(&self) -> Value {
        if self.type_name == "map[string]string" { Value::str("") } else { Value::Nil }
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn depth(&self) -> usize {
        self.depth
    }
}

/// A plain struct, or a pointer to one if its type's name starts with `*`.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Its type in Go.
    pub type_name: &'static str,
    /// Its fields in the order of their declaration.
    pub fields: Vec<(&'static str, Value)>,
    /// Which fields are declared as `interface {}`.
    pub interfaces: &'static [&'static str],
}

impl Object for Struct {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn shape(&self) -> Shape {
        Shape::Struct
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        self.fields.iter().map(|(name, value)| (Value::str(name), value.clone())).collect()
    }

    fn field(&self, name: &str) -> Option<Value> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    fn is_interface(&self, name: &str) -> bool {
        self.interfaces.contains(&name)
    }
}

/// A named basic type with a text of its own, such as `time.Month`.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its type in Go.
    pub type_name: &'static str,
    /// The basic value underneath.
    pub value: Value,
    /// What its `String` method gives, if it has one.
    pub text: Option<Str>,
}

impl Object for Named {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn shape(&self) -> Shape {
        Shape::Basic(self.value.clone())
    }

    fn string(&self) -> Option<String> {
        self.text.as_deref().map(str::to_owned)
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        (name == "String" && self.text.is_some()).then_some(Signature::fixed(&[]))
    }

    fn call(&self, _name: &str, _args: &[Value]) -> Result<Value, CallError> {
        Ok(Value::Str(self.text.clone().unwrap_or_else(|| "".into())))
    }
}
