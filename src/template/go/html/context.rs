//! Where in a page a template stands: what a parser of HTML, CSS and JavaScript would know at that point.
//!
//! The names that contexts have in messages, and in the names of templates that are escaped for more than
//! one context, are those of Go's `html/template`.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use super::error::{Fault, HtmlErrorKind, Location};

/// What surrounds a point of the page. The default is text between tags.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    pub(super) state: State,
    pub(super) delim: Delim,
    pub(super) url: UrlPart,
    pub(super) slash: Slash,
    /// For each `${` of JavaScript's template literals around here, how many braces are open in it.
    pub(super) braces: Vec<i32>,
    pub(super) attr: Attr,
    pub(super) element: Element,
    /// Set with [`State::Error`] only.
    pub(super) fault: Option<Arc<Fault>>,
}

/// What kind of text a point of the page is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Text,
    Tag,
    AttrName,
    AfterName,
    BeforeValue,
    HtmlComment,
    Rcdata,
    Attr,
    Url,
    Srcset,
    Js,
    JsDouble,
    JsSingle,
    JsTemplate,
    JsRegexp,
    JsBlockComment,
    JsLineComment,
    JsHtmlOpenComment,
    JsHtmlCloseComment,
    Css,
    CssDouble,
    CssSingle,
    CssDoubleUrl,
    CssSingleUrl,
    CssUrl,
    CssBlockComment,
    CssLineComment,
    /// The content of a `meta` tag that may redirect.
    MetaContent,
    /// Behind `url=` in it.
    MetaContentUrl,
    /// No text can follow: something was wrong before.
    Error,
    /// Never reached: behind `{{break}}` or `{{continue}}`.
    Dead,
}

/// What ends the value of the attribute around here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Delim {
    /// Not in an attribute.
    #[default]
    None,
    DoubleQuote,
    SingleQuote,
    SpaceOrTagEnd,
}

/// Which part of an address a point is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum UrlPart {
    #[default]
    None,
    PreQuery,
    QueryOrFrag,
    /// Branches disagree.
    Unknown,
}

/// What a slash would be in JavaScript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Slash {
    #[default]
    Regexp,
    Division,
    /// Branches disagree.
    Unknown,
}

/// Elements whose content is not HTML, or whose attributes need care.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Element {
    #[default]
    None,
    Script,
    Style,
    Textarea,
    Title,
    Meta,
}

/// What the value of the attribute is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Attr {
    #[default]
    None,
    Script,
    ScriptType,
    Style,
    Url,
    Srcset,
    MetaContent,
}

impl State {
    /// In text that is only for those who read the template.
    pub(super) fn is_comment(self) -> bool {
        matches!(
            self,
            Self::HtmlComment
                | Self::JsBlockComment
                | Self::JsLineComment
                | Self::JsHtmlOpenComment
                | Self::JsHtmlCloseComment
                | Self::CssBlockComment
                | Self::CssLineComment
        )
    }

    /// Only possible inside of a tag.
    pub(super) fn is_in_tag(self) -> bool {
        matches!(self, Self::Tag | Self::AttrName | Self::AfterName | Self::BeforeValue | Self::Attr)
    }

