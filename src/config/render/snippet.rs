//! The lines of the file that a problem is about, with carets under the place.

use std::fmt::Write;
use std::ops::Range;

use super::full::Paint;
use super::printable;
use super::source::{Place, Source};
use crate::config::problem::Problem;
use crate::config::setting::HIDDEN;

/// The most characters of a line that are shown; of a longer one, the part around the place.
const MAX_WIDTH: usize = 100;
/// How much of a long line is shown before the place.
const LEAD: usize = 40;
/// The most lines of a place that are shown.
const MAX_LINES: usize = 3;
/// What a tab is shown as.
const TAB: &str = "    ";

/// Writes the place and its lines; answers how wide the line numbers are.
pub(super) fn write(out: &mut String, problem: &Problem, place: &Place<'_>, paint: &Paint) -> usize {
    let Place { source, span, start, .. } = place;
    let lines = lines_of(source.text, span);
    let shown = if lines.len() > MAX_LINES { 1 } else { lines.len() };
    let width = (start.line + shown.saturating_sub(1)).to_string().len();
    let margin = " ".repeat(width);
    let path = printable(&problem.file);
    let _ = writeln!(out, "{margin}{} {path}:{}:{}", paint.frame("-->"), start.line, start.column);
    let _ = writeln!(out, "{margin} {}", paint.frame("|"));
    for (at, line) in lines.iter().take(shown).enumerate() {
        let number = format!("{:>width$}", start.line + at);
        let (content, lead, carets) = window(line, source);
        let _ = writeln!(out, "{} {} {content}", paint.frame(&number), paint.frame("|"));
        let carets = paint.severity(problem.severity, &"^".repeat(carets));
        let _ = writeln!(out, "{margin} {} {}{carets}", paint.frame("|"), " ".repeat(lead));
    }
    if shown < lines.len() {
        let _ = writeln!(out, "{margin} {} … {} more lines", paint.frame("|"), lines.len() - shown);
    }
    width
}

/// A line's bytes and the part of them that the place covers.
struct Line {
    whole: Range<usize>,
    marked: Range<usize>,
}

fn lines_of(text: &str, span: &Range<usize>) -> Vec<Line> {
    let end = span.end.min(text.len());
    let mut lines = Vec::new();
    let mut at = text[..span.start.min(text.len())].rfind('\n').map_or(0, |at| at + 1);
    loop {
        let stop = text[at..].find('\n').map_or(text.len(), |length| at + length);
        let content = at..at + text[at..stop].trim_end_matches('\r').len();
        let indent = text[content.clone()].len() - text[content.clone()].trim_start().len();
        let from = if lines.is_empty() { span.start } else { at + indent };
        let marked = from.min(content.end)..end.clamp(from.min(content.end), content.end);
        lines.push(Line { whole: content, marked });
        if end <= stop || stop == text.len() {
            return lines;
        }
        at = stop + 1;
    }
}

/// What is shown of a line, how far its marked part is from the left, and how wide that is (at least 1).
fn window(line: &Line, source: &Source<'_>) -> (String, usize, usize) {
    let parts = [line.whole.start..line.marked.start, line.marked.clone(), line.marked.end..line.whole.end];
    let [before, marked, after] = parts.map(|part| masked(part, source));
    let count = |text: &str| text.chars().count();
    let total = count(&before) + count(&marked) + count(&after);
    if total <= MAX_WIDTH {
        return (format!("{before}{marked}{after}"), count(&before), count(&marked).max(1));
    }
    let skip = count(&before).saturating_sub(LEAD);
    let before = if skip > 0 { format!("…{}", skipped(&before, skip)) } else { before };
    let room = MAX_WIDTH.saturating_sub(count(&before)).max(1);
    let (lead, wide) = (count(&before), count(&marked).clamp(1, room));
    let rest = format!("{marked}{after}");
    let cut = if count(&rest) > room { format!("{}…", taken(&rest, room)) } else { rest };
    (format!("{before}{cut}"), lead, wide)
}

/// The bytes of a part of a line, a secret in them as `<secret>`; of one that started in the part before,
/// nothing.
fn masked(part: Range<usize>, source: &Source<'_>) -> String {
    let mut out = String::new();
    let mut at = part.start;
    let hidden = source.secrets().iter().filter(|mask| mask.start < part.end && mask.end > part.start);
    for mask in hidden {
        out.push_str(&shown(&source.text[at..mask.start.max(at)]));
        let starts_line = part.start == 0 || source.text[..part.start].ends_with('\n');
        if mask.start >= part.start || (starts_line && !part.is_empty()) {
            out.push_str(HIDDEN);
        }
        at = mask.end.min(part.end);
    }
    out.push_str(&shown(&source.text[at..part.end]));
    out
}

fn skipped(text: &str, characters: usize) -> String {
    text.chars().skip(characters).collect()
}

fn taken(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// Tabs as spaces; control characters as something that does not control the terminal.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str(TAB),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
