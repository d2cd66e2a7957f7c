//! Texts against what Alertmanager makes of them.
//!
//! The tables in `tests/fixtures` say how they were made. Both are read with the data in `go_template_data`.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{GoTemplates, Kind, RouteLabels};
use crate::model::{Str, Timestamp};
use crate::template::message::{AlertData, Data, Pairs};

const DATA: [(&str, &str); 4] = [
    ("firing", include_str!("../../../../tests/fixtures/go_template_data/firing.json")),
    ("resolved", include_str!("../../../../tests/fixtures/go_template_data/resolved.json")),
    ("many", include_str!("../../../../tests/fixtures/go_template_data/many.json")),
    ("hostile", include_str!("../../../../tests/fixtures/go_template_data/hostile.json")),
];

fn text(json: &Json) -> Str {
    json.as_str().expect("a text").into()
}

fn pairs(json: &Json) -> Pairs {
    json.as_object().expect("a map").iter().map(|(name, value)| (name.as_str().into(), text(value))).collect()
}

fn time(json: &Json) -> Timestamp {
    Timestamp::parse_rfc3339(&text(json)).expect("a time")
}

fn alert(json: &Json) -> AlertData {
    let is_firing = json["status"] == "firing";
    AlertData {
        is_firing,
        labels: pairs(&json["labels"]),
        annotations: pairs(&json["annotations"]),
        starts_at: time(&json["startsAt"]),
        ends_at: (!is_firing).then(|| time(&json["endsAt"])),
        generator_url: text(&json["generatorURL"]),
        fingerprint: text(&json["fingerprint"]),
        flaps: 0,
    }
}

/// The data as the tools read it. They take the receiver as it is; ours is quoted for them.
fn data(json: &str) -> Data {
    let json: Json = serde_json::from_str(json).expect("JSON");
    let heading = Data {
        receiver: text(&json["receiver"]).replace('\\', "").into(),
        notification_reason: text(&json["notification_reason"]),
        group_labels: pairs(&json["groupLabels"]),
        route_labels: pairs(&json["routeLabels"]),
        external_url: text(&json["externalURL"]),
        ..Data::default()
    };
    let data = heading.with_alerts(json["alerts"].as_array().expect("alerts").iter().map(alert).collect());
    assert_eq!(data.common_labels, pairs(&json["commonLabels"]));
    assert_eq!(data.common_annotations, pairs(&json["commonAnnotations"]));
    data
}

/// One line of a table.
struct Case {
    tool: &'static str,
    kind: Kind,
    data: &'static str,
    template: &'static str,
    expected: String,
}

fn cases(table: &'static str) -> Vec<Case> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let case = |line: &'static str| {
        let [tool, kind, data, template, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}")
        };
        let kind = if kind == "html" { Kind::Html } else { Kind::Text };
        Case { tool, kind, data, template, expected: serde_json::from_str(expected).expect("JSON") }
    };
    lines.map(case).collect()
}

struct Bench {
    templates: GoTemplates,
    data: BTreeMap<&'static str, Data>,
}

impl Bench {
    fn new() -> Self {
        let templates = GoTemplates::new(std::iter::empty()).expect("the defaults are templates");
        Self { templates, data: DATA.into_iter().map(|(name, json)| (name, data(json))).collect() }
    }

    /// What the tools' data, which is no pointer and says nothing of rendered labels, makes of the text.
    fn render(&self, kind: Kind, data: &str, template: &str) -> String {
        let data = &self.data[data];
        let route_labels = RouteLabels { texts: &data.route_labels, rendered: false };
        let mut run = self.templates.run(kind, data, route_labels, Timestamp::from_secs(1_800_000_000));
        run.dot = super::data::dot(data, &route_labels, false);
        run.render(template).unwrap_or_else(|error| format!("ERR {error}"))
    }
}

