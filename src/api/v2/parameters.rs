//! What lists of alerts, groups and receivers may be asked for.

use std::collections::BTreeSet;

use super::error::V2Error;
use crate::config::routes::{Receiver, Routing};
use crate::model::matcher::{MatcherMode, parse_matcher};
use crate::model::regex::AnchoredRegex;
use crate::model::{LabelSet, Matcher, Str};
use crate::router::AlertView;

/// The parameters of a request, as they stand in its URL.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn parse(query: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// A truth value; as in Alertmanager the last one counts, nothing means `default`, and what is no truth
    /// value means no.
    pub(super) fn flag(&self, name: &str, default: bool) -> bool {
        match self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str()) {
            None | Some("") => default,
            Some(text) => ["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"]
                .contains(&text.to_ascii_lowercase().as_str()),
        }
    }

    /// The matchers called `name` or `name[]`.
    pub(super) fn matchers(&self, name: &str, mode: MatcherMode) -> Result<Vec<Matcher>, V2Error> {
        let wanted = |known: &str| known.strip_suffix("[]").unwrap_or(known) == name;
        let texts = self.0.iter().filter(|(known, _)| wanted(known));
        let parsed = texts.map(|(_, text)| parse_matcher(text, mode));
        parsed.collect::<Result<_, _>>().map_err(|error| V2Error::Invalid(error.message))
    }

    /// The receivers that are wanted.
    pub(super) fn receivers(&self, routing: &Routing) -> Result<Receivers, V2Error> {
        let last = self.0.iter().rev().find(|(known, text)| known == "receiver" && !text.is_empty());
        let regex = last.map(|(_, text)| AnchoredRegex::new(text)).transpose().map_err(|error| {
            V2Error::Invalid(format!(
                "failed to parse receiver param: error parsing regexp: {}",
                error.reason
            ))
        })?;
        let matchers = self.matchers("receiver_matchers", mode(routing))?;
        if regex.is_none() && matchers.is_empty() {
            return Ok(Receivers::All);
        }
        let wanted = |receiver: &Receiver| {
            regex.as_ref().is_none_or(|regex| regex.is_match(&receiver.name)) && {
                let labels = labels(receiver);
                matchers.iter().all(|matcher| matcher.matches(&labels))
            }
        };
        let wanted = routing.receivers.iter().filter(|receiver| wanted(receiver));
        Ok(Receivers::These(wanted.map(|receiver| Str::clone(&receiver.name)).collect()))
    }
}

/// By which grammar matchers of requests are read.
pub(super) fn mode(routing: &Routing) -> MatcherMode {
    routing.matcher_mode
}

/// A receiver's labels; its name is one of them (Alertmanager 0.33).
pub(super) fn labels(receiver: &Receiver) -> LabelSet {
    let mut labels = LabelSet::from_pairs(receiver.labels.clone()).to_builder();
    labels.set("name", Str::clone(&receiver.name));
    labels.build()
}

/// Names of receivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Receivers {
    /// Every one.
    All,
    /// These.
    These(BTreeSet<Str>),
}

impl Receivers {
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(name),
        }
    }
}

/// Which alerts are wanted, beyond their labels.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) active: bool,
    pub(super) silenced: bool,
    pub(super) inhibited: bool,
    pub(super) receivers: Receivers,
}

impl Wanted {
    pub(super) fn parse(parameters: &Parameters, routing: &Routing) -> Result<Self, V2Error> {
        Ok(Self {
            active: parameters.flag("active", true),
            silenced: parameters.flag("silenced", true),
            inhibited: parameters.flag("inhibited", true),
            receivers: parameters.receivers(routing)?,
        })
    }

    /// Whether the alert is wanted, whoever its receivers are.
    pub(super) fn by_state(&self, view: &AlertView) -> bool {
        (self.active || view.mutes.any())
            && (self.silenced || view.mutes.silenced_by.is_empty())
            && (self.inhibited || view.mutes.inhibited_by.is_empty())
    }

    /// Whether one of the alert's receivers is wanted.
    pub(super) fn by_receiver(&self, view: &AlertView) -> bool {
        view.receivers.iter().any(|name| self.receivers.has(name))
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn what_is_no_truth_value_is_no() {
        for (query, want) in [
            ("", true),
            ("active=", true),
            ("active=true", true),
            ("active=1", true),
            ("active=T", true),
            ("active=false", false),
            ("active=foo", false),
            ("active=false&active=true", true),
            ("inactive=false", true),
        ] {
            assert_eq!(Parameters::parse(Some(query)).flag("active", true), want, "{query}");
        }
    }
}
