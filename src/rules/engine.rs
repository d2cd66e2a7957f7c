//! The engine itself: all groups behind one `handle`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::group::{Context, Group};
use super::labelling::with_external;
use super::restore::{Saved, rename_all};
use super::schedule::Schedule;
use super::{Effect, Entry, Event, Input, RulesConfig, Sampled, View, Written};
use crate::config::rules::RuleGroup;
use crate::model::{LabelSet, Str, Timestamp};

/// Evaluates rules: is told the time and what queries returned, and answers with effects.
///
/// Groups run independently of each other; the rules of a group run one after the other, each with the
/// samples of those before it already written.
///
/// Where it differs from Prometheus 3.14 on purpose:
/// - firing alerts have no end until they are resolved, so a query that fails resolves nothing;
/// - whatever makes a firing alert vanish (a removed rule or group, the limit, a longer `for`, other external
///   labels) tells the router at once that it is resolved, where Prometheus stops to send and waits;
/// - a restart brings back all states with their times, whatever `for` is, and what was told last;
/// - the templates of one rule may ask at most 100 different queries in one evaluation.
#[derive(Debug)]
pub struct Engine {
    shared: Shared,
    groups: BTreeMap<GroupName, Group>,
    /// When which group wants to be woken.
    due: BTreeSet<(Timestamp, GroupName)>,
    /// Which group waits for the answer with this number.
    awaited: BTreeMap<u64, GroupName>,
    /// What the first input has to settle, and when it is wanted.
    opening: Option<(Timestamp, Saved)>,
}

/// What all groups share, apart from them, so that both can be lent out at once.
#[derive(Debug)]
struct Shared {
    config: Arc<RulesConfig>,
    last_id: u64,
}

impl Shared {
    fn context<'a>(&'a mut self, now: Timestamp, out: &'a mut Vec<Effect>) -> Context<'a> {
        Context { now, config: &self.config, last_id: &mut self.last_id, out }
    }
}

/// A group's file and name, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GroupName {
    file: Str,
    name: Str,
}

impl GroupName {
    fn of(group: &RuleGroup) -> Self {
        Self { file: group.file.clone(), name: group.name.clone() }
    }
}

impl Engine {
    /// Starts with what an earlier run persisted (nothing, at first). Alerts are in the state they were in.
    ///
    /// Each group is evaluated first at its next slot. Time that passed while nothing ran counts for `for`
    /// and `keep_firing_for`. Alerts of rules that are gone are resolved with the first input.
    #[must_use]
    pub fn restore(config: Arc<RulesConfig>, now: Timestamp, saved: Vec<Entry>) -> Self {
        let mut saved = Saved::new(saved);
        let mut engine = Self {
            groups: load(&config, now),
            shared: Shared { config, last_id: 0 },
            due: BTreeSet::new(),
            awaited: BTreeMap::new(),
            opening: None,
        };
        engine.groups.values_mut().for_each(|group| saved.restore(group));
        engine.opening = Some((now, saved));
        engine.index();
        engine
    }

    /// Starts without a past, as [`Engine::restore`] does with nothing, but for the slots: the first one of every
    /// group is `start` itself, so that what comes of rules does not depend on the names of files and groups.
    /// It is for tests; a reload gives the slots of a server.
    #[must_use]
    pub fn starting_at(config: Arc<RulesConfig>, start: Timestamp) -> Self {
        let mut engine = Self::restore(config, start, Vec::new());
        for group in engine.groups.values_mut() {
            group.schedule = Schedule::starting_at(start, group.interval);
        }
        engine.index();
        engine
    }

