//! Handlebars: the language of the templates that come with the binary, and of native ones (`*.hbs`).
//!
//! Compiled once and checked then: a helper, partial or decorator that does not exist is an error, even
//! where no data leads to it. A value that does not exist is an error when it is rendered. A run is bounded
//! in steps and bytes, and nothing can include itself (`guard`). Nothing here knows of notifications; what
//! a template sees is up to the caller.

mod escape;
mod guard;
mod helpers;
mod names;

use std::collections::BTreeMap;

use handlebars::{Context, Handlebars, RenderContext, Renderable, Template};
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
    /// The template's name.
    #[must_use]
    pub fn template(&self) -> &str {
        match self {
            Self::Syntax { template, .. }
            | Self::Unknown { template, .. }
            | Self::Render { template, .. } => template,
        }
    }

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
#[derive(Debug, Default)]
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
        let mut all = Vec::new();
        for Source { name, escape, text } in sources {
            all.push((name.to_owned(), escape, read(name, text)?));
        }
        Self::of(all)
    }

    /// Compiles them all, once with each of these ways to escape in place of their own.
    ///
    /// # Errors
    /// See [`Self::compile`].
    pub fn compile_with<'a>(
        escapes: &[Escape],
        sources: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<BTreeMap<Escape, Self>, HandlebarsError> {
        let mut all = Vec::new();
        for (name, text) in sources {
            all.push((name, read(name, text)?));
        }
        let with = |escape: &Escape| {
            let all = all.iter().map(|(name, template)| ((*name).to_owned(), *escape, template.clone()));
            Ok((*escape, Self::of(all.collect())?))
        };
        escapes.iter().map(with).collect()
    }

    fn of(all: Vec<(String, Escape, Template)>) -> Result<Self, HandlebarsError> {
        let mut templates = Self { registries: BTreeMap::new(), escapes: BTreeMap::new() };
        for (name, escape, template) in all {
            if let Some(before) = templates.escapes.insert(name.clone(), escape)
                && let Some(registry) = templates.registries.get_mut(&before)
            {
                registry.unregister_template(&name);
            }
            templates
                .registries
                .entry(escape)
                .or_insert_with(|| registry(escape))
                .register_template(&name, template);
        }
        for registry in templates.registries.values_mut() {
            names::check(registry)?;
            guard::check_partials(all_of(registry))?;
            let counted: Vec<(String, Template)> = all_of(registry)
                .map(|(name, template)| (name.to_owned(), guard::counted(template.clone())))
                .collect();
            for (name, template) in counted {
                registry.register_template(&name, template);
            }
        }
        Ok(templates)
    }

    /// The name as it is kept here, if there is a template with it.
    #[must_use]
    pub fn name(&self, name: &str) -> Option<&str> {
        self.escapes.get_key_value(name).map(|(name, _)| name.as_str())
    }

    /// The template `name` with `data`.
    ///
    /// # Errors
    /// There is no such template, a value does not exist, or a helper does not take it.
    pub fn render(&self, name: &str, data: &impl Serialize) -> Result<String, HandlebarsError> {
        let registry = self.escapes.get(name).and_then(|escape| self.registries.get(escape));
        let found = registry.and_then(|registry| Some((registry, registry.get_template(name)?)));
        let missing = || failed(name, "there is no such template".to_owned());
        let (registry, template) = found.ok_or_else(missing)?;
        run(registry, name, template, data)
    }

    /// A text that is no file of its own; it may include the templates with the same `escape`. `name` is for
    /// messages.
    ///
    /// # Errors
    /// See [`Self::compile`] and [`Self::render`].
    pub fn render_text(
        &self,
        name: &str,
        escape: Escape,
        text: &str,
        data: &impl Serialize,
    ) -> Result<String, HandlebarsError> {
        let alone;
        let registry = match self.registries.get(&escape) {
            Some(registry) => registry,
            None => {
                alone = registry(escape);
                &alone
            }
        };
        let template = read(name, text)?;
        names::check_one(registry, name, &template)?;
        guard::check_partials(all_of(registry).chain([(name, &template)]))?;
        run(registry, name, &guard::counted(template), data)
    }
}

fn read(name: &str, text: &str) -> Result<Template, HandlebarsError> {
    guard::check_source(name, text)?;
    Template::compile_with_name(text, name.to_owned())
        .map_err(|error| HandlebarsError::Syntax { template: name.to_owned(), message: error.to_string() })
}

/// All templates of a registry, by name.
fn all_of<'a>(registry: &'a Handlebars<'_>) -> impl Iterator<Item = (&'a str, &'a Template)> {
    let all: BTreeMap<&str, &Template> =
        registry.get_templates().iter().map(|(name, template)| (name.as_str(), template)).collect();
    all.into_iter()
}

fn run(
    registry: &Handlebars<'_>,
    name: &str,
    template: &Template,
    data: &impl Serialize,
) -> Result<String, HandlebarsError> {
    let context = Context::wraps(data).map_err(|error| failed(name, error.to_string()))?;
    let mut out = guard::Limited::default();
    guard::start();
    let mut state = RenderContext::new(template.name.as_ref());
    match template.render(registry, &context, &mut state, &mut out) {
        Ok(()) => Ok(out.0),
        Err(error) => {
            let line = error.line_no.map(|line| format!("line {line}: ")).unwrap_or_default();
            Err(failed(name, format!("{line}{}", error.reason())))
        }
    }
}

