//! Reading configuration: real files, and what is said of broken ones.

mod alertmanager_0_34;
mod checks;
mod corpora;
mod expressions;
mod failing_templates;
mod formats;
mod mistakes;
mod routing;
mod rules;
mod templates;
