//! Tables on a terminal, and in pipes. On a terminal the last column takes what room is left and is wrapped
//! there; where that would be too little, each row becomes a block of lines. In a pipe nothing is wrapped: a
//! row is a line.

use std::fmt::Write;
use std::io::IsTerminal;

use super::logging::wants_colour;
pub(super) use crate::model::text::printable;

/// The least room that the last column may be wrapped into, in characters.
const NARROWEST: usize = 24;

/// What stands between columns.
const GAP: &str = "  ";

/// How to print.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    /// How many characters a line has; `None`: it may be as long as it likes.
    pub(super) width: Option<usize>,
    /// Whether to use colours.
    pub(super) colour: bool,
}

impl Look {
    /// How to print on standard output: wrapped on a terminal only, in colours unless `NO_COLOR` is set.
    pub(super) fn of_stdout() -> Self {
        let out = std::io::stdout();
        let size = terminal_size::terminal_size().filter(|_| out.is_terminal());
        Self { width: size.map(|(width, _)| usize::from(width.0)), colour: wants_colour(&out) }
    }

    /// A text of several lines: what is not indented is a heading, and long lines go on further in.
    pub(super) fn text(self, text: &str) -> String {
        let mut out = String::new();
        for line in text.lines() {
            let rest = line.trim_start_matches(' ');
            let indent = line.len() - rest.len();
            let hanging = indent + 2;
            let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(hanging).max(NARROWEST));
            for (place, part) in wrap(&printable(rest), room).into_iter().enumerate() {
                let indent = if place == 0 { indent } else { hanging };
                let part = if line.starts_with(' ') || line.is_empty() { part } else { self.heading(&part) };
                let _ = writeln!(out, "{:indent$}{part}", "");
            }
        }
        out
    }

    /// A heading, in bold if that is wanted.
    pub(super) fn heading(self, text: &str) -> String {
        if self.colour { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Rows under a heading.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(heading: &[&'static str]) -> Self {
        Self { heading: heading.to_vec(), rows: Vec::new() }
    }

    /// Adds a row, with as many cells as the heading has. Characters that could steer a terminal are shown
    /// as escapes.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = cells.into_iter().map(|cell| printable(&cell)).collect();
        row.resize(self.heading.len(), String::new());
        self.rows.push(row);
    }

    /// The table as text; nothing at all if it has no rows.
    pub(super) fn render(&self, look: Look) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths = self.widths();
        let Some((_, before)) = widths.split_last() else { return String::new() };
        let indent: usize = before.iter().map(|width| width + GAP.len()).sum();
        match look.width {
            None => self.aligned(look, &widths, indent, usize::MAX),
            Some(width) if width >= indent + NARROWEST => self.aligned(look, &widths, indent, width - indent),
            Some(width) => self.blocks(look, width),
        }
    }

    /// The width of each column.
    fn widths(&self) -> Vec<usize> {
        let cell = |row: &Vec<String>, column: usize| length(&row[column]);
        let widest = |(column, name): (usize, &&str)| {
            self.rows.iter().map(|row| cell(row, column)).chain([length(name)]).max().unwrap_or(0)
        };
        self.heading.iter().enumerate().map(widest).collect()
    }

    fn aligned(&self, look: Look, widths: &[usize], indent: usize, room: usize) -> String {
        let mut text = String::new();
        let heading: Vec<String> = self.heading.iter().map(|name| (*name).to_owned()).collect();
        let line = line(&heading, widths);
        let _ = writeln!(text, "{}", look.heading(line.trim_end()));
        for row in &self.rows {
            let Some((last, before)) = row.split_last() else { continue };
            let mut parts = wrap(last, room).into_iter();
            let mut cells = before.to_vec();
            cells.push(parts.next().unwrap_or_default());
            let _ = writeln!(text, "{}", self::line(&cells, widths).trim_end());
            for part in parts {
                let _ = writeln!(text, "{:indent$}{part}", "");
            }
        }
        text
    }

    /// A block of lines for each row, for terminals that are too narrow for columns.
    fn blocks(&self, look: Look, width: usize) -> String {
        let mut text = String::new();
        for (place, row) in self.rows.iter().enumerate() {
            if place > 0 {
                text.push('\n');
            }
            for (name, cell) in self.heading.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
                let room = width.saturating_sub(GAP.len()).max(1);
                let short = length(name) + 2 + length(cell) <= width;
                if short {
                    let _ = writeln!(text, "{}: {cell}", look.heading(name));
                    continue;
                }
                let _ = writeln!(text, "{}:", look.heading(name));
                for part in wrap(cell, room) {
                    let _ = writeln!(text, "{GAP}{part}");
                }
            }
        }
        text
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (place, (cell, width)) in cells.iter().zip(widths).enumerate() {
        if place > 0 {
            line.push_str(GAP);
        }
        line.push_str(cell);
        if place + 1 < cells.len() {
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(length(cell))));
        }
    }
    line
}

