//! All that happened in a test, for people who ask why.

use super::alert_name;
use super::compare::{held, status_of};
use super::course::Course;
use super::texts::Texts;
use crate::model::Timestamp;
use crate::rules::Change;
use crate::testing::file::{KeptBack, Test};
use crate::testing::verdict::Moment;

/// What happened, in order of time.
pub(in crate::testing) fn timeline(test: &Test, course: &Course<'_>) -> Vec<Moment> {
    let Some(desk) = &course.desk else { return Vec::new() };
    let since = |at: Timestamp| at.since(test.start);
    let mut moments = Vec::new();
    for silence in &test.silences {
        let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
        let text = format!("{{{}}} for {}", matchers.join(", "), silence.duration);
        moments.push(Moment { at: silence.at, what: "silence", text });
    }
    for (at, labels, change) in course.world.changes() {
        let what = match change {
            Change::Pending => "pending",
            Change::Firing => "firing",
            Change::KeepFiring => "keeps firing",
            Change::Recovered => "recovered",
            Change::Resolved => "resolved",
            Change::Inactive => "inactive",
            Change::Demoted | Change::OverLimit | Change::RuleGone => change.as_str(),
        };
        moments.push(Moment { at: since(*at), what, text: alert_name(labels) });
    }
    for hold in desk.trace.holds().iter().filter(|hold| is_worth_a_line(hold.of.reason)) {
        let whom = match &*hold.of.integration {
            "" => hold.of.receiver.to_string(),
            integration => format!("{}/{integration}", hold.of.receiver),
        };
        let until = hold.until.map_or_else(String::new, |until| format!(", until {}", since(until)));
        let text = format!("{whom}: {} {}{until}", alert_name(&hold.of.alert), held(hold.of.reason, &hold.of.detail));
        moments.push(Moment { at: since(hold.from), what: hold.of.reason.as_str(), text });
    }
    for told in &desk.log {
        let (notification, status) = (&told.attempt.notification, status_of(told).as_str());
        let headline = Texts::of(&told.attempt, &test.external_url, told.at).headline().unwrap_or_default();
        let whom = format!("{}/{}", notification.receiver, told.integration());
        let (what, how) = match told.outcome.error() {
            None => ("told", format!("{status}, {}", notification.reason.as_str())),
            Some(error) => ("not told", format!("attempt {}: {error}", told.attempt.number)),
        };
        moments.push(Moment { at: since(told.at), what, text: format!("{whom}: {how}: {headline}") });
    }
    // Of one instant: as it happened, alerts first.
    moments.sort_by_key(|moment| moment.at);
    moments
}

fn is_worth_a_line(reason: KeptBack) -> bool {
    match reason {
        KeptBack::Inhibited
        | KeptBack::Silenced
        | KeptBack::Muted
        | KeptBack::Cooldown
        | KeptBack::RateLimited
        | KeptBack::NeverTold
        | KeptBack::ResolvedUnwanted => true,
        KeptBack::Waiting
        | KeptBack::Unchanged
        | KeptBack::StillResolved
        | KeptBack::StandBy
        | KeptBack::Failed
        | KeptBack::NotRouted
        | KeptBack::NotFiring => false,
    }
}
