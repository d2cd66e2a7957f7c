//! `not-obeyed-yet`: what a routing file may ask for, but the server does not do yet.
//!
//! A key that is read and then ignored would let its author believe in it, so each is told at its place,
//! by `check` and whenever the server loads the file. Whoever makes a key work removes it here. The keys of
//! `tls_config` are told where they are read.

use std::ops::Range;

use super::Reader;
use crate::config::problem::Severity;
use crate::config::yaml::{Node, Value};

/// Keys with what happens in spite of them.
type Keys = &'static [(&'static str, &'static str)];

/// Keys of the file itself.
const FILE: Keys = &[("tracing", "nothing is traced"), ("event_recorder", "nothing is recorded")];

impl Reader<'_> {
    /// Warns of all that is not obeyed yet in a whole file.
    pub(crate) fn warn_of_not_obeyed(&mut self, root: &Node) {
        self.warn_of_keys(root, FILE);
    }

    /// Warns of those keys that hold something.
    fn warn_of_keys(&mut self, node: &Node, keys: Keys) {
        let Value::Mapping(pairs) = &node.value else { return };
        for (key, _) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            let name = key.scalar().map_or("", |name| &name.text);
            if let Some((name, instead)) = keys.iter().find(|(known, _)| *known == name) {
                self.warn_not_obeyed(&key.span, format!("{name} is read, but not obeyed yet: {instead}"));
            }
        }
    }

    fn warn_not_obeyed(&mut self, span: &Range<usize>, message: String) {
        self.report(Severity::Warning, "not-obeyed-yet", span, message, None);
    }
}