    /// In a literal of a script, where `<!--`, `<script` and `</script` need care.
    pub(super) fn is_script_literal(self) -> bool {
        matches!(self, Self::JsDouble | Self::JsSingle | Self::JsTemplate | Self::JsRegexp)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "stateText",
            Self::Tag => "stateTag",
            Self::AttrName => "stateAttrName",
            Self::AfterName => "stateAfterName",
            Self::BeforeValue => "stateBeforeValue",
            Self::HtmlComment => "stateHTMLCmt",
            Self::Rcdata => "stateRCDATA",
            Self::Attr => "stateAttr",
            Self::Url => "stateURL",
            Self::Srcset => "stateSrcset",
            Self::Js => "stateJS",
            Self::JsDouble => "stateJSDqStr",
            Self::JsSingle => "stateJSSqStr",
            Self::JsTemplate => "stateJSTmplLit",
            Self::JsRegexp => "stateJSRegexp",
            Self::JsBlockComment => "stateJSBlockCmt",
            Self::JsLineComment => "stateJSLineCmt",
            Self::JsHtmlOpenComment => "stateJSHTMLOpenCmt",
            Self::JsHtmlCloseComment => "stateJSHTMLCloseCmt",
            Self::Css => "stateCSS",
            Self::CssDouble => "stateCSSDqStr",
            Self::CssSingle => "stateCSSSqStr",
            Self::CssDoubleUrl => "stateCSSDqURL",
            Self::CssSingleUrl => "stateCSSSqURL",
            Self::CssUrl => "stateCSSURL",
            Self::CssBlockComment => "stateCSSBlockCmt",
            Self::CssLineComment => "stateCSSLineCmt",
            Self::MetaContent => "stateMetaContent",
            Self::MetaContentUrl => "stateMetaContentURL",
            Self::Error => "stateError",
            Self::Dead => "stateDead",
        }
    }
}

impl Delim {
    fn name(self) -> &'static str {
        match self {
            Self::None => "delimNone",
            Self::DoubleQuote => "delimDoubleQuote",
            Self::SingleQuote => "delimSingleQuote",
            Self::SpaceOrTagEnd => "delimSpaceOrTagEnd",
        }
    }

    /// The characters that end the value.
    pub(super) fn ends(self) -> &'static [u8] {
        match self {
            Self::None => b"",
            Self::DoubleQuote => b"\"",
            Self::SingleQuote => b"'",
            Self::SpaceOrTagEnd => b" \t\n\x0c\r>",
        }
    }
}

impl UrlPart {
    fn name(self) -> &'static str {
        match self {
            Self::None => "urlPartNone",
            Self::PreQuery => "urlPartPreQuery",
            Self::QueryOrFrag => "urlPartQueryOrFrag",
            Self::Unknown => "urlPartUnknown",
        }
    }
}

impl Slash {
    fn name(self) -> &'static str {
        match self {
            Self::Regexp => "jsCtxRegexp",
            Self::Division => "jsCtxDivOp",
            Self::Unknown => "jsCtxUnknown",
        }
    }
}

impl Element {
    /// The element of that name, in lower case.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "script" => Self::Script,
            "style" => Self::Style,
            "textarea" => Self::Textarea,
            "title" => Self::Title,
            "meta" => Self::Meta,
            _ => Self::None,
        }
    }

    /// What closes it behind `</`.
    pub(super) fn end(self) -> &'static [u8] {
        match self {
            Self::Script => b"script",
            Self::Style => b"style",
            Self::Textarea => b"textarea",
            Self::Title => b"title",
            Self::None | Self::Meta => b"",
        }
    }

    /// What it contains.
    pub(super) fn content(self) -> State {
        match self {
            Self::None | Self::Meta => State::Text,
            Self::Script => State::Js,
            Self::Style => State::Css,
            Self::Textarea | Self::Title => State::Rcdata,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "elementNone",
            Self::Script => "elementScript",
            Self::Style => "elementStyle",
            Self::Textarea => "elementTextarea",
            Self::Title => "elementTitle",
            Self::Meta => "elementMeta",
        }
    }
}

impl Attr {
    /// Where its value starts.
    pub(super) fn value(self) -> State {
        match self {
            Self::None | Self::ScriptType => State::Attr,
            Self::Script => State::Js,
            Self::Style => State::Css,
            Self::Url => State::Url,
            Self::Srcset => State::Srcset,
            Self::MetaContent => State::MetaContent,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "attrNone",
            Self::Script => "attrScript",
            Self::ScriptType => "attrScriptType",
            Self::Style => "attrStyle",
            Self::Url => "attrURL",
            Self::Srcset => "attrSrcset",
            Self::MetaContent => "attrMetaContent",
        }
    }
}

impl Context {
    /// Nothing but a state.
    pub(super) fn of(state: State) -> Self {
        Self { state, ..Self::default() }
    }

