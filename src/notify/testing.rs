//! For tests: notifications, attempts, messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Files, Message};
use crate::config::routes::{HttpSettings, Integration, Settings};
use crate::config::setting::{Secret, Setting};
use crate::model::{Annotations, Str, Timestamp};
use crate::router::testing::labels;
use crate::router::{Attempt, AttemptId, Memory, Notification, NotifiedAlert, Reason};
use crate::template::message::Renderer;

/// An alert that began at 10.5 s and ended at that many milliseconds, if at all.
pub(crate) fn alert(pairs: &str, annotations: &[(&str, &str)], ends_at: Option<i64>) -> NotifiedAlert {
    let labels = labels(pairs);
    NotifiedAlert {
        resolved: ends_at.is_some(),
        annotations: Annotations::from_pairs(annotations.iter().copied()),
        starts_at: Timestamp::from_millis(10_500),
        ends_at: ends_at.map(Timestamp::from_millis),
        generator_url: "http://p/g?a=1&b=2".into(),
        fingerprint: labels.fingerprint(),
        labels,
        flaps: 0,
    }
}

/// A notification about these alerts of the group `alertname="X<y>&"`.
pub(crate) fn notification(alerts: Vec<NotifiedAlert>) -> Notification {
    let group_labels = labels("alertname=X<y>&");
    Notification {
        idempotency_key: "0123456789abcdef-100000".into(),
        receiver: "ops".into(),
        group_key: format!("{{}}:{group_labels}").into(),
        group_labels,
        route_labels: BTreeMap::new(),
        reason: Reason::First,
        at: Timestamp::from_secs(100),
        strict: false,
        fallback_for: None,
        alerts,
    }
}

/// Settings of these keys.
pub(crate) fn keys(values: BTreeMap<Str, Setting>) -> Settings {
    Settings::Keys { values, http: HttpSettings::default() }
}

/// The first attempt at 100 s, until 160 s.
pub(crate) fn attempt(kind: &'static str, settings: Settings, notification: Notification) -> Attempt {
    let integration = Integration { kind, index: 0, send_resolved: true, settings, span: 0..0 };
    Attempt {
        id: AttemptId(1),
        number: 1,
        deadline: Timestamp::from_secs(160),
        integration: Arc::new(integration),
        notification: Arc::new(notification),
        renderer: Renderer::default(),
        memory: Arc::new(Memory::new()),
    }
}

/// What `then` makes of the attempt's message at 100 s, with these texts of files.
pub(crate) fn message<T>(
    attempt: &Attempt,
    files: &[(&str, Result<&str, &str>)],
    then: impl FnOnce(&Message<'_>) -> T,
) -> T {
    let read = |text: &Result<&str, &str>| text.map(|text| Secret::new(text.into())).map_err(str::to_owned);
    let files: Files = files.iter().map(|(path, text)| ((*path).into(), read(text))).collect();
    then(&Message::new(attempt, &files, "http://us", Timestamp::from_secs(100)))
}
