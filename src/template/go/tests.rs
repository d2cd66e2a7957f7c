//! The language against Go's own answers.
//!
//! `tests/fixtures/go_templates.tsv` says how it was made. What the language has got since then, and words
//! that changed, are tested beside the rules' texts and below.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::value::{List, Map, Shape, Struct};
use super::{CallError, Functions, MissingKey, Object, Outcome, Param, Signature, Templates, Value};

struct TestFunctions;

impl Functions for TestFunctions {
    fn signature(&self, name: &str) -> Option<Signature> {
        Some(match name {
            "list" | "dict" => Signature::variadic(&[], Param::Any),
            "fail" | "takesString" => Signature::fixed(&[Param::String]),
            "takesInt" => Signature::fixed(&[Param::Int]),
            "takesFloat" => Signature::fixed(&[Param::Float]),
            "takesBool" => Signature::fixed(&[Param::Bool]),
            "byte8" | "i64" => Signature::fixed(&[]),
            _ => return None,
        })
    }

    fn call(&self, name: &str, args: &[Value]) -> Result<Value, CallError> {
        Ok(match (name, args) {
            ("list", _) => list("[]interface {}", args.to_vec()),
            ("dict", _) => {
                dict(args.chunks_exact(2).map(|two| (two[0].as_str().unwrap_or(""), two[1].clone())))
            }
            ("fail", [message]) => return Err(message.as_str().unwrap_or("").into()),
            ("takesInt", [Value::Int(number)]) => Value::Int(number * 2),
            ("takesFloat", [Value::Float(number)]) => Value::Float(number * 2.0),
            ("byte8", _) => Value::Byte(200),
            ("i64", _) => Value::Int64(64),
            ("takesBool", [Value::Bool(truth)]) => Value::str(&truth.to_string()),
            (_, [text]) => text.clone(),
            _ => return Err("bad call".into()),
        })
    }
}

/// A struct with a method.
#[derive(Debug)]
struct Greeter(Struct);

impl Object for Greeter {
    fn type_name(&self) -> &str {
        "main.S"
    }

    fn shape(&self) -> Shape {
        Shape::Struct
    }

    fn pairs(&self) -> Vec<(Value, Value)> {
        self.0.pairs()
    }

    fn is_interface(&self, name: &str) -> bool {
        name == "I"
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        (name == "Hello").then_some(Signature::fixed(&[Param::String, Param::Int]))
    }

    fn call(&self, _name: &str, args: &[Value]) -> Result<Value, CallError> {
        Ok(Value::str(&super::format::sprintf("hello %s%d", args)))
    }
}

fn list(type_name: &str, items: Vec<Value>) -> Value {
    Value::object(List { type_name: type_name.into(), items })
}

fn map<'a>(type_name: &'static str, entries: impl Iterator<Item = (&'a str, Value)>) -> Value {
    let entries: BTreeMap<_, _> = entries.map(|(key, value)| (Arc::from(key), value)).collect();
    Value::object(Map::new(type_name, entries))
}

fn dict<'a>(entries: impl Iterator<Item = (&'a str, Value)>) -> Value {
    map("map[string]interface {}", entries)
}

fn texts(pairs: &[(&'static str, &'static str)]) -> Value {
    map("map[string]string", pairs.iter().map(|(key, text)| (*key, Value::str(text))))
}

fn data() -> Value {
    let st = Greeter(Struct {
        type_name: "main.S",
        fields: vec![
            ("Labels", texts(&[("l", "v")])),
            ("Value", Value::Float(1.5)),
            ("N", Value::Int(2)),
            ("I", Value::Nil),
            ("L", list("[]string", vec![Value::str("p")])),
            ("M", dict(std::iter::empty())),
        ],
        interfaces: &["I"],
    });
    let items = vec![Value::Int(1), Value::str("two"), Value::Float(3.5), Value::Nil];
    let entries = [
        ("s", Value::str("str")),
        ("e", Value::str("")),
        ("n", Value::Int(3)),
        ("neg", Value::Int(-3)),
        ("f", Value::Float(2.5)),
        ("big", Value::Float(1e6)),
        ("b", Value::Bool(true)),
        ("nil", Value::Nil),
        ("labels", texts(&[("b", "2"), ("a", "1")])),
        ("list", list("[]interface {}", items)),
        ("strs", list("[]string", vec![Value::str("x"), Value::str("y")])),
        ("m", dict([("k", dict([("z", Value::Int(1))].into_iter()))].into_iter())),
        ("st", Value::object(st)),
    ];
    dict(entries.into_iter())
}

fn run(text: &str) -> String {
    let mut templates = Templates::default();
    if let Err(error) = templates.parse("t", text, &TestFunctions) {
        return format!("ERR {error}");
    }
    match templates.execute("t", &data(), &TestFunctions, MissingKey::Zero) {
        Outcome::Text(text) => text,
        Outcome::Failed(error) => format!("ERR {error}"),
        Outcome::Needs(what) => format!("needs {what}"),
    }
}

#[test]
fn templates_give_what_go_gives() {
    let table = include_str!("../../../tests/fixtures/go_templates.tsv");
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (template, expected) = line.split_once('\t').expect("two columns");
        let template: String = serde_json::from_str(template).expect("JSON");
        let expected: String = serde_json::from_str(expected).expect("JSON");
        let got = run(&template);
        count += 1;
        if got != expected {
            wrong.push(format!("{template:?}\n  Go:   {expected}\n  ours: {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 250, "the table is whole");
}

#[test]
fn words_that_changed_are_todays() {
    for (template, expected) in [
        ("{{ .s) }}", "ERR template: t:1: unexpected right paren"),
        ("{{ range $i := 2 }}{{ $i }}{{ end }}", "01"),
        ("{{ with .e }}a{{ else with .n }}b{{ . }}{{ end }}", "b3"),
    ] {
        assert_eq!(run(template), expected, "{template}");
    }
}

#[test]
fn later_texts_replace_templates_of_earlier_ones() {
    let mut templates = Templates::default();
    let mut parse = |name, text| templates.parse(name, text, &TestFunctions).expect(text);
    parse("defaults", r#"{{ define "a" }}one{{ end }}{{ define "b" }}two {{ template "a" }}{{ end }}"#);
    parse("user", r#"{{ define "a" }}mine{{ end }}{{ define "b" }}  {{ end }}"#);
    let outcome = templates.execute("b", &Value::Nil, &TestFunctions, MissingKey::Invalid);
    assert_eq!(outcome, Outcome::Text("two mine".to_owned()));
}
