//! A receiver from a routing file, alerts to tell it of, and how outcomes are written in tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use sereno::config::problem::Severity;
use sereno::config::read_routing;
use sereno::config::routes::Integration;
use sereno::model::{Annotations, Duration, LabelSet, Timestamp};
use sereno::router::{Attempt, AttemptId, Memory, Notification, NotifiedAlert, Outcome, Reason};
use sereno::shell::aws::Environment;
use sereno::shell::clock::Clock;
use sereno::shell::deliver::Deliverer;
use sereno::shell::http::HttpClients;
use sereno::template::message::{Renderer, TemplateSources};

use super::fakes::Fake;

/// The first integration of the receiver `ops` and what it remembers of the group.
pub(crate) struct Receiver {
    integration: Arc<Integration>,
    renderer: Renderer,
    deliverer: Arc<Deliverer>,
    clock: Arc<Clock>,
    /// What it remembers, as the router keeps it.
    pub(crate) memory: Memory,
    /// Whether the routing file says `compat: strict`.
    strict: bool,
    /// How long an attempt may take.
    pub(crate) patience: Duration,
    count: u64,
}

impl Receiver {
    /// With an entry of the list `<kind>_configs`, as it stands in a routing file: `{url: …}` or lines.
    pub(crate) fn new(kind: &str, entry: &str) -> Self {
        Self::of_file(&file(kind, entry))
    }

    /// The same with `compat: strict`.
    pub(crate) fn strict(kind: &str, entry: &str) -> Self {
        Self::of_file(&format!("compat: strict\n{}", file(kind, entry)))
    }

    /// The errors of a routing file with such an entry.
    pub(crate) fn problems(kind: &str, entry: &str) -> Vec<String> {
        let (_, problems) = read_routing("routes.yml", &file(kind, entry));
        let errors = problems.into_iter().filter(|problem| problem.severity == Severity::Error);
        errors.map(|problem| problem.message).collect()
    }

