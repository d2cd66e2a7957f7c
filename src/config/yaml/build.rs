//! Events → tree: anchors, aliases, merge keys, duplicate keys, the first document only.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};

use super::node::{Node, Scalar, Style, Value};

/// How many nodes all aliases of a file may stand for: a few lines can otherwise ask for gigabytes.
const MAX_ALIASED_NODES: usize = 200_000;

/// Something that is wrong with the text as YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlProblem {
    /// Not YAML.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Where it stopped.
        span: Range<usize>,
    },
    /// A key that its mapping already has.
    #[error("mapping key {key:?} already defined at line {}", first_line)]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands again.
        span: Range<usize>,
        /// The line (from 1) where it stood first.
        first_line: usize,
    },
    /// An alias that stands for too much, for itself or for nothing that could be merged.
    #[error("{message}")]
    Alias {
        /// What is wrong with it.
        message: &'static str,
        /// Where it stands.
        span: Range<usize>,
    },
    /// A further document, which is not read.
    #[error("only the first document of the file is read")]
    SecondDocument {
        /// Where it starts.
        span: Range<usize>,
    },
}

/// Reads the first document of `text`. The tree is `None` for an empty document and for a text that is not
/// YAML; the problems tell which.
#[must_use]
pub fn parse(text: &str) -> (Option<Node>, Vec<YamlProblem>) {
    let mut builder = Builder { text, ..Builder::default() };
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    let mut documents = 0;
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Ok((Event::DocumentStart(..), span)) => {
                documents += 1;
                if documents == 2 {
                    builder.problems.push(YamlProblem::SecondDocument { span: bytes(&span) });
                    break;
                }
            }
            Ok((event, span)) => builder.event(event, &span),
            // What follows the first document is not read, so it may be anything.
            Err(_) if documents > 0 && builder.root.is_some() && builder.stack.is_empty() => break,
            Err(error) => {
                builder.problems.push(syntax(text, &error));
                return (None, builder.problems);
            }
        }
    }
    let root = builder.root.filter(|root| !root.is_null());
    (root, builder.problems)
}

fn syntax(text: &str, error: &ScanError) -> YamlProblem {
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let length = text[at..].chars().next().map_or(0, char::len_utf8);
    YamlProblem::Syntax { message: error.info(), span: at..at + length }
}

