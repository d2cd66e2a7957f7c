//! The console's template, which comes with the binary. Those of messages are in `template::message`.

use std::sync::LazyLock;

use crate::template::handlebars::{Escape, HandlebarsError, Source, Templates};

/// The name of the console's template.
pub(super) const CONSOLE: &str = "console.hbs";

const SOURCES: [Source<'static>; 1] =
    [Source { name: CONSOLE, escape: Escape::Terminal, text: include_str!("../../templates/console.hbs") }];

static EMBEDDED: LazyLock<Result<Templates, HandlebarsError>> = LazyLock::new(|| Templates::compile(SOURCES));

/// The templates, or what is wrong with one of them.
pub(super) fn embedded() -> Result<&'static Templates, HandlebarsError> {
    EMBEDDED.as_ref().map_err(Clone::clone)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_templates_is_embedded_and_compiles() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")).expect("a folder");
        let files = files.map(|file| file.expect("a file")).filter(|file| file.path().is_file());
        let files: BTreeSet<String> =
            files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
        let own = super::SOURCES.iter().map(|source| source.name.to_owned());
        let native = crate::template::message::NATIVE_TEMPLATES.iter().map(|(name, _)| (*name).to_owned());
        assert_eq!(files, own.chain(native).collect());
        assert_eq!(super::embedded().err(), None);
    }
}
