//! Label sets made of others, and the functions that only change labels: `label_replace` and `label_join`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::error::EvalError;
use super::evaluator::Evaluator;
use super::names;
use super::prepare::{Kind, Plan};
use super::steps::Steps;
use crate::model::LabelSet;
use crate::model::labels::{LabelSetBuilder, METRIC_NAME};
use crate::model::quote::GoQuotedBytes;
use crate::promql::ast::StringLiteral;
use crate::promql::value::Series;

/// The labels that are not among `names`.
pub(super) fn without<N: AsRef<str>>(labels: &LabelSet, names: &[N]) -> LabelSet {
    chosen(labels, |name| !names.iter().any(|known| known.as_ref() == name))
}

/// The labels that are among `names`.
pub(super) fn only<N: AsRef<str>>(labels: &LabelSet, names: &[N]) -> LabelSet {
    chosen(labels, |name| names.iter().any(|known| known.as_ref() == name))
}

/// The labels whose names are to be kept.
pub(super) fn chosen(labels: &LabelSet, keep: impl Fn(&str) -> bool) -> LabelSet {
    let mut builder = LabelSetBuilder::with_capacity(256);
    let mut all = true;
    for (name, value) in labels.iter() {
        if keep(name) {
            builder.push((name, value));
        } else {
            all = false;
        }
    }
    if all { labels.clone() } else { builder.build() }
}

/// The literal that an argument is. `None` for what is not there.
fn literal_of<'e>(plan: Option<&Plan<'e>>) -> Option<&'e StringLiteral> {
    match plan.map(|plan| &plan.kind) {
        Some(Kind::String(literal)) => Some(literal),
        _ => None,
    }
}

/// The text of an argument that is one.
fn text_of<'e>(plan: Option<&Plan<'e>>) -> &'e str {
    literal_of(plan).map_or("", |literal| &literal.value)
}

/// The text of an argument that names a label: any of UTF-8 but the empty one. The error has it as Go quotes it.
pub(super) fn label_name<'e>(plan: Option<&Plan<'e>>) -> Result<&'e str, InvalidName<'e>> {
    match literal_of(plan) {
        Some(StringLiteral { value, raw: None, .. }) if !value.is_empty() => Ok(value),
        Some(StringLiteral { value, raw, .. }) => Err(InvalidName { text: value, raw: raw.as_deref() }),
        None => Err(InvalidName { text: "", raw: None }),
    }
}

/// What is no name of a label.
pub(super) struct InvalidName<'e> {
    text: &'e str,
    raw: Option<&'e [u8]>,
}

impl InvalidName<'_> {
    /// In quotes, as Go's `%q` has it.
    pub(super) fn quoted(&self) -> String {
        GoQuotedBytes(self.raw.unwrap_or(self.text.as_bytes())).to_string()
    }
}

/// How many expressions of `label_replace` are kept compiled.
const MOST_COMPILED: usize = 256;

/// The expression of a `label_replace`, compiled. Rules are evaluated again and again, and to compile takes a
/// thousand times as long as to match; so a few are kept for the next time.
fn compiled(pattern: &str) -> Result<Rc<regex::Regex>, EvalError> {
    thread_local! {
        static KNOWN: RefCell<BTreeMap<String, Rc<regex::Regex>>> = const { RefCell::new(BTreeMap::new()) };
    }
    if let Some(known) = KNOWN.with_borrow(|known| known.get(pattern).cloned()) {
        return Ok(known);
    }
    let regex = crate::model::regex::unanchored(&format!("^(?s:{pattern})$"))
        .map_err(|_| EvalError::InvalidRegex(pattern.to_owned()))?;
    let regex = Rc::new(regex);
    KNOWN.with_borrow_mut(|known| {
        if known.len() >= MOST_COMPILED {
            known.clear();
        }
        known.insert(pattern.to_owned(), Rc::clone(&regex));
    });
    Ok(regex)
}

