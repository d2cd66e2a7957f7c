//! Texts that are known to be safe in their context, and how any value becomes a text.

use std::any::Any;
use std::borrow::Cow;

use crate::model::Str;
use crate::template::go::format::{display, sprint_indirect};
use crate::template::go::value::{Object, Shape, Value};

/// What a text is known to be, and so is not escaped as: Go's `template.HTML` and its like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentKind {
    /// `template.HTML`: a fragment of a page.
    Html,
    /// `template.URL`: an address or a part of one.
    Url,
    /// `template.CSS`: a style sheet, rule, declaration or value.
    Css,
    /// `template.JS`: an expression.
    Js,
    /// `template.JSStr`: what stands between the quotes of a string in JavaScript.
    JsStr,
    /// `template.HTMLAttr`: an attribute with its value.
    HtmlAttr,
    /// `template.Srcset`: the value of a `srcset` attribute.
    Srcset,
}

/// A value that prints as `text` and is let through, as it is, where such content belongs. It must come from
/// someone who may write the page.
#[must_use]
pub fn content(kind: ContentKind, text: Str) -> Value {
    Value::object(Content { kind, text })
}

/// A text of a kind.
#[derive(Clone, Debug)]
struct Content {
    kind: ContentKind,
    text: Str,
}

impl Object for Content {
    fn type_name(&self) -> &str {
        match self.kind {
            ContentKind::Html => "template.HTML",
            ContentKind::Url => "template.URL",
            ContentKind::Css => "template.CSS",
            ContentKind::Js => "template.JS",
            ContentKind::JsStr => "template.JSStr",
            ContentKind::HtmlAttr => "template.HTMLAttr",
            ContentKind::Srcset => "template.Srcset",
        }
    }

    fn shape(&self) -> Shape {
        Shape::Basic(Value::Str(self.text.clone()))
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// The text of arguments, and what it is known to be: one argument may be typed content. Nil is no text.
pub(super) fn stringify(args: &[Value]) -> (Cow<'_, str>, Option<ContentKind>) {
    match args {
        [Value::Str(text)] => (Cow::Borrowed(text), None),
        [Value::Nil | Value::NoValue] | [] => (Cow::Borrowed(""), None),
        [value] => match typed(value) {
            Some((kind, text)) => (Cow::Borrowed(text), Some(kind)),
            None => {
                let mut text = String::new();
                display(&mut text, value);
                (Cow::Owned(text), None)
            }
        },
        _ => {
            let values: Vec<Value> = args.iter().filter(|value| !value.is_nil()).cloned().collect();
            (Cow::Owned(sprint_indirect(&values)), None)
        }
    }
}

/// Kind and text of typed content.
pub(super) fn typed(value: &Value) -> Option<(ContentKind, &str)> {
    let Value::Object(object) = value else { return None };
    let content = object.as_any()?.downcast_ref::<Content>()?;
    Some((content.kind, &content.text))
}
