//! Notification tests beside what was told.

use super::desk::{Desk, Told};
use super::is_integration;
use super::names::Names;
use super::texts::{Texts, tidy};
use super::why::is_notable;
use crate::model::{Duration, LabelSet, Timestamp};
use crate::router::NotifiedAlert;
use crate::testing::alerts::{FoundAlert, Wanted, side_by_side, unwanted, wanted};
use crate::testing::diff::{Block, Fate, Pairing, Row};
use crate::testing::file::{Expected, ExpectedNotified, Matching, NotificationTest, Status, Test, When};
use crate::testing::verdict::{Failure, FailureKind, NotificationMismatch};

/// How many alerts of a notification are shown of many.
const MOST: usize = 5;

/// A notification beside the test's expectations.
struct Compared<'d> {
    told: &'d Told,
    rows: Vec<Row>,
}

impl Compared<'_> {
    fn fits(&self) -> bool {
        self.rows.iter().all(|row| row.same)
    }
}

/// Everything about notifications that is not as the test expects, in the order of the file.
pub(in crate::testing) fn failures(test: &Test, desk: &Desk<'_>) -> Vec<Failure> {
    let judge = Judge { test, desk, names: Names::of(desk.trace.firing().keys()) };
    let mut failures = Vec::new();
    let mut asserted = vec![false; desk.log.len()];
    for expectation in &test.notification_tests {
        let mismatch = judge.mismatch(expectation, &mut asserted);
        failures.extend(mismatch.map(|mismatch| Failure {
            span: expectation.span.clone(),
            kind: FailureKind::Notifications(mismatch),
        }));
    }
    if test.exhaustive {
        let told =
            desk.log.iter().zip(&asserted).filter(|(told, asserted)| told.is_delivered() && !**asserted);
        let rest: Vec<&Told> = told.map(|(told, _)| told).collect();
        if !rest.is_empty() {
            let blocks = rest.iter().map(|told| judge.unexpected(told)).collect();
            let mismatch = NotificationMismatch {
                what: "no notification beside those (exhaustive)".to_owned(),
                found: rest.len().to_string(),
                blocks,
                why: Vec::new(),
                nearby: Vec::new(),
            };
            let span = test.span.start..test.span.start + 1;
            failures.push(Failure { span, kind: FailureKind::Notifications(mismatch) });
        }
    }
    failures
}

/// What one test expects beside what its desk saw; why something is not told is said in `why`.
pub(super) struct Judge<'t, 'd> {
    pub(super) test: &'t Test,
    pub(super) desk: &'d Desk<'t>,
    pub(super) names: Names,
}

