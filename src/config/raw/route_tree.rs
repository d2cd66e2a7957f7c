//! The route tree: inheritance and defaults applied, references checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Fields, Reader, Shape, did_you_mean};
use crate::config::intervals::NamedInterval;
use crate::config::routes::{GroupBy, Receiver, Route, RouteIndex};
use crate::config::yaml::Node;
use crate::model::matcher::MatcherList;
use crate::model::{Duration, Str};

const ROUTE: Shape = Shape {
    what: "a route",
    keys: &[
        "receiver",
        "group_by",
        "match",
        "match_re",
        "matchers",
        "mute_time_intervals",
        "active_time_intervals",
        "continue",
        "routes",
        "group_wait",
        "group_interval",
        "repeat_interval",
        "labels",
        "cooldown",
    ],
    advice: &[
        (
            "receivers",
            "a route has one `receiver`; for several, use `continue: true` or a receiver with several integrations",
        ),
        ("route", "children belong into the list `routes`"),
        ("matcher", "did you mean `matchers`?"),
        ("interval", "the key is called `group_interval` or `repeat_interval`"),
        ("time_intervals", "the key is called `active_time_intervals` or `mute_time_intervals`"),
        ("severity", "conditions belong into `matchers`: `['severity=\"…\"']`"),
    ],
};

/// What a route may refer to.
pub(crate) struct Known<'a> {
    pub(crate) receivers: &'a [Arc<Receiver>],
    pub(crate) intervals: &'a [NamedInterval],
}

/// What a route gives to its children.
#[derive(Clone)]
struct Inherited {
    key: Str,
    id: Str,
    receiver: Str,
    group_by: GroupBy,
    group_wait: Duration,
    group_interval: Duration,
    repeat_interval: Duration,
    cooldown: Duration,
    labels: BTreeMap<Str, Str>,
}

