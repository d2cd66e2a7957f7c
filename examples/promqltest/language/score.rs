//! How many evaluations of which class passed, as a table that can be kept in a file.

use std::collections::BTreeMap;
use std::fmt;

use super::Class;

/// The scores of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    by_class: BTreeMap<Class, Passed>,
}

/// How many of how many passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) passed: usize,
    pub(crate) total: usize,
}

impl Score {
    pub(super) fn count(&mut self, class: Class, has_passed: bool) {
        let score = self.by_class.entry(class).or_default();
        score.total += 1;
        score.passed += usize::from(has_passed);
    }

    /// Of all classes together.
    pub(crate) fn sum(&self) -> Passed {
        let add = |one: Passed, two: &Passed| one.plus(*two);
        self.by_class.values().fold(Passed::default(), add)
    }

    /// Of one class.
    pub(crate) fn of(&self, class: Class) -> Passed {
        self.by_class.get(&class).copied().unwrap_or_default()
    }
}

impl Passed {
    fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, total: self.total + other.total }
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.total - self.passed)
    }
}

/// The scores of many files, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scores(pub(crate) BTreeMap<String, Score>);

impl Scores {
    /// The scores of all files together.
    pub(crate) fn sum(&self) -> Score {
        let mut sum = Score::default();
        for (class, passed) in self.0.values().flat_map(|score| &score.by_class) {
            let entry = sum.by_class.entry(*class).or_default();
            *entry = entry.plus(*passed);
        }
        sum
    }

    /// Reads a table as it is displayed.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut scores = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let [file, class, passed, total] = cells.as_slice() else {
                return Err(format!("not four cells: {line}"));
            };
            let known = Class::ALL.into_iter().find(|known| known.name() == *class);
            let class = known.ok_or_else(|| format!("no such class: {class}"))?;
            let number = |cell: &str| cell.parse().map_err(|e| format!("{cell}: {e}"));
            let passed = Passed { passed: number(passed)?, total: number(total)? };
            scores.0.entry((*file).to_owned()).or_default().by_class.insert(class, passed);
        }
        Ok(scores)
    }

    /// Where these scores differ from `old` ones: first what is worse, then what is better.
    pub(crate) fn differences(&self, old: &Self) -> (Vec<String>, Vec<String>) {
        let (mut worse, mut better) = (Vec::new(), Vec::new());
        let none = Score::default();
        let files = self.0.keys().chain(old.0.keys().filter(|file| !self.0.contains_key(*file)));
        for file in files {
            let (was, is) = (old.0.get(file).unwrap_or(&none), self.0.get(file).unwrap_or(&none));
            for class in Class::ALL {
                let (was, is) = (was.of(class), is.of(class));
                let line = format!(
                    "{file}, {}: {} of {}, was {} of {}",
                    class.name(),
                    is.passed,
                    is.total,
                    was.passed,
                    was.total
                );
                if is.passed < was.passed || is.total < was.total {
                    worse.push(line);
                } else if is != was {
                    better.push(line);
                }
            }
        }
        (worse, better)
    }
}

impl fmt::Display for Scores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# file\tclass\tpassed\tof")?;
        for (file, score) in &self.0 {
            for (class, Passed { passed, total }) in &score.by_class {
                writeln!(f, "{file}\t{}\t{passed}\t{total}", class.name())?;
            }
        }
        Ok(())
    }
}
