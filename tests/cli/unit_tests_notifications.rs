//! `sereno test` from samples to messages, as people meet it.

use std::path::Path;

use serde_json::Value;

use crate::{folder, sereno, told};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_example_for_our_own_rules_passes() {
    let output = sereno(Path::new(ROOT), &["test", "tests/notifications.yml", "--verbose", "--coverage"]);
    let (code, said, errors) = told(&output);
    assert_eq!(code, Some(0), "{said}{errors}");
    for line in [
        "      1m55s  told       on-call/email[0]: firing, first notification: [FIRING:1] ServiceDown api: api on a:9100 \
         is down (critical)",
        "      5m30s  inhibited  HighErrorRate is inhibited by ServiceDown{instance=\"a:9100\"} for team, until 11m30s",
        "inhibit rule inhibit_rules[0]: keeps no alert back in any test",
        "6 tests in 1 file: 6 passed",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[test]
fn a_wrong_text_is_shown_beside_what_is_told() {
    let test = std::fs::read_to_string(format!("{ROOT}/tests/notifications.yml")).expect("the example");
    let wrong = test.replace("since Mar 2 13:11 UTC (10s)", "since Mar 2 14:11 CET (10s)");
    let wrong = wrong.replace("../rules", &format!("{ROOT}/rules"));
    let routes =
        std::fs::read_to_string(format!("{ROOT}/tests/notifications-routes.yml")).expect("its routes");
    let files = folder(&[("n.yml", &wrong), ("notifications-routes.yml", &routes)]);
    let output = sereno(files.path(), &["test", "n.yml", "--run", "comes back"]);
    let (code, said, errors) = told(&output);
    assert_eq!(code, Some(1), "{said}{errors}");
    for line in [
        "notification_test: a firing notification to on-call/email at 1m55s expected, found 1, but not as expected",
        "            -   since Mar 2 14:11 CET (10s)\n            +   since Mar 2 13:11 UTC (10s)\n",
        "what happened",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let json = sereno(files.path(), &["test", "n.yml", "--run", "comes back", "--format", "json"]);
    let json: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    let test = &json["files"][0]["tests"][0];
    assert_eq!(test["failures"][0]["kind"], "notifications");
    assert_eq!(test["failures"].as_array().map(Vec::len), Some(1), "not also as unexpected: {test}");
    assert_eq!(test["timeline"][0]["what"], "pending");
}

#[test]
fn routes_are_read_and_mistakes_in_them_have_places() {
    let tests = |routes: &str| {
        format!("{routes}tests:\n- notification_test: [{{receiver: a, none: true}}]\n  input_series: []\n")
    };
    let bad = "route: {receiver: a, group_wait: soon}\nreceivers: [{name: a}]\n";
    let files = folder(&[
        ("none.yml", &tests("")),
        ("missing.yml", &tests("routes: r.yml\n")),
        ("bad.yml", &tests("routes: bad-routes.yml\n")),
        ("bad-routes.yml", bad),
    ]);
    for (file, wants) in [
        ("none.yml", "name the routing file beside `tests`: `routes: routes.yml`"),
        ("missing.yml", "cannot read r.yml"),
        ("bad.yml", "--> bad-routes.yml:1:34"),
    ] {
        let output = sereno(files.path(), &["test", file]);
        let (code, said, errors) = told(&output);
        assert_eq!(code, Some(1), "{said}{errors}");
        assert!(said.contains(wants), "{wants}\n{said}");
    }
}
