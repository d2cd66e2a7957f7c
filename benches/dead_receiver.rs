//! What a receiver that is dead for ten minutes costs: 10,000 groups that are looked at each second, while every
//! attempt fails at once or hangs until it is given up. Prints the memory and the time that each virtual minute
//! takes; the memory has to stay the same, however long it lasts.

mod shared;

use std::collections::BTreeMap;
use std::time::Instant;

use sereno::config::routes::GroupBy;
use sereno::model::{Alert, Annotations, Duration, LabelSet, Timestamp};
use sereno::router::{Attempt, AttemptId, Failure, Input, Notified, Outcome, Router};

use shared::{START, attempts, resident, routing};

const GROUPS: usize = 10_000;
/// How often senders repeat what fires.
const RESEND: Duration = Duration::from_secs(30);

/// What becomes of attempts.
#[derive(Clone, Copy)]
enum Death {
    /// Each is refused at once, and worth another try.
    Fails,
    /// Each takes until its deadline; nobody knows whether it arrived.
    Hangs,
}

/// A router, its dead receiver, and the attempts that have no outcome yet.
struct World {
    router: Router,
    now: Timestamp,
    death: Death,
    open: BTreeMap<(Timestamp, AttemptId), Outcome>,
    attempts: usize,
}

fn alert(now: Timestamp, group: usize, instance: usize) -> Alert {
    Alert {
        labels: LabelSet::from_pairs([
            ("alertname", format!("Alert{group}")),
            ("instance", format!("node-{instance}.example.net:9100")),
        ]),
        annotations: Annotations::from_pairs([("summary", format!("node-{instance} is down"))]),
        starts_at: now,
        ends_at: Some(now + RESEND * 4),
        updated_at: now,
        timeout: false,
        generator_url: "".into(),
    }
}

impl World {
    fn new(group_by: GroupBy, death: Death) -> Self {
        let router = Router::restore(routing(group_by, Duration::from_secs(1)), 1, START, Vec::new());
        Self { router, now: START, death, open: BTreeMap::new(), attempts: 0 }
    }

    fn handle(&mut self, input: Input) {
        let effects = self.router.handle(self.now, input);
        for attempt in attempts(effects) {
            self.attempts += 1;
            let (at, outcome) = self.fate(&attempt);
            self.open.insert((at, attempt.id), outcome);
        }
    }

    fn fate(&self, attempt: &Attempt) -> (Timestamp, Outcome) {
        let outcome = |failure, maybe_taken| Outcome::Retryable {
            failure,
            message: "no answer".to_owned(),
            retry_after: None,
            maybe_taken,
        };
        match self.death {
            Death::Fails => (self.now + Duration::from_millis(1), outcome(Failure::Other, false)),
            Death::Hangs => (attempt.deadline, outcome(Failure::DeadlineExceeded, true)),
        }
    }

    /// Lets time pass.
    fn run_until(&mut self, end: Timestamp) {
        loop {
            let outcome = self.open.first_key_value().map(|((at, _), _)| *at);
            let next = [outcome, self.router.next_wake()].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.now = self.now.max(next);
            match self.open.first_entry().filter(|open| open.key().0 <= next) {
                Some(open) => {
                    let ((_, attempt), outcome) = open.remove_entry();
                    self.handle(Input::Notified(Notified { attempt, outcome, memory: None }));
                }
                None => self.handle(Input::Wake),
            }
        }
        self.now = end;
    }
}

/// Ten minutes. Of the instances in each group, `come_and_go` are others each half minute.
#[expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a bench measures and prints")]
fn ten_minutes(name: &str, group_by: GroupBy, death: Death, come_and_go: bool) {
    println!("{name}");
    let mut world = World::new(group_by, death);
    let before = resident();
    for minute in 0..10 {
        let (since, attempts) = (Instant::now(), world.attempts);
        for half in 0..2 {
            let round = if come_and_go { minute * 2 + half } else { 0 };
            let alerts = |group| [alert(world.now, group, group), alert(world.now, group, GROUPS + round)];
            let alerts = (0..GROUPS).flat_map(alerts).collect();
            world.handle(Input::Alerts(alerts));
            world.run_until(world.now + RESEND);
        }
        println!(
            "  minute {:2}  {:7.1} MB  {:6.2} s  {:7} attempts  {:6} open",
            minute + 1,
            (resident() as i64 - before as i64) as f64 / 1e6,
            since.elapsed().as_secs_f64(),
            world.attempts - attempts,
            world.open.len(),
        );
    }
}

fn main() {
    let by_name = || GroupBy::Labels(vec!["alertname".into()]);
    ten_minutes("fails at once", by_name(), Death::Fails, false);
    ten_minutes("hangs", by_name(), Death::Hangs, false);
    ten_minutes("fails at once, group_by: ['...']", GroupBy::All, Death::Fails, false);
    ten_minutes("hangs, group_by: ['...']", GroupBy::All, Death::Hangs, false);
    ten_minutes("fails at once while alerts come and go", by_name(), Death::Fails, true);
    ten_minutes(
        "fails at once while alerts come and go, group_by: ['...']",
        GroupBy::All,
        Death::Fails,
        true,
    );
}