fn bytes(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

/// A collection that is not closed yet.
struct Frame {
    start: usize,
    anchor: usize,
    flow: bool,
    kind: FrameKind,
}

enum FrameKind {
    Sequence(Vec<Node>),
    Mapping { pairs: Vec<(Node, Node)>, key: Option<Node> },
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, Node>,
    aliased: usize,
    root: Option<Node>,
    problems: Vec<YamlProblem>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: &Span) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tagged_text = tag.is_some_and(|tag| tag.to_string().ends_with("str"));
                let scalar = Scalar { text: text.as_ref().into(), style: written(style), tagged_text };
                let span = match scalar.style {
                    Style::Plain | Style::SingleQuoted | Style::DoubleQuoted => bytes(span),
                    Style::Literal | Style::Folded => block_span(self.text, bytes(span)),
                };
                let node = Node { value: Value::Scalar(scalar), span };
                self.keep(anchor, &node);
                self.add(node);
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(span, style, anchor, FrameKind::Sequence(Vec::new()));
            }
            Event::MappingStart(style, anchor, _) => {
                self.open(span, style, anchor, FrameKind::Mapping { pairs: Vec::new(), key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            // Comments and anchor names are switched off; the rest frames the document.
            _ => {}
        }
    }

    fn open(&mut self, span: &Span, style: StructureStyle, anchor: usize, kind: FrameKind) {
        let flow = style == StructureStyle::Flow;
        self.stack.push(Frame { start: bytes(span).start, anchor, flow, kind });
    }

    fn close(&mut self, span: &Span) {
        let Some(frame) = self.stack.pop() else { return };
        let (value, last) = match frame.kind {
            FrameKind::Sequence(items) => {
                let last = items.last().map(|item| item.span.end);
                (Value::Sequence(items), last)
            }
            FrameKind::Mapping { pairs, .. } => {
                let last = pairs.last().map(|(key, value)| value.span.end.max(key.span.end));
                (Value::Mapping(self.merged(pairs)), last)
            }
        };
        // A block ends where its last value ends, not where the next token starts. Its last value may be an
        // alias, whose place is elsewhere.
        let closed = bytes(span);
        let end = if frame.flow { closed.end } else { last.unwrap_or(closed.end).min(closed.end) };
        let node = Node { value, span: frame.start..end.max(frame.start) };
        self.keep(frame.anchor, &node);
        self.add(node);
    }

    fn keep(&mut self, anchor: usize, node: &Node) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    fn alias(&mut self, anchor: usize, span: &Span) {
        let nothing = Node {
            value: Value::Scalar(Scalar { text: "".into(), style: Style::Plain, tagged_text: false }),
            span: bytes(span),
        };
        let node = match self.anchors.get(&anchor) {
            None => {
                let message = "anchor value contains itself";
                self.problems.push(YamlProblem::Alias { message, span: bytes(span) });
                nothing
            }
            Some(node) => {
                self.aliased += node.weight();
                if self.aliased <= MAX_ALIASED_NODES {
                    node.clone()
                } else {
                    let message = "document contains excessive aliasing";
                    self.problems.push(YamlProblem::Alias { message, span: bytes(span) });
                    nothing
                }
            }
        };
        self.add(node);
    }

    fn add(&mut self, node: Node) {
        match self.stack.last_mut().map(|frame| &mut frame.kind) {
            None => self.root = Some(node),
            Some(FrameKind::Sequence(items)) => items.push(node),
            Some(FrameKind::Mapping { pairs, key }) => match key.take() {
                None => *key = Some(node),
                Some(name) => pairs.push((name, node)),
            },
        }
    }

    /// The pairs without duplicates and with what their merge keys bring; a key of the mapping itself wins
    /// over a merged one, an earlier merged mapping over a later one.
    fn merged(&mut self, pairs: Vec<(Node, Node)>) -> Vec<(Node, Node)> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let (mut own, mut merges) = (Vec::with_capacity(pairs.len()), Vec::new());
        for (key, value) in pairs {
            if key.scalar().is_some_and(|scalar| scalar.is_plain() && &*scalar.text == "<<") {
                merges.push(value);
                continue;
            }
            if let Some(scalar) = key.scalar() {
                if let Some(first) = seen.get(&*scalar.text) {
                    let first_line = 1 + self.text[..*first].matches('\n').count();
                    let key_text = scalar.text.to_string();
                    let problem =
                        YamlProblem::DuplicateKey { key: key_text, span: key.span.clone(), first_line };
                    self.problems.push(problem);
                    continue;
                }
                seen.insert(scalar.text.to_string(), key.span.start);
            }
            own.push((key, value));
        }
        for source in merges {
            self.merge_into(&mut own, &mut seen, source);
        }
        own
    }

    fn merge_into(&mut self, own: &mut Vec<(Node, Node)>, seen: &mut BTreeMap<String, usize>, source: Node) {
        match source.value {
            Value::Mapping(pairs) => {
                for (key, value) in pairs {
                    let name = key.scalar().map(|scalar| scalar.text.to_string());
                    if name.is_none_or(|name| seen.insert(name, key.span.start).is_none()) {
                        own.push((key, value));
                    }
                }
            }
            Value::Sequence(items) if items.iter().all(|item| matches!(item.value, Value::Mapping(_))) => {
                for item in items {
                    self.merge_into(own, seen, item);
                }
            }
            Value::Sequence(_) | Value::Scalar(_) => {
                let message = "map merge requires map or sequence of maps as the value";
                self.problems.push(YamlProblem::Alias { message, span: source.span });
            }
        }
    }
}

