//! Inline templates of a routing file: which texts they are, and in which language.
//!
//! The language is what `template_language` says. Else the texts tell: one that holds something that only Go
//! has makes all of them Go, and without any they are handlebars. A file whose texts disagree is an error.

use super::kinds::{INTEGRATIONS, is_secret_key};
use super::{Fields, Reader, items};
use crate::config::routes::{InlineTemplate, TemplateLanguage};
use crate::config::yaml::{Node, Value};
use crate::model::Str;

/// Keys of integrations that hold no templates, whatever stands in them.
const PLAIN: [&str; 4] = ["hmac", "http_config", "sigv4", "tls_config"];

impl Reader<'_> {
    /// All inline templates of the file, in the order of their places as far as their sections have one.
    pub(crate) fn inline_templates(&mut self, root: &Node) -> Vec<InlineTemplate> {
        let mut found = Vec::new();
        if let Some(route) = root.get("route") {
            of_route(route, &mut found);
        }
        for receiver in items(root, "receivers") {
            for kind in INTEGRATIONS {
                for entry in items(receiver, kind.key) {
                    collect(entry, kind.kind, "", false, &mut found);
                }
            }
        }
        found
    }

    /// The language of the inline templates; `strict`: as Alertmanager, which has one.
    pub(crate) fn language(
        &mut self,
        fields: &Fields<'_>,
        templates: &[InlineTemplate],
        strict: bool,
    ) -> TemplateLanguage {
        if let Some(language) = self.template_language(fields) {
            return language;
        }
        let first =
            |language| templates.iter().find(|template| language_of(&template.text) == Some(language));
        let (go, handlebars) = (first(TemplateLanguage::Go), first(TemplateLanguage::Handlebars));
        if let (Some(go), Some(handlebars)) = (go, handlebars) {
            let message = format!(
                "{} is a handlebars template, but {} on line {} is a Go template",
                handlebars.key,
                go.key,
                self.line_of(go.span.start)
            );
            let help =
                "write both in one language, or say which it is: `template_language: go` or `handlebars`";
            self.error_help("mixed-templates", &handlebars.span, message, help);
        }
        match go.is_some() || strict {
            true => TemplateLanguage::Go,
            false => TemplateLanguage::Handlebars,
        }
    }
}

fn of_route(route: &Node, found: &mut Vec<InlineTemplate>) {
    if let Some(labels) = route.get("labels") {
        collect(labels, "route", "labels", false, found);
    }
    for child in items(route, "routes") {
        of_route(child, found);
    }
}

/// The texts with `{{` below a node; `key` is the key that led here.
fn collect(node: &Node, kind: &str, key: &str, is_secret: bool, found: &mut Vec<InlineTemplate>) {
    match &node.value {
        Value::Scalar(scalar) if scalar.text.contains("{{") && !key.ends_with("_file") => {
            found.push(InlineTemplate {
                key: key.into(),
                text: scalar.text.clone(),
                is_html: kind == "email" && key == "html",
                is_secret,
                span: node.span.clone(),
            });
        }
        Value::Scalar(_) => {}
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, kind, key, is_secret, found)),
        Value::Mapping(pairs) => {
            for (name, value) in pairs {
                let name: Str = name.scalar().map_or_else(|| key.into(), |name| name.text.clone());
                if PLAIN.contains(&&*name) {
                    continue;
                }
                let is_url = kind == "webhook" && &*name == "url";
                collect(value, kind, &name, is_secret || is_url || is_secret_key(&name), found);
            }
        }
    }
}

/// Words that begin an action in Go and are no helpers of ours.
const GO_WORDS: [&str; 8] = ["if", "range", "with", "end", "template", "define", "block", "continue"];

/// The language of a text, if it holds what only one of them has.
fn language_of(text: &str) -> Option<TemplateLanguage> {
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        rest = &rest[at + 2..];
        let action = rest.split("}}").next().unwrap_or(rest);
        if is_go(action) {
            return Some(TemplateLanguage::Go);
        }
        if is_handlebars(action) {
            return Some(TemplateLanguage::Handlebars);
        }
    }
    None
}

/// Whether an action can only be Go: `.X`, `$x`, a statement, a pipe, a comment, `{{-`.
fn is_go(action: &str) -> bool {
    let trimmed = action.trim_start();
    if action.starts_with("- ") || trimmed.starts_with(['$', '(']) || trimmed.starts_with("/*") {
        return true;
    }
    if let Some(field) = trimmed.strip_prefix('.') {
        return field.starts_with(|c: char| c.is_alphabetic() || c == '_');
    }
    let word = trimmed.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    !trimmed.starts_with('#') && (GO_WORDS.contains(&word) || trimmed.contains('|') || trimmed.contains(" ."))
}

/// Whether an action can only be handlebars: a block, a partial, a comment, a path.
fn is_handlebars(action: &str) -> bool {
    let path = action.split_whitespace().next().unwrap_or("");
    action.starts_with(['#', '/', '>', '^', '!', '{', '~', '@', '&'])
        || path.starts_with(|c: char| c.is_ascii_lowercase()) && path.contains('.')
}

#[cfg(test)]
mod tests {
    use super::language_of;
    use crate::config::routes::TemplateLanguage::{Go, Handlebars};

    #[test]
    fn languages() {
        for (text, want) in [
            ("plain", None),
            ("{{ .Status }}", Some(Go)),
            ("{{.CommonLabels.alertname}}", Some(Go)),
            ("{{- with $x := .Y }}", Some(Go)),
            (r#"{{ template "slack.default.title" . }}"#, Some(Go)),
            (r#"{{ "x" | toUpper }}"#, Some(Go)),
            ("{{ end }}", Some(Go)),
            ("{{/* said */}}", Some(Go)),
            ("{{#each alerts as |alert|}}", Some(Handlebars)),
            ("{{ toUpper .Status }}", Some(Go)),
            ("{{.}}", None),
            ("{{ now }}", None),
            ("{{status}}", None),
            ("{{groupLabels.alertname}}", Some(Handlebars)),
            ("{{#if firing}}x{{/if}}", Some(Handlebars)),
            ("{{> part}}", Some(Handlebars)),
            ("{{{status}}}", Some(Handlebars)),
            ("{{~status~}}", Some(Handlebars)),
        ] {
            assert_eq!(language_of(text), want, "{text}");
        }
    }
}
