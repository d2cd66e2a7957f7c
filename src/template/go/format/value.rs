//! One value under one verb, and `Sprint`.

use std::fmt::Write;

use super::number::{print_float, print_integer};
use super::spec::Spec;
use crate::model::quote::GoQuoted;
use crate::template::go::value::{Object, Shape, Value};

/// The text of a value that stands for itself in a template: Go's `%v` behind any pointer.
pub(crate) fn display(out: &mut String, value: &Value) {
    match value {
        Value::NoValue => out.push_str("<no value>"),
        Value::Str(text) => out.push_str(text),
        Value::Object(object) if object.string().is_none() => {
            print_object(out, &**object, 'v', &Spec::default(), Pointers::Follow);
        }
        other => print_arg(out, other, 'v', &Spec::default()),
    }
}

/// Go's `fmt.Sprint`: a space only between two operands that are not strings.
pub(crate) fn sprint(args: &[Value]) -> String {
    sprint_pointers(args, Pointers::Mark)
}

/// `fmt.Sprint` of what is behind any pointers.
pub(crate) fn sprint_indirect(args: &[Value]) -> String {
    sprint_pointers(args, Pointers::Follow)
}

fn sprint_pointers(args: &[Value], pointers: Pointers) -> String {
    let mut out = String::new();
    let mut after_string = true;
    for arg in args {
        let is_string = matches!(arg.underlying(), Value::Str(_));
        if !is_string && !after_string {
            out.push(' ');
        }
        print_nested(&mut out, arg, 'v', &Spec::default(), pointers);
        after_string = is_string;
    }
    out
}

/// Go's `fmt.Sprintln`: a space between all operands, and a newline.
pub(crate) fn sprintln(args: &[Value]) -> String {
    let mut out = String::new();
    for (at, arg) in args.iter().enumerate() {
        out.push_str(if at == 0 { "" } else { " " });
        print_arg(&mut out, arg, 'v', &Spec::default());
    }
    out.push('\n');
    out
}

/// Appends one argument of a format under its verb.
pub(super) fn print_arg(out: &mut String, arg: &Value, verb: char, spec: &Spec) {
    print_nested(out, arg, verb, spec, Pointers::Mark);
}

/// What to do with a pointer to a struct.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pointers {
    /// Show what it points to, without a sign.
    Follow,
    /// Show what it points to behind `&`.
    Mark,
    /// Show an address, as Go does inside of other values.
    Hide,
}

fn print_nested(out: &mut String, arg: &Value, verb: char, spec: &Spec, pointers: Pointers) {
    if out.len() > super::MAX_BYTES {
        return;
    }
    if verb == 'T' {
        let name = if arg.is_nil() { "<nil>" } else { arg.type_name() };
        return print_string(out, name, 's', spec);
    }
    match arg {
        Value::NoValue | Value::Nil => match verb {
            'v' if spec.sharp_v && pointers == Pointers::Hide => out.push_str("interface {}(nil)"),
            _ if pointers == Pointers::Hide => out.push_str("<nil>"),
            'v' => spec.pad(out, "<nil>"),
            _ => bad_verb(out, arg, verb, spec),
        },
        Value::Bool(truth) if matches!(verb, 't' | 'v') => {
            spec.pad(out, if *truth { "true" } else { "false" })
        }
        Value::Int(number) | Value::Int64(number) => {
            if !print_integer(out, number.unsigned_abs(), *number < 0, verb, spec) {
                bad_verb(out, arg, verb, spec);
            }
        }
        Value::Byte(byte) => {
            let sharp = Spec { sharp: true, ..spec.clone() };
            let (verb, spec) = if spec.sharp_v && verb == 'v' { ('x', &sharp) } else { (verb, spec) };
            if !print_integer(out, u64::from(*byte), false, verb, spec) {
                bad_verb(out, arg, verb, spec);
            }
        }
        Value::Float(number) if "vgGeEfFxX".contains(verb) => print_float(out, *number, verb, spec),
        Value::Complex(real, imaginary) if "vgGeEfFxX".contains(verb) => {
            out.push('(');
            print_float(out, *real, verb, spec);
            print_float(out, *imaginary, verb, &Spec { plus: true, ..spec.clone() });
            out.push_str("i)");
        }
        Value::Str(text) if "vsxXq".contains(verb) => print_string(out, text, verb, spec),
        Value::Bool(_) | Value::Float(_) | Value::Complex(..) | Value::Str(_) => {
            bad_verb(out, arg, verb, spec)
        }
        Value::Object(object) => print_object(out, &**object, verb, spec, pointers),
    }
}

/// Whether a basic value can be printed with that verb.
fn verb_fits(value: &Value, verb: char) -> bool {
    match value {
        Value::Bool(_) => matches!(verb, 't' | 'v'),
        Value::Int(_) | Value::Int64(_) | Value::Byte(_) => "vdboOxXcqU".contains(verb),
        Value::Float(_) | Value::Complex(..) => "vgGeEfFxX".contains(verb),
        Value::Str(_) => "vsxXq".contains(verb),
        Value::NoValue | Value::Nil | Value::Object(_) => true,
    }
}

