//! Stories from sample to notification, told as timelines. Times count from the start of the story.

use insta::assert_snapshot;
use sereno::core::Input;
use sereno::model::{Duration, LabelSet, QueryValue, Sample, Timestamp};
use sereno::router::{Attempt, Failure, Outcome};
use sereno::rules::{Query, QueryError};
use sereno::sim::{QueryAnswer, Sim, World, timeline};

use crate::world::config_of;

/// A slot of the group below, so that evaluations happen at whole times of the story.
const START: Timestamp = Timestamp::from_millis(crate::world::START.millis() + 11_469);

const RULES: &str = r#"
groups:
- name: services
  interval: 15s
  rules:
  - {alert: Down, expr: down, for: 30s, labels: {severity: critical}}
"#;

const ROUTES: &str = r"
route: {receiver: oncall, group_by: [alertname], group_wait: 10s, group_interval: 1m, repeat_interval: 1h}
receivers: [{name: oncall, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
";

/// Says when each instance is down, when the data source does not answer and when the receiver fails.
#[derive(Debug, Default)]
struct Story {
    down: Vec<(&'static str, &'static str, &'static str)>,
    blind: Vec<(&'static str, &'static str)>,
    broken: Vec<(&'static str, &'static str, Outcome)>,
}

fn within(now: Timestamp, from: &str, to: &str) -> bool {
    let at = |text: &str| START + text.parse::<Duration>().expect("a duration");
    at(from) <= now && now < at(to)
}

impl World for Story {
    fn query(&mut self, _: Timestamp, query: &Query) -> (Duration, QueryAnswer) {
        if self.blind.iter().any(|(from, to)| within(query.at, from, to)) {
            return (Duration::ZERO, Err(QueryError::Unreachable("connection refused".to_owned())));
        }
        let down = self.down.iter().filter(|(_, from, to)| within(query.at, from, to));
        let samples =
            down.map(|(name, ..)| Sample::float(LabelSet::from_pairs([("instance", *name)]), 0.0)).collect();
        (Duration::ZERO, Ok(QueryValue::Vector(samples)))
    }

    fn notify(&mut self, now: Timestamp, _: &Attempt) -> (Duration, Outcome) {
        let broken = self.broken.iter().find(|(from, to, _)| within(now, from, to));
        (Duration::ZERO, broken.map_or(Outcome::Delivered, |(.., outcome)| outcome.clone()))
    }
}

fn tell(story: Story, until: &str) -> String {
    tell_with(RULES, ROUTES, story, until)
}

fn tell_with(rules: &str, routes: &str, story: Story, until: &str) -> String {
    let mut sim = Sim::new(config_of(rules, routes), 1, START, story);
    sim.run_for(until.parse().expect("a duration"));
    timeline(&sim.log, START)
}

fn unavailable(retry_after: Option<Duration>) -> Outcome {
    Outcome::Retryable {
        failure: Failure::ServerError,
        message: "503".to_owned(),
        retry_after,
        maybe_taken: false,
    }
}

#[test]
fn down_pending_firing_told_up_resolved() {
    let story = Story { down: vec![("a", "2m", "6m")], ..Story::default() };
    assert_snapshot!(tell(story, "1h"), @r#"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; delivered
    t+6m40s oncall/webhook try 1: all alerts resolved; firing [] resolved [Down(a)]; delivered
    "#);
}

#[test]
fn shorter_than_for_is_never_told() {
    let story = Story { down: vec![("a", "2m", "2m29s")], ..Story::default() };
    assert_snapshot!(tell(story, "1h"), @"");
}

#[test]
fn what_changes_is_told_at_the_group_interval_and_what_stays_after_the_repeat_interval() {
    let story = Story { down: vec![("a", "2m", "3h"), ("b", "2m10s", "40m")], ..Story::default() };
    assert_snapshot!(tell(story, "3h10m"), @r#"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; delivered
    t+3m40s oncall/webhook try 1: new alerts added to the group; firing [Down(a) Down(b)] resolved []; delivered
    t+40m40s oncall/webhook try 1: some alerts resolved; firing [Down(a)] resolved [Down(b)]; delivered
    t+1h41m40s oncall/webhook try 1: repeat interval elapsed; firing [Down(a)] resolved []; delivered
    t+2h42m40s oncall/webhook try 1: repeat interval elapsed; firing [Down(a)] resolved []; delivered
    t+3h40s oncall/webhook try 1: all alerts resolved; firing [] resolved [Down(a)]; delivered
    "#);
}

#[test]
fn a_data_source_that_is_gone_resolves_nothing() {
    let story = Story { down: vec![("a", "2m", "40m")], blind: vec![("5m", "30m")], ..Story::default() };
    assert_snapshot!(tell(story, "1h"), @r#"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; delivered
    t+40m40s oncall/webhook try 1: all alerts resolved; firing [] resolved [Down(a)]; delivered
    "#);
}

#[test]
fn a_receiver_that_fails_is_tried_again_and_hears_it_once() {
    let broken = vec![("0s", "2m50s", unavailable(None))];
    let story = Story { down: vec![("a", "2m", "20m")], broken, ..Story::default() };
    assert_snapshot!(tell(story, "1h"), @r"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; failed, to be retried
    t+2m40s531ms oncall/webhook try 2: first notification; firing [Down(a)] resolved []; failed, to be retried
    t+2m41s478ms oncall/webhook try 3: first notification; firing [Down(a)] resolved []; failed, to be retried
    t+2m42s728ms oncall/webhook try 4: first notification; firing [Down(a)] resolved []; failed, to be retried
    t+2m44s950ms oncall/webhook try 5: first notification; firing [Down(a)] resolved []; failed, to be retried
    t+2m48s288ms oncall/webhook try 6: first notification; firing [Down(a)] resolved []; failed, to be retried
    t+2m53s776ms oncall/webhook try 7: first notification; firing [Down(a)] resolved []; delivered
    t+20m40s oncall/webhook try 1: all alerts resolved; firing [] resolved [Down(a)]; delivered
    ");
}

#[test]
fn retry_after_is_obeyed() {
    let broken = vec![("0s", "2m45s", unavailable(Some(Duration::from_secs(25))))];
    let story = Story { down: vec![("a", "2m", "20m")], broken, ..Story::default() };
    assert_snapshot!(tell(story, "1h"), @r#"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; failed, to be retried
    t+3m5s oncall/webhook try 2: first notification; firing [Down(a)] resolved []; delivered
    t+20m40s oncall/webhook try 1: all alerts resolved; firing [] resolved [Down(a)]; delivered
    "#);
}

#[test]
fn flapping_within_the_cooldown_is_told_once_when_it_ends() {
    let routes = ROUTES.replace("repeat_interval: 1h", "repeat_interval: 1h, cooldown: 20m");
    let down = vec![("a", "2m", "4m"), ("a", "6m", "8m"), ("a", "10m", "50m")];
    assert_snapshot!(tell_with(RULES, &routes, Story { down, ..Story::default() }, "2h"), @r#"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; delivered
    t+22m40s oncall/webhook try 1: alerts fired again during the cooldown; firing [Down(a) 2x again] resolved []; delivered
    t+50m40s oncall/webhook try 1: all alerts resolved; firing [] resolved [Down(a)]; delivered
    "#);
}

#[test]
fn an_alert_that_came_and_went_within_the_cooldown_is_not_told() {
    let routes = ROUTES.replace("repeat_interval: 1h", "repeat_interval: 1h, cooldown: 20m");
    let down = vec![("a", "2m", "1h"), ("b", "6m", "9m")];
    assert_snapshot!(tell_with(RULES, &routes, Story { down, ..Story::default() }, "50m"), @r#"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; delivered
    "#);
}

#[test]
fn a_rule_that_is_removed_resolves_its_alerts_at_once() {
    let story = Story { down: vec![("a", "2m", "3h")], ..Story::default() };
    let mut sim = Sim::new(config_of(RULES, ROUTES), 1, START, story);
    let other = RULES.replace("alert: Down", "alert: Other").replace("expr: down", "expr: nothing");
    sim.input_at(START + Duration::from_mins(5), Input::Reload(config_of(&other, ROUTES)));
    sim.run_for(Duration::from_mins(8));
    assert_snapshot!(timeline(&sim.log, START), @r#"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; delivered
    t+5m40s oncall/webhook try 1: all alerts resolved; firing [] resolved [Down(a)]; delivered
    t+5m55s oncall/webhook try 1: first notification; firing [Other(a)] resolved []; delivered
    "#);
}

#[test]
fn a_crash_forgets_neither_pending_time_nor_what_was_told() {
    let story = Story { down: vec![("a", "2m", "30m")], ..Story::default() };
    let mut sim = Sim::new(config_of(RULES, ROUTES), 1, START, story);
    for minute in 1..40 {
        sim.run_until(START + Duration::from_mins(minute) + Duration::from_secs(20));
        sim.crash(Duration::from_secs(2));
    }
    assert_snapshot!(timeline(&sim.log, START), @r#"
    t+2m40s oncall/webhook try 1: first notification; firing [Down(a)] resolved []; delivered
    t+30m40s oncall/webhook try 1: all alerts resolved; firing [] resolved [Down(a)]; delivered
    "#);
}

#[test]
fn an_hour_of_a_dead_receiver_keeps_nothing_but_the_last_word() {
    let broken = vec![("0s", "62m", unavailable(None))];
    let down = vec![("a", "2m", "20m"), ("b", "3m", "30m"), ("c", "5m", "3h")];
    let mut sim = Sim::new(config_of(RULES, ROUTES), 1, START, Story { down, broken, ..Story::default() });
    sim.run_for(Duration::from_mins(61));
    let saved = sim.saved_len();
    assert!(saved < 20, "{saved} records are kept for three alerts");
    sim.log = sereno::sim::Log::default();
    sim.run_for(Duration::from_mins(10));
    assert_snapshot!(timeline(&sim.log, START), @r"
    t+1h1m29s763ms oncall/webhook try 30: first notification; firing [Down(c)] resolved []; failed, to be retried
    t+1h2m56s436ms oncall/webhook try 31: first notification; firing [Down(c)] resolved []; delivered
    ");
}
