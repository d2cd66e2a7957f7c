//! The rules of a recording: from files, or from the data source, which then get a file beside the test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::RecordArguments;
use crate::model::Duration;
use crate::promql::parser::{Features, parse};
use crate::shell::data_source::DataSource;
use crate::shell::files::read_text;
use crate::shell::glob;
use crate::shell::query_response::{ApiGroup, ApiRule, ApiRuleKind, RuleSettings};
use crate::testing::Ruleset;
use crate::testing::record::document::quoted;
use crate::testing::record::plan::Plan;

/// Where rule files are if nobody says otherwise.
const DEFAULT: &str = "rules/*.yml";

/// Rule files.
#[derive(Debug)]
pub(super) struct Rules {
    /// What they hold.
    pub(super) sets: Vec<Arc<Ruleset>>,
    /// Those that a test needs, as it names them; known once it is planned.
    pub(super) paths_in_test: Vec<String>,
    paths: Vec<String>,
    /// The path and the text of a rule file that is to be written beside the test.
    pub(super) to_write: Option<(String, String)>,
    /// The data source's rules, if they are from there.
    api: Option<Vec<ApiGroup>>,
    /// How far back groups look that do not say it, at the data source.
    query_offset: Duration,
    features: Features,
}

/// Reads the rule files, or asks the data source if there are none.
///
/// # Errors
/// The text says which file is wrong, or why there is none.
pub(super) async fn load(
    arguments: &RecordArguments,
    source: &DataSource,
    settings: &RuleSettings,
    features: Features,
) -> Result<Rules, String> {
    let is_given = !arguments.rules.is_empty();
    let patterns = if is_given { arguments.rules.clone() } else { vec![DEFAULT.to_owned()] };
    let mut paths: Vec<String> = Vec::new();
    for pattern in &patterns {
        let found = glob::files(pattern).map_err(|bad| bad.to_string())?;
        if found.is_empty() && is_given {
            return Err(glob::why_none(pattern));
        }
        paths.extend(found.into_iter().filter(|path| !paths.contains(path)).collect::<Vec<_>>());
    }
    if paths.is_empty() {
        let mut groups = source.rules().await.map_err(|error| {
            format!("no file matches {DEFAULT}, and the data source does not tell its rules: {error}; name --rules")
        })?;
        // What only another engine can read is of no use here.
        groups.iter_mut().for_each(|group| group.rules.retain(|rule| parse(&rule.query, features).is_ok()));
        let text = rule_file(&groups, settings.query_offset, |_, _| true);
        let set = read("rules of the data source", &text, features)?;
        return Ok(Rules {
            sets: vec![set],
            paths_in_test: Vec::new(),
            paths,
            to_write: None,
            api: Some(groups),
            query_offset: settings.query_offset,
            features,
        });
    }
    let mut sets = Vec::new();
    for path in &paths {
        let text = read_text(path)?;
        sets.push(read(path, &text, features)?);
    }
    let query_offset = settings.query_offset;
    Ok(Rules { sets, paths_in_test: Vec::new(), paths, to_write: None, api: None, query_offset, features })
}

fn read(path: &str, text: &str, features: Features) -> Result<Arc<Ruleset>, String> {
    let (set, problems) = Ruleset::read(path, text, features);
    let why = || problems.first().map(|problem| problem.message.clone()).unwrap_or_default();
    set.map(Arc::new).ok_or_else(|| format!("{path}: {}; `sereno check` says more", why()))
}

impl Rules {
    /// How far back the group of the alert looks, in the rules of the test.
    pub(super) fn query_offset_of(&self, plan: &Plan) -> Duration {
        let group = plan.alerts.first().map(|(file, group, _)| &self.sets[*file].groups()[*group]);
        group.and_then(|group| group.query_offset).unwrap_or_default()
    }