/// `%!verb(type=value)`.
fn bad_verb(out: &mut String, arg: &Value, verb: char, spec: &Spec) {
    let _ = write!(out, "%!{verb}(");
    print_with_type(out, arg, &Spec { erroring: true, ..spec.clone() });
    out.push(')');
}

pub(super) fn print_with_type(out: &mut String, arg: &Value, spec: &Spec) {
    if arg.is_nil() {
        out.push_str("<nil>");
        return;
    }
    out.push_str(arg.type_name());
    out.push('=');
    print_nested(out, arg, 'v', spec, Pointers::Mark);
}

fn print_object(out: &mut String, object: &dyn Object, verb: char, spec: &Spec, pointers: Pointers) {
    if !spec.erroring
        && !spec.sharp_v
        && "vsxXq".contains(verb)
        && let Some(text) = object.string()
    {
        return print_string(out, &text, verb, spec);
    }
    if spec.sharp_v
        && !spec.erroring
        && let Some(text) = object.go_string()
    {
        return spec.pad(out, &text);
    }
    let name = object.type_name();
    if name.starts_with('*') {
        match pointers {
            Pointers::Follow => {}
            Pointers::Mark => out.push('&'),
            // Addresses differ from run to run; this one is no less true than another.
            Pointers::Hide => return spec.pad(out, "0xc000010000"),
        }
    }
    let name = name.trim_start_matches('*');
    match object.shape() {
        Shape::Basic(value) if verb_fits(&value, verb) => print_nested(out, &value, verb, spec, pointers),
        Shape::Basic(value) => {
            let _ = write!(out, "%!{verb}({name}=");
            print_nested(out, &value, 'v', &Spec { erroring: true, ..spec.clone() }, pointers);
            out.push(')');
        }
        Shape::Map => {
            let open = if spec.sharp_v { format!("{name}{{") } else { "map[".to_owned() };
            print_pairs(out, object, verb, spec, (&open, if spec.sharp_v { "}" } else { "]" }), true);
        }
        Shape::List => {
            let open = if spec.sharp_v { format!("{name}{{") } else { "[".to_owned() };
            print_pairs(out, object, verb, spec, (&open, if spec.sharp_v { "}" } else { "]" }), false);
        }
        Shape::Struct => {
            let open = if spec.sharp_v { format!("{name}{{") } else { "{".to_owned() };
            print_pairs(out, object, verb, spec, (&open, "}"), spec.sharp_v || spec.plus_v);
        }
    }
}

fn print_pairs(
    out: &mut String,
    object: &dyn Object,
    verb: char,
    spec: &Spec,
    (open, close): (&str, &str),
    keys: bool,
) {
    out.push_str(open);
    let is_map = matches!(object.shape(), Shape::Map);
    for (at, (key, value)) in object.pairs().into_iter().enumerate() {
        if out.len() > super::MAX_BYTES {
            return;
        }
        if at > 0 {
            out.push_str(if spec.sharp_v { ", " } else { " " });
        }
        if keys && is_map {
            print_nested(out, &key, verb, spec, Pointers::Hide);
            out.push(':');
        } else if keys {
            out.push_str(key.as_str().unwrap_or_default());
            out.push(':');
        }
        print_nested(out, &value, verb, spec, Pointers::Hide);
    }
    out.push_str(close);
}

fn print_string(out: &mut String, text: &str, verb: char, spec: &Spec) {
    let cut = match spec.precision {
        Some(count) if verb != 'x' && verb != 'X' => {
            text.char_indices().nth(count).map_or(text, |(at, _)| &text[..at])
        }
        _ => text,
    };
    match verb {
        'q' => quoted(out, cut, spec),
        'v' if spec.sharp_v => quoted(out, cut, &Spec { sharp: false, ..spec.clone() }),
        'x' | 'X' => spec.pad(out, &hex(text, verb == 'X', spec)),
        _ => spec.pad(out, cut),
    }
}

fn quoted(out: &mut String, text: &str, spec: &Spec) {
    let raw = !text.contains('`') && text.chars().all(|c| c == '\t' || (!c.is_control() && c != '\u{feff}'));
    if spec.sharp && raw {
        return spec.pad(out, &format!("`{text}`"));
    }
    let mut quoted = GoQuoted(text).to_string();
    if spec.plus {
        quoted = quoted.chars().map(ascii_only).collect();
    }
    spec.pad(out, &quoted);
}

fn ascii_only(c: char) -> String {
    match u32::from(c) {
        0..0x80 => c.to_string(),
        code @ 0x80..0x1_0000 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

fn hex(text: &str, upper: bool, spec: &Spec) -> String {
    let bytes = &text.as_bytes()[..spec.precision.unwrap_or(text.len()).min(text.len())];
    let prefix = match (spec.sharp, upper) {
        (true, false) => "0x",
        (true, true) => "0X",
        (false, _) => "",
    };
    let mut hex = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if spec.space && at > 0 {
            hex.push(' ');
        }
        if at == 0 || spec.space {
            hex.push_str(prefix);
        }
        let _ = if upper { write!(hex, "{byte:02X}") } else { write!(hex, "{byte:02x}") };
    }
    hex
}
