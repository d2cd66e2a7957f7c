//! How `check` and `serve` read expressions, as flags say.

use serde_json::Value;

use super::server::{Server, get};
use super::{ROUTES, check, folder, sereno, told};

/// Where nobody listens.
const CLOSED: &str = "http://127.0.0.1:1";

fn rules(expr: &str) -> String {
    format!("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n")
}

#[test]
fn check_shows_where_an_expression_breaks() {
    let (code, out, _) = check(&[("r.yml", &rules("rate(up[5m]) by (job)"))], &["r.yml"]);
    assert_eq!(code, Some(1));
    insta::assert_snapshot!(out);
}

#[test]
fn features_are_enabled_by_prometheus_names() {
    let both = rules("mad_over_time(x[5m]) + fill(0) limitk(1, x)");
    let files = [("r.yml", both.as_str())];
    let functions = "promql-experimental-functions";
    let fill = "promql-binop-fill-modifiers";
    assert_eq!(check(&files, &["r.yml"]).0, Some(1));
    assert_eq!(check(&files, &["r.yml", "--enable-feature", functions]).0, Some(1));
    assert_eq!(check(&files, &["r.yml", "--enable-feature", &format!("{functions},{fill}")]).0, Some(0));
    let twice = ["r.yml", "--enable-feature", functions, "--enable-feature", fill];
    assert_eq!(check(&files, &twice).0, Some(0));
    let others = format!("{functions},{fill},promql-duration-expr,promql-delayed-name-removal");
    assert_eq!(check(&files, &["r.yml", "--enable-feature", &others]).0, Some(0), "as for `test`");
    let (code, _, err) = check(&files, &["r.yml", "--enable-feature", "magic"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("possible values: promql-experimental-functions"), "{err}");
    // What changes nothing here, but may stand among a Prometheus' flags.
    let arithmetic = rules("rate(x[1m + 1m])");
    for feature in ["promql-duration-expr", "promql-delayed-name-removal", "use-start-timestamps"] {
        assert_eq!(check(&[("r.yml", &arithmetic)], &["r.yml", "--enable-feature", feature]).0, Some(0));
    }
}

#[test]
fn other_languages_are_sent_as_they_are_written() {
    let text = rules("up  default 0");
    let files = [("rules/r.yml", text.as_str()), ("routes.yml", ROUTES)];
    assert_eq!(check(&files, &[]).0, Some(1), "it is no PromQL");
    assert_eq!(check(&files, &["--expressions", "as-written"]).0, Some(0));
    assert_eq!(served_query(&files, &["--expressions", "as-written"]), "up  default 0");
    let text = rules("sum(up{a='b'})  by (job)");
    assert_eq!(served_query(&[("rules/r.yml", &text), files[1]], &[]), "sum by (job) (up{a=\"b\"})");
}

/// The text of the rule's expression as the API has it.
fn served_query(files: &[(&str, &str)], arguments: &[&str]) -> String {
    let mut server = Server::start(folder(files), CLOSED, arguments);
    let address = server.address();
    let answer = get(&address, "/api/v1/rules");
    let body = &answer[answer.find("\r\n\r\n").map_or(0, |at| at + 4)..];
    let rules: Value = serde_json::from_str(body).expect("JSON");
    rules["data"]["groups"][0]["rules"][0]["query"].as_str().expect("a query").to_owned()
}

#[test]
fn serve_refuses_what_is_no_expression_and_warns_of_what_cannot_be_evaluated() {
    let text = rules("up by (job)");
    let files = folder(&[("rules/r.yml", &text), ("routes.yml", ROUTES)]);
    let (code, _, err) = told(&sereno(files.path(), &["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(code, Some(2), "{err}");
    assert!(
        err.contains("error[bad-expr]: could not parse expression: 1:4: parse error: unexpected <by>"),
        "{err}"
    );

    let text = rules("up[5m]");
    let files = folder(&[("rules/r.yml", &text), ("routes.yml", ROUTES)]);
    let mut server = Server::start(files, CLOSED, &[]);
    server.address();
    let warning = "rules/r.yml:5:11: warning[expr-type]: rule result is not a vector or scalar";
    let told = server.seen().iter().filter(|line| line.contains("WARN") && line.contains(warning)).count();
    assert_eq!(told, 1, "{:#?}", server.seen());
}
