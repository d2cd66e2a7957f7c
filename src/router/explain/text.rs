//! An explanation in sentences. A line that is not indented is a heading; times are relative to the
//! explanation's own instant, so the same explanation always reads the same.

use std::fmt::Write;

use super::{
    Destined, EndpointFacts, Explanation, GroupFacts, IntegrationFacts, Knows, OnItsWay, Outlook, Said, Step,
    StepOutcome, ToldFacts, WhyNot,
};
use crate::model::{Duration, SilenceKind, Str, Timestamp};
use crate::router::NotTold;

/// How many routes in a row that do not match are named one by one.
const NAMED_MISSES: usize = 3;

impl Explanation {
    /// The explanation as a text of several lines.
    #[must_use]
    pub fn text(&self) -> String {
        self.alert_text() + &self.routing_text()
    }

    /// The first part of the text: the alert itself.
    #[must_use]
    pub fn alert_text(&self) -> String {
        let mut text = Text::default();
        self.tell_alert(&mut text);
        text.0
    }

    /// The second part of the text: what becomes of the alert.
    #[must_use]
    pub fn routing_text(&self) -> String {
        let mut text = Text::default();
        self.tell_path(&mut text);
        self.tell_muting(&mut text);
        for destined in &self.destinations {
            tell_destined(self.at, destined, &mut text);
        }
        text.0
    }

    fn tell_alert(&self, text: &mut Text) {
        text.line(0, &format!("Alert {} (fingerprint {})", self.labels, self.fingerprint));
        let Some(alert) = &self.alert else {
            text.line(1, "No alert with these labels is known: this is what would become of one.");
            return;
        };
        let heard = ago(self.at, alert.updated_at);
        match (alert.resolved, alert.ends_at) {
            (true, Some(end)) => text.line(1, &format!("It is resolved: it ended {}.", ago(self.at, end))),
            (true, None) => text.line(1, "It is resolved."),
            (false, end) => {
                let since = ago(self.at, alert.starts_at);
                let end =
                    end.map(|end| format!(", and ends {} unless it is heard of again", ago(self.at, end)));
                let end = end.unwrap_or_default();
                text.line(1, &format!("It fires: it began {since} and was last heard of {heard}{end}."));
            }
        }
    }

    fn tell_path(&self, text: &mut Text) {
        text.heading("Routes that are looked at");
        let mut rest = self.path.as_slice();
        while let Some(step) = rest.first() {
            let misses = rest.iter().take_while(|other| misses_beside(step, other)).count();
            let named = if misses > NAMED_MISSES { 1 } else { misses.max(1) };
            for step in &rest[..named] {
                text.line(1 + step.depth, &step.sentence());
            }
            if misses > named {
                text.line(1 + step.depth, &format!("… and {} more that do not match.", misses - named));
            }
            rest = &rest[misses.max(1)..];
        }
        if self.destinations.is_empty() {
            text.line(1, "No route takes it: nobody is told.");
        }
    }

    fn tell_muting(&self, text: &mut Text) {
        text.heading("Muted");
        for silence in &self.muting.silenced_by {
            let kind = match silence.kind {
                SilenceKind::Plain => "silence",
                SilenceKind::UntilResolved => "snooze until resolved",
                SilenceKind::Ack => "acknowledgement",
            };
            let by = quoted_or("somebody", &silence.created_by);
            let comment = match &*silence.comment {
                "" => String::new(),
                comment => format!(": {comment:?}"),
            };
            let end = ago(self.at, silence.ends_at);
            text.line(
                1,
                &format!(
                    "By {kind} {} of {by}, which ends {end}{comment}; it matches {{{}}}.",
                    silence.id,
                    silence.matchers.join(",")
                ),
            );
        }
        for inhibitor in &self.muting.inhibited_by {
            let rules = match inhibitor.rules.as_slice() {
                [] => String::new(),
                rules => format!(" ({})", rules.join(", ")),
            };
            text.line(
                1,
                &format!("Inhibited by {} (fingerprint {}){rules}.", inhibitor.labels, inhibitor.fingerprint),
            );
        }
        if !self.muting.any() {
            text.line(1, "No silence and no other alert mutes it.");
        }
    }
}

