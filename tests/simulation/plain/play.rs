//! A play: what happens when. It is performed once with the router and once with the model.

use std::collections::BTreeMap;
use std::sync::Arc;

use sereno::config::read_routing;
use sereno::config::routes::Routing;
use sereno::model::{Alert, Annotations, Duration, LabelSet, Matcher, SilenceKind, Timestamp};
use sereno::router::{
    Answer, Attempt, Effect, Input, Notified, Outcome, Request, RequestId, Router, SilenceDraft,
};

use super::files::{NAMES, VALUES, matcher, one, routing};
use super::model::Model;
use crate::random::Random;
use crate::world::START;

/// How long a play is.
const LENGTH: Duration = Duration::from_mins(3 * 60);

/// Something from outside.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// Senders speak of alerts.
    Alerts(Vec<Alert>),
    /// A silence is made; its number is its place among all that are made.
    Silence { matchers: Vec<Matcher>, ends_at: Timestamp },
    /// The silence with this number is ended.
    Unsilence(usize),
}

/// Files and happenings in order of time; no two at one instant.
pub(super) struct Play {
    pub(super) routing_text: String,
    pub(super) routing: Arc<Routing>,
    pub(super) happenings: Vec<(Timestamp, Happening)>,
}

impl Play {
    /// What happens up to the time that `until` begins with, for people.
    pub(super) fn story(&self, until: &str) -> String {
        let until = until.split(' ').next().unwrap_or_default();
        let line = |(at, happening): &(Timestamp, Happening)| match happening {
            Happening::Alerts(alerts) => {
                let of = |alert: &Alert| match alert.ends_at {
                    Some(end) => format!("{} until {end}", alert.labels),
                    None => alert.labels.to_string(),
                };
                format!("{at} alerts {}", alerts.iter().map(of).collect::<Vec<_>>().join("; "))
            }
            Happening::Silence { matchers, ends_at } => {
                let matchers: Vec<String> = matchers.iter().map(ToString::to_string).collect();
                format!("{at} silence {} until {ends_at}", matchers.join(","))
            }
            Happening::Unsilence(number) => format!("{at} end of silence {number}"),
        };
        let lines = self.happenings.iter().map(line);
        lines.take_while(|line| until.is_empty() || line.as_str() < until).collect::<Vec<_>>().join("\n")
    }
}

/// A play that only the generator decides.
pub(super) fn random(random: &mut Random) -> Play {
    let routing_text = routing(random);
    let (routing, problems) = read_routing("routes.yml", &routing_text);
    let routing = routing.unwrap_or_else(|| panic!("{routing_text}\n{problems:?}"));
    let (mut at, mut happenings, mut silences) = (START, Vec::new(), 0);
    while at < START + LENGTH {
        // Odd milliseconds: nothing from outside falls on an instant at which the router wakes.
        at = at + Duration::from_millis(random.between(500, 8 * 60_000) * 2 + 1);
        let happening = match random.between(0, 9) {
            0 => {
                silences += 1;
                let count = random.between(1, 2);
                let matchers = (0..count).map(|_| parsed(&matcher(random))).collect();
                let ends_at = at + Duration::from_millis(random.between(60_000, 3 * 3_600_000));
                Happening::Silence { matchers, ends_at }
            }
            1 if silences > 0 => {
                let last = i64::from(silences) - 1;
                Happening::Unsilence(usize::try_from(random.between(0, last)).expect("not negative"))
            }
            _ => Happening::Alerts((0..random.between(1, 4)).map(|_| alert(random, at)).collect()),
        };
        happenings.push((at, happening));
    }
    Play { routing_text, routing: routing.into(), happenings }
}

