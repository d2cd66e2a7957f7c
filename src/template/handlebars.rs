//! Handlebars: the language of the templates that come with the binary, and of native ones (`*.hbs`).
//!
//! Compiled once and checked then: a helper, partial or decorator that does not exist is an error, even
//! where no data leads to it. A value that does not exist is an error when it is rendered. Nothing here
//! knows of notifications; what a template sees is up to the caller.

mod escape;
mod helpers;
mod names;

use std::collections::BTreeMap;

use handlebars::{Handlebars, Template};
use serde::Serialize;

pub use escape::Escape;

/// Why a handlebars template is of no use, as its author can mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandlebarsError {
    /// It cannot be read.
    #[error("template {template}: {message}")]
    Syntax {
        /// The template's name.
        template: String,
        /// What is wrong, with its line.
        message: String,
    },
    /// It names what does not exist.
    #[error("template {template}, line {line}: there is no {kind} {name}")]
    Unknown {
        /// The template's name.
        template: String,
        /// Counted from 1.
        line: usize,
        /// `helper`, `partial` or `decorator`.
        kind: &'static str,
        /// What was named.
        name: String,
    },
    /// It cannot be rendered with this data.
    #[error("template {template}: {message}")]
    Render {
        /// The template's name.
        template: String,
        /// What is wrong, with its line.
        message: String,
    },
}

impl HandlebarsError {
    /// Whether other data may do: the template itself can be used.
    #[must_use]
    pub fn is_of_data(&self) -> bool {
        match self {
            Self::Render { .. } => true,
            Self::Syntax { .. } | Self::Unknown { .. } => false,
        }
    }
}

/// A template before it is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// How it is rendered, or included as a partial by those with the same `escape`.
    pub name: &'a str,
    /// What `{{value}}` does to the value; `{{{value}}}` leaves it as it is.
    pub escape: Escape,
    /// Its text.
    pub text: &'a str,
}

/// Compiled templates by name.
#[derive(Debug)]
pub struct Templates {
    /// The library escapes by registry, not by template.
    registries: BTreeMap<Escape, Handlebars<'static>>,
    escapes: BTreeMap<String, Escape>,
}

impl Templates {
    /// Compiles them all. Of two with one name the later one stays.
    ///
    /// # Errors
    /// The first template that cannot be read, or that names what does not exist.
    pub fn compile<'a>(sources: impl IntoIterator<Item = Source<'a>>) -> Result<Self, HandlebarsError> {
        let mut templates = Self { registries: BTreeMap::new(), escapes: BTreeMap::new() };
        for Source { name, escape, text } in sources {
            let compiled = Template::compile_with_name(text, name.to_owned()).map_err(|error| {
                HandlebarsError::Syntax { template: name.to_owned(), message: error.to_string() }
            })?;
            if let Some(before) = templates.escapes.insert(name.to_owned(), escape)
                && let Some(registry) = templates.registries.get_mut(&before)
            {
                registry.unregister_template(name);
            }
            templates
                .registries
                .entry(escape)
                .or_insert_with(|| registry(escape))
                .register_template(name, compiled);
        }
        for registry in templates.registries.values() {
            names::check(registry)?;
        }
        Ok(templates)
    }

    /// The template `name` with `data`.
    ///
    /// # Errors
    /// There is no such template, a value does not exist, or a helper does not take it.
    pub fn render(&self, name: &str, data: &impl Serialize) -> Result<String, HandlebarsError> {
        let failed = |message: String| HandlebarsError::Render { template: name.to_owned(), message };
        let registry = self.escapes.get(name).and_then(|escape| self.registries.get(escape));
        let registry = registry.ok_or_else(|| failed("there is no such template".to_owned()))?;
        registry.render(name, data).map_err(|error| {
            let line = error.line_no.map(|line| format!("line {line}: ")).unwrap_or_default();
            failed(format!("{line}{}", error.reason()))
        })
    }
}

