//! What is said of a routing file: by `check` at each place, by `serve` once; never a secret.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::{RULES, check, command, folder};

/// What the server says until it listens; then it is ended.
fn start_of_serve(files: &[(&str, &str)], arguments: &[&str]) -> String {
    let folder = folder(files);
    let mut command = command(folder.path());
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("sereno starts");
    let lines = BufReader::new(server.stderr.take().expect("it is piped")).lines().map_while(Result::ok);
    let mut said = String::new();
    for line in lines {
        said.push_str(&format!("{line}\n"));
        if line.contains("listening") {
            break;
        }
    }
    server.kill().expect("it runs");
    server.wait().expect("it ran");
    said
}

const MANY: &str = "route: {receiver: ops}
receivers:
- name: ops
  slack_configs: [{api_url: 'https://hooks.example.org/s3cret'}, {api_url_file: slack}]
  webhook_configs: [{url_file: hook, payload: {a: b}, http_config: {tls_config: {min_version: TLS10}, bearer_token: s3cret}}]
- name: dev
  webhook_configs: [{url: 'http://x/s3cret', http_config: {tls_config: {min_version: TLS10}}}]
  slack_configs: [{app_token: s3cret}]
  pagerduty_configs: [{routing_key: s3cret}]
- {name: night, webhook_configs: [{url: 'http://x/s3cret', http_config: {tls_config: {min_version: TLS10}}}]}
";

#[test]
fn the_log_names_each_kind_of_finding_once_and_no_secret() {
    let said = start_of_serve(&[("rules/hosts.yml", RULES), ("routes.yml", MANY)], &[]);
    assert_eq!(said.matches("min_version: TLS10 is not obeyed").count(), 1, "{said}");
    assert!(said.contains("(and 2 more places; `sereno check` names them)"), "{said}");
    assert!(said.contains("cannot read the api_url_file slack: No such file"), "{said}");
    assert!(said.contains("listening") && !said.contains("s3cret"), "{said}");
}

#[test]
fn check_names_every_place_and_files_that_are_not_there() {
    let (code, out, _) = check(&[("routes.yml", MANY)], &["routes.yml", "--format", "concise"]);
    assert_eq!(code, Some(0), "{out}");
    assert_eq!(out.matches("min_version: TLS10 is not obeyed").count(), 3, "{out}");
    assert!(
        out.contains("routes.yml:4:81: warning[unreadable-file]: cannot read the api_url_file slack: "),
        "{out}"
    );
    assert!(out.contains("cannot read the url_file hook: "), "{out}");
    let there = [("routes.yml", MANY), ("slack", "https://x"), ("hook", "https://x")];
    let (_, out, _) = check(&there, &["routes.yml", "--format", "concise"]);
    assert!(!out.contains("unreadable-file"), "{out}");
}

#[test]
fn matchers_are_read_by_the_syntax_that_is_asked_for() {
    let routes = |matcher: &str| {
        format!(
            "route: {{receiver: ops, routes: [{{matchers: ['{matcher}']}}]}}\n\
             receivers: [{{name: ops, console_configs: [{{}}]}}]\n"
        )
    };
    for (matcher, syntax, code, said) in [
        ("a=b c", "fallback", 0, "only the classic matcher syntax takes this"),
        ("a=b c", "classic", 0, ""),
        ("a=b c", "utf8", 1, "error[bad-matcher]"),
        ("a b=c", "classic", 1, "error[bad-matcher]"),
        (r#""a b"=c"#, "utf8", 0, ""),
        (r#""a b"=c"#, "fallback", 0, ""),
        (r#""a b"=c"#, "classic", 1, "error[bad-matcher]"),
        (
            r#"a="b\tc""#,
            "fallback",
            0,
            "the classic matcher syntax is taken here; the UTF-8 syntax reads {a=\"b\\tc\"}",
        ),
        (r#"a="b\tc""#, "utf8", 0, ""),
    ] {
        let arguments = ["routes.yml", "--format", "concise", "--matchers", syntax];
        let (got, out, _) = check(&[("routes.yml", &routes(matcher))], &arguments);
        assert_eq!(got, Some(code), "{matcher} as {syntax}: {out}");
        assert!(out.contains(said) && out.is_empty() == said.is_empty(), "{matcher} as {syntax}: {out}");
        if code == 1 {
            let files = [("rules/hosts.yml", RULES), ("routes.yml", &routes(matcher))];
            let said = start_of_serve(&files, &["--matchers", syntax]);
            assert!(said.contains("cannot load the configuration"), "{said}");
        }
    }
}