impl Reader<'_> {
    /// The tree below `node`, depth first.
    pub(crate) fn route_tree(&mut self, node: &Node, known: &Known<'_>) -> Vec<Route> {
        let mut routes = Vec::new();
        let Some(fields) = self.fields(node, &ROUTE) else { return routes };
        self.check_root(&fields);
        let defaults = Inherited {
            key: "{}".into(),
            id: "{}".into(),
            receiver: "".into(),
            group_by: GroupBy::Labels(Vec::new()),
            group_wait: Duration::from_secs(30),
            group_interval: Duration::from_mins(5),
            repeat_interval: Duration::from_mins(4 * 60),
            cooldown: Duration::ZERO,
            labels: BTreeMap::new(),
        };
        self.route(node, &fields, &defaults, None, known, &mut routes);
        routes
    }

    fn check_root(&mut self, fields: &Fields<'_>) {
        if fields.get("receiver").and_then(Node::scalar).is_none_or(|name| name.text.is_empty()) {
            self.error("root-route", &fields.start(), "root route must specify a default receiver");
        }
        let filled = |key: &&str| fields.get(key).is_some_and(|node| !node.is_empty());
        let refused = [
            (["match", "match_re", "matchers"].as_slice(), "root route must not have any matchers"),
            (&["mute_time_intervals"], "root route must not have any mute time intervals"),
            (&["active_time_intervals"], "root route must not have any active time intervals"),
        ];
        for (keys, message) in refused {
            if let Some(key) = keys.iter().find(|key| filled(key)) {
                let help = "the root takes every alert; move this to one of its `routes`";
                self.error_help("root-route", &fields.key_span(key), message, help);
            }
        }
        if let Some(node) = fields.get("continue")
            && node.scalar().is_some_and(|word| &*word.text == "true")
        {
            self.error("root-route", &fields.key_span("continue"), "cannot have continue in root route");
        }
    }

    fn route(
        &mut self,
        node: &Node,
        fields: &Fields<'_>,
        parent: &Inherited,
        place: Option<usize>,
        known: &Known<'_>,
        routes: &mut Vec<Route>,
    ) -> RouteIndex {
        let matchers = self.conditions(fields, ["match", "match_re", "matchers"]);
        let own = self.inherited(fields, parent, known);
        let own = match place {
            None => own,
            Some(place) => {
                let list = MatcherList(&matchers);
                let (key, id) = (&parent.key, &parent.id);
                Inherited {
                    key: format!("{key}/{list}").into(),
                    id: format!("{id}/{list}/{place}").into(),
                    ..own
                }
            }
        };
        let mute_time_intervals = self.interval_names(fields, "mute_time_intervals", known);
        let active_time_intervals = self.interval_names(fields, "active_time_intervals", known);
        let continues =
            fields.get("continue").and_then(|node| self.boolean(node, "continue")).unwrap_or(false);
        let index = routes.len();
        let of = own.clone();
        routes.push(Route {
            key: of.key,
            id: of.id,
            children: Vec::new(),
            matchers,
            continues,
            receiver: of.receiver,
            group_by: of.group_by,
            group_wait: of.group_wait,
            group_interval: of.group_interval,
            repeat_interval: of.repeat_interval,
            cooldown: of.cooldown,
            mute_time_intervals,
            active_time_intervals,
            labels: of.labels,
            span: node.span.clone(),
        });
        let children =
            fields.get("routes").map_or::<&[Node], _>(&[], |node| self.list(node, "a list of routes"));
        for (place, child) in children.iter().enumerate() {
            let Some(fields) = self.fields(child, &ROUTE) else { continue };
            let child = self.route(child, &fields, &own, Some(place), known, routes);
            routes[index].children.push(child);
        }
        index
    }

    fn inherited(&mut self, fields: &Fields<'_>, parent: &Inherited, known: &Known<'_>) -> Inherited {
        let mut own = parent.clone();
        if let Some(node) = fields.get("receiver")
            && let Some(name) = self.text(node, "a receiver's name")
            && !name.is_empty()
        {
            self.check_receiver(node, &name, known);
            own.receiver = name;
        }
        if let Some(node) = fields.get("group_by") {
            own.group_by = self.group_by(node);
        }
        let mut duration = |key: &'static str, zero: Option<&str>| {
            let node = fields.get(key)?;
            let duration = self.duration(node, key)?;
            if let (true, Some(message)) = (duration.is_zero(), zero) {
                self.error("bad-value", &node.span, message);
            }
            Some(duration)
        };
        own.group_wait = duration("group_wait", None).unwrap_or(parent.group_wait);
        own.group_interval = duration("group_interval", Some("group_interval cannot be zero"))
            .unwrap_or(parent.group_interval);
        own.repeat_interval = duration("repeat_interval", Some("repeat_interval cannot be zero"))
            .unwrap_or(parent.repeat_interval);
        own.cooldown = duration("cooldown", None).unwrap_or(parent.cooldown);
        if let Some(node) = fields.get("labels") {
            for (name, value) in self.text_map(node, "labels").unwrap_or_default() {
                if !self.is_label_name(&name) {
                    self.error(
                        "label-name",
                        &node.span,
                        format!("invalid label name {name:?} in route labels"),
                    );
                }
                own.labels.insert(name, value);
            }
        }
        own
    }

    pub(crate) fn check_receiver(&mut self, node: &Node, name: &str, known: &Known<'_>) {
        if known.receivers.iter().any(|receiver| &*receiver.name == name) {
            return;
        }
        let message = format!("undefined receiver {name:?} used in route");
        let names = known.receivers.iter().map(|receiver| &*receiver.name);
        self.undefined("undefined-receiver", node, message, name, names, "add it to `receivers`");
    }

    fn undefined<'k>(
        &mut self,
        check: &'static str,
        node: &Node,
        message: String,
        name: &str,
        known: impl Iterator<Item = &'k str>,
        otherwise: &str,
    ) {
        let help = match did_you_mean(name, known) {
            Some(close) => format!("did you mean `{close}`?"),
            None => otherwise.to_owned(),
        };
        self.error_help(check, &node.span, message, help);
    }

    fn group_by(&mut self, node: &Node) -> GroupBy {
        let mut names: BTreeSet<Str> = BTreeSet::new();
        let mut all = None;
        for item in self.list(node, "a list of labels") {
            let Some(name) = self.text(item, "a label name") else { continue };
            if &*name == "..." {
                all = Some(item);
            } else if !self.is_label_name(&name) {
                let message = format!("invalid label name {name:?} in group_by list");
                self.error("label-name", &item.span, message);
            } else if !names.insert(name.clone()) {
                self.error("duplicate-label", &item.span, format!("duplicated label {name:?} in group_by"));
            }
        }
        match all {
            Some(item) if !names.is_empty() => {
                let message = "cannot have wildcard group_by (`...`) and other labels at the same time";
                self.error("bad-value", &item.span, message);
                GroupBy::All
            }
            Some(_) => GroupBy::All,
            None => GroupBy::Labels(names.into_iter().collect()),
        }
    }

    fn interval_names(&mut self, fields: &Fields<'_>, key: &str, known: &Known<'_>) -> Vec<Str> {
        let Some(node) = fields.get(key) else { return Vec::new() };
        let mut names = Vec::new();
        for item in self.list(node, "a list of names") {
            let Some(name) = self.text(item, "a time interval's name") else { continue };
            if !known.intervals.iter().any(|interval| interval.name == name) {
                let message = format!("undefined time interval {name:?} used in route");
                let intervals = known.intervals.iter().map(|interval| &*interval.name);
                self.undefined(
                    "undefined-interval",
                    item,
                    message,
                    &name,
                    intervals,
                    "add it to `time_intervals`",
                );
            }
            names.push(name);
        }
        names
    }
}