    /// Of a whole routing file.
    pub(crate) fn of_file(text: &str) -> Self {
        let (routing, problems) = read_routing("routes.yml", text);
        let errors: Vec<_> = problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{text}\n{errors:#?}");
        let routing = routing.expect("a file without errors gives a routing");
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Arc::new(Clock::default());
        Self {
            integration: Arc::clone(&routing.receiver("ops").expect("it is in the file").integrations[0]),
            renderer: Renderer::new(TemplateSources::default()).expect("the default templates are valid"),
            deliverer: Arc::new(deliverer(
                &clock,
                Environment::new(variables_of(&[("AWS_EC2_METADATA_DISABLED", "true")])),
            )),
            clock,
            memory: Memory::new(),
            strict: routing.strict,
            patience: Duration::from_secs(30),
            count: 0,
        }
    }

    /// One attempt to tell it of the group `alertname="Disk full"` with these alerts; the first time as the
    /// first notification of the group, then as news of it.
    pub(crate) async fn tell(&mut self, alerts: Vec<NotifiedAlert>) -> Outcome {
        let is_over = alerts.iter().all(|alert| alert.resolved);
        let reason = match (self.count, is_over) {
            (0, _) => Reason::First,
            (_, true) => Reason::AllResolved,
            (_, false) => Reason::NewAlerts,
        };
        self.tell_because(reason, alerts).await
    }

    async fn tell_because(&mut self, reason: Reason, alerts: Vec<NotifiedAlert>) -> Outcome {
        let attempt = self.attempt(reason, alerts);
        let (outcome, memory) = self.deliverer.deliver(&attempt).await;
        self.memory = memory.unwrap_or_else(|| std::mem::take(&mut self.memory));
        let remembered = format!("{:?}", self.memory);
        assert!(!format!("{outcome:?}{remembered}").contains("s3cret"), "{outcome:?}\n{remembered}");
        outcome
    }

    fn attempt(&mut self, reason: Reason, alerts: Vec<NotifiedAlert>) -> Attempt {
        self.count += 1;
        Attempt {
            id: AttemptId(self.count),
            number: 1,
            deadline: self.clock.now() + self.patience,
            integration: Arc::clone(&self.integration),
            notification: Arc::new(self.notification(reason, alerts)),
            renderer: self.renderer.clone(),
            memory: Arc::new(self.memory.clone()),
        }
    }

    /// So many attempts at once to tell it of these alerts, with their outcomes as lines, in no order.
    pub(crate) async fn told_at_once(&mut self, count: usize, alerts: Vec<NotifiedAlert>) -> Vec<String> {
        let mut attempts = tokio::task::JoinSet::new();
        for _ in 0..count {
            let (deliverer, attempt) =
                (Arc::clone(&self.deliverer), self.attempt(Reason::First, alerts.clone()));
            attempts.spawn(async move { line(&deliverer.deliver(&attempt).await.0) });
        }
        attempts.join_all().await
    }

    /// [`Self::tell`], with the outcome as a line.
    pub(crate) async fn told(&mut self, alerts: Vec<NotifiedAlert>) -> String {
        line(&self.tell(alerts).await)
    }

    /// [`Self::told`], as the first notification of the group after its last end.
    pub(crate) async fn told_first(&mut self, alerts: Vec<NotifiedAlert>) -> String {
        line(&self.tell_because(Reason::First, alerts).await)
    }

    /// [`Self::told`], as another attempt of the notification before.
    pub(crate) async fn told_again(&mut self, alerts: Vec<NotifiedAlert>) -> String {
        self.count -= 1;
        line(&self.tell_because(Reason::First, alerts).await)
    }

    /// The same, with the templates that handlebars has.
    pub(crate) fn with_handlebars(mut self) -> Self {
        let sources = TemplateSources { handlebars: true, files: Vec::new() };
        self.renderer = Renderer::new(sources).expect("the native templates are valid");
        self
    }

    /// The same, with nothing else in the environment that AWS' credentials are looked for in.
    pub(crate) fn with_environment(mut self, variables: &[(&str, &str)]) -> Self {
        self.deliverer = Arc::new(deliverer(&self.clock, Environment::new(variables_of(variables))));
        self
    }

    /// The same, with an environment that may change.
    pub(crate) fn in_environment(mut self, environment: Environment) -> Self {
        self.deliverer = Arc::new(deliverer(&self.clock, environment));
        self
    }

    fn notification(&self, reason: Reason, alerts: Vec<NotifiedAlert>) -> Notification {
        let group_labels = LabelSet::from_pairs([("alertname", "Disk full")]);
        Notification {
            fallback_for: None,
            idempotency_key: format!("0123456789abcdef-{}", self.count).into(),
            receiver: "ops".into(),
            group_key: format!("{{}}:{group_labels}").into(),
            group_labels,
            route_labels: [].into(),
            reason,
            at: Timestamp::from_secs(1_772_366_400), // 2026-03-01T12:00:00Z
            strict: self.strict,
            alerts,
        }
    }
}

/// Reads these variables.
pub(crate) fn variables_of(
    variables: &[(&str, &str)],
) -> impl Fn(&str) -> Option<String> + Send + Sync + 'static {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    move |name| variables.get(name).cloned()
}

fn deliverer(clock: &Arc<Clock>, environment: Environment) -> Deliverer {
    let deliverer = Deliverer::new(HttpClients::default(), Arc::clone(clock), "http://sereno:9093".into());
    deliverer.with_environment(environment)
}

fn file(kind: &str, entry: &str) -> String {
    let entry = entry.trim_end().replace('\n', "\n        ");
    format!("route: {{receiver: ops}}\nreceivers:\n  - name: ops\n    {kind}_configs:\n      - {entry}\n")
}

/// The body that these alerts are told with; the receiver must take it.
pub(crate) async fn sent(receiver: &mut Receiver, fake: &Fake, alerts: Vec<NotifiedAlert>) -> String {
    assert_eq!(receiver.told(alerts).await, "delivered", "{}", fake.last_body());
    shown(&fake.last_body())
}

