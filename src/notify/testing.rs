//! For tests: notifications.

use std::collections::BTreeMap;

use crate::model::{Annotations, Timestamp};
use crate::router::testing::labels;
use crate::router::{Notification, NotifiedAlert, Reason};

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
        alerts,
    }
}
