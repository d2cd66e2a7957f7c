//! Whether an integration is told about a group, and why or why not. A pure function of what it was told
//! last and what is true now.

use super::{NotTold, Reason, Told};
use crate::model::{Duration, Fingerprint, Timestamp};

/// What the decision depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// What the integration was told last.
    pub(super) told: Option<&'a Told>,
    /// The alerts that fire, sorted.
    pub(super) firing: &'a [Fingerprint],
    /// The alerts that are resolved, sorted.
    pub(super) resolved: &'a [Fingerprint],
    /// Whether other alerts fire that are muted.
    pub(super) any_held: bool,
    /// Whether the integration wants to hear of resolutions.
    pub(super) send_resolved: bool,
    /// After how long an unchanged group is told again.
    pub(super) repeat_interval: Duration,
    /// The time of the flush.
    pub(super) now: Timestamp,
    /// Whether to decide exactly as Alertmanager.
    pub(super) strict: bool,
}

/// What becomes of the notification log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Tell; the log changes once it is delivered.
    Tell(Reason),
    /// Do not tell, but note in the log what is true now.
    Note(NotTold),
    /// Do not tell and leave the log alone.
    Quiet(NotTold),
}

/// Decides for one integration.
///
/// An integration with `send_resolved: false` is never told that everything is resolved; its log says so
/// nevertheless. Unless `strict`, its log also forgets single alerts that resolve, so that such an alert is
/// told when it fires again in the same group: Alertmanager keeps silent until the repeat interval.
pub(super) fn decide(question: &Question<'_>) -> Decision {
    let unwanted = !question.send_resolved;
    match needs_update(question) {
        Ok(_) if unwanted && question.firing.is_empty() => Decision::Note(NotTold::ResolvedUnwanted),
        Ok(reason) => Decision::Tell(reason),
        Err(_) if unwanted && !question.strict && question.ended().next().is_some() => {
            Decision::Note(NotTold::ResolvedUnwanted)
        }
        Err(why) => Decision::Quiet(why),
    }
}

/// As [`decide`], for a route that may be quiet by time intervals: it tells nothing then, and keeps what has
/// to be told. With `strict` its log stays as it is, too.
pub(super) fn decide_in_time(question: &Question<'_>, is_quiet: bool) -> Decision {
    match decide(question) {
        Decision::Tell(_) if is_quiet => Decision::Quiet(NotTold::QuietTime),
        _ if is_quiet && question.strict => Decision::Quiet(NotTold::QuietTime),
        decision => decision,
    }
}

/// Alertmanager's decision, with a reason also for silence.
///
/// Unless `strict`, the end of an alert is told only to who was told that it fires; as long as a muted alert
/// fires not all is resolved; and who was told that an alert fires hears that it did so again.
fn needs_update(question: &Question<'_>) -> Result<Reason, NotTold> {
    let Question { told, firing, resolved, any_held, send_resolved, repeat_interval, now, strict } =
        *question;
    if strict && firing.is_empty() && resolved.is_empty() {
        return Err(NotTold::Muted);
    }
    let Some(told) = told else {
        return match firing.is_empty() {
            true if any_held => Err(NotTold::Muted),
            true => Err(NotTold::NeverTold),
            false => Ok(Reason::First),
        };
    };
    if !is_subset(firing, &told.firing) {
        return Ok(if told.firing.is_empty() { Reason::First } else { Reason::NewAlerts });
    }
    let news_of_end = match strict {
        true => !is_subset(resolved, &told.resolved),
        false => question.ended().next().is_some(),
    };
    if firing.is_empty() {
        return match told.firing.is_empty() {
            _ if news_of_end && !strict && any_held => Ok(Reason::SomeResolved),
            _ if news_of_end && !strict => Ok(Reason::AllResolved),
            _ if any_held && !strict => Err(NotTold::Muted),
            true => Err(NotTold::StillResolved),
            false if strict => Ok(Reason::AllResolved),
            false => Err(NotTold::NeverTold),
        };
    }
    if send_resolved && news_of_end {
        return Ok(Reason::SomeResolved);
    }
    let flapped = |(alert, _): &(Fingerprint, u32)| firing.binary_search(alert).is_ok();
    match told.at < now - repeat_interval {
        true => Ok(Reason::Repeat),
        false if !strict && told.flaps.iter().any(flapped) => Ok(Reason::Flapped),
        false => Err(NotTold::Unchanged),
    }
}

