//! Holds back what relies on records until these are kept: a notification that was begun but not written down
//! would be told again after a crash, and an answer would promise what is not there.
//!
//! When nothing can be kept, nothing is held back either: to be told twice is better than not to be told. Who
//! waits for an answer then learns that it was not kept.

use std::collections::VecDeque;

use super::writer::Done;
use crate::model::{Duration, Str, Timestamp};

/// Whether what came before an effect is kept; if not, why.
pub type IsKept = Result<(), Str>;

/// Effects that wait, in order.
#[derive(Debug)]
pub struct Gate<T> {
    waiting: VecDeque<Waiting<T>>,
    patience: Duration,
    /// The number of the last batch that was handed over, and of the last that is kept.
    handed_over: u64,
    kept: u64,
    /// Why nothing can be kept at the moment.
    trouble: Option<Str>,
}

#[derive(Debug)]
struct Waiting<T> {
    batch: u64,
    since: Timestamp,
    effect: T,
}

impl<T> Gate<T> {
    /// A gate with nothing behind it, where nothing should wait for longer than `patience`; `trouble` if
    /// nothing can be kept to begin with.
    #[must_use]
    pub fn new(patience: Duration, trouble: Option<Str>) -> Self {
        Self { waiting: VecDeque::new(), patience, handed_over: 0, kept: 0, trouble }
    }

    /// A batch with this number was handed over to be kept: what comes now relies on it.
    pub fn handed_over(&mut self, batch: u64) {
        self.handed_over = batch;
    }

    /// Takes an effect. It comes back at once if there is nothing to wait for.
    pub fn pass(&mut self, now: Timestamp, effect: T) -> Option<(T, IsKept)> {
        if let Some(trouble) = &self.trouble {
            return Some((effect, Err(Str::clone(trouble))));
        }
        if self.kept >= self.handed_over {
            return Some((effect, Ok(())));
        }
        self.waiting.push_back(Waiting { batch: self.handed_over, since: now, effect });
        None
    }

    /// Takes how a commit went, and answers with the effects that need not wait any more, in order.
    pub fn hear(&mut self, done: Done) -> Vec<(T, IsKept)> {
        match done {
            Done::Kept { batch } => {
                self.kept = self.kept.max(batch);
                self.trouble = None;
                let free = self.waiting.iter().take_while(|waiting| waiting.batch <= batch).count();
                self.waiting.drain(..free).map(|waiting| (waiting.effect, Ok(()))).collect()
            }
            Done::Failed { why } => self.give_up(why),
        }
    }

    /// Goes on without what is not kept yet, until a commit succeeds.
    pub fn give_up(&mut self, why: Str) -> Vec<(T, IsKept)> {
        let freed = self.waiting.drain(..).map(|waiting| (waiting.effect, Err(Str::clone(&why)))).collect();
        self.trouble = Some(why);
        freed
    }

    /// When the effect that waits for longest has waited for too long.
    #[must_use]
    pub fn patience_ends(&self) -> Option<Timestamp> {
        self.waiting.front().map(|waiting| waiting.since + self.patience)
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;
    use crate::model::{Duration, Timestamp};
    use crate::shell::store::writer::Done;

    const PATIENCE: Duration = Duration::from_secs(10);
    const NOW: Timestamp = Timestamp::from_secs(100);

    #[test]
    fn an_effect_waits_for_the_batch_before_it_and_no_other() {
        let mut gate = Gate::new(PATIENCE, None);
        assert_eq!(gate.pass(NOW, "nothing before it"), Some(("nothing before it", Ok(()))));
        gate.handed_over(1);
        assert_eq!(gate.pass(NOW, "a"), None);
        gate.handed_over(2);
        assert_eq!(gate.pass(NOW, "b"), None);
        assert_eq!(gate.pass(NOW, "c"), None);
        assert_eq!(gate.hear(Done::Kept { batch: 1 }), [("a", Ok(()))]);
        assert_eq!(gate.hear(Done::Kept { batch: 2 }), [("b", Ok(())), ("c", Ok(()))]);
        assert_eq!(gate.pass(NOW, "d"), Some(("d", Ok(()))));
    }

    #[test]
    fn while_nothing_can_be_kept_nothing_waits_and_everyone_is_told() {
        let mut gate = Gate::new(PATIENCE, None);
        gate.handed_over(1);
        assert_eq!(gate.pass(NOW, "a"), None);
        assert_eq!(gate.hear(Done::Failed { why: "full".into() }), [("a", Err("full".into()))]);
        gate.handed_over(2);
        assert_eq!(gate.pass(NOW, "b"), Some(("b", Err("full".into()))));
        assert_eq!(gate.hear(Done::Kept { batch: 2 }), []);
        gate.handed_over(3);
        assert_eq!(gate.pass(NOW, "c"), None, "it works again");
    }

    #[test]
    fn a_disk_that_hangs_is_waited_for_only_so_long() {
        let mut gate = Gate::new(PATIENCE, None);
        assert_eq!(gate.patience_ends(), None);
        gate.handed_over(1);
        assert_eq!(gate.pass(NOW, "a"), None);
        assert_eq!(gate.patience_ends(), Some(NOW + PATIENCE));
        assert_eq!(gate.give_up("slow".into()), [("a", Err("slow".into()))]);
        assert_eq!((gate.patience_ends(), gate.is_empty()), (None, true));
    }
}
