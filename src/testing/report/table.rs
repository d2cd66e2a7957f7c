//! Blocks of what was expected beside what was found, as tables.

use std::fmt::Write;

use super::{Look, lines};
use crate::model::text::printable;
use crate::testing::diff::{Block, Fate, Row};

/// The longest cell that stands in a column; longer ones get lines of their own.
const WIDEST: usize = 60;

/// How many blocks are shown of many.
const MOST: usize = 20;

const RED: &str = "31";
const GREEN: &str = "32";
const DIM: &str = "2";

/// The blocks as text, each line indented by so many spaces; `part` is what a row is: `LABEL`.
pub(super) fn blocks(blocks: &[Block], part: &str, indent: usize, look: Look) -> String {
    let mut text = String::new();
    let wrong: Vec<&Block> = blocks.iter().filter(|block| block.fate != Fate::Same).collect();
    let limit = if look.verbose { wrong.len() } else { MOST };
    for block in wrong.iter().take(limit) {
        write_block(&mut text, block, part, indent, look);
    }
    if let Some(more @ 1..) = wrong.len().checked_sub(limit) {
        let _ = writeln!(text, "{:indent$}… and {more} more; --verbose shows all", "");
    }
    let right: Vec<&Block> = blocks.iter().filter(|block| block.fate == Fate::Same).collect();
    if look.verbose {
        right.iter().for_each(|block| write_block(&mut text, block, part, indent, look));
    } else if !right.is_empty() && !wrong.is_empty() {
        let _ = writeln!(text, "{:indent$}({} more as expected)", "", right.len());
    } else if !right.is_empty() {
        // Nothing is wrong with any of them: it is their number.
        right.iter().take(MOST).for_each(|block| write_block(&mut text, block, part, indent, look));
    }
    text
}

fn write_block(text: &mut String, block: &Block, part: &str, indent: usize, look: Look) {
    let title = format!("{} {}", block.title, block.fate.as_str());
    let _ = writeln!(text, "{:indent$}{}", "", paint(look, "1", &title));
    let is_short = |row: &&Row| {
        length(&cell(row, row.expected.as_ref())) <= WIDEST
            && length(&cell(row, row.found.as_ref())) <= WIDEST
    };
    let widest = |of: &dyn Fn(&Row) -> String, heading: &str| {
        let widths = block.rows.iter().filter(is_short).map(|row| length(&of(row)));
        widths.chain([length(heading)]).max().unwrap_or(0)
    };
    let name = widest(&|row| printable(&row.name), part);
    let expected = widest(&|row| cell(row, row.expected.as_ref()), "EXPECTED");
    let heading = match block.fate {
        Fate::Missing => format!("{part:name$}  EXPECTED"),
        Fate::Unexpected => format!("{part:name$}  FOUND"),
        Fate::Same | Fate::Differs => format!("{part:name$}  {:expected$}  FOUND", "EXPECTED"),
    };
    let _ = writeln!(text, "{:indent$}    {}", "", paint(look, DIM, &heading));
    for row in &block.rows {
        let mark = mark(row, block.fate);
        let label = pad(&printable(&row.name), name);
        let (want, have) = (cell(row, row.expected.as_ref()), cell(row, row.found.as_ref()));
        let colour =
            |code: &str, cell: &str| if row.same { cell.to_owned() } else { paint(look, code, cell) };
        if !is_short(&row) {
            let _ = writeln!(text, "{:indent$}  {mark} {}", "", label.trim_end());
            if row.same {
                let _ = writeln!(text, "{:indent$}        {have}", "");
                continue;
            }
            if let (Some(expected), Some(found)) = (&row.expected, &row.found)
                && (expected.contains('\n') || found.contains('\n'))
            {
                text.push_str(&lines::diff(expected, found, indent + 6, look));
                continue;
            }
            if row.expected.is_some() {
                let _ = writeln!(
                    text,
                    "{:indent$}      {}",
                    "",
                    paint(look, GREEN, &format!("expected: {want}"))
                );
            }
            if row.found.is_some() {
                let _ =
                    writeln!(text, "{:indent$}      {}", "", paint(look, RED, &format!("found:    {have}")));
            }
            continue;
        }
        let cells = match block.fate {
            Fate::Missing => colour(GREEN, &want),
            Fate::Unexpected => colour(RED, &have),
            // Padded before it is painted: colours have no width.
            Fate::Same | Fate::Differs => {
                format!("{}  {}", colour(GREEN, &pad(&want, expected)), colour(RED, &have))
            }
        };
        let _ = writeln!(text, "{}", format!("{:indent$}  {mark} {label}  {cells}", "").trim_end());
    }
}

/// A value as it is shown; in quotes where a difference could not be seen otherwise.
fn cell(row: &Row, value: Option<&String>) -> String {
    let Some(value) = value else { return String::new() };
    let is_unclear = value.is_empty() || value.starts_with(' ') || value.ends_with(' ');
    let shown = printable(value);
    if is_unclear && !row.same { format!("\"{shown}\"") } else { shown }
}

/// What stands before a row: nothing, `!` for another value, `-` for what is missing, `+` for what is too much.
fn mark(row: &Row, fate: Fate) -> char {
    match (row.same, &row.expected, &row.found) {
        (true, _, _) => ' ',
        (false, _, _) if fate == Fate::Missing => '-',
        (false, Some(_), None) => '-',
        (false, None, Some(_)) => '+',
        (false, Some(_), Some(_)) | (false, None, None) => '!',
    }
}

pub(super) fn paint(look: Look, code: &str, text: &str) -> String {
    if look.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

fn pad(text: &str, width: usize) -> String {
    let mut padded = text.to_owned();
    padded.extend(std::iter::repeat_n(' ', width.saturating_sub(length(text))));
    padded
}

fn length(text: &str) -> usize {
    text.chars().count()
}