impl Question<'_> {
    /// The resolved alerts that the integration knows, or may know, as firing.
    pub(super) fn ended(&self) -> impl Iterator<Item = Fingerprint> {
        self.resolved.iter().copied().filter(|alert| self.told.is_some_and(|told| told.may_know(*alert)))
    }
}

/// Whether each element of one sorted list is in the other.
fn is_subset(part: &[Fingerprint], whole: &[Fingerprint]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|wanted| whole.by_ref().any(|known| known == wanted))
}

#[cfg(test)]
mod tests {
    use super::{Decision, Question, decide, needs_update};
    use crate::model::{Duration, Fingerprint, Timestamp};
    use crate::router::{NotTold, Reason, Told};

    fn set(text: &str) -> Vec<Fingerprint> {
        text.bytes().map(|byte| Fingerprint(u64::from(byte))).collect()
    }

    /// `"firing/resolved"` told `age` seconds ago; the empty text is no entry.
    fn told(text: &str, age: i64) -> Option<Told> {
        let (firing, resolved) = text.split_once('/')?;
        let at = Timestamp::from_secs(1_000_000 - age);
        let (firing, resolved) = (set(firing), set(resolved));
        Some(Told {
            firing,
            resolved,
            unsure: Vec::new(),
            at,
            sent_at: None,
            flaps: Vec::new(),
            memory: None,
        })
    }

    /// Runs a question about `"firing/resolved"`, or `"firing/resolved/muted"`, with a repeat interval of ten
    /// seconds.
    fn ask(
        told: Option<&Told>,
        is: &str,
        send_resolved: bool,
        strict: bool,
    ) -> (Result<Reason, NotTold>, Decision) {
        let (firing, rest) = is.split_once('/').expect("two lists");
        let (resolved, held) = rest.split_once('/').unwrap_or((rest, ""));
        let question = Question {
            told,
            firing: &set(firing),
            resolved: &set(resolved),
            any_held: !held.is_empty(),
            send_resolved,
            repeat_interval: Duration::from_secs(10),
            now: Timestamp::from_secs(1_000_000),
            strict,
        };
        (needs_update(&question), decide(&question))
    }

    #[test]
    fn alertmanagers_cases() {
        for (case, was, age, is, send_resolved, want) in [
            ("nothing told, nothing fires", "", 0, "/a", true, Err(NotTold::NeverTold)),
            ("nothing told", "", 0, "abc/", true, Ok(Reason::First)),
            ("another alert fires", "abc/", 0, "abd/", true, Ok(Reason::NewAlerts)),
            ("the told ones resolved, then others fire", "/abc", 0, "ab/", true, Ok(Reason::First)),
            ("nothing changed", "abc/", 9, "abc/", true, Err(NotTold::Unchanged)),
            ("exactly the repeat interval", "abc/", 10, "abc/", true, Err(NotTold::Unchanged)),
            ("past the repeat interval", "abc/", 11, "abc/", true, Ok(Reason::Repeat)),
            ("one is resolved", "abc/", 9, "ab/c", true, Ok(Reason::SomeResolved)),
            ("one is resolved, unwanted", "abc/", 9, "ab/c", false, Err(NotTold::Unchanged)),
            ("one is resolved, unwanted, repeat", "abc/", 11, "ab/c", false, Ok(Reason::Repeat)),
            ("a told resolution", "ab/c", 9, "ab/c", true, Err(NotTold::Unchanged)),
            ("all are resolved", "ab/c", 9, "/abc", true, Ok(Reason::AllResolved)),
            ("all are resolved, unwanted", "ab/c", 9, "/abc", false, Ok(Reason::AllResolved)),
            ("all resolved, as told", "/abc", 99, "/abc", true, Err(NotTold::StillResolved)),
        ] {
            for strict in [true, false] {
                let got = ask(told(was, age).as_ref(), is, send_resolved, strict).0;
                assert_eq!(got, want, "{case}, strict {strict}");
            }
        }
    }