/// From the `|` or `>` to the last character of the content: the parser tells only where the content is.
fn block_span(text: &str, content: Range<usize>) -> Range<usize> {
    let before = text[..content.start.min(text.len())].trim_end();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[before.len()..].find('\n').map_or(text.len(), |at| before.len() + at);
    let line = &text[line_start..line_end];
    let header = line.match_indices(['|', '>']).find(|(at, _)| {
        let rest = line[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
        rest.trim().is_empty() || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'))
    });
    let Some((at, _)) = header else { return content };
    let start = line_start + at;
    start..start + text[start..content.end.max(line_end)].trim_end().len()
}

fn written(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::SingleQuoted,
        ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

#[cfg(test)]
mod tests {
    use super::{YamlProblem, parse};
    use crate::config::yaml::{Node, Value};

    /// The tree with the source text of each scalar's span.
    fn show(text: &str, node: &Node) -> String {
        match &node.value {
            Value::Scalar(scalar) => format!("{:?}@{:?}", scalar.text, &text[node.span.clone()]),
            Value::Sequence(items) => {
                format!("[{}]", items.iter().map(|item| show(text, item)).collect::<Vec<_>>().join(", "))
            }
            Value::Mapping(pairs) => {
                let pair =
                    |(key, value): &(Node, Node)| format!("{}: {}", show(text, key), show(text, value));
                format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn tree(text: &str) -> String {
        let (root, problems) = parse(text);
        assert_eq!(problems, [], "{text}");
        show(text, &root.expect("a document"))
    }

    #[test]
    fn scalars_of_every_style_know_their_text() {
        insta::assert_snapshot!(tree("a: x y\nb: 'it''s'\nc: \"t\\tb\"\nd: |\n  one\n  two\ne: >-\n  one\n  two\nf: é # c\n"), @r#"{"a"@"a": "x y"@"x y", "b"@"b": "it's"@"'it''s'", "c"@"c": "t\tb"@"\"t\\tb\"", "d"@"d": "one\ntwo\n"@"|\n  one\n  two", "e"@"e": "one two"@">-\n  one\n  two", "f"@"f": "é"@"é"}"#);
    }

    #[test]
    fn merge_keys_bring_what_the_mapping_lacks() {
        insta::assert_snapshot!(tree("base: &b {x: 1, y: 2}\nmine: {<<: *b, y: 3}\n"), @r#"{"base"@"base": {"x"@"x": "1"@"1", "y"@"y": "2"@"2"}, "mine"@"mine": {"y"@"y": "3"@"3", "x"@"x": "1"@"1"}}"#);
    }

    #[test]
    fn a_duplicate_key_names_both_places() {
        let (root, problems) = parse("a: 1\nb: 2\na: 3\n");
        assert!(root.is_some());
        assert_eq!(
            problems,
            [YamlProblem::DuplicateKey { key: "a".to_owned(), span: 10..11, first_line: 1 }]
        );
    }

    #[test]
    fn a_second_document_is_reported_and_not_read() {
        let (root, problems) = parse("a: 1\n---\n]: [");
        assert!(root.is_some());
        assert!(
            matches!(problems.as_slice(), [YamlProblem::SecondDocument { span }] if span.start == 5),
            "{problems:?}"
        );
    }

    #[test]
    fn aliases_cannot_explode() {
        let mut text = "a: &a [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for (before, name) in ["a", "b", "c", "d", "e", "f"].iter().zip(["b", "c", "d", "e", "f", "g"]) {
            text += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 10].join(","));
        }
        let (_, problems) = parse(&text);
        assert_eq!(problems[0].to_string(), "document contains excessive aliasing");
        assert_eq!(parse("&a [*a]").1[0].to_string(), "anchor value contains itself");
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let (root, problems) = parse("a: [1, 2\nb: 3\n");
        assert_eq!(root, None);
        assert!(matches!(&problems[0], YamlProblem::Syntax { span, .. } if span.start > 3), "{problems:?}");
    }

    #[test]
    fn nothing_is_nothing() {
        for text in ["", "# only a comment\n", "---\n", "~"] {
            assert_eq!(parse(text), (None, vec![]), "{text:?}");
        }
    }
}
