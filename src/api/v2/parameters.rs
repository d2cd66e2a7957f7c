//! What lists of alerts, groups and receivers may be asked for.

use super::error::V2Error;
use crate::config::routes::{Receiver, Routing};
use crate::model::matcher::{MatcherMode, parse_matcher};
use crate::model::regex::AnchoredRegex;
use crate::model::{LabelSet, Matcher, Str};
use crate::router::AlertQuery;

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

    /// The expression that names of receivers are to match.
    fn receiver(&self) -> Result<Option<AnchoredRegex>, V2Error> {
        let last = self.0.iter().rev().find(|(known, text)| known == "receiver" && !text.is_empty());
        last.map(|(_, text)| AnchoredRegex::new(text)).transpose().map_err(|error| {
            V2Error::Invalid(format!(
                "failed to parse receiver param: error parsing regexp: {}",
                error.reason
            ))
        })
    }

    /// The alerts that are asked for.
    pub(super) fn query(&self, mode: MatcherMode) -> Result<AlertQuery, V2Error> {
        Ok(AlertQuery {
            matchers: self.matchers("filter", mode)?,
            receiver: self.receiver()?,
            receiver_matchers: self.matchers("receiver_matchers", mode)?,
            active: self.flag("active", true),
            silenced: self.flag("silenced", true),
            inhibited: self.flag("inhibited", true),
            muted: self.flag("muted", true),
        })
    }
}

/// A receiver's labels; its name is one of them (Alertmanager 0.33).
pub(super) fn labels(receiver: &Receiver) -> LabelSet {
    let mut labels = LabelSet::from_pairs(receiver.labels.clone()).to_builder();
    labels.set("name", Str::clone(&receiver.name));
    labels.build()
}

/// The receivers that a question asks for, in order of the routing file.
pub(super) fn receivers<'a>(
    query: &'a AlertQuery,
    routing: &'a Routing,
) -> impl Iterator<Item = &'a Receiver> + 'a {
    routing.receivers.iter().map(|receiver| &**receiver).filter(|receiver| {
        let labels = labels(receiver);
        query.receiver.as_ref().is_none_or(|regex| regex.is_match(&receiver.name))
            && query.receiver_matchers.iter().all(|matcher| matcher.matches(&labels))
    })
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