/// Where two texts begin to differ.
fn difference(expected: &str, got: &str) -> String {
    let at = expected.bytes().zip(got.bytes()).take_while(|(one, two)| one == two).count();
    let from = at.saturating_sub(200);
    let show = |text: &str| {
        String::from_utf8_lossy(&text.as_bytes()[from.min(text.len())..(at + 200).min(text.len())])
            .into_owned()
    };
    format!("  Alertmanager: {:?}\n  ours:         {:?}", show(expected), show(got))
}

#[test]
fn texts_are_as_alertmanager_makes_them() {
    let bench = Bench::new();
    let cases = cases(include_str!("../../../../tests/fixtures/go_template_cases.tsv"));
    let mut wrong = Vec::new();
    for case in &cases {
        let template: String = serde_json::from_str(case.template).expect("JSON");
        let got = bench.render(case.kind, case.data, &template);
        if got != case.expected {
            wrong.push(format!("{} {}\n{}", case.tool, case.template, difference(&case.expected, &got)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    let of_amtool = cases.iter().filter(|case| case.tool == "amtool").count();
    assert!(of_amtool >= 300, "the table is whole: {of_amtool}");
}

#[test]
fn default_templates_give_what_alertmanagers_give() {
    let bench = Bench::new();
    let mut wrong = Vec::new();
    let mut names = std::collections::BTreeSet::new();
    for case in cases(include_str!("../../../../tests/fixtures/go_default_templates.tsv")) {
        for name in case.template.split(',') {
            let is_list = name.starts_with("__text_alert_list") || name.ends_with(".instances");
            let dot = if is_list { ".Alerts" } else { "." };
            let got = bench.render(case.kind, case.data, &format!("{{{{ template \"{name}\" {dot} }}}}"));
            names.insert(name);
            if got != case.expected {
                wrong.push(format!("{name} {}\n{}", case.data, difference(&case.expected, &got)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    let own = |name: &&Str| !name.starts_with("sereno.") && !name.ends_with(".tmpl");
    let defined: Vec<&Str> = bench.templates.named.names().filter(own).collect();
    assert_eq!(defined, names.iter().copied().map(Str::from).collect::<Vec<_>>().iter().collect::<Vec<_>>());
}

/// Template files that others wrote are templates, and what they define can be rendered.
#[test]
fn real_template_files_are_rendered() {
    let corpora = std::env::var_os("SERENO_CORPORA").unwrap_or_else(|| "../shared/corpora".into());
    let mut files = Vec::new();
    collect(std::path::Path::new(&corpora), &mut files);
    if files.is_empty() {
        eprintln!("no template files in {}: only the fixtures were tried", corpora.display());
        return;
    }
    let data: Vec<Data> = DATA.into_iter().map(|(_, json)| data(json)).collect();
    for file in files {
        let templates = GoTemplates::new(std::iter::once(&file)).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let ours = GoTemplates::new(std::iter::empty()).expect("the defaults are templates");
        let is_theirs = |name: &&Str| !ours.named.has(name);
        for name in templates.named.names().filter(is_theirs) {
            let call = format!("{{{{ template {} . }}}}", crate::model::quote::GoQuoted(name));
            for (kind, data) in
                [Kind::Text, Kind::Html].into_iter().flat_map(|kind| data.iter().map(move |d| (kind, d)))
            {
                let rendered = templates.render(kind, &call, data, Timestamp::from_secs(1_800_000_000));
                if let Err(error) = rendered {
                    // Parts may want something else than the whole data.
                    let error = error.to_string();
                    let wants_a_part =
                        error.contains("can't evaluate field") || error.contains("range can't iterate");
                    assert!(wants_a_part, "{} {name}: {error}", file.0);
                    eprintln!("{} {name}: {error}", file.0);
                }
            }
        }
    }
}

fn collect(folder: &std::path::Path, files: &mut Vec<(Str, Str)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "tmpl")
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            files.push((path.to_string_lossy().into(), text.into()));
        }
    }
}
