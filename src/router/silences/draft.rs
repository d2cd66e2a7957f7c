//! Whether a silence may be as its author wants it, and whether it may replace one that exists.

use crate::model::labels::ALERT_NAME;
use crate::model::{MatchOp, Matcher, Silence, SilenceState, Timestamp};
use crate::router::{Refusal, SilenceDraft};

/// Values that no expression has in common but one that takes any name.
const STRANGE_NAMES: [&str; 4] = ["x", "Zz9", "-", "\u{3bb} \u{1f642}"];

/// Alertmanager's conditions and, unless `strict` or forced, that it does not match every alert.
pub(super) fn check(draft: &SilenceDraft, now: Timestamp, strict: bool) -> Result<(), Refusal> {
    if draft.matchers.is_empty() {
        return Err(Refusal::NoMatchers);
    }
    if draft.matchers.iter().all(asks_for_nothing) {
        return Err(Refusal::MatchesEmpty);
    }
    if draft.ends_at < draft.starts_at {
        return Err(Refusal::EndsBeforeStart);
    }
    if draft.ends_at < now {
        return Err(Refusal::EndsInThePast);
    }
    match draft.matchers.iter().all(takes_all) && !strict && !draft.force {
        true => Err(Refusal::MatchesEverything),
        false => Ok(()),
    }
}

/// Alertmanager's "matches the empty string". It never says so of `!=` and `!~`.
fn asks_for_nothing(matcher: &Matcher) -> bool {
    match matcher.op() {
        MatchOp::Equal | MatchOp::Regex => matcher.matches_value(""),
        MatchOp::NotEqual | MatchOp::NotRegex => false,
    }
}

/// Whether a matcher narrows nothing down: it matches alerts that lack the label, such as `zone!="a"`, which
/// is most often every alert, or it takes any `alertname`.
fn takes_all(matcher: &Matcher) -> bool {
    matcher.matches_value("")
        || (&**matcher.name() == ALERT_NAME && STRANGE_NAMES.iter().all(|name| matcher.matches_value(name)))
}

/// Whether the silence can become what the draft says and keep its id, as in Alertmanager: it has not ended,
/// mutes the same alerts, and what has begun or passed stays as it was.
pub(super) fn fits_in_place(silence: &Silence, draft: &SilenceDraft, now: Timestamp) -> bool {
    let seconds = |time: Timestamp| time.millis().div_euclid(1000);
    same_matchers(&silence.matchers, &draft.matchers)
        && match silence.state_at(now) {
            SilenceState::Active => {
                seconds(silence.starts_at) == seconds(draft.starts_at) && draft.ends_at >= now
            }
            SilenceState::Pending => draft.starts_at >= now,
            SilenceState::Expired => false,
        }
}

/// Whether the matchers are the same in any order.
pub(super) fn same_matchers(one: &[Matcher], other: &[Matcher]) -> bool {
    let sorted = |matchers: &[Matcher]| {
        let mut sorted = matchers.to_vec();
        sorted.sort();
        sorted
    };
    one.len() == other.len() && sorted(one) == sorted(other)
}