/// The text in lines of at most `room` characters: broken between words, and within one that is too long.
fn wrap(text: &str, room: usize) -> Vec<String> {
    if length(text) <= room {
        return vec![text.to_owned()];
    }
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word;
        if !line.is_empty() && length(&line) + 1 + length(word) > room {
            lines.push(std::mem::take(&mut line));
        }
        while length(word) > room {
            let cut = word.char_indices().nth(room).map_or(word.len(), |(at, _)| at);
            lines.push(word[..cut].to_owned());
            word = &word[cut..];
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

fn length(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::{Look, Table};

    fn table() -> Table {
        let mut table = Table::new(&["TIME", "KIND", "WHAT"]);
        table.row(["12:00", "alert", "is pending"].map(str::to_owned));
        table.row(
            ["12:01:30", "notification", "ops/webhook[0] was told: first notification; 1 firing"]
                .map(str::to_owned),
        );
        table
    }

    fn render(width: Option<usize>) -> String {
        table().render(Look { width, colour: false })
    }

    #[test]
    fn a_row_is_a_line_in_a_pipe() {
        insta::assert_snapshot!(render(None), @"
        TIME      KIND          WHAT
        12:00     alert         is pending
        12:01:30  notification  ops/webhook[0] was told: first notification; 1 firing
        ");
    }

    #[test]
    fn the_last_column_is_wrapped_on_a_terminal() {
        insta::assert_snapshot!(render(Some(60)), @"
        TIME      KIND          WHAT
        12:00     alert         is pending
        12:01:30  notification  ops/webhook[0] was told: first
                                notification; 1 firing
        ");
    }

    #[test]
    fn a_narrow_terminal_gets_blocks() {
        insta::assert_snapshot!(render(Some(30)), @"
        TIME: 12:00
        KIND: alert
        WHAT: is pending

        TIME: 12:01:30
        KIND: notification
        WHAT:
          ops/webhook[0] was told:
          first notification; 1 firing
        ");
    }

    #[test]
    fn no_line_is_longer_than_the_terminal() {
        let mut table = table();
        table.row(["", "", "averyveryverylongwordwithoutanyspaceinitthatgoesonandon"].map(str::to_owned));
        for width in 10..100 {
            let text = table.render(Look { width: Some(width), colour: false });
            assert!(text.lines().all(|line| line.chars().count() <= width.max(12)), "{width}:\n{text}");
        }
    }

    #[test]
    fn a_text_goes_on_further_in() {
        let look = Look { width: Some(30), colour: false };
        let text = look.text("Head\n  one two three four five six seven\n\n  short\n");
        assert_eq!(text, "Head\n  one two three four five\n    six seven\n\n  short\n");
    }

    #[test]
    fn colours_are_for_headings_and_nothing_in_a_cell_steers_the_terminal() {
        let mut table = Table::new(&["A"]);
        table.row(["\u{1b}[31mred\nline".to_owned()]);
        let text = table.render(Look { width: None, colour: true });
        assert_eq!(text, "\u{1b}[1mA\u{1b}[0m\n\\u{1b}[31mred\\nline\n");
        assert_eq!(Table::new(&["A"]).render(Look::default()), "");
    }
}
