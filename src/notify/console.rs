//! A notification as text for a terminal: what is wrong first, then where.

use std::fmt::Write;

use super::webhook::common;
use crate::router::{Notification, NotifiedAlert};

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const PLAIN: &str = "\u{1b}[0m";

/// The text, with a line feed at its end. With `color`, the state is red or green by ANSI escapes.
///
/// Control characters in labels (escaped as Go does) and texts are replaced, so that no alert can drive the terminal.
#[must_use]
pub fn text(notification: &Notification, color: bool) -> String {
    let alerts = &notification.alerts;
    let common = common(alerts.iter().map(|alert| alert.labels.iter().collect()));
    let mut lines = vec![format!(
        "{} {} {}  to {} ({})",
        notification.at,
        paint(&heading(alerts), alerts.iter().all(|alert| alert.resolved), color),
        labels(notification.group_labels.iter()),
        safe(&notification.receiver),
        notification.reason.as_str()
    )];
    let in_group = |name: &str| notification.group_labels.get(name).is_some();
    let shared = labels(common.iter().map(|(n, v)| (*n, *v)).filter(|(name, _)| !in_group(name)));
    if !shared.is_empty() {
        lines.push(format!("  all: {shared}"));
    }
    for alert in alerts {
        let own = labels(alert.labels.iter().filter(|(name, _)| !common.contains_key(name)));
        lines.push(alert_line(alert, &own, color));
        for name in ["summary", "message", "description"] {
            let value = alert.annotations.get(name);
            lines.extend(
                value.iter().flat_map(|value| value.lines()).map(|part| format!("    {}", safe(part.trim()))),
            );
        }
    }
    let mut text = String::new();
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn alert_line(alert: &NotifiedAlert, own_labels: &str, color: bool) -> String {
    let state = paint(if alert.resolved { "resolved" } else { "firing" }, alert.resolved, color);
    let space = if own_labels.is_empty() { "" } else { "  " };
    match alert.ends_at {
        Some(end) => format!("  {state}{space}{own_labels}  from {} to {end}", alert.starts_at),
        None => format!("  {state}{space}{own_labels}  since {}", alert.starts_at),
    }
}

/// `[FIRING:2, RESOLVED:1]`, without what is none.
fn heading(alerts: &[NotifiedAlert]) -> String {
    let resolved = alerts.iter().filter(|alert| alert.resolved).count();
    match (alerts.len() - resolved, resolved) {
        (firing, 0) => format!("[FIRING:{firing}]"),
        (0, resolved) => format!("[RESOLVED:{resolved}]"),
        (firing, resolved) => format!("[FIRING:{firing}, RESOLVED:{resolved}]"),
    }
}

fn paint(text: &str, good: bool, color: bool) -> String {
    match (color, good) {
        (false, _) => text.to_owned(),
        (true, true) => format!("{GREEN}{text}{PLAIN}"),
        (true, false) => format!("{RED}{text}{PLAIN}"),
    }
}

/// `a="1" b="2"`.
fn labels<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    pairs.fold(String::new(), |mut text, (name, value)| {
        let space = if text.is_empty() { "" } else { " " };
        let quoted = crate::model::quote::GoQuoted(value);
        write!(text, "{space}{name}={quoted}").expect("writing to a string does not fail");
        text
    })
}

/// A copy without control characters: nothing an alert says can drive the terminal.
fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::notify::testing::{alert, notification};

    #[test]
    fn what_is_wrong_comes_first_and_then_where() {
        let firing = |zone: &str| {
            let labels = format!("alertname=X<y>& job=api instance={zone}");
            alert(&labels, &[("summary", "Target is down"), ("description", "It is.\nSince long.")], None)
        };
        let over = alert("alertname=X<y>& job=api instance=c", &[], Some(90_000));
        insta::assert_snapshot!(text(&notification(vec![firing("a"), firing("b"), over]), false), @r#"
        1970-01-01T00:01:40Z [FIRING:2, RESOLVED:1] alertname="X<y>&"  to ops (first notification)
          all: job="api"
          firing  instance="a"  since 1970-01-01T00:00:10.5Z
            Target is down
            It is.
            Since long.
          firing  instance="b"  since 1970-01-01T00:00:10.5Z
            Target is down
            It is.
            Since long.
          resolved  instance="c"  from 1970-01-01T00:00:10.5Z to 1970-01-01T00:01:30Z
        "#);
        let one = notification(vec![alert("alertname=X<y>&", &[("summary", "up")], Some(90_000))]);
        insta::assert_snapshot!(text(&one, true).replace('\u{1b}', "ESC"), @r#"
        1970-01-01T00:01:40Z ESC[32m[RESOLVED:1]ESC[0m alertname="X<y>&"  to ops (first notification)
          ESC[32mresolvedESC[0m  from 1970-01-01T00:00:10.5Z to 1970-01-01T00:01:30Z
            up
        "#);
    }

    #[test]
    fn an_alert_cannot_drive_the_terminal() {
        let evil = alert("alertname=a\u{1b}[2J", &[("summary", "x\u{1b}[2Jy\rz")], None);
        let text = text(&notification(vec![evil]), false);
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
    }
}