impl<'d> Judge<'_, 'd> {
    fn mismatch(&self, wanted: &NotificationTest, asserted: &mut [bool]) -> Option<NotificationMismatch> {
        let mut compared = Vec::new();
        for (told, asserted) in self.desk.log.iter().zip(asserted.iter_mut()) {
            if told.is_delivered() && self.is_there(wanted, told) && self.is_then(wanted, told) {
                let candidate = Compared { told, rows: self.rows(wanted, told) };
                *asserted |= candidate.fits() && !wanted.none;
                compared.push(candidate);
            }
        }
        let fitting = compared.iter().filter(|candidate| candidate.fits()).count();
        if wanted.none || wanted.count == Some(0) {
            return self.told_in_vain(wanted, &compared, fitting);
        }
        let is_right = match wanted.count {
            Some(count) => fitting == count,
            None => fitting > 0,
        };
        if is_right {
            return None;
        }
        let (why, nearby) = match compared.is_empty() {
            true => (self.explain(wanted), self.others(wanted)),
            // Something is told, but perhaps without an alert that is kept back.
            false => (self.holds_back(wanted, |hold| is_notable(hold.of.reason)), Vec::new()),
        };
        if wanted.count.is_none() {
            // What was looked at in vain is not to be complained of twice.
            let looked_at = |told: &Told| compared.iter().any(|candidate| std::ptr::eq(candidate.told, told));
            let all = self.desk.log.iter().zip(asserted);
            all.for_each(|(told, asserted)| *asserted |= looked_at(told));
        }
        let found = match (wanted.count, compared.len()) {
            (_, 0) => "none".to_owned(),
            (Some(_), _) if fitting > 0 => format!("{fitting}"),
            (_, 1) => "1, but not as expected".to_owned(),
            (_, many) => format!("{many}, but none as expected"),
        };
        Some(NotificationMismatch {
            what: self.describe(wanted),
            found,
            blocks: match wanted.count {
                // Each is right, but there are too many.
                Some(count) if fitting > count => {
                    let fitting = compared.iter().filter(|candidate| candidate.fits());
                    fitting.map(|candidate| self.unexpected(candidate.told)).collect()
                }
                Some(_) | None => self.blocks(compared, fitting > 0),
            },
            why,
            nearby,
        })
    }

    /// Nothing is to be told: what is wrong if something is, or if the reason is another one.
    fn told_in_vain(
        &self,
        wanted: &NotificationTest,
        compared: &[Compared<'d>],
        fitting: usize,
    ) -> Option<NotificationMismatch> {
        if fitting > 0 {
            let fitting = compared.iter().filter(|candidate| candidate.fits());
            return Some(NotificationMismatch {
                what: self.describe(wanted),
                found: format!("{}", fitting.clone().count()),
                blocks: fitting.map(|candidate| self.unexpected(candidate.told)).collect(),
                why: Vec::new(),
                nearby: Vec::new(),
            });
        }
        let reason = wanted.reason.filter(|reason| !self.is_reason(wanted, *reason))?;
        let mut why = self.explain(wanted);
        if why.is_empty() {
            why.push("nothing keeps such an alert back at that time".to_owned());
        }
        Some(NotificationMismatch {
            what: format!("{}, because of `{}`", self.describe(wanted), reason.as_str()),
            found: "none, but for another reason".to_owned(),
            blocks: Vec::new(),
            why,
            nearby: Vec::new(),
        })
    }

    /// `a firing notification to oncall/email at 2m45s`.
    fn describe(&self, wanted: &NotificationTest) -> String {
        let mut text = match (wanted.none, wanted.count) {
            (true, _) | (_, Some(0)) => "no ".to_owned(),
            (false, None) => "a ".to_owned(),
            (false, Some(count)) => format!("{count} "),
        };
        text.push_str(wanted.status.map_or("", Status::as_str));
        text.push_str(if wanted.status.is_some() { " notification" } else { "notification" });
        text.push_str(if wanted.count.is_some_and(|count| count > 1) { "s" } else { "" });
        if let Some(receiver) = &wanted.receiver {
            text.push_str(&format!(" to {}", receiver.value));
        }
        if let Some(integration) = &wanted.integration {
            text.push_str(&format!("/{}", integration.value));
        }
        match wanted.when {
            Some(When::At(at)) => text.push_str(&format!(" at {at}")),
            Some(When::Between(from, to)) => text.push_str(&format!(" between {from} and {to}")),
            None => {}
        }
        text
    }

    pub(super) fn is_there(&self, wanted: &NotificationTest, told: &Told) -> bool {
        is_meant(wanted, &told.attempt.notification.receiver, Some(&told.integration()))
    }

    fn is_then(&self, wanted: &NotificationTest, told: &Told) -> bool {
        let (from, to) = self.window(wanted);
        (from..=to).contains(&told.at)
    }

    /// The first and the last instant that a test is about.
    pub(super) fn window(&self, wanted: &NotificationTest) -> (Timestamp, Timestamp) {
        let start = self.test.start;
        match wanted.when {
            Some(When::At(at)) => (start + at, start + at),
            Some(When::Between(from, to)) => (start + from, start + to),
            None => (start, Timestamp::from_millis(i64::MAX)),
        }
    }

    pub(super) fn since_start(&self, at: Timestamp) -> Duration {
        at.since(self.test.start)
    }

    pub(super) fn texts<'a>(&self, told: &'a Told) -> &'a Texts {
        told.texts(&self.test.external_url)
    }

    /// All that is expected of a notification beside what it is.
    fn rows(&self, wanted: &NotificationTest, told: &Told) -> Vec<Row> {
        let notification = &told.attempt.notification;
        let mut rows = Vec::new();
        if let Some(status) = wanted.status {
            rows.push(row("status", status.as_str(), status_of(told).as_str()));
        }
        if let Some(labels) = &wanted.group_labels {
            for (name, expected) in labels {
                rows.push(condition(&format!("group {name}"), expected, notification.group_labels.get(name)));
            }
        }
        if let Some(count) = wanted.alerts {
            rows.push(row("alerts", &count.to_string(), &notification.alerts.len().to_string()));
        }
        if let Some(alerts) = &wanted.exp_alerts {
            alert_rows(alerts, &notification.alerts, wanted.matching, &mut rows);
        }
        if !wanted.texts.is_empty() {
            let texts = self.texts(told);
            for (key, expected) in &wanted.texts {
                rows.push(text_row(key, expected, texts.get(key)));
            }
        }
        rows
    }

    /// What was found, the most alike first; `with_right`: also what is as expected.
    fn blocks(&self, mut compared: Vec<Compared<'d>>, with_right: bool) -> Vec<Block> {
        compared.sort_by_key(|candidate| candidate.rows.iter().filter(|row| !row.same).count());
        let shown = compared.into_iter().filter(|candidate| with_right || !candidate.fits());
        shown
            .map(|candidate| Block {
                title: self.title(candidate.told),
                fate: if candidate.fits() { Fate::Same } else { Fate::Differs },
                rows: candidate.rows,
            })
            .collect()
    }

    pub(super) fn title(&self, told: &Told) -> String {
        let receiver = &told.attempt.notification.receiver;
        format!("{} {receiver}/{}", self.since_start(told.at), told.integration())
    }

    /// A notification that was not to be.
    fn unexpected(&self, told: &Told) -> Block {
        let found = |name: &str, text: String| Row {
            name: name.to_owned(),
            expected: None,
            found: Some(text),
            same: false,
        };
        let mut rows = vec![found("status", status_of(told).as_str().to_owned())];
        for alert in told.attempt.notification.alerts.iter().take(MOST) {
            let status = if alert.resolved { "resolved" } else { "firing" };
            rows.push(found("alert", format!("{} {status}", self.names.name(&alert.labels))));
        }
        rows.extend(self.texts(told).headline().map(|text| found("subject", text)));
        Block { title: self.title(told), fate: Fate::Unexpected, rows }
    }
}

