//! Verdicts as JUnit's XML, as promtool writes it: a suite a file, a case a test.

use std::fmt::Write;

use super::text::text;
use super::{Look, Texts, counts, headline};
use crate::config::problem::Severity;
use crate::testing::verdict::{FileVerdict, TestVerdict};

/// All verdicts as one XML document.
#[must_use]
pub fn junit(verdicts: &[FileVerdict], texts: &Texts) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for verdict in verdicts {
        let errors = usize::from(verdict.has_errors());
        let failed = counts(verdict).1;
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\" errors=\"{errors}\">",
            escape(&verdict.path),
            verdict.tests.len() + errors,
        );
        if errors > 0 {
            // A file that cannot be tested has to be seen as a case too.
            let said = FileVerdict { tests: Vec::new(), ..verdict.clone() };
            let said = text(&said, texts, Look::default());
            let _ = writeln!(xml, "    <testcase name=\"(file)\" classname=\"{}\">", escape(&verdict.path));
            let error = verdict.problems.iter().find(|problem| problem.severity == Severity::Error);
            let first = error.map_or("", |problem| problem.message.as_str());
            let _ = writeln!(xml, "      <error message=\"{}\">{}</error>", escape(first), content(&said));
            xml.push_str("    </testcase>\n");
        }
        verdict.tests.iter().for_each(|test| case(&mut xml, verdict, test, texts));
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, verdict: &FileVerdict, test: &TestVerdict, texts: &Texts) {
    let (name, class) = (escape(&test.title), escape(&verdict.path));
    if test.passed() {
        let _ = writeln!(xml, "    <testcase name=\"{name}\" classname=\"{class}\"></testcase>");
        return;
    }
    let _ = writeln!(xml, "    <testcase name=\"{name}\" classname=\"{class}\">");
    for failure in &test.failures {
        let one = TestVerdict { failures: vec![failure.clone()], warnings: Vec::new(), ..test.clone() };
        let said = super::text::one_test(verdict, &one, texts);
        let message = escape(&headline(failure));
        let _ = writeln!(xml, "      <failure message=\"{message}\">{}</failure>", content(&said));
    }
    xml.push_str("    </testcase>\n");
}

/// Text for an element: lines stay lines.
fn content(text: &str) -> String {
    escape(text).replace("&#10;", "\n")
}

/// Text for an attribute or an element. What XML cannot hold at all becomes U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
