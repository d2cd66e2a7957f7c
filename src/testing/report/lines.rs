//! Two texts of several lines, as what must be removed from one and added to get the other.

use std::fmt::Write;

use super::Look;
use super::table::paint;
use crate::model::text::printable;

const RED: &str = "31";
const GREEN: &str = "32";

/// Texts of more lines than that are not compared but shown one after the other: it is quadratic.
const LONGEST: usize = 1000;

/// What a line of a diff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Expected(&'t str),
    Found(&'t str),
}

/// The diff as text: `-` what is expected and not there, `+` what is there and not expected.
pub(super) fn diff(expected: &str, found: &str, indent: usize, look: Look) -> String {
    let mut text = format!("{:indent$}- expected, + found\n", "");
    for line in compare(&expected.lines().collect::<Vec<_>>(), &found.lines().collect::<Vec<_>>()) {
        let line = match line {
            Line::Same(line) => format!("  {}", printable(line)),
            Line::Expected(line) => paint(look, GREEN, &format!("- {}", printable(line))),
            Line::Found(line) => paint(look, RED, &format!("+ {}", printable(line))),
        };
        let _ = writeln!(text, "{}", format!("{:indent$}{line}", "").trim_end());
    }
    text
}

/// By the longest common sequence of lines.
fn compare<'t>(expected: &[&'t str], found: &[&'t str]) -> Vec<Line<'t>> {
    if expected.len().max(found.len()) > LONGEST {
        let expected = expected.iter().map(|line| Line::Expected(line));
        return expected.chain(found.iter().map(|line| Line::Found(line))).collect();
    }
    // common[i][j]: how many lines expected[i..] and found[j..] have in common at most.
    let mut common = vec![vec![0_usize; found.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..found.len()).rev() {
            common[i][j] = match expected[i] == found[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::new());
    while i < expected.len() || j < found.len() {
        if i < expected.len() && j < found.len() && expected[i] == found[j] {
            lines.push(Line::Same(expected[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < expected.len() && (j == found.len() || common[i + 1][j] >= common[i][j + 1]) {
            lines.push(Line::Expected(expected[i]));
            i += 1;
        } else {
            lines.push(Line::Found(found[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::diff;
    use crate::testing::report::Look;

    #[test]
    fn what_is_removed_and_added_stands_where_it_was() {
        let text = diff("one\ntwo\nthree", "one\n2\nthree\nfour", 2, Look::default());
        insta::assert_snapshot!(text, @r"
          - expected, + found
            one
          - two
          + 2
            three
          + four
        ");
    }
}
