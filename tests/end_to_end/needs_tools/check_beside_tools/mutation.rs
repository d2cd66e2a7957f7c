//! Breaks files as people do: a line lost, a quote missing, a word misspelt. The same seed breaks them alike.

#[path = "../../../shared/random.rs"]
mod generator;

pub(super) use generator::Random;

impl Random {
    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % (limit.max(1) as u64)).expect("below a usize")
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let at = self.below(items.len());
        items.get(at)
    }
}

/// The text with one thing broken.
pub(super) fn mutate(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let filled: Vec<usize> = (0..lines.len()).filter(|at| !lines[*at].trim().is_empty()).collect();
    // An attempt that finds nothing to break is followed by another.
    for _ in 0..50 {
        let Some(&at) = random.pick(&filled) else { break };
        let line = lines[at].clone();
        let broken = match random.below(10) {
            0 => {
                lines.remove(at);
                return lines.join("\n") + "\n";
            }
            1 => {
                lines.insert(at, line);
                return lines.join("\n") + "\n";
            }
            2 if at + 1 < lines.len() => {
                lines.swap(at, at + 1);
                return lines.join("\n") + "\n";
            }
            3 => cut(&line, random),
            4 => misspell_key(&line, random),
            5 => without_one_of(&line, &['"', '\''], random),
            6 => other_number(&line, random),
            7 => without_one_of(&line, &['(', ')', '{', '}', '[', ']'], random),
            8 => other_operator(&line, random),
            _ => Some(format!(" {line}")),
        };
        if let Some(broken) = broken.filter(|broken| *broken != line) {
            lines[at] = broken;
            return lines.join("\n") + "\n";
        }
    }
    text.to_owned()
}

/// Cuts off the end of a value.
fn cut(line: &str, random: &mut Random) -> Option<String> {
    let value = line.find(": ")? + 2;
    let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).filter(|at| *at >= value).collect();
    random.pick(&ends).map(|end| line[..*end].to_owned())
}

/// Leaves out, doubles or changes the case of one letter of a key.
fn misspell_key(line: &str, random: &mut Random) -> Option<String> {
    let end = line.find(':')?;
    let letters: Vec<usize> =
        line[..end].char_indices().filter(|(_, c)| c.is_ascii_lowercase()).map(|(at, _)| at).collect();
    let at = *random.pick(&letters)?;
    let (before, letter, after) = (&line[..at], &line[at..=at], &line[at + 1..]);
    Some(match random.below(3) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{letter}{letter}{after}"),
        _ => format!("{before}{}{after}", letter.to_uppercase()),
    })
}

/// Leaves out one of these characters.
fn without_one_of(line: &str, characters: &[char], random: &mut Random) -> Option<String> {
    let places: Vec<usize> =
        line.char_indices().filter(|(_, c)| characters.contains(c)).map(|(at, _)| at).collect();
    random.pick(&places).map(|at| format!("{}{}", &line[..*at], &line[at + 1..]))
}

/// Replaces a run of digits, so that numbers and durations change.
fn other_number(line: &str, random: &mut Random) -> Option<String> {
    let digits = |at: &usize| line.as_bytes()[*at].is_ascii_digit();
    let starts: Vec<usize> =
        (0..line.len()).filter(digits).filter(|at| *at == 0 || !digits(&(at - 1))).collect();
    let start = *random.pick(&starts)?;
    let end = (start..line.len()).find(|at| !digits(at)).unwrap_or(line.len());
    let other = random.pick(&["-1", "0", "1.5", "x", "", "99999999999999999999", "1e3", "5m5"])?;
    Some(format!("{}{other}{}", &line[..start], &line[end..]))
}

/// Replaces an operator or keyword by one that is close to it.
fn other_operator(line: &str, random: &mut Random) -> Option<String> {
    const CLOSE: &[(&str, &str)] = &[
        ("=~", "~="),
        ("!=", "=!"),
        ("==", "="),
        (">=", "=>"),
        (" by ", " bye "),
        (" on ", " onto "),
        (" / ", " // "),
        (" and ", " & "),
        (" or ", " || "),
        ("rate(", "rates("),
        ("sum(", "sum by ("),
        ("=\"", "\""),
        (", ", ",, "),
        (" > ", " >> "),
        ("{{ ", "{ "),
        (" }}", " }"),
        ("$labels", "$label"),
        ("[5m]", "[5]"),
        ("[", "[["),
        ("(", "(("),
        (".*", "*"),
        ("|", "(|"),
    ];
    let there: Vec<_> = CLOSE.iter().filter(|(from, _)| line.contains(from)).collect();
    random.pick(&there).map(|(from, to)| line.replacen(from, to, 1))
}