fn registry(escape: Escape) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(move |text| escape.apply(text));
    helpers::register(&mut registry);
    registry
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Escape, Source, Templates};

    /// The template's text with this data, or why not.
    fn show(escape: Escape, text: &str, data: &Value) -> String {
        let part = Source { name: "part", escape, text: "<{{this}}>" };
        let rendered = Templates::compile([part, Source { name: "t", escape, text }])
            .and_then(|templates| templates.render("t", data));
        rendered.unwrap_or_else(|error| format!("error: {error}"))
    }

    #[test]
    fn helpers() {
        let data = json!({"a": {"x": "1", "y": "2\n\""}, "b": {"x": "other"}, "t": " one \n\n two", "n": 3});
        for (text, want) in [
            ("{{pairs a}}", r#"x="1" y="2\n\"""#),
            ("{{pairs (without a b)}}", r#"y="2\n\"""#),
            ("{{#if (without a a)}}some{{else}}none{{/if}}", "none"),
            ("{{#each (lines t nothing b.x)}}{{this}};{{/each}}", "one;;two;other;"),
            ("{{#each (lines nothing)}}{{this}};{{/each}}", ""),
            ("{{#if (and n (eq n 3))}}{{n}}{{/if}}", "3"),
            ("{{> part n}}", "<3>"),
            ("{{pairs t}}", "error: template t: line 1: pairs takes label sets"),
            ("{{pairs}}", "error: template t: line 1: pairs takes one label set"),
        ] {
            let shown = show(Escape::Nothing, text, &data);
            assert_eq!(shown, want, "{text}");
        }
    }

    #[test]
    fn what_does_not_exist_is_an_error_even_where_no_data_leads() {
        for (text, want) in [
            ("\n{{#if no}}{{shout x}}{{/if}}", "error: template t, line 2: there is no helper shout"),
            (
                "{{#if no}}{{else}}{{#each (sort x)}}{{/each}}{{/if}}",
                "error: template t, line 1: there is no helper sort",
            ),
            ("{{#if (eq (sort x) 1)}}{{/if}}", "error: template t, line 1: there is no helper sort"),
            ("{{#shout}}x{{/shout}}", "error: template t, line 1: there is no helper shout"),
            ("{{#if no}}{{> other}}{{/if}}", "error: template t, line 1: there is no partial other"),
            ("{{#*shout \"x\"}}x{{/shout}}", "error: template t, line 1: there is no decorator shout"),
            ("{{#*inline \"own\"}}mine{{/inline}}{{> own}}", "mine"),
            ("{{log \"x\"}}", "error: template t, line 1: there is no helper log"),
            ("{{nothing}}", ""),
            ("{{#if x}}", ""),
        ] {
            let shown = show(Escape::Nothing, text, &json!({"no": false}));
            if want.is_empty() {
                assert!(shown.starts_with("error: template t: "), "{text}: {shown}");
            } else {
                assert_eq!(shown, want, "{text}");
            }
        }
    }

    #[test]
    fn each_template_escapes_as_it_says() {
        let data = json!({"x": "<a> \"b\" \u{1b}[2J\nc"});
        for (escape, want) in [
            (Escape::Nothing, "<a> \"b\" \u{1b}[2J\nc"),
            (Escape::Html, "&lt;a&gt; &quot;b&quot; \u{1b}[2J\nc"),
            (Escape::Terminal, "<a> \"b\" \u{fffd}[2J\u{fffd}c"),
        ] {
            assert_eq!(show(escape, "{{x}}", &data), want);
            assert_eq!(show(escape, "{{{x}}}", &data), "<a> \"b\" \u{1b}[2J\nc", "on request");
        }
    }

    #[test]
    fn of_two_templates_with_one_name_the_later_one_stays() {
        let source = |escape, text| Source { name: "t", escape, text };
        let both = [source(Escape::Html, "old"), source(Escape::Nothing, "new")];
        let templates = Templates::compile(both).expect("both are fine");
        assert_eq!(templates.render("t", &()).as_deref(), Ok("new"));
        assert!(templates.render("u", &()).is_err());
    }
}
