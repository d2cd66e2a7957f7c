//! Reading configuration: real files, and what is said of broken ones.

mod alertmanager_0_34;
mod checks;
mod corpora;
mod mistakes;
mod routing;
mod rules;
mod templates;