fn parsed(text: &str) -> Matcher {
    sereno::model::matcher::parse_matcher(text, sereno::model::matcher::MatcherMode::Fallback)
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn alert(random: &mut Random, at: Timestamp) -> Alert {
    let mut labels = Vec::new();
    for name in NAMES {
        if name == "alertname" || random.chance(80) {
            labels.push((name, one(random, &VALUES)));
        }
    }
    let (starts_at, ends_at) = match random.between(0, 9) {
        0..=4 => (at, None),
        5 | 6 => (at, Some(at + Duration::from_millis(random.between(1, 40 * 60_000)))),
        7 => (at - Duration::from_mins(random.between(0, 20)), None),
        _ => (at - Duration::from_mins(random.between(0, 60)), Some(at)),
    };
    Alert {
        labels: LabelSet::from_pairs(labels),
        annotations: Annotations::default(),
        starts_at,
        ends_at,
        updated_at: at,
        timeout: false,
        generator_url: "".into(),
    }
}

/// One line for one notification.
pub(super) fn line(
    at: Timestamp,
    who: &str,
    key: &str,
    reason: &str,
    firing: &[String],
    ended: &[String],
) -> String {
    format!("{at} {who} {key} {reason}: firing [{}] resolved [{}]", firing.join(" "), ended.join(" "))
}

/// What the router tells, in order of time, within an instant in order of the text.
pub(super) fn with_router(play: &Play) -> Vec<String> {
    let mut stage = Stage {
        router: Router::restore(Arc::clone(&play.routing), 1, START, Vec::new()),
        told: BTreeMap::new(),
        silences: Vec::new(),
        requests: 0,
    };
    for (at, happening) in &play.happenings {
        stage.wake_until(*at);
        match happening {
            Happening::Alerts(alerts) => stage.step(*at, Input::Alerts(alerts.clone())),
            Happening::Silence { matchers, ends_at } => {
                let draft = SilenceDraft {
                    id: None,
                    matchers: matchers.clone(),
                    starts_at: *at,
                    ends_at: *ends_at,
                    created_by: "play".into(),
                    comment: "".into(),
                    annotations: BTreeMap::new(),
                    kind: SilenceKind::Plain,
                    force: true,
                };
                stage.request(*at, Request::SetSilence(draft));
            }
            Happening::Unsilence(number) => {
                if let Some(Answer::Silence(id)) = stage.silences.get(*number).cloned() {
                    stage.request(*at, Request::ExpireSilence(id));
                }
            }
        }
    }
    stage.wake_until(START + LENGTH * 2);
    stage
        .told
        .into_values()
        .flat_map(|mut lines| {
            lines.sort();
            lines
        })
        .collect()
}

struct Stage {
    router: Router,
    told: BTreeMap<Timestamp, Vec<String>>,
    /// What each `SetSilence` was answered.
    silences: Vec<Answer>,
    requests: u64,
}

impl Stage {
    fn wake_until(&mut self, end: Timestamp) {
        while let Some(next) = self.router.next_wake().filter(|next| *next < end) {
            self.step(next, Input::Wake);
        }
    }

    fn request(&mut self, at: Timestamp, request: Request) {
        self.requests += 1;
        self.step(at, Input::Request(RequestId(self.requests), request));
    }

    /// Receivers take everything at once.
    fn step(&mut self, at: Timestamp, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for effect in self.router.handle(at, input) {
                match effect {
                    Effect::Notify(attempt) => {
                        self.told.entry(at).or_default().push(of_attempt(at, &attempt));
                        inputs.push(Input::Notified(Notified {
                            attempt: attempt.id,
                            outcome: Outcome::Delivered,
                            memory: None,
                        }));
                    }
                    Effect::Reply(_, answer @ (Answer::Silence(_) | Answer::Refused(_))) => {
                        self.silences.push(answer)
                    }
                    Effect::Reply(..) | Effect::Persist(_) | Effect::Note(_) => {}
                }
            }
        }
    }
}

fn of_attempt(at: Timestamp, attempt: &Attempt) -> String {
    let notification = &attempt.notification;
    let names = |resolved: bool| {
        let wanted = notification.alerts.iter().filter(|alert| alert.resolved == resolved);
        let mut names: Vec<String> = wanted.map(|alert| alert.labels.to_string()).collect();
        names.sort();
        names
    };
    let who = format!("{}[{}]", notification.receiver, attempt.integration.index);
    line(at, &who, &notification.group_key, notification.reason.as_str(), &names(false), &names(true))
}

/// What the model tells, in the same order.
pub(super) fn with_model(play: &Play) -> Vec<String> {
    let mut model = Model::new(Arc::clone(&play.routing));
    for (at, happening) in &play.happenings {
        model.live_until(*at);
        match happening {
            Happening::Alerts(alerts) => model.take(*at, alerts),
            Happening::Silence { matchers, ends_at } => model.silence(*at, matchers, *ends_at),
            Happening::Unsilence(number) => model.unsilence(*at, *number),
        }
    }
    model.live_until(START + LENGTH * 2);
    model.told()
}
