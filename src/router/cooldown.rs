//! `cooldown`: the least time between two notifications of a group to an integration, whatever changed.
//!
//! It counts from the last delivery and outlives the group: the notification log remembers it. When it ends
//! the group is looked at once, and what differs from what was told is told in one notification.

use super::Told;
use crate::model::{Duration, Timestamp};

/// Until when the integration must be left alone, if that is later than `now`.
pub(super) fn until(told: Option<&Told>, cooldown: Duration, now: Timestamp) -> Option<Timestamp> {
    let end = told?.sent_at? + cooldown;
    (end > now).then_some(end)
}