    /// What a reader of the test should know of the groups in a plan, evaluated so often.
    pub(super) fn notes(&self, plan: &Plan, evaluation: Duration) -> Vec<String> {
        let groups: BTreeSet<(usize, usize)> =
            plan.rules.iter().map(|(file, group, _)| (*file, *group)).collect();
        let groups: Vec<_> = groups.iter().map(|(file, group)| &self.sets[*file].groups()[*group]).collect();
        let mut notes = Vec::new();
        for group in &groups {
            if let Some(interval) = group.interval.filter(|interval| *interval != evaluation) {
                let name = &group.name;
                notes.push(format!(
                    "Group {name} is evaluated every {interval} in Prometheus, here every {evaluation}."
                ));
            }
        }
        let offset = self.query_offset;
        match &self.api {
            _ if offset.is_zero() => {}
            Some(_) => notes.push(format!(
                "query_offset: {offset} is rule_query_offset of Prometheus; whether a group has another one it does not tell."
            )),
            None if groups.iter().any(|group| group.query_offset.is_none()) => notes.push(format!(
                "Prometheus looks {offset} back (rule_query_offset), which a test cannot say: here rules see samples at once."
            )),
            None => {}
        }
        notes
    }

    /// The rules that a test needs, and the plan with their places among them. Rules of the data source are to
    /// be written beside the test.
    ///
    /// # Errors
    /// There is no place for them, or something is there.
    pub(super) fn used(mut self, plan: &Plan, arguments: &RecordArguments) -> Result<(Self, Plan), String> {
        let Some(groups) = &self.api else {
            let files: BTreeSet<usize> = plan.rules.iter().map(|(file, ..)| *file).collect();
            let folder = arguments.output.as_deref().map_or(Path::new(""), |path| parent(path));
            self.paths_in_test = files.into_iter().map(|file| seen_from(folder, &self.paths[file])).collect();
            return Ok((self, plan.clone()));
        };
        let Some(output) = &arguments.output else {
            return Err(
                "the rules are the data source's and need a file beside the test: name --output".to_owned()
            );
        };
        let groups: Vec<ApiGroup> = groups.iter().filter(|group| !group.rules.is_empty()).cloned().collect();
        let text =
            rule_file(&groups, self.query_offset, |group, rule| plan.rules.contains(&(0, group, rule)));
        let path = Path::new(output).with_extension("rules.yml");
        let shown = path.display().to_string();
        let set = read(&shown, &text, self.features)?;
        if path.exists() && !arguments.force {
            return Err(format!("{shown} exists; --force writes over it"));
        }
        self.paths_in_test =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).into_iter().collect();
        // All of it is needed.
        let groups = set.groups().iter().enumerate();
        let rules = groups.flat_map(|(at, group)| (0..group.rules.len()).map(move |index| (0, at, index)));
        let rules: BTreeSet<_> = rules.collect();
        let is_alert = |(_, group, rule): &(usize, usize, usize)| {
            let rule = &set.groups()[*group].rules[*rule];
            *rule.name == *arguments.alert && matches!(rule.kind, crate::config::rules::RuleKind::Alerting(_))
        };
        let alerts = rules.iter().filter(|place| is_alert(place)).copied().collect();
        let plan = Plan { rules, alerts, ..plan.clone() };
        self.to_write = Some((shown, text));
        self.sets = vec![set];
        Ok((self, plan))
    }
}

/// A rule file with those rules of the groups that are wanted. Groups without any are left out. The API does not tell
/// their `query_offset`: most have that of the configuration.
fn rule_file(groups: &[ApiGroup], query_offset: Duration, wanted: impl Fn(usize, usize) -> bool) -> String {
    let mut text = String::from("groups:\n");
    let mut names: BTreeSet<String> = BTreeSet::new();
    let groups = groups.iter().filter(|group| !group.rules.is_empty());
    for (at, group) in groups.enumerate() {
        // Groups of different files may share a name; in one file they cannot.
        let name = match names.contains(&group.name) {
            true => format!("{} ({})", group.name, group.file),
            false => group.name.clone(),
        };
        names.insert(name.clone());
        let rules: Vec<&ApiRule> = group
            .rules
            .iter()
            .enumerate()
            .filter(|(rule, _)| wanted(at, *rule))
            .map(|(_, rule)| rule)
            .collect();
        if rules.is_empty() {
            continue;
        }
        text.push_str(&format!("- name: {}\n", quoted(&name)));
        if group.interval > 0.0 {
            text.push_str(&format!("  interval: {}\n", seconds(group.interval)));
        }
        if !query_offset.is_zero() {
            text.push_str(&format!("  query_offset: {query_offset}\n"));
        }
        if group.limit > 0 {
            text.push_str(&format!("  limit: {}\n", group.limit));
        }
        text.push_str("  rules:\n");
        rules.iter().for_each(|rule| push_rule(&mut text, rule));
    }
    text
}

