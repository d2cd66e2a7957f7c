//! `check` on real files, and on anything at all.

use proptest::prelude::*;
use sereno::check::{Options, check_file};
use sereno::config::problem::{Problem, Severity};
use sereno::config::render::{Format, render};

use crate::corpora;

fn check(path: &str, text: &str) -> Vec<Problem> {
    check_file(path, text, None, Options::default())
}

#[test]
fn kube_prometheus_ships_receivers_that_tell_nobody() {
    let Some(folder) = corpora::folder("alertmanager-config") else { return };
    let text = std::fs::read_to_string(folder.join("kube-prometheus.yml")).expect("a file");
    let problems = check("alertmanager.yml", &text);
    let found: Vec<_> = problems.iter().map(|problem| (problem.check, problem.message.as_str())).collect();
    for name in ["Default", "Watchdog", "Critical"] {
        let message = format!("receiver {name:?} tells nobody, but 1 route leads to it");
        assert!(found.contains(&("into-the-void", message.as_str())), "{found:#?}");
    }
    assert!(found.iter().all(|(_, message)| !message.contains("\"null\"")), "null is on purpose: {found:#?}");
}

#[test]
fn promtools_duplicates_are_found_and_those_split_by_expression_are_not() {
    let rule = |expr: &str| format!("  - {{record: a, expr: '{expr}'}}\n");
    let text =
        format!("groups:\n- name: g\n  rules:\n{}{}{}", rule("up == 1"), rule("up  == 1"), rule("up == 2"));
    let problems = check("r.yml", &text);
    let checks: Vec<_> = problems.iter().map(|problem| problem.check).collect();
    assert_eq!(checks, ["duplicate-rule"]);
    let by_text = format!("groups:\n- name: g\n  rules:\n{}{}", rule("x{a=\"b c\"}"), rule("x{a=\"b  c\"}"));
    assert_eq!(check("r.yml", &by_text), [], "blanks count in a text");
    let Some(folder) = corpora::folder("rules") else { return };
    for (path, text) in corpora::files(&folder).iter().filter(|(path, _)| !path.contains("/tests/")) {
        let problems = check(path, text);
        assert!(problems.iter().all(|problem| problem.severity != Severity::Error), "{path}: {problems:#?}");
    }
}

#[test]
fn receivers_and_intervals_that_nobody_names_are_found() {
    let text = "route: {receiver: a, routes: [{active_time_intervals: [day]}]}
receivers: [{name: a, fallback: c, console_configs: [{}]}, {name: b}, {name: c}]
time_intervals: [{name: day}, {name: night}]
";
    let problems = check("routes.yml", text);
    let unused = problems.iter().filter(|problem| problem.check.starts_with("unused-"));
    let found: Vec<_> = unused.map(|problem| (problem.check, problem.message.as_str())).collect();
    assert_eq!(
        found,
        [
            ("unused-receiver", "no route leads to receiver \"b\""),
            ("unused-interval", "no route names time interval \"night\""),
        ]
    );
}

#[test]
fn keys_of_aws_come_in_pairs() {
    let file = |sigv4: &str| {
        format!(
            "route: {{receiver: a}}\nreceivers: [{{name: a, sns_configs: [{{topic_arn: t, sigv4: {{{sigv4}}}}}]}}]\n"
        )
    };
    for alone in ["access_key", "secret_key"] {
        let text = file(&format!("{alone}: x"));
        let problems = check("routes.yml", &text);
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(problems[0].message.starts_with("must provide a AWS SigV4 Access key and Secret Key"));
        assert_eq!(&text[problems[0].span.clone().expect("a place")], alone);
    }
    assert_eq!(check("routes.yml", &file("access_key: x, secret_key: y")), []);
    assert_eq!(check("routes.yml", &file("")), []);
}

#[test]
fn sns_has_one_target_as_alertmanager_counts_them() {
    let needed = "Error: must provide either a Target ARN, Topic ARN, or Phone Number for SNS config";
    let three = "Warning: SNS refuses what is for more than one of topic_arn, target_arn and phone_number";
    for (keys, want, at) in [
        ("topic_arn: t", "", ""),
        ("phone_number: '1'", "", ""),
        ("target_arn: t, topic_arn: ''", "", ""),
        ("subject: x", needed, "subject"),
        ("topic_arn: t, phone_number: '1'", needed, "phone_number"),
        ("phone_number: '1', target_arn: t", needed, "phone_number"),
        ("target_arn: x, topic_arn: t", needed, "target_arn"),
        ("target_arn: x, topic_arn: t, phone_number: '1'", three, "target_arn"),
    ] {
        let text = format!("route: {{receiver: a}}\nreceivers: [{{name: a, sns_configs: [{{{keys}}}]}}]\n");
        let problems = check("routes.yml", &text);
        let found: Vec<_> = problems
            .iter()
            .map(|problem| {
                let place = &text[problem.span.clone().expect("a place")];
                (format!("{:?}: {}", problem.severity, problem.message), place)
            })
            .collect();
        let want = Some((want.to_owned(), at)).filter(|(message, _)| !message.is_empty());
        assert_eq!(found, want.into_iter().collect::<Vec<_>>(), "{keys}");
    }
}

/// Keys and values of both kinds of file in any nesting, and what breaks YAML.
fn yaml_like() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "groups",
        "rules",
        "name",
        "alert",
        "record",
        "expr",
        "for",
        "labels",
        "annotations",
        "route",
        "receiver",
        "receivers",
        "routes",
        "matchers",
        "match_re",
        "group_by",
        "webhook_configs",
        "email_configs",
        "url",
        "to",
        "http_config",
        "tls_config",
        "global",
        "time_intervals",
        "weekdays",
        "times",
        "inhibit_rules",
        "templates",
        ":",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "\n- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "'",
        "\"",
        "|",
        ">-",
        "&a ",
        "*a",
        "<<: ",
        "5m",
        "0",
        "é",
        "\t",
        "#",
        "!!str ",
        "{{ .X }}",
        "a=~\"(\"",
        "monday:friday",
        "---\n",
        "\\",
        "\r\n",
        "null",
        "?",
    ]);
    prop::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_panics_and_every_place_is_in_the_text(text in yaml_like()) {
        let problems = check("x.yml", &text);
        for problem in &problems {
            let span = problem.span.clone().unwrap_or(0..0);
            prop_assert!(text.get(span).is_some(), "{:?} in {:?}", problem, text);
        }
        for format in [Format::Full, Format::Concise, Format::Json] {
            let _ = render(&problems, |_| Some(&text), format, true);
        }
    }

    #[test]
    fn any_text_can_be_checked(text in any::<String>()) {
        let problems = check("x.yml", &text);
        let _ = render(&problems, |_| Some(&text), Format::Full, false);
    }
}
