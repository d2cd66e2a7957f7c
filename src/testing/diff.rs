//! What was expected beside what was found, name by name; and which of many belong together.

/// An alert, a sample or a notification, expected, found or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is: `alert 1`.
    pub title: String,
    /// What became of it.
    pub fate: Fate,
    /// Its parts.
    pub rows: Vec<Row>,
}

/// What became of something expected or found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is as expected.
    Same,
    /// It is there, but not as expected.
    Differs,
    /// It is expected and not there.
    Missing,
    /// It is there and not expected.
    Unexpected,
}

impl Fate {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "as expected",
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Unexpected => "not expected",
        }
    }
}

/// One label, annotation or value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// What is expected of it; `None`: nothing, or that it is not there.
    pub expected: Option<String>,
    /// What it is; `None`: it is not there.
    pub found: Option<String>,
    /// Whether that is as expected.
    pub same: bool,
}

impl Block {
    /// A block with the number that its kind has, `at` counted from 0.
    #[must_use]
    pub fn new(kind: &str, at: usize, fate: Fate, rows: Vec<Row>) -> Self {
        Self { title: format!("{kind} {}", at + 1), fate, rows }
    }
}

/// Which of the expected belongs to which of the found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pairing {
    /// Places of those that fit, expected and found.
    pub(super) fitting: Vec<(usize, usize)>,
    /// Places of those that do not fit but are most alike.
    pub(super) alike: Vec<(usize, usize)>,
    /// Places of the expected that nothing is like.
    pub(super) missing: Vec<usize>,
    /// Places of the found that nothing is like.
    pub(super) unexpected: Vec<usize>,
}

impl Pairing {
    /// Gives as many as possible of the expected a found one of its own that fits; of the rest, those that are
    /// most alike are put side by side. `alike` says how much two have in common; 0: nothing.
    pub(super) fn find(
        expected: usize,
        found: usize,
        fits: impl Fn(usize, usize) -> bool,
        alike: impl Fn(usize, usize) -> usize,
    ) -> Self {
        let mut taken: Vec<Option<usize>> = vec![None; found];
        for one in 0..expected {
            let mut seen = vec![false; found];
            augment(one, &fits, &mut taken, &mut seen);
        }
        let mut pairing = Self::default();
        for (at, taken) in taken.iter().enumerate() {
            pairing.fitting.extend(taken.map(|one| (one, at)));
        }
        pairing.fitting.sort_unstable();
        let is_paired = |one: usize| pairing.fitting.iter().any(|(paired, _)| *paired == one);
        pairing.missing = (0..expected).filter(|one| !is_paired(*one)).collect();
        pairing.unexpected = (0..found).filter(|at| taken[*at].is_none()).collect();
        pairing.pair_alike(alike);
        pairing
    }

    fn pair_alike(&mut self, alike: impl Fn(usize, usize) -> usize) {
        // More than anybody would read; and it is quadratic.
        if self.missing.len().saturating_mul(self.unexpected.len()) > 250_000 {
            return;
        }
        let mut candidates: Vec<(usize, usize, usize)> = Vec::new();
        for one in &self.missing {
            let found = self.unexpected.iter().map(|at| (alike(*one, *at), *one, *at));
            candidates.extend(found.filter(|(common, _, _)| *common > 0));
        }
        candidates.sort_by_key(|(common, one, at)| (usize::MAX - common, *one, *at));
        for (_, one, at) in candidates {
            if self.missing.contains(&one) && self.unexpected.contains(&at) {
                self.alike.push((one, at));
                self.missing.retain(|missing| *missing != one);
                self.unexpected.retain(|unexpected| *unexpected != at);
            }
        }
        self.alike.sort_unstable();
    }
}

/// One step of finding a largest matching: gives `one` something that fits, moving others if need be.
fn augment(
    one: usize,
    fits: &impl Fn(usize, usize) -> bool,
    taken: &mut [Option<usize>],
    seen: &mut [bool],
) -> bool {
    // First what is free: the common case, and it keeps the order.
    for at in 0..taken.len() {
        if taken[at].is_none() && !seen[at] && fits(one, at) {
            taken[at] = Some(one);
            return true;
        }
    }
    for at in 0..taken.len() {
        if !seen[at] && fits(one, at) {
            seen[at] = true;
            if taken[at].is_none_or(|other| augment(other, fits, taken, seen)) {
                taken[at] = Some(one);
                return true;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::Pairing;

    fn pair(expected: &[&str], found: &[&str]) -> Pairing {
        // A star fits everything; what begins with the same letter is alike.
        let fits = |one: usize, at: usize| expected[one] == "*" || expected[one] == found[at];
        let alike =
            |one: usize, at: usize| usize::from(expected[one].as_bytes()[0] == found[at].as_bytes()[0]);
        Pairing::find(expected.len(), found.len(), fits, alike)
    }

    #[test]
    fn what_fits_much_leaves_room_for_what_fits_little() {
        let pairing = pair(&["*", "a"], &["a", "b"]);
        assert_eq!(pairing.fitting, [(0, 1), (1, 0)]);
        assert!(pairing.missing.is_empty() && pairing.unexpected.is_empty());
    }

    #[test]
    fn the_rest_stands_beside_what_it_is_like() {
        let pairing = pair(&["b1", "a1", "c"], &["a2", "b2", "d"]);
        assert_eq!(pairing.alike, [(0, 1), (1, 0)]);
        assert_eq!((pairing.missing, pairing.unexpected), (vec![2], vec![2]));
    }

    #[test]
    fn each_is_taken_once() {
        let pairing = pair(&["a", "a"], &["a"]);
        assert_eq!((pairing.fitting, pairing.missing), (vec![(0, 0)], vec![1]));
    }
}
