//! What the values of HTML's attributes are, by the attribute's name.

/// What the value of an attribute may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueType {
    Plain,
    Css,
    Html,
    Js,
    Url,
    Srcset,
    /// Decides how other content is read or sent, so no value may choose such a name.
    Unsafe,
}

/// The type of the value of the attribute `name`, in lower case: rather too much authority than too little.
pub(super) fn value_type(name: &str) -> ValueType {
    let base = match (name.strip_prefix("data-"), name.split_once(':')) {
        (Some(rest), _) => rest,
        (None, Some(("xmlns", _))) => return ValueType::Url,
        (None, Some((_, rest))) => rest,
        (None, None) => name,
    };
    known(base).unwrap_or_else(|| guess(base))
}

/// Names that HTML does not know: handlers, and what people call attributes that hold addresses.
fn guess(name: &str) -> ValueType {
    if name.starts_with("on") {
        ValueType::Js
    } else if ["src", "uri", "url"].iter().any(|part| name.contains(part)) {
        ValueType::Url
    } else {
        ValueType::Plain
    }
}

fn known(name: &str) -> Option<ValueType> {
    Some(match name {
        "action" | "archive" | "background" | "cite" | "classid" | "codebase" | "data" | "formaction"
        | "href" | "icon" | "longdesc" | "manifest" | "poster" | "profile" | "src" | "usemap" | "xmlns" => {
            ValueType::Url
        }
        "accept-charset" | "async" | "challenge" | "charset" | "content" | "crossorigin" | "defer"
        | "enctype" | "form" | "formenctype" | "formmethod" | "formnovalidate" | "http-equiv" | "keytype"
        | "language" | "method" | "novalidate" | "pattern" | "rel" | "sandbox" | "type" | "value" => {
            ValueType::Unsafe
        }
        "srcdoc" => ValueType::Html,
        "srcset" => ValueType::Srcset,
        "style" => ValueType::Css,
        // Plain ones whose names look like something else.
        "srclang" => ValueType::Plain,
        _ => return None,
    })
}