/// Whether a test is about this integration of this receiver; `None`: about any of them.
pub(super) fn is_meant(wanted: &NotificationTest, receiver: &str, integration: Option<&str>) -> bool {
    wanted.receiver.as_ref().is_none_or(|wanted| *wanted.value == *receiver)
        && match (&wanted.integration, integration) {
            (Some(wanted), Some(name)) => is_integration(&wanted.value, name),
            (None, _) | (_, None) => true,
        }
}

/// Whether one of the alerts that a test names has these labels; if it names none, any is meant.
pub(super) fn is_wanted(wanted: &NotificationTest, labels: &LabelSet) -> bool {
    let fits = |alert: &ExpectedNotified| {
        alert.alert.labels.iter().all(|(name, expected)| expected.takes(labels.get(name)))
    };
    let groups = wanted.group_labels.iter().flatten();
    groups.clone().all(|(name, expected)| expected.takes(labels.get(name)))
        && wanted.exp_alerts.as_ref().is_none_or(|alerts| alerts.is_empty() || alerts.iter().any(fits))
}

/// What a notification says as a whole.
pub(super) fn status_of(told: &Told) -> Status {
    let fires = told.attempt.notification.alerts.iter().any(|alert| !alert.resolved);
    if fires { Status::Firing } else { Status::Resolved }
}

fn row(name: &str, expected: &str, found: &str) -> Row {
    Row {
        name: name.to_owned(),
        expected: Some(expected.to_owned()),
        found: Some(found.to_owned()),
        same: expected == found,
    }
}

fn condition(name: &str, expected: &Expected, found: Option<&str>) -> Row {
    Row {
        name: name.to_owned(),
        expected: match expected {
            Expected::Absent => None,
            Expected::Equal(_) | Expected::Regex(_) | Expected::Contains(_) => Some(expected.to_string()),
        },
        found: found.map(str::to_owned),
        same: expected.takes(found),
    }
}

/// A text, without white space that nobody sees.
fn text_row(key: &str, expected: &Expected, found: Option<Result<String, String>>) -> Row {
    let tidied = match expected {
        Expected::Equal(text) => Expected::Equal(tidy(text).into()),
        Expected::Contains(text) => Expected::Contains(tidy(text).into()),
        Expected::Regex(_) | Expected::Absent => expected.clone(),
    };
    match found {
        Some(Err(error)) => Row {
            found: Some(format!("cannot be rendered: {error}")),
            same: false,
            ..condition(key, &tidied, None)
        },
        Some(Ok(text)) => condition(key, &tidied, Some(&text)),
        None => condition(key, &tidied, None),
    }
}

/// The expected alerts beside those of a notification.
fn alert_rows(
    expected: &[ExpectedNotified],
    found: &[NotifiedAlert],
    matching: Matching,
    rows: &mut Vec<Row>,
) {
    let wanteds: Vec<Wanted<'_>> = expected.iter().map(|alert| Wanted::plain(&alert.alert)).collect();
    let founds: Vec<FoundAlert> = found
        .iter()
        .map(|alert| FoundAlert { labels: alert.labels.clone(), annotations: alert.annotations.clone() })
        .collect();
    let status_fits = |one: usize, at: usize| {
        expected[one].status.is_none_or(|status| (status == Status::Resolved) == found[at].resolved)
    };
    let fits = |one: usize, at: usize| wanteds[one].fits(&founds[at], matching) && status_fits(one, at);
    let alike = |one: usize, at: usize| wanteds[one].alike(&founds[at]);
    let pairing = Pairing::find(expected.len(), found.len(), fits, alike);
    let mut add = |number: usize, more: Vec<Row>| {
        rows.extend(
            more.into_iter().map(|row| Row { name: format!("alert {} {}", number + 1, row.name), ..row }),
        );
    };
    for (one, at) in pairing.fitting.iter().chain(&pairing.alike) {
        let status = expected[*one].status.map(|status| {
            row("status", status.as_str(), if found[*at].resolved { "resolved" } else { "firing" })
        });
        let labels = side_by_side(&wanteds[*one], &founds[*at], matching);
        // What nobody asked for is not shown.
        let asked = labels.into_iter().filter(|row| row.expected.is_some() || !row.same);
        add(*one, status.into_iter().chain(asked).collect());
    }
    for one in &pairing.missing {
        add(*one, wanted(&wanteds[*one]));
    }
    if matching == Matching::Exact {
        for at in &pairing.unexpected {
            add(expected.len() + at, unwanted(&founds[*at]));
        }
    }
}