    #[test]
    fn where_we_differ() {
        use Decision::{Note, Quiet, Tell};
        for (case, was, is, send_resolved, ours, theirs) in [
            (
                "resolved before anybody was told",
                "a/",
                "a/b",
                true,
                Quiet(NotTold::Unchanged),
                Tell(Reason::SomeResolved),
            ),
            (
                "only an alert that was never told is left, and it is over",
                "a/",
                "/b",
                true,
                Quiet(NotTold::NeverTold),
                Tell(Reason::AllResolved),
            ),
            (
                "an unwanted resolution is noted, so that firing again is news",
                "ab/",
                "a/b",
                false,
                Note(NotTold::ResolvedUnwanted),
                Quiet(NotTold::Unchanged),
            ),
        ] {
            let told = told(was, 1);
            assert_eq!(ask(told.as_ref(), is, send_resolved, false).1, ours, "{case}");
            assert_eq!(ask(told.as_ref(), is, send_resolved, true).1, theirs, "{case}, strict");
        }
    }

    #[test]
    fn what_it_may_have_heard_is_told_as_new_if_it_fires_and_as_over_if_it_is() {
        let mut told = told("a/", 1).expect("an entry");
        told.unsure = set("b");
        for (is, want) in [
            ("ab/", Ok(Reason::NewAlerts)),
            ("a/b", Ok(Reason::SomeResolved)),
            ("a/", Err(NotTold::Unchanged)),
            ("/b", Ok(Reason::AllResolved)),
        ] {
            assert_eq!(ask(Some(&told), is, true, false).0, want, "{is}");
        }
        told.firing.clear();
        assert_eq!(ask(Some(&told), "/b", true, false).0, Ok(Reason::AllResolved));
        assert_eq!(ask(Some(&told), "b/", true, false).0, Ok(Reason::First));
    }

    #[test]
    fn what_is_muted_is_neither_told_nor_taken_as_resolved() {
        use NotTold::{Muted, Unchanged};
        use Reason::{AllResolved, NewAlerts, SomeResolved};
        for (case, was, is, ours, theirs) in [
            ("all that fires is muted", "ab/", "//ab", Err(Muted), Err(Muted)),
            ("and nobody was told", "", "//a", Err(Muted), Err(Muted)),
            ("one of two is muted", "ab/", "a//b", Err(Unchanged), Err(Unchanged)),
            ("one is muted, the other ends", "ab/", "/a/b", Ok(SomeResolved), Ok(AllResolved)),
            ("a third one fires", "ab/", "ac//b", Ok(NewAlerts), Ok(NewAlerts)),
            (
                "the last one ended while muted, unknown to Alertmanager",
                "a/",
                "/a",
                Ok(AllResolved),
                Ok(AllResolved),
            ),
        ] {
            let told = told(was, 1);
            assert_eq!(ask(told.as_ref(), is, true, false).0, ours, "{case}");
            assert_eq!(ask(told.as_ref(), is, true, true).0, theirs, "{case}, strict");
        }
    }

    #[test]
    fn whoever_knows_that_an_alert_fires_hears_that_it_flapped() {
        let mut told = told("ab/", 1).expect("an entry");
        told.flaps = vec![(set("b")[0], 3)];
        assert_eq!(ask(Some(&told), "ab/", true, false).0, Ok(Reason::Flapped));
        assert_eq!(ask(Some(&told), "a//b", true, false).0, Err(NotTold::Unchanged), "not while it is muted");
        assert_eq!(ask(Some(&told), "ab/", true, true).0, Err(NotTold::Unchanged), "strict");
    }

    #[test]
    fn the_end_of_all_is_noted_but_not_sent_if_unwanted() {
        for strict in [true, false] {
            let got = ask(told("ab/", 1).as_ref(), "/ab", false, strict).1;
            assert_eq!(got, Decision::Note(NotTold::ResolvedUnwanted));
        }
    }
}