impl Step {
    /// What comes of the route, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let who = match self.matchers.as_slice() {
            [] if self.depth == 0 => "The root route".to_owned(),
            [] => "The route without matchers".to_owned(),
            matchers => format!("{{{}}}", matchers.join(",")),
        };
        let mut sentence = match &self.outcome {
            StepOutcome::NoMatch { matcher, label, value } => {
                let of_several =
                    if self.matchers.len() > 1 { format!("{matcher}, but ") } else { String::new() };
                match &**value {
                    "" => format!("{who} does not match: {of_several}the alert has no label {label}"),
                    value => format!("{who} does not match: {of_several}{label} is {value:?}"),
                }
            }
            StepOutcome::GoesDown => format!("{who} matches, and so does a child"),
            StepOutcome::EndsHere => format!("{who} takes it: receiver {}", self.receiver),
        };
        match (self.siblings_left_out, &self.outcome) {
            (_, StepOutcome::NoMatch { .. }) => {}
            (0, _) if self.r#continue => sentence.push_str("; it says continue"),
            (0, _) => {}
            (1, _) => sentence.push_str("; the sibling after it is not looked at"),
            (more, _) => {
                let _ = write!(sentence, "; the {more} siblings after it are not looked at");
            }
        }
        sentence + "."
    }
}

/// Whether both are routes beside each other that do not match.
fn misses_beside(one: &Step, other: &Step) -> bool {
    let misses = |step: &Step| matches!(step.outcome, StepOutcome::NoMatch { .. });
    misses(one) && misses(other) && one.depth == other.depth
}

fn tell_destined(now: Timestamp, destined: &Destined, text: &mut Text) {
    text.heading(&format!("Receiver {}, group {}", destined.receiver, destined.group.key));
    let timing = &destined.timing;
    let cooldown = match timing.cooldown {
        Duration::ZERO => String::new(),
        cooldown => format!(", cooldown {cooldown}"),
    };
    text.line(
        1,
        &format!(
            "group_wait {}, group_interval {}, repeat_interval {}{cooldown}; grouped {}.",
            timing.group_wait,
            timing.group_interval,
            timing.repeat_interval,
            grouped(&destined.group.group_by)
        ),
    );
    text.line(1, &group_sentence(now, &destined.group));
    if !destined.quiet_by.is_empty() {
        text.line(1, &format!("The route is quiet now, because of {}.", destined.quiet_by.join(", ")));
    }
    if destined.integrations.is_empty() {
        text.line(1, "The receiver has no integrations: nobody is told.");
    }
    for integration in &destined.integrations {
        tell_integration(now, integration, text);
    }
}

fn grouped(by: &[Str]) -> String {
    match by {
        [] => "all together".to_owned(),
        [all] if &**all == "..." => "by every label".to_owned(),
        names => format!("by {}", names.join(", ")),
    }
}

fn group_sentence(now: Timestamp, group: &GroupFacts) -> String {
    let next = group.next_flush.map(|at| ago(now, at)).unwrap_or_default();
    let holds = match group.resolved {
        0 => format!("{} firing", group.firing),
        resolved => format!("{} firing and {resolved} resolved", group.firing),
    };
    let last = match group.last_flush {
        Some(at) => format!("was last looked at {}", ago(now, at)),
        None => "was not looked at since the server started".to_owned(),
    };
    match (group.exists, group.has_alert) {
        (false, _) if group.next_flush.is_none() => "There is no such group any more.".to_owned(),
        (false, _) => format!("There is no such group yet: it would be looked at {next}."),
        (true, true) => format!("The alert is in it ({holds}); it {last}, and is next {next}."),
        (true, false) => {
            format!("The alert is not in it ({holds}); it {last}, and is next {next}.")
        }
    }
}

fn tell_integration(now: Timestamp, facts: &IntegrationFacts, text: &mut Text) {
    match &facts.fallback {
        None => text.line(1, &facts.name),
        Some(receiver) => text.line(1, &format!("{} (fallback for {receiver})", facts.name)),
    }
    match &facts.told {
        None => text.line(2, "It was told nothing of the group."),
        Some(told) => text.line(2, &told_sentence(now, told)),
    }
    if let Some(way) = &facts.on_its_way {
        text.line(2, &way_sentence(now, way));
    }
    tell_endpoint(now, &facts.endpoint, text);
    if let Some(id) = &facts.dead_letter {
        text.line(2, &format!("Its last notification was given up: `sereno dead-letters show {id}`."));
    }
    if let Some(error) = &facts.last_error {
        text.line(2, &format!("The last attempt failed: {error}."));
    }
    if let Some(why) = &facts.not_told {
        text.line(2, &format!("At the last look it was not told: {}.", why_text(now, why)));
    }
    match &facts.outlook {
        None => {}
        Some(Outlook::Tells { at, reason, alert }) => {
            let alert = match alert {
                Said::Firing => "that it fires",
                Said::Resolved => "that it is resolved",
                Said::Muted => "of others: this alert is muted",
                Said::Nothing => "of others, not of this alert",
            };
            text.line(2, &format!("If nothing changes it is told {}, {alert}: {reason}.", ago(now, *at)));
        }
        Some(Outlook::StaysQuiet { at, why }) => {
            let why = why_text(now, why);
            text.line(2, &format!("If nothing changes it is not told {}: {why}.", ago(now, *at)));
        }
    }
}

