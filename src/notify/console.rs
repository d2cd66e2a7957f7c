//! A notification as text for a terminal: `templates/console.hbs` and what it sees.

use std::collections::BTreeMap;

use serde::Serialize;

use super::document::{common, status};
use super::templates::{CONSOLE, embedded};
use crate::model::{Annotations, LabelSet};
use crate::router::{Notification, NotifiedAlert};
use crate::template::handlebars::{Escape, HandlebarsError};

/// The text, with a line feed at its end. With `color`, the state is red or green by ANSI escapes.
///
/// Control characters in labels (escaped as Go does) and texts are replaced, so that no alert can drive the
/// terminal. A template that fails costs the notification its looks, never the notification.
#[must_use]
pub fn text(notification: &Notification, color: bool) -> String {
    let data = Message::new(notification, color);
    let rendered = embedded().and_then(|templates| templates.render(CONSOLE, &data));
    rendered.unwrap_or_else(|error| plain(&data, &notification.group_key, &error))
}

/// What is told when the template fails: one line, which says so.
fn plain(message: &Message<'_>, group_key: &str, error: &HandlebarsError) -> String {
    let Message { at, receiver, reason, num_firing: firing, num_resolved: resolved, .. } = message;
    let line = format!(
        "{at} {group_key}: {firing} firing, {resolved} resolved  to {receiver} ({reason})  \
         without its usual form: {error}"
    );
    Escape::Terminal.apply(&line) + "\n"
}

/// What the template sees. Names are those of the webhook's document where it has them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    at: String,
    receiver: &'a str,
    reason: &'static str,
    /// How many alerts fire.
    num_firing: usize,
    /// How many are resolved.
    num_resolved: usize,
    group_labels: &'a LabelSet,
    common_labels: BTreeMap<&'a str, &'a str>,
    alerts: Vec<Alert<'a>>,
    color: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alert<'a> {
    status: &'static str,
    labels: &'a LabelSet,
    annotations: &'a Annotations,
    starts_at: String,
    ends_at: Option<String>,
    /// How many times it flapped during a cooldown.
    flaps: u32,
}

impl<'a> Message<'a> {
    fn new(notification: &'a Notification, color: bool) -> Self {
        let alerts = &notification.alerts;
        let resolved = alerts.iter().filter(|alert| alert.resolved).count();
        Self {
            at: notification.at.to_string(),
            receiver: &notification.receiver,
            reason: notification.reason.as_str(),
            num_firing: alerts.len() - resolved,
            num_resolved: resolved,
            group_labels: &notification.group_labels,
            common_labels: common(alerts.iter().map(|alert| alert.labels.iter().collect())),
            alerts: alerts.iter().map(Alert::new).collect(),
            color,
        }
    }
}

impl<'a> Alert<'a> {
    fn new(alert: &'a NotifiedAlert) -> Self {
        Self {
            status: status(std::slice::from_ref(alert)),
            labels: &alert.labels,
            annotations: &alert.annotations,
            starts_at: alert.starts_at.to_string(),
            ends_at: alert.ends_at.map(|end| end.to_string()),
            flaps: alert.flaps,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, plain, text};
    use crate::notify::testing::{alert, notification};
    use crate::template::handlebars::HandlebarsError;

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
    fn an_alert_that_flapped_says_how_often() {
        let mut flapped = alert("alertname=X<y>&", &[], None);
        flapped.flaps = 3;
        let text = text(&notification(vec![flapped]), false);
        assert!(text.contains("since 1970-01-01T00:00:10.5Z  fired again 3x meanwhile\n"), "{text}");
    }

    #[test]
    fn a_message_ends_with_its_last_line() {
        for summary in [&[][..], &[("summary", "up")]] {
            let text = text(&notification(vec![alert("alertname=X<y>&", summary, None)]), false);
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
            assert!(!text.lines().any(str::is_empty), "{text}");
        }
    }

    #[test]
    fn an_alert_cannot_drive_the_terminal() {
        let evil = alert("alertname=a\u{1b}[2J", &[("summary", "x\u{1b}[2Jy\rz")], None);
        let text = text(&notification(vec![evil]), false);
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
    }

    #[test]
    fn a_template_that_fails_loses_no_notification() {
        let error =
            HandlebarsError::Render { template: "console.hbs".to_owned(), message: "\u{1b}no".to_owned() };
        let notification = notification(vec![alert("alertname=X<y>&", &[], None)]);
        let text = plain(&Message::new(&notification, true), &notification.group_key, &error);
        insta::assert_snapshot!(text, @r#"1970-01-01T00:01:40Z {}:{alertname="X<y>&"}: 1 firing, 0 resolved  to ops (first notification)  without its usual form: template console.hbs: �no"#);
        assert!(text.ends_with('\n'));
    }
}
