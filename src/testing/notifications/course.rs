//! Rules and router on one clock: evaluations, and between them the timers of the router.

use super::desk::{Desk, TouchedRoutes};
use crate::model::{Alert, Duration, Timestamp};
use crate::testing::file::{Test, When};
use crate::testing::suite::Suite;
use crate::testing::world::World;

/// One test while it runs.
#[derive(Debug)]
pub(in crate::testing) struct Course<'s> {
    /// Series and rules.
    pub(in crate::testing) world: World<'s>,
    /// Routes; `None`: nothing asks for them.
    pub(in crate::testing) desk: Option<Desk<'s>>,
    /// How many instants there may still be at which only the router has something to do.
    timers: usize,
    /// When there were too many of them: nothing happens from then on.
    pub(in crate::testing) overrun: Option<Timestamp>,
}

impl<'s> Course<'s> {
    /// A test at its start. The router runs if the test says anything of notifications.
    pub(in crate::testing) fn new(suite: &'s Suite, test: &'s Test, world: World<'s>) -> Self {
        let desk = suite.routing.as_ref().filter(|_| test.is_about_notifications());
        let timers = suite.options.limits.steps;
        Self { world, desk: desk.map(|routing| Desk::new(routing, test)), timers, overrun: None }
    }

    /// Lets time run until `end`. At each instant the rules are evaluated first, then the router does what is due
    /// with what they found.
    pub(in crate::testing) fn run_until(&mut self, end: Timestamp) {
        if let Some(desk) = &mut self.desk {
            loop {
                let (evaluation, timer) = (self.world.next_evaluation(), desk.next());
                let next = [evaluation, timer].into_iter().flatten().min();
                let Some(now) = next.filter(|at| *at <= end && self.world.failures().is_empty()) else {
                    break;
                };
                if evaluation == Some(now) {
                    self.world.evaluate(now);
                } else if let Some(left) = self.timers.checked_sub(1) {
                    self.timers = left;
                } else {
                    self.overrun = Some(now);
                    return;
                }
                let alerts: Vec<Alert> =
                    self.world.take_told().into_iter().flat_map(|(_, alerts)| alerts).collect();
                desk.step(now, alerts);
            }
        }
        self.world.run_until(end);
    }

    /// What of the routing file something happened to.
    pub(in crate::testing) fn touched(&self) -> TouchedRoutes {
        self.desk.as_ref().map(Desk::touched).unwrap_or_default()
    }
}

/// How long a test runs for its notifications: until the last time that one of them names; if one names none,
/// at least until the last sample of its series, which is at `last_sample`.
pub(in crate::testing) fn length(test: &Test, last_sample: Option<Timestamp>) -> Duration {
    let ends = test.notification_tests.iter().filter_map(|test| match test.when {
        Some(When::At(at)) => Some(at),
        Some(When::Between(_, to)) => Some(to),
        None => None,
    });
    let named = ends.max().unwrap_or_default();
    let is_open = test.exhaustive || test.notification_tests.iter().any(|test| test.when.is_none());
    let whole = last_sample.filter(|_| is_open).map(|last| last.since(test.start));
    named.max(whole.unwrap_or_default())
}