    /// Something is wrong with the text itself; the template's name is known only at the end.
    pub(super) fn wrong(kind: HtmlErrorKind, description: String) -> Self {
        Self::fault(Fault { kind, location: None, line: 0, description })
    }

    /// Something is wrong at a statement.
    pub(super) fn wrong_at(kind: HtmlErrorKind, location: Location, description: String) -> Self {
        Self::fault(Fault { kind, location: Some(location), line: 0, description })
    }

    pub(super) fn fault(fault: Fault) -> Self {
        Self { fault: Some(Arc::new(fault)), ..Self::of(State::Error) }
    }

    pub(super) fn is_error(&self) -> bool {
        self.state == State::Error
    }

    /// Whether both are the same place; those of errors never are.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.fault.is_none()
            && other.fault.is_none()
            && (self.state, self.delim, self.url, self.slash, self.attr, self.element)
                == (other.state, other.delim, other.url, other.slash, other.attr, other.element)
            && self.braces == other.braces
    }

    /// The name of a template that is escaped for use in this context.
    pub(super) fn mangle(&self, name: &str) -> String {
        if self.state == State::Text {
            return name.to_owned();
        }
        let mut mangled = format!("{name}$htmltemplate_{}", self.state.name());
        let mut add = |is_default: bool, part: &str| {
            if !is_default {
                mangled.push('_');
                mangled.push_str(part);
            }
        };
        add(self.delim == Delim::None, self.delim.name());
        add(self.url == UrlPart::None, self.url.name());
        add(self.slash == Slash::Regexp, self.slash.name());
        add(self.braces.is_empty(), &format!("jsBraceDepth({})", self.braces()));
        add(self.attr == Attr::None, self.attr.name());
        add(self.element == Element::None, self.element.name());
        mangled
    }

    fn braces(&self) -> String {
        let depths: Vec<String> = self.braces.iter().map(ToString::to_string).collect();
        format!("[{}]", depths.join(" "))
    }

    /// The context of an action here: one that stands where a value may start is the start of one.
    pub(super) fn nudge(mut self) -> Self {
        match self.state {
            State::Tag => self.state = State::AttrName,
            State::BeforeValue => {
                self.state = self.attr.value();
                self.delim = Delim::SpaceOrTagEnd;
                self.attr = Attr::None;
            }
            State::AfterName => {
                self.state = State::AttrName;
                self.attr = Attr::None;
            }
            _ => {}
        }
        self
    }

    /// Where branches that end here and at `other` meet, if they can: else an error.
    pub(super) fn join(self, other: Self, word: &str, location: &Location) -> Self {
        if self.is_error() || other.state == State::Dead {
            return self;
        }
        if other.is_error() || self.state == State::Dead {
            return other;
        }
        if self.same(&other) {
            return self;
        }
        if (Self { url: other.url, ..self.clone() }).same(&other) {
            return Self { url: UrlPart::Unknown, ..self };
        }
        if (Self { slash: other.slash, ..self.clone() }).same(&other) {
            return Self { slash: Slash::Unknown, ..self };
        }
        // `<p title={{if .C}}{{.}}{{end}}`: one branch is in the value, the other before it.
        let (nudged, other_nudged) = (self.clone().nudge(), other.clone().nudge());
        if !(nudged.same(&self) && other_nudged.same(&other)) {
            let joined = nudged.join(other_nudged, word, location);
            if !joined.is_error() {
                return joined;
            }
        }
        let description = format!("{{{{{word}}}}} branches end in different contexts: {self}, {other}");
        Self::wrong_at(HtmlErrorKind::BranchEnd, location.clone(), description)
    }
}

impl Display for Context {
    /// As messages show it. The braces are shown only where there are any; Go shows them always since 1.25.9.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (state, delim, url, slash) =
            (self.state.name(), self.delim.name(), self.url.name(), self.slash.name());
        write!(f, "{{{state} {delim} {url} {slash}")?;
        if !self.braces.is_empty() {
            write!(f, " {}", self.braces())?;
        }
        write!(f, " {} {} <nil>}}", self.attr.name(), self.element.name())
    }
}
