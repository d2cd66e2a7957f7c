//! What an integration remembers of a group between notifications, such as the message that it changes.

use super::{one_route, plain};
use crate::model::Str;
use crate::router::testing::{World, delivered, duration, failed};
use crate::router::{Attempt, Failure, Memory, Outcome};

/// An integration that posts a message at first and changes it later, as Slack's `update_message` does.
fn posts_and_changes(world: &mut World) {
    world.remember = |attempt| {
        let posted = attempt.memory.get("ts").cloned();
        let ts: Str = posted.unwrap_or_else(|| format!("post-{}", attempt.id.0).into());
        Some(Memory::from([("ts".into(), ts)]))
    };
}

/// What the attempts were given to remember, by their reasons.
fn given() -> (std::rc::Rc<std::cell::RefCell<Vec<String>>>, impl Fn(&Attempt)) {
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let log = std::rc::Rc::clone(&seen);
    let note = move |attempt: &Attempt| {
        let ts = attempt.memory.get("ts").map_or("-", |ts| ts);
        log.borrow_mut().push(format!("{}: {ts}", attempt.notification.reason.as_str()));
    };
    (seen, note)
}

#[test]
fn a_message_is_changed_until_all_is_over_and_then_a_new_one_is_posted() {
    let mut world = plain();
    posts_and_changes(&mut world);
    let (seen, note) = given();
    world.answer(move |_, attempt| {
        note(attempt);
        delivered()
    });
    world.fire(&["i=1"]);
    world.until("1m").fire(&["i=2"]);
    world.until("6m").crash();
    world.until("12m").resolve(&["i=1", "i=2"]);
    world.until("20m").fire(&["i=1"]);
    world.until("30m");
    insta::assert_snapshot!(seen.borrow().join("\n"), @r"
    first notification: -
    new alerts added: post-1
    all alerts resolved: post-1
    first notification: -
    ");
}

#[test]
fn what_a_failed_attempt_left_behind_is_there_at_the_next_also_after_a_crash() {
    let mut world = World::new(one_route(|route| route.group_interval = duration("1m")));
    posts_and_changes(&mut world);
    let (seen, note) = given();
    let mut first = true;
    world.answer(move |_, attempt| {
        note(attempt);
        match std::mem::take(&mut first) {
            true => failed(Failure::RateLimited, Some(duration("70s"))),
            false => delivered(),
        }
    });
    world.fire(&["i=1"]);
    world.until("40s").crash();
    world.until("5m");
    insta::assert_snapshot!(seen.borrow().join("\n"), @r"
    first notification: -
    first notification: post-1
    ");
}

#[test]
fn a_reload_and_a_group_that_comes_back_keep_the_memory() {
    let mut world = plain();
    posts_and_changes(&mut world);
    world.fire(&["i=1"]);
    world.until("1m");
    let routing = std::sync::Arc::clone(&world.routing);
    let mut other = crate::config::routes::Routing::clone(&routing);
    other.routes[0].receiver = "other".into();
    other.receivers.push(std::sync::Arc::new(crate::router::testing::receiver("other", &[true])));
    world.input(crate::router::Input::Reload(std::sync::Arc::new(other)));
    world.until("2m").input(crate::router::Input::Reload(routing));
    let (seen, note) = given();
    world.answer(move |_, attempt| {
        note(attempt);
        Some((crate::model::Duration::ZERO, Outcome::Delivered))
    });
    world.until("3m").fire(&["i=2"]);
    world.until("10m");
    insta::assert_snapshot!(seen.borrow().join("\n"), @"new alerts added: post-1");
}