fn tell_endpoint(now: Timestamp, endpoint: &EndpointFacts, text: &mut Text) {
    let EndpointFacts { name, open_since, held_until, next_try, waiting } = endpoint;
    let next = next_try.map_or_else(
        || "an attempt is being made".to_owned(),
        |at| format!("the next attempt is made {}", ago(now, at)),
    );
    match (open_since, held_until) {
        (Some(since), _) => text.line(
            2,
            &format!(
                "{name} does not answer since {}: {waiting} notifications wait for it, {next}.",
                ago(now, *since)
            ),
        ),
        (None, Some(until)) => text.line(
            2,
            &format!(
                "{name} asked to be left alone, which ends {}: {waiting} notifications wait.",
                ago(now, *until)
            ),
        ),
        (None, None) => {}
    }
}

fn told_sentence(now: Timestamp, told: &ToldFacts) -> String {
    let alert = match told.alert {
        Knows::Firing => "It knows that the alert fires",
        Knows::Resolved => "It knows that the alert is resolved",
        Knows::Unsure => "It may or may not know that the alert fires",
        Knows::Nothing => "It knows nothing of the alert",
    };
    let reason = told.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    match told.sent_at {
        Some(at) => format!("{alert}; it was last told {}{reason}, of {} firing.", ago(now, at), told.firing),
        None => format!("{alert}; it was not told of the group yet."),
    }
}

fn way_sentence(now: Timestamp, way: &OnItsWay) -> String {
    let names = |names_alert: bool| if names_alert { "names" } else { "does not name" };
    match way {
        OnItsWay::InFlight { reason, attempt, since, deadline, names_alert, .. } => format!(
            "Attempt {attempt} began {}, has no outcome yet and is given up {}: {reason}; it {} the alert.",
            ago(now, *since),
            ago(now, *deadline),
            names(*names_alert)
        ),
        OnItsWay::Retrying { reason, attempts, retry_at, given_up_at, names_alert, .. } => {
            let failed = match attempts {
                0 => "A notification waits".to_owned(),
                1 => "1 attempt failed".to_owned(),
                attempts => format!("{attempts} attempts failed"),
            };
            let next = retry_at.map_or_else(|| "when it is its turn".to_owned(), |at| ago(now, at));
            format!(
                "{failed}; the next is made {next}: {reason}; it {} the alert. It is given up {}.",
                names(*names_alert),
                ago(now, *given_up_at)
            )
        }
    }
}

fn why_text(now: Timestamp, why: &WhyNot) -> String {
    match why.until {
        Some(until) if why.reason == NotTold::Unchanged => {
            format!("nothing changed, and the repeat interval ends {}", ago(now, until))
        }
        Some(until) => format!("{}, which ends {}", why.reason.as_str(), ago(now, until)),
        None => why.reason.as_str().to_owned(),
    }
}

fn quoted_or<'a>(otherwise: &'a str, text: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// Lines with two spaces for each step in.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.0.push_str("  ");
        }
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.0.push('\n');
        self.line(0, text);
    }
}

/// When that is, as people say it: `4m 10s ago`, `in 4m 10s`, `now`.
#[must_use]
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    let ahead = at.since(now).millis();
    match ahead.unsigned_abs() {
        0..500 => "now".to_owned(),
        _ if ahead > 0 => format!("in {}", span(at.since(now))),
        _ => format!("{} ago", span(now.since(at))),
    }
}

/// A length of time in its two largest units, as people read it: `4m 10s`, `2d 3h`. Below a second: `250ms`.
#[must_use]
pub fn span(duration: Duration) -> String {
    const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let millis = duration.millis().unsigned_abs();
    if millis < 1_000 {
        return format!("{millis}ms");
    }
    let secs = (millis + 500) / 1_000;
    let largest = UNITS.iter().position(|(_, length)| secs >= *length).unwrap_or(UNITS.len() - 1);
    let (unit, length) = UNITS[largest];
    let first = format!("{}{unit}", secs / length);
    match UNITS.get(largest + 1) {
        Some((next, next_length)) if secs % length >= *next_length => {
            format!("{first} {}{next}", secs % length / next_length)
        }
        Some(_) | None => first,
    }
}