    /// Takes one input and answers with what must be done, in order.
    #[must_use = "effects are the machine's only output"]
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        self.open(now, &mut out);
        match input {
            Input::Sampled(Sampled { eval, result }) => {
                self.answer(eval.0, now, &mut out, |group, context| group.sampled(eval, result, context));
            }
            Input::Written(Written { id, result }) => {
                self.answer(id.0, now, &mut out, |group, context| group.written(id, result, context));
            }
            Input::Reload(config) => self.reload(now, config, &mut out),
            Input::Wake => {
                while let Some((at, name)) = self.due.first().cloned()
                    && at <= now
                {
                    self.step(&name, now, &mut out, Group::wake);
                }
            }
        }
        out
    }

    /// When the engine wants a [`Input::Wake`], if at all.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let opening = self.opening.as_ref().map(|(at, _)| *at);
        let due = self.due.first().map(|(at, _)| *at);
        [opening, due].into_iter().flatten().min()
    }

    /// What the API shows.
    #[must_use]
    pub fn view(&self, _now: Timestamp) -> View {
        View { groups: self.groups.values().map(Group::view).collect() }
    }

    /// An alert's labels as the router is told them: with the external labels that they lack.
    #[must_use]
    pub fn told_labels(&self, labels: &LabelSet) -> LabelSet {
        with_external(labels, &self.shared.config.external_labels)
    }

    /// Settles, once, what the earlier run left.
    fn open(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let Some((_, saved)) = self.opening.take() else { return };
        let mut context = self.shared.context(now, out);
        saved.settle(self.groups.values(), &mut context);
        let groups = self.groups.len();
        let rules = self.groups.values().map(|group| group.rules.len()).sum();
        context.note(Event::Loaded { groups, unchanged: 0, rules });
    }

    /// Lets the group that waits for the answer `id` take it; if none does, it comes too late for anybody.
    fn answer(
        &mut self,
        id: u64,
        now: Timestamp,
        out: &mut Vec<Effect>,
        take: impl FnOnce(&mut Group, &mut Context<'_>),
    ) {
        if let Some(name) = self.awaited.get(&id).cloned() {
            self.step(&name, now, out, take);
        }
    }

    /// Lets a group do something, and notes what it waits for then.
    fn step(
        &mut self,
        name: &GroupName,
        now: Timestamp,
        out: &mut Vec<Effect>,
        act: impl FnOnce(&mut Group, &mut Context<'_>),
    ) {
        let Some(group) = self.groups.get_mut(name) else { return };
        if let Some(at) = group.next_wake() {
            self.due.remove(&(at, name.clone()));
        }
        if let Some(id) = group.awaits() {
            self.awaited.remove(&id);
        }
        let mut context = self.shared.context(now, out);
        act(group, &mut context);
        if let Some(at) = group.next_wake() {
            self.due.insert((at, name.clone()));
        }
        if let Some(id) = group.awaits() {
            self.awaited.insert(id, name.clone());
        }
    }

    /// Puts new rules in the place of the old ones.
    fn reload(&mut self, now: Timestamp, config: Arc<RulesConfig>, out: &mut Vec<Effect>) {
        let old_config = std::mem::replace(&mut self.shared.config, config);
        let mut old = std::mem::take(&mut self.groups);
        let loaded = load(&self.shared.config, now);
        let mut context = self.shared.context(now, out);
        // First, so that what ends below ends under the labels that the router then knows.
        rename_all(&old_config.external_labels, old.values(), &mut context);
        let (mut unchanged, mut rules) = (0, 0);
        for (name, mut group) in loaded {
            rules += group.rules.len();
            match old.remove(&name) {
                Some(mut before) if before.is_same(&group) => {
                    before.refresh(&group.config);
                    group = before;
                    unchanged += 1;
                }
                Some(before) => group.take_over(before, &mut context),
                None => {}
            }
            self.groups.insert(name, group);
        }
        old.into_values().for_each(|group| group.vanish(&mut context));
        context.note(Event::Loaded { groups: self.groups.len(), unchanged, rules });
        self.index();
    }

    /// Notes anew what each group waits for.
    fn index(&mut self) {
        let groups = || self.groups.iter();
        self.due = groups().filter_map(|(name, group)| Some((group.next_wake()?, name.clone()))).collect();
        self.awaited = groups().filter_map(|(name, group)| Some((group.awaits()?, name.clone()))).collect();
    }
}

/// All groups without a past.
fn load(config: &RulesConfig, now: Timestamp) -> BTreeMap<GroupName, Group> {
    let load = |group: &Arc<RuleGroup>| (GroupName::of(group), Group::new(group, config, now));
    config.groups.iter().map(load).collect()
}
