//! YAML from values: block style, keys in the order given, texts quoted wherever a reader could take them
//! for something else.

use serde_json::Value as Json;

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Yaml {
    /// A number, a boolean or a null, as it is written.
    Word(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Yaml>),
    /// Keys and values.
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// The value of JSON.
    pub(crate) fn of_json(value: &Json) -> Self {
        match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => Self::Word(value.to_string()),
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::of_json).collect()),
            Json::Object(map) => {
                Self::Map(map.iter().map(|(key, value)| (key.clone(), Self::of_json(value))).collect())
            }
        }
    }

    fn is_block(&self) -> bool {
        match self {
            Self::Word(_) | Self::Text(_) => false,
            Self::List(items) => !items.is_empty(),
            Self::Map(pairs) => !pairs.is_empty(),
        }
    }
}

/// A document that ends with a line break.
pub(crate) fn write(value: &Yaml) -> String {
    let mut out = String::new();
    block(&mut out, value, 0);
    out
}

/// A collection's lines; the first one has no indentation, as it may stand behind a dash.
fn block(out: &mut String, value: &Yaml, indent: usize) {
    let margin = " ".repeat(indent);
    match value {
        Yaml::List(items) if value.is_block() => {
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { &margin });
                out.push_str("- ");
                block(out, item, indent + 2);
            }
        }
        Yaml::Map(pairs) if value.is_block() => {
            for (at, (key, value)) in pairs.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { &margin });
                out.push_str(&scalar(key));
                out.push(':');
                let deeper = match value {
                    Yaml::Map(_) => indent + 2,
                    Yaml::List(_) | Yaml::Word(_) | Yaml::Text(_) => indent,
                };
                if value.is_block() {
                    out.push('\n');
                    out.push_str(&" ".repeat(deeper));
                } else {
                    out.push(' ');
                }
                block(out, value, deeper);
            }
        }
        Yaml::List(_) => out.push_str("[]\n"),
        Yaml::Map(_) => out.push_str("{}\n"),
        Yaml::Word(word) => {
            out.push_str(word);
            out.push('\n');
        }
        Yaml::Text(text) => {
            out.push_str(&scalar(text));
            out.push('\n');
        }
    }
}

/// A text as a scalar. JSON's strings are YAML's double-quoted ones.
fn scalar(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    serde_json::to_string(text).expect("a text always serialises")
}

/// Whether every YAML reader takes the bare text for this very text.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan"];
    let inner = |c: char| c.is_ascii_alphanumeric() || "_-./@+<>".contains(c);
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic() || "_/<".contains(c))
        && text.chars().all(inner)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    // A duration, which is no number to anybody.
    let is_duration = text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(['s', 'm', 'h', 'd', 'w', 'y'])
        && text.chars().all(|c| c.is_ascii_digit() || "smhdwy".contains(c));
    let is_url = (text.starts_with("http://") || text.starts_with("https://"))
        && text.chars().all(|c| inner(c) || c == ':')
        && !text.ends_with(':');
    is_word || is_duration || is_url
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Yaml, write};
    use crate::config::yaml::{Node, Value, parse};

    fn back(node: &Node) -> Yaml {
        match &node.value {
            Value::Scalar(scalar) => Yaml::Text(scalar.text.to_string()),
            Value::Sequence(items) => Yaml::List(items.iter().map(back).collect()),
            Value::Mapping(pairs) => Yaml::Map(
                pairs
                    .iter()
                    .map(|(key, value)| (key.scalar().expect("a key").text.to_string(), back(value)))
                    .collect(),
            ),
        }
    }

    #[test]
    fn collections_are_nested_and_texts_quoted_where_needed() {
        let text = |text: &str| Yaml::Text(text.to_owned());
        let value = Yaml::Map(vec![
            ("a".to_owned(), Yaml::List(vec![text("x"), text("no"), text("5m"), text("12"), text("")])),
            (
                "b c".to_owned(),
                Yaml::List(vec![Yaml::Map(vec![
                    ("d".to_owned(), Yaml::Map(vec![("e".to_owned(), Yaml::Word("1".to_owned()))])),
                    ("f".to_owned(), Yaml::List(vec![Yaml::List(vec![text("g\n\"h\"")])])),
                ])]),
            ),
            ("i".to_owned(), Yaml::List(vec![])),
            ("j".to_owned(), text("https://u:x@a:1/<secret>")),
        ]);
        insta::assert_snapshot!(write(&value), @r#"
        a:
        - x
        - "no"
        - 5m
        - "12"
        - ""
        "b c":
        - d:
            e: 1
          f:
          - - "g\n\"h\""
        i: []
        j: https://u:x@a:1/<secret>
        "#);
    }

    fn any_yaml() -> impl Strategy<Value = Yaml> {
        let text = "[a-z0-9:#\\-{}\\[\\]'\"\n\té&*!|> %@,?~]{0,8}".prop_map(Yaml::Text);
        text.prop_recursive(3, 20, 4, |inner| {
            let key = "[a-z0-9:# '\"]{1,5}";
            let pairs = prop::collection::btree_map(key, inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Yaml::List),
                pairs.prop_map(|pairs| Yaml::Map(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any_yaml()) {
            let text = write(&value);
            let (node, problems) = parse(&text);
            prop_assert_eq!(problems.len(), 0, "{}", text);
            prop_assert_eq!(node.map(|node| back(&node)), Some(value), "{}", text);
        }
    }
}
