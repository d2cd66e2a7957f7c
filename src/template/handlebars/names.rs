//! Finds helpers, partials and decorators that templates name and nobody defines. The library itself
//! notices them only when data leads to them.

use std::collections::{BTreeMap, BTreeSet};

use handlebars::Handlebars;
use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement};

use super::{HandlebarsError, helpers};

/// What a block that includes a partial hands to it.
const PARTIAL_BLOCK: &str = "@partial-block";

/// The first unknown name, by the templates' names and then by place.
pub(super) fn check(registry: &Handlebars<'_>) -> Result<(), HandlebarsError> {
    let names: BTreeSet<&String> = registry.get_templates().keys().collect();
    for name in names {
        if let Some(template) = registry.get_template(name) {
            check_one(registry, name, template)?;
        }
    }
    Ok(())
}

/// The first unknown name in one template, by place.
pub(super) fn check_one(
    registry: &Handlebars<'_>,
    name: &str,
    template: &Template,
) -> Result<(), HandlebarsError> {
    let mut inline = BTreeSet::new();
    inline_partials(template, &mut inline);
    Walk { registry, name, inline, line: 1 }.template(template)
}

/// The names that `{{#*inline "name"}}` gives, anywhere in the template.
fn inline_partials<'a>(template: &'a Template, names: &mut BTreeSet<&'a str>) {
    for element in &template.elements {
        match element {
            TemplateElement::DecoratorBlock(block) => {
                names.extend(block.params.first().and_then(text));
                block.template.iter().for_each(|inner| inline_partials(inner, names));
            }
            TemplateElement::PartialBlock(block) => {
                block.template.iter().for_each(|inner| inline_partials(inner, names));
            }
            TemplateElement::HelperBlock(block) => {
                [&block.template, &block.inverse]
                    .into_iter()
                    .flatten()
                    .for_each(|inner| inline_partials(inner, names));
            }
            _ => {} // without a block; the library may add more
        }
    }
}

/// In the order of their names: the library's table has none.
fn sorted<'a>(
    named: impl IntoIterator<Item = (&'a String, &'a Parameter)>,
) -> impl Iterator<Item = &'a Parameter> {
    named.into_iter().collect::<BTreeMap<_, _>>().into_values()
}

/// A name as it is written, or a text in quotes.
fn text(parameter: &Parameter) -> Option<&str> {
    match parameter {
        Parameter::Literal(value) => value.as_str(),
        other => other.as_name(),
    }
}

struct Walk<'a> {
    registry: &'a Handlebars<'a>,
    name: &'a str,
    inline: BTreeSet<&'a str>,
    line: usize,
}

impl Walk<'_> {
    fn template(&mut self, template: &Template) -> Result<(), HandlebarsError> {
        for (at, element) in template.elements.iter().enumerate() {
            if let Some(place) = template.mapping.get(at) {
                self.line = place.0;
            }
            self.element(element)?;
        }
        Ok(())
    }

    fn element(&mut self, element: &TemplateElement) -> Result<(), HandlebarsError> {
        match element {
            TemplateElement::HtmlExpression(call) | TemplateElement::Expression(call) => {
                // A name alone is a value, unless there is a helper with that name.
                self.call(call, !call.params.is_empty() || !call.hash.is_empty())
            }
            TemplateElement::HelperBlock(call) => {
                self.call(call, true)?;
                let blocks = [&call.template, &call.inverse];
                blocks.into_iter().flatten().try_for_each(|block| self.template(block))
            }
            TemplateElement::DecoratorExpression(call) | TemplateElement::DecoratorBlock(call) => {
                self.named(&call.name, "decorator", |_, name| name == "inline")?;
                self.included(call)
            }
            TemplateElement::PartialExpression(call) | TemplateElement::PartialBlock(call) => {
                self.named(&call.name, "partial", |walk, name| {
                    name == PARTIAL_BLOCK || walk.inline.contains(name) || walk.registry.has_template(name)
                })?;
                self.included(call)
            }
            _ => Ok(()), // text and comments; the library may add more
        }
    }

    fn call(&mut self, call: &HelperTemplate, is_helper: bool) -> Result<(), HandlebarsError> {
        if is_helper {
            self.named(&call.name, "helper", |_, name| helpers::exists(name))?;
        }
        call.params.iter().chain(sorted(&call.hash)).try_for_each(|parameter| self.parameter(parameter))
    }

    fn included(&mut self, call: &DecoratorTemplate) -> Result<(), HandlebarsError> {
        call.params.iter().chain(sorted(&call.hash)).try_for_each(|parameter| self.parameter(parameter))?;
        call.template.iter().try_for_each(|block| self.template(block))
    }

    fn parameter(&mut self, parameter: &Parameter) -> Result<(), HandlebarsError> {
        match parameter {
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(call) => self.call(call, true),
                other => self.element(other),
            },
            _ => Ok(()), // a value
        }
    }

    /// A name that is computed only when it is rendered is not known here.
    fn named(
        &self,
        parameter: &Parameter,
        kind: &'static str,
        exists: impl FnOnce(&Self, &str) -> bool,
    ) -> Result<(), HandlebarsError> {
        match text(parameter) {
            Some(name) if !exists(self, name) => Err(HandlebarsError::Unknown {
                template: self.name.to_owned(),
                line: self.line,
                kind,
                name: name.to_owned(),
            }),
            _ => Ok(()),
        }
    }
}
