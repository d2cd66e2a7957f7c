//! The functions that make a value's text safe in one context.

mod css;
mod html;
mod js;
mod url;

use super::content::stringify;
use crate::template::go::format::sprint_indirect;
use crate::template::go::functions::{CallError, Functions, Param, Signature};
use crate::template::go::value::Value;

/// What is written in place of a value that could do harm.
const FAILSAFE: &str = "ZgotmplZ";

/// One of those functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaper {
    Attr,
    Comment,
    Css,
    CssValue,
    HtmlName,
    Html,
    JsRegexp,
    JsString,
    JsTemplate,
    JsValue,
    NoSpace,
    Rcdata,
    Srcset,
    Url,
    UrlFilter,
    UrlNormalizer,
    /// No escaper: gives its arguments as one text.
    EvalArgs,
}

impl Escaper {
    const ALL: [Self; 17] = [
        Self::Attr,
        Self::Comment,
        Self::Css,
        Self::CssValue,
        Self::HtmlName,
        Self::Html,
        Self::JsRegexp,
        Self::JsString,
        Self::JsTemplate,
        Self::JsValue,
        Self::NoSpace,
        Self::Rcdata,
        Self::Srcset,
        Self::Url,
        Self::UrlFilter,
        Self::UrlNormalizer,
        Self::EvalArgs,
    ];

    /// What it is called in rewritten pipelines, and so in messages. No template can write these names.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Attr => "_html_template_attrescaper",
            Self::Comment => "_html_template_commentescaper",
            Self::Css => "_html_template_cssescaper",
            Self::CssValue => "_html_template_cssvaluefilter",
            Self::HtmlName => "_html_template_htmlnamefilter",
            Self::Html => "_html_template_htmlescaper",
            Self::JsRegexp => "_html_template_jsregexpescaper",
            Self::JsString => "_html_template_jsstrescaper",
            Self::JsTemplate => "_html_template_jstmpllitescaper",
            Self::JsValue => "_html_template_jsvalescaper",
            Self::NoSpace => "_html_template_nospaceescaper",
            Self::Rcdata => "_html_template_rcdataescaper",
            Self::Srcset => "_html_template_srcsetescaper",
            Self::Url => "_html_template_urlescaper",
            Self::UrlFilter => "_html_template_urlfilter",
            Self::UrlNormalizer => "_html_template_urlnormalizer",
            Self::EvalArgs => "_eval_args_",
        }
    }

    /// The one of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        if !name.starts_with('_') {
            return None;
        }
        Self::ALL.into_iter().find(|escaper| escaper.name() == name)
    }

    fn call(self, args: &[Value]) -> Result<String, CallError> {
        let (text, kind) = match self {
            Self::JsValue => return js::value(args),
            Self::Comment => return Ok(String::new()),
            Self::EvalArgs => {
                return Ok(match args {
                    [Value::Str(text)] => text.to_string(),
                    _ => sprint_indirect(args),
                });
            }
            _ => stringify(args),
        };
        Ok(match self {
            Self::Attr => html::attr(&text, kind),
            Self::Css => css::string(&text),
            Self::CssValue => css::value(&text, kind),
            Self::HtmlName => html::name(&text, kind),
            Self::Html => html::text(&text, kind),
            Self::JsRegexp => js::regexp(&text),
            Self::JsString => js::string(&text, kind),
            Self::JsTemplate => js::template(&text),
            Self::NoSpace => html::unquoted(&text, kind),
            Self::Rcdata => html::rcdata(&text, kind),
            Self::Srcset => url::srcset(&text, kind),
            Self::Url => url::escape(&text, kind),
            Self::UrlFilter => url::filter(&text, kind),
            Self::UrlNormalizer => url::normalize(&text),
            Self::Comment | Self::JsValue | Self::EvalArgs => text.into_owned(),
        })
    }
}

/// Functions with the escapers beside them.
pub(super) struct WithEscapers<'f>(pub(super) &'f dyn Functions);

impl Functions for WithEscapers<'_> {
    fn signature(&self, name: &str) -> Option<Signature> {
        match Escaper::named(name) {
            Some(_) => Some(Signature::variadic(&[], Param::Any)),
            None => self.0.signature(name),
        }
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        match Escaper::named(name) {
            Some(escaper) => escaper.call(args).map(|text| Value::Str(text.into())),
            None => self.0.call(name, args),
        }
    }
}