fn failed(name: &str, message: String) -> HandlebarsError {
    HandlebarsError::Render { template: name.to_owned(), message }
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
    fn helpers_for_texts_numbers_and_lists() {
        let data = json!({
            "t": "ab cd", "n": 1234.5, "r": 0.1235, "s": "3723", "e": "", "l": ["a", "b", "c"],
            "m": {"b": "2", "a": "1", "alertname": "X"},
            "from": "2026-03-01T23:05:00Z", "to": "2026-03-03T01:06:07.5Z",
            "alerts": [
                {"status": "resolved", "labels": {"z": "1"}}, {"status": "firing", "labels": {"z": "2"}},
            ],
        });
        for (text, want) in [
            ("{{upper t}} {{lower \"ÀB\"}} {{title t}} [{{trim \" x \"}}]", "AB CD àb Ab Cd [x]"),
            ("{{default e nothing \"x\"}} {{default t \"x\"}} {{default e}}", "x ab cd "),
            ("{{replace t \"(\\\\w)(\\\\w)\" \"$2$1\"}}", "ba dc"),
            (
                "{{replace t \"(\" \"\"}}",
                "error: template t: line 1: replace takes a valid expression: regexp: Compile(`(`): error parsing regexp: missing closing ): `(`",
            ),
            ("{{#if (match t \"^a\")}}yes{{/if}}{{#if (match t \"x\")}}no{{/if}}", "yes"),
            ("{{truncate \"äöüß\" 3}} {{truncate t 5}} {{truncate t 0}}", "äö… ab cd "),
            ("{{urlencode \"a b&c/d\"}} {{concat t 1 true}}", "a+b%26c%2Fd ab cd1true"),
            ("{{link \"HTTPS://x/y\"}}{{link \"javascript:x\"}}{{link nothing}}", "HTTPS://x/y"),
            (
                "{{humanize n}} {{humanize1024 n}} {{humanizePercentage r}} {{humanizeDuration s}}",
                "1.234k 1.206ki 12.35% 1h 2m 3s",
            ),
            ("{{humanize t}}", "error: template t: line 1: humanize takes a number"),
            ("{{duration from to}} {{duration to from}}", "1d 2h 0s"),
            (
                "{{date from}} {{date from \"Jan 2 15:04 MST\" \"Europe/Madrid\"}}",
                "2026-03-01 23:05:00 UTC Mar 2 00:05 CET",
            ),
            (
                "{{date from \"15:04\" \"Nowhere\"}}",
                "error: template t: line 1: date takes the name of a zone",
            ),
            ("{{join l \", \"}} {{join m \"+\"}} {{join (values m) \"\"}}", "a, b, c 1+X+2 1X2"),
            ("{{#each (first l 2)}}{{this}}{{/each}} {{more l 2}} {{join (reverse l) \"\"}}", "ab 1 cba"),
            ("{{len (firing alerts)}}{{len (resolved alerts)}}{{len (where alerts \"z\" \"2\")}}", "111"),
            ("{{#each (firingFirst alerts)}}{{status}} {{/each}}", "firing resolved "),
            ("{{lookup m \"a\"}}{{lookup l 1}}{{lookup m \"no\"}}", "1b"),
            (
                "{{matchers m}} {{pairs (omit m \"alertname\" \"a\")}}",
                "{a=\"1\", alertname=\"X\", b=\"2\"} b=\"2\"",
            ),
            ("{{#each (entries m)}}{{name}}={{value}} {{/each}}", "alertname=X a=1 b=2 "),
        ] {
            let shown = show(Escape::Nothing, text, &data);
            assert_eq!(shown, want, "{text}");
        }
    }

    #[test]
    fn no_template_hangs_or_swells_the_process() {
        let many: Vec<u32> = (0..300).collect();
        let data = json!({"l": many, "t": "x".repeat(1000), "big": "x".repeat(300_000)});
        let nested = |open: &str, close: &str, inner: &str| open.repeat(100) + inner + &close.repeat(100);
        let each = "{{#each @root.l}}".repeat(8) + &"{{/each}}".repeat(8);
        for (text, want) in [
            (each, "it takes too many steps"),
            ("{{#each l}}{{#each @root.l}}{{@root.t}}{{/each}}{{/each}}".to_owned(), "it writes too much"),
            (nested("{{#if t}}", "{{/if}}", "x"), "it is nested more than 64 deep"),
            (
                format!("{{{{len {}t{}}}}}", "(upper ".repeat(100), ")".repeat(100)),
                "it is nested more than 64 deep",
            ),
            ("x".repeat(2_000_000), "it is longer than 1048576 bytes"),
            ("{{> t}}".to_owned(), "it includes itself: t > t"),
            ("{{#*inline \"a\"}}{{> a}}{{/inline}}{{> a}}".to_owned(), "it includes itself: a > a"),
            ("{{> (lookup l 0)}}".to_owned(), "the name of a partial must be written out"),
            ("{{#> part}}x{{/part}}".to_owned(), "partials cannot have a block"),
            ("{{len (concat big big big big)}}".to_owned(), "concat takes shorter texts"),
        ] {
            let shown = show(Escape::Nothing, &text, &data);
            assert!(
                shown.starts_with("error: ") && shown.contains(want),
                "{want}: {}",
                &shown[..shown.len().min(300)]
            );
        }
        // Each includes the next twice: 2^40 in all.
        let names: Vec<String> = (0..41).map(|n| format!("p{n}")).collect();
        let texts: Vec<String> =
            (1..41).map(|n| format!("{{{{> p{n}}}}}{{{{> p{n}}}}}")).chain([String::new()]).collect();
        let sources =
            names.iter().zip(&texts).map(|(name, text)| Source { name, escape: Escape::Nothing, text });
        let templates = Templates::compile(sources).expect("they compile");
        let error = templates.render("p0", &()).expect_err("too many");
        assert!(error.to_string().contains("it takes too many steps"), "{error}");
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