impl Evaluator<'_> {
    /// `label_replace(v, dst, replacement, src, regex)`
    pub(super) fn label_replace(
        &mut self,
        args: &[Plan<'_>],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let [vector, texts @ ..] = args else { return Ok(Vec::new()) };
        let text = |at: usize| text_of(texts.get(at));
        let (replacement, source, pattern) = (text(1), text(2), text(3));
        if literal_of(texts.get(3)).is_some_and(|literal| literal.raw.is_some()) {
            return Err(EvalError::InvalidRegex(pattern.to_owned()));
        }
        let regex = compiled(pattern)?;
        let destination = destination("label_replace", texts.first())?;
        let mut matrix = self.eval(vector, steps)?;
        for series in &mut matrix {
            let mut value = String::new();
            match regex.captures(series.labels.value(source)) {
                Some(found) => expand(&found, replacement, &mut value),
                None => continue,
            }
            set_label(series, destination, &value);
        }
        names::merge_same(matrix)
    }

    /// `label_join(v, dst, separator, src…)`
    pub(super) fn label_join(&mut self, args: &[Plan<'_>], steps: Steps) -> Result<Vec<Series>, EvalError> {
        let [vector, destination, separator, sources @ ..] = args else { return Ok(Vec::new()) };
        let sources: Vec<&str> = sources
            .iter()
            .map(|source| label_name(Some(source)))
            .collect::<Result<_, _>>()
            .map_err(|invalid| EvalError::InvalidSource(invalid.text.to_owned()))?;
        let destination = self::destination("label_join", Some(destination))?;
        let separator = text_of(Some(separator));
        let mut matrix = self.eval(vector, steps)?;
        for series in &mut matrix {
            let values: Vec<&str> = sources.iter().map(|source| series.labels.value(source)).collect();
            let value = values.join(separator);
            set_label(series, destination, &value);
        }
        names::merge_same(matrix)
    }
}

/// The name of the label that a function writes.
fn destination<'e>(function: &'static str, plan: Option<&Plan<'e>>) -> Result<&'e str, EvalError> {
    label_name(plan)
        .map_err(|invalid| EvalError::InvalidDestination { function, label: invalid.text.to_owned() })
}

fn set_label(series: &mut Series, name: &str, value: &str) {
    let mut builder = series.labels.to_builder();
    builder.set(name, value);
    series.labels = builder.build();
    if name == METRIC_NAME {
        series.drop_name = false;
    }
}

/// Go's `Regexp.Expand`: `$1`, `$name`, `${name}` and `$$`; names are as long as they can be, unknown ones empty.
fn expand(found: &regex::Captures<'_>, template: &str, out: &mut String) {
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = reference(rest) else {
            out.push('$');
            continue;
        };
        // A number does not begin with a zero; other names never do with a digit.
        let is_number =
            name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
        let group = match name.parse::<usize>() {
            Ok(index) if is_number => found.get(index),
            _ => found.name(name),
        };
        out.push_str(group.map_or("", |group| group.as_str()));
        rest = after;
    }
    out.push_str(rest);
}

/// The name after a `$`, and what follows it.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (braced, body) = match text.strip_prefix('{') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let end = body.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(body.len());
    let (name, after) = body.split_at(end);
    if name.is_empty() {
        return None;
    }
    if braced { after.strip_prefix('}').map(|after| (name, after)) } else { Some((name, after)) }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn replacements_refer_to_groups_as_in_go() {
        let regex = regex::Regex::new("(?P<first>a)(b)?").expect("it is valid");
        let found = regex.captures("a").expect("it matches");
        for (template, wanted) in [
            ("$1-$first-${first}x", "a-a-ax"),
            ("$firstx", ""),
            ("$2", ""),
            ("$$1", "$1"),
            ("$", "$"),
            ("${", "${"),
            ("${first", "${first"),
            ("$9 $99999999999999999999", " "),
            ("$0 $1 $01 $00", "a a  "),
            // Names are made of letters of any language.
            ("é$1é", "é"),
        ] {
            let mut out = String::new();
            expand(&found, template, &mut out);
            assert_eq!(out, wanted, "{template}");
        }
    }
}
