//! All that happened in a test, for people who ask why.

use super::compare::status_of;
use super::course::Course;
use super::names::Names;
use super::trace::Held;
use super::why::{held, is_notable};
use crate::model::Timestamp;
use crate::rules::Change;
use crate::testing::file::{KeptBack, Test};
use crate::testing::verdict::Moment;

/// What happened, in order of time.
pub(in crate::testing) fn timeline(test: &Test, course: &Course<'_>) -> Vec<Moment> {
    let Some(desk) = &course.desk else { return Vec::new() };
    let since = |at: Timestamp| at.since(test.start);
    let names = Names::of(course.world.changes().iter().map(|(_, labels, _)| labels));
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
        moments.push(Moment { at: since(*at), what, text: names.name(labels) });
    }
    let holds = desk.trace.holds().iter();
    for hold in holds.filter(|hold| is_notable(hold.of.reason) && hold.of.reason != KeptBack::Failed) {
        // By which of its integrations makes no difference to people.
        let of = Held { integration: String::new(), ..hold.of.clone() };
        let until = match (hold.of.reason, hold.until) {
            (KeptBack::Cooldown, _) | (_, None) => String::new(),
            (_, Some(until)) => format!(", until {}", since(until)),
        };
        let text = format!("{}{until}", held(&of, &names));
        let moment = Moment { at: since(hold.from), what: hold.of.reason.as_str(), text };
        if !moments.contains(&moment) {
            moments.push(moment);
        }
    }
    for told in &desk.log {
        let (notification, status) = (&told.attempt.notification, status_of(told).as_str());
        let headline = told.texts(&test.external_url).headline().unwrap_or_default();
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