/// A body as it stands in tests: without its line feed, characters that repeat counted, and the middle of a
/// long one left out.
pub(crate) fn shown(body: &str) -> String {
    const START: usize = 900;
    const END: usize = 500;
    let mut text = String::new();
    let mut rest = body.strip_suffix('\n').unwrap_or(body).chars().peekable();
    while let Some(c) = rest.next() {
        let mut count = 1;
        while rest.next_if_eq(&c).is_some() {
            count += 1;
        }
        match count {
            21.. => text.push_str(&format!("{c}⟨{count} times⟩")),
            _ => text.extend(std::iter::repeat_n(c, count)),
        }
    }
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= START + END + 100 {
        return text;
    }
    let (start, end) = (&chars[..START], &chars[chars.len() - END..]);
    let left_out = chars.len() - START - END;
    format!("{}⟨{left_out} characters⟩{}", String::from_iter(start), String::from_iter(end))
}

/// Lines `name=value` without those of these names.
pub(crate) fn without(lines: &str, names: &[&str]) -> String {
    let is_named = |line: &&str| line.split_once('=').is_some_and(|(name, _)| names.contains(&name));
    lines.lines().filter(|line| !is_named(line)).map(|line| format!("{line}\n")).collect()
}

/// An outcome as a line: `delivered`, `retry rateLimited after 2m: why`, `refused authError: why`.
pub(crate) fn line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Delivered => "delivered".to_owned(),
        Outcome::Retryable { failure, message, retry_after, maybe_taken } => {
            let after = retry_after.map(|after| format!(" after {after}")).unwrap_or_default();
            let taken = if *maybe_taken { " (maybe taken)" } else { "" };
            format!("retry {}{after}{taken}: {message}", failure.as_str())
        }
        Outcome::Refused { failure, message } => format!("refused {}: {message}", failure.as_str()),
    }
}

/// An alert of the group that began at 11:50 and was over at 11:59, if it is.
pub(crate) fn alert(labels: &[(&str, &str)], annotations: &[(&str, &str)], resolved: bool) -> NotifiedAlert {
    let all = [("alertname", "Disk full")].into_iter().chain(labels.iter().copied());
    let labels = LabelSet::from_pairs(all);
    NotifiedAlert {
        resolved,
        annotations: Annotations::from_pairs(annotations.iter().copied()),
        starts_at: Timestamp::from_secs(1_772_365_800),
        ends_at: resolved.then(|| Timestamp::from_secs(1_772_366_340)),
        generator_url: "http://prometheus:9090/graph?g0.expr=disk&g0.tab=1".into(),
        fingerprint: labels.fingerprint(),
        labels,
        flaps: 0,
    }
}

/// One alert that fires.
pub(crate) fn firing() -> Vec<NotifiedAlert> {
    vec![alert(
        &[("instance", "db1"), ("severity", "page")],
        &[("summary", "The disk of db1 is full")],
        false,
    )]
}

/// The same, over.
pub(crate) fn resolved() -> Vec<NotifiedAlert> {
    vec![alert(&[("instance", "db1"), ("severity", "page")], &[("summary", "The disk of db1 is full")], true)]
}

/// Fifty alerts; each fifth is over.
pub(crate) fn many() -> Vec<NotifiedAlert> {
    let one = |number: usize| {
        let instance = format!("db{number:02}");
        alert(&[("instance", &instance), ("severity", "page")], &[], number.is_multiple_of(5))
    };
    (1..=50).map(one).collect()
}

/// An alert with characters of many scripts, and with those that mean something in markup.
pub(crate) fn unicode() -> Vec<NotifiedAlert> {
    let labels = [("instance", "дб-1 数据库 🔥"), ("path", r#"<b>&"'\*_`|"#)];
    vec![alert(&labels, &[("summary", "Die Größe ist > 95 %\nзаполнен")], false)]
}

/// An alert whose annotation is longer than any chat takes.
pub(crate) fn long() -> Vec<NotifiedAlert> {
    vec![alert(&[("instance", "db1")], &[("summary", &"é".repeat(50_000))], false)]
}