fn push_rule(text: &mut String, rule: &ApiRule) {
    let kind = match rule.kind {
        ApiRuleKind::Alerting => "alert",
        ApiRuleKind::Recording => "record",
    };
    text.push_str(&format!("  - {kind}: {}\n    expr: {}\n", quoted(&rule.name), quoted(&rule.query)));
    for (key, length) in [("for", rule.duration), ("keep_firing_for", rule.keep_firing_for)] {
        if length > 0.0 {
            text.push_str(&format!("    {key}: {}\n", seconds(length)));
        }
    }
    let labels: Vec<(&str, &str)> = rule.labels.iter().collect();
    let annotations: Vec<(&str, &str)> =
        rule.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for (key, pairs) in [("labels", labels), ("annotations", annotations)] {
        if !pairs.is_empty() {
            text.push_str(&format!("    {key}:\n"));
            for (name, value) in pairs {
                text.push_str(&format!("      {}: {}\n", quoted(name), quoted(value)));
            }
        }
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_millis((seconds * 1000.0).round() as i64)
}

fn parent(path: &str) -> &Path {
    Path::new(path).parent().unwrap_or(Path::new(""))
}

/// A path as seen from a folder, both as seen from here.
fn seen_from(folder: &Path, path: &str) -> String {
    let absolute = |path: &Path| std::path::absolute(path).ok().map(|path| tidy(&path));
    let (Some(from), Some(to)) = (absolute(folder.join(".").as_path()), absolute(Path::new(path))) else {
        return path.to_owned();
    };
    if Path::new(path).is_absolute() {
        return to.display().to_string();
    }
    let shared = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let mut relative = PathBuf::new();
    from.components().skip(shared).for_each(|_| relative.push(".."));
    to.components().skip(shared).for_each(|part| relative.push(part));
    relative.display().to_string()
}

/// Without `.` and `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(tidy.pop()),
            std::path::Component::CurDir => {}
            part @ (std::path::Component::Prefix(_)
            | std::path::Component::RootDir
            | std::path::Component::Normal(_)) => tidy.push(part),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{read, rule_file, seen_from};
    use crate::model::Duration;
    use crate::promql::parser::Features;
    use crate::shell::query_response::read_rules;

    #[test]
    fn rules_of_the_data_source_become_a_rule_file() {
        let body = r#"{"status":"success","data":{"groups":[
            {"name":"it's","file":"a.yml","interval":15,"limit":3,"rules":[
                {"type":"alerting","name":"Down","query":"up{a=\"b\"}\n== 0","duration":90,"keepFiringFor":0.5,
                 "labels":{"on":"call: now"},"annotations":{"summary":"{{ $value }} \u0085\u0007"}}]},
            {"name":"it's","file":"b.yml","rules":[{"type":"recording","name":"a:b","query":"sum(up)"}]},
            {"name":"unused","file":"b.yml","rules":[{"type":"recording","name":"c:d","query":"sum(up)"}]}]}}"#;
        let groups = read_rules(200, body.as_bytes()).expect("an answer");
        let text = rule_file(&groups, Duration::from_secs(60), |group, _| group < 2);
        insta::assert_snapshot!(text, @r#"
        groups:
        - name: 'it''s'
          interval: 15s
          query_offset: 1m
          limit: 3
          rules:
          - alert: 'Down'
            expr: "up{a=\"b\"}\n== 0"
            for: 1m30s
            keep_firing_for: 500ms
            labels:
              'on': 'call: now'
            annotations:
              'summary': "{{ $value }} \u0085\u0007"
        - name: 'it''s (b.yml)'
          query_offset: 1m
          rules:
          - record: 'a:b'
            expr: 'sum(up)'
        "#);
        let set = read("rules.yml", &text, Features::default()).expect("it can be read");
        assert_eq!(&*set.groups()[0].rules[0].expr, "up{a=\"b\"} == 0");
    }

    #[test]
    fn rule_files_are_named_as_seen_from_the_test() {
        for (folder, path, wanted) in [
            ("", "rules/a.yml", "rules/a.yml"),
            ("tests", "rules/a.yml", "../rules/a.yml"),
            ("rules", "rules/a.yml", "a.yml"),
            ("a/../tests/b", "./rules/a.yml", "../../rules/a.yml"),
            ("tests", "/etc/rules/a.yml", "/etc/rules/a.yml"),
        ] {
            assert_eq!(seen_from(Path::new(folder), path), wanted, "{folder} {path}");
        }
    }
}
